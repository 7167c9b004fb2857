#include "work.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

const char WORK_CANCELLED[] = "cancelled";

int control_cancelled(const struct control *control) { return __atomic_load_n(&control->cancelled, __ATOMIC_RELAXED); }

void control_cancel(struct control *control) { __atomic_store_n(&control->cancelled, 1, __ATOMIC_RELAXED); }

void control_advance(struct control *control, uint64_t by) { __atomic_fetch_add(&control->done, by, __ATOMIC_RELAXED); }

uint64_t control_done(const struct control *control) { return __atomic_load_n(&control->done, __ATOMIC_RELAXED); }

struct chunks {
  const struct control *control;
  uint64_t next, count;
  size_t bytes;
  chunk_fn run;
  void *context;
  pthread_mutex_t mutex;
  const char *failed;
  int error;
};

static void fail_chunks(struct chunks *chunks, const char *failed, int error) {
  pthread_mutex_lock(&chunks->mutex);
  if (chunks->failed == NULL) {
    chunks->failed = failed;
    chunks->error = error;
  }
  pthread_mutex_unlock(&chunks->mutex);
  __atomic_store_n(&chunks->next, chunks->count, __ATOMIC_RELAXED);
}

static void *take_chunks(void *context) {
  struct chunks *chunks = context;
  uint8_t *memory = aligned_alloc(64, (chunks->bytes + 63) / 64 * 64);
  if (memory == NULL) {
    fail_chunks(chunks, "get memory", ENOMEM);
    return NULL;
  }
  for (;;) {
    const uint64_t chunk = __atomic_fetch_add(&chunks->next, 1, __ATOMIC_RELAXED);
    if (chunk >= chunks->count) break;
    errno = 0;
    const char *failed = control_cancelled(chunks->control) ? WORK_CANCELLED : chunks->run(chunks->context, chunk, memory);
    if (failed == NULL) continue;
    fail_chunks(chunks, failed, errno);
    break;
  }
  free(memory);
  return NULL;
}

const char *run_chunks(const struct control *control, int threads, uint64_t count, size_t bytes, chunk_fn run,
                       void *context) {
  struct chunks chunks = {.control = control, .count = count, .bytes = bytes > 0 ? bytes : 1, .run = run, .context = context};
  pthread_t helpers[THREADS_MAX];
  int started = 0;
  if (threads > THREADS_MAX) threads = THREADS_MAX;
  if ((uint64_t)threads > count) threads = (int)count;
  pthread_mutex_init(&chunks.mutex, NULL);
  /* A thread that cannot be had is done without. */
  while (started < threads - 1 && pthread_create(&helpers[started], NULL, take_chunks, &chunks) == 0) started++;
  take_chunks(&chunks);
  for (int i = 0; i < started; i++) pthread_join(helpers[i], NULL);
  pthread_mutex_destroy(&chunks.mutex);
  errno = chunks.error;
  return chunks.failed;
}
