/* Files read and written whole, and checkpoints. Functions give NULL or what failed, with errno. */
#ifndef GRANARY_FILES_H
#define GRANARY_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "nodes.h"
#include "work.h"

const char *open_input(const char *path, uint64_t length, int *fd);
/* A new file, or what is there of it, with the space for `length` bytes reserved. */
const char *open_output(const char *path, uint64_t length, int *fd);
const char *read_at(int fd, uint8_t *out, size_t length, uint64_t offset);
const char *write_at(int fd, const uint8_t *bytes, size_t length, uint64_t offset);
/*
 * What is written from here on goes past the page cache, where the file system can: that costs a fraction of the
 * processor time, and leaves the cache to others. Memory, lengths and offsets are multiples of DIRECT_ALIGNMENT then.
 */
#define DIRECT_ALIGNMENT 4096u
void bypass_cache(int fd);
/* Begins to write to the disk what is in the page cache, so that a sync later has less to wait for. */
void start_writing(int fd, uint64_t offset, uint64_t length);

/* Closes if open, keeping errno; leaves −1. */
void close_file(int *fd);

/*
 * "<count> <sha256>\n": so many items at the start of a file, of that digest. Replaced whole; synced where there is a
 * control, which may stop it.
 */
const char *write_checkpoint(const char *path, uint64_t count, const uint8_t digest[SHA256_BYTES],
                             const struct control *control);

/* The digest of the first bytes of a file, added to `stream`, through `memory`. */
const char *digest_start(const struct control *control, int fd, uint64_t length, struct sha256_stream *stream, uint8_t *memory, size_t memory_bytes);

#endif
