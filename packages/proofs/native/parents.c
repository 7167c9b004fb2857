#include "parents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "sync.h"

#define ROW_BYTES (PARENTS * sizeof(uint32_t))
#define CHUNK_ROWS 8192u
/* Computed by all threads, then digested and written in order. */
#define BATCH_ROWS (1u << 19)
/* A batch takes a fraction of a second. */
#define CHECKPOINT_BATCHES 16

struct batch {
  struct control *control;
  const struct graph *graph;
  uint64_t first, count;
  uint8_t *rows;
};

static const char *compute_chunk(void *context, uint64_t chunk, uint8_t *memory) {
  (void)memory;
  const struct batch *batch = context;
  const uint64_t at = chunk * CHUNK_ROWS;
  const uint64_t count = batch->count - at < CHUNK_ROWS ? batch->count - at : CHUNK_ROWS;
  write_parents(batch->graph, batch->first + at, count, batch->rows + at * ROW_BYTES);
  control_advance(batch->control, count);
  return NULL;
}

static const char *build_rows(struct parents_job *job, int fd, struct sha256_stream *digest, uint8_t *rows) {
  struct batch batch = {.control = job->control, .graph = &job->graph, .first = job->first, .rows = rows};
  unsigned batches = 0;
  const char *failed = NULL;
  while (failed == NULL && batch.first < job->graph.nodes) {
    const uint64_t left = job->graph.nodes - batch.first;
    batch.count = left < BATCH_ROWS ? left : BATCH_ROWS;
    failed = run_chunks(job->control, job->threads, (batch.count + CHUNK_ROWS - 1) / CHUNK_ROWS, 0, compute_chunk, &batch);
    if (failed != NULL) break;
    sha256_add(digest, rows, batch.count * ROW_BYTES);
    failed = write_at(fd, rows, batch.count * ROW_BYTES, batch.first * ROW_BYTES);
    if (failed != NULL) break;
    start_writing(fd, batch.first * ROW_BYTES, batch.count * ROW_BYTES);
    batch.first += batch.count;
    if (++batches % CHECKPOINT_BATCHES != 0) continue;
    sha256_digest(digest, job->digest);
    failed = write_checkpoint(job->checkpoint_path, batch.first, job->digest, NULL);
  }
  if (failed != NULL && failed != WORK_CANCELLED) return failed;
  /* The digest in the checkpoint is checked against the file, so a stop need not wait for the disk. */
  const int error = errno;
  sha256_digest(digest, job->digest);
  const char *unsaved = write_checkpoint(job->checkpoint_path, batch.first, job->digest, NULL);
  if (failed == NULL) return unsaved != NULL ? unsaved : sync_file(job->control, fd);
  errno = error;
  return failed;
}

const char *build_parents(struct parents_job *job) {
  struct sha256_stream digest;
  int fd = -1;
  sha256_begin(&digest, job->implementation->compress);
  uint8_t *rows = malloc(BATCH_ROWS * ROW_BYTES);
  if (rows == NULL) return "get memory for";
  const char *failed = open_output(job->path, job->graph.nodes * ROW_BYTES, &fd);
  if (failed == NULL) failed = digest_start(job->control, fd, job->first * ROW_BYTES, &digest, rows, BATCH_ROWS * ROW_BYTES);
  if (failed == NULL && job->first > 0) {
    uint8_t found[SHA256_BYTES];
    sha256_digest(&digest, found);
    errno = 0;
    if (memcmp(found, job->digest, sizeof found) != 0) failed = "use the checkpoint of";
  }
  control_advance(job->control, job->first);
  if (failed == NULL) failed = build_rows(job, fd, &digest, rows);
  close_file(&fd);
  const int error = errno;
  free(rows);
  errno = error;
  return failed;
}
