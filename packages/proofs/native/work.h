/* What all long work has in common: how it fails, is stopped, tells its progress, and runs on several threads. */
#ifndef GRANARY_WORK_H
#define GRANARY_WORK_H

#include <stddef.h>
#include <stdint.h>

#define THREADS_MAX 64

/* Shared with the thread that asked: only by the functions below. */
struct control {
  int cancelled;
  uint64_t done;
};

int control_cancelled(const struct control *control);
void control_cancel(struct control *control);
void control_advance(struct control *control, uint64_t by);
uint64_t control_done(const struct control *control);

/*
 * Work gives NULL, or a constant text of what failed, with errno as it was left or 0. WORK_CANCELLED when stopped.
 */
extern const char WORK_CANCELLED[];

/*
 * Chunks 0 … count − 1, each once, by `threads` threads with `bytes` of memory of their own; NULL, or the first failure,
 * after which no more chunks begin.
 */
typedef const char *(*chunk_fn)(void *context, uint64_t chunk, uint8_t *memory);
const char *run_chunks(const struct control *control, int threads, uint64_t count, size_t bytes, chunk_fn run,
                       void *context);

#endif
