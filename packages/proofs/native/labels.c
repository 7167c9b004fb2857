#define _GNU_SOURCE
#include "labels.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "files.h"
#include "sync.h"

/* Between two looks at the control: milliseconds, and not more than 20 in portable C with four sectors. */
#define STEP_NODES 1024
/* Written at once, of each lane; and digested at once, while it is in the cache. */
#define WRITE_NODES (1u << 14)
#define DIGEST_NODES (1u << 10)
/* Layers from here on are written past the page cache. */
#define DIRECT_BYTES ((uint64_t)64 << 20)
/* Of the parents table made present ahead. */
#define WINDOW_BYTES ((size_t)4 << 20)
#define ROW_BYTES (PARENTS * sizeof(uint32_t))
#define HUGE_PAGE ((size_t)2 << 20)

/* Random reads over gigabytes miss the TLB each time, unless the pages are large. */
static uint8_t *map_memory(size_t bytes) {
  uint8_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
#if defined(MADV_HUGEPAGE)
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

struct label_memory *label_memory_create(int lanes, uint64_t nodes) {
  struct label_memory *memory = calloc(1, sizeof *memory);
  if (memory == NULL) return NULL;
  memory->lanes = lanes;
  memory->nodes = nodes;
  memory->bytes = ((size_t)nodes * (size_t)lanes * NODE + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  memory->labels = map_memory(memory->bytes);
  memory->previous = map_memory(memory->bytes);
  if (memory->labels != NULL && memory->previous != NULL) return memory;
  label_memory_free(memory);
  return NULL;
}

void label_memory_release(struct label_memory *memory) {
  if (memory->labels != NULL) munmap(memory->labels, memory->bytes);
  if (memory->previous != NULL) munmap(memory->previous, memory->bytes);
  memory->labels = memory->previous = NULL;
}

void label_memory_free(struct label_memory *memory) {
  label_memory_release(memory);
  free(memory);
}

/* The thread that writes what the other has labelled. */
struct writer {
  struct label_job *job;
  int files[LANES_MAX];
  struct sha256_stream digests[LANES_MAX];
  /* WRITE_NODES of each lane, one lane after the other. */
  uint8_t *staging;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  uint64_t labelled, written;
  /* No more nodes will come. */
  int closed;
  const char *failed;
  int error;
};

static uint64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* What the lanes have side by side, into the staging, `at` nodes from its start. */
static void gather_labels(const struct writer *writer, uint64_t first, size_t at, size_t count) {
  const size_t lanes = (size_t)writer->job->memory->lanes;
  const uint8_t *labels = writer->job->memory->labels + first * lanes * NODE;
  for (size_t i = 0; i < count; i++)
    for (size_t lane = 0; lane < lanes; lane++)
      memcpy(writer->staging + (lane * WRITE_NODES + at + i) * NODE, labels + (i * lanes + lane) * NODE, NODE);
}

static const char *write_labels(struct writer *writer, uint64_t first, size_t count) {
  const struct label_memory *memory = writer->job->memory;
  const uint8_t *labels[LANES_MAX], *parts[LANES_MAX];
  for (int lane = 0; lane < memory->lanes; lane++)
    labels[lane] = memory->lanes == 1 ? memory->labels + first * NODE : writer->staging + (size_t)lane * WRITE_NODES * NODE;
  for (size_t at = 0; at < count; at += DIGEST_NODES) {
    const size_t part = count - at < DIGEST_NODES ? count - at : DIGEST_NODES;
    if (memory->lanes > 1) gather_labels(writer, first + at, at, part);
    for (int lane = 0; lane < memory->lanes; lane++) parts[lane] = labels[lane] + at * NODE;
    sha256_add_together(writer->digests, memory->lanes, writer->job->implementation->compress_together, parts, part * NODE);
  }
  for (int lane = 0; lane < memory->lanes; lane++) {
    const char *failed = write_at(writer->files[lane], labels[lane], count * NODE, first * NODE);
    if (failed != NULL) return failed;
    start_writing(writer->files[lane], first * NODE, count * NODE);
  }
  return NULL;
}

/* Synced where there is a control, which may stop it. */
static const char *write_checkpoints(struct writer *writer, const struct control *control) {
  for (int lane = 0; lane < writer->job->memory->lanes; lane++) {
    uint8_t digest[SHA256_BYTES];
    sha256_digest(&writer->digests[lane], digest);
    const char *failed = control == NULL ? NULL : sync_file(control, writer->files[lane]);
    if (failed == NULL) failed = write_checkpoint(writer->job->checkpoint_paths[lane], writer->written, digest, control);
    if (failed != NULL) return failed;
  }
  return NULL;
}

/* Waits for the next nodes to write; 0 at the end. */
static size_t next_nodes(struct writer *writer) {
  pthread_mutex_lock(&writer->mutex);
  while (!writer->closed && writer->labelled - writer->written < WRITE_NODES)
    pthread_cond_wait(&writer->changed, &writer->mutex);
  const uint64_t waiting = writer->labelled - writer->written;
  pthread_mutex_unlock(&writer->mutex);
  return waiting < WRITE_NODES ? (size_t)waiting : WRITE_NODES;
}

static const char *write_until_stopped(struct writer *writer) {
  const struct control *control = writer->job->control;
  uint64_t last_checkpoint = now_ms();
  for (size_t count; (count = next_nodes(writer)) > 0;) {
    const char *failed = control_cancelled(control) ? WORK_CANCELLED : write_labels(writer, writer->written, count);
    if (failed != NULL) return failed;
    writer->written += count;
    if (now_ms() - last_checkpoint < writer->job->checkpoint_ms) continue;
    if ((failed = write_checkpoints(writer, control)) != NULL) return failed;
    last_checkpoint = now_ms();
  }
  return writer->written < writer->job->memory->nodes ? WORK_CANCELLED : write_checkpoints(writer, control);
}

static const char *write_all(struct writer *writer) {
  const char *failed = write_until_stopped(writer);
  if (failed != WORK_CANCELLED) return failed;
  /* A stop must not wait for the disk: the digest in the checkpoint says whether the file came to hold it. */
  const char *unsaved = write_checkpoints(writer, NULL);
  return unsaved != NULL ? unsaved : WORK_CANCELLED;
}

static void *writer_main(void *context) {
  struct writer *writer = context;
  errno = 0;
  const char *failed = write_all(writer);
  writer->error = errno;
  __atomic_store_n(&writer->failed, failed, __ATOMIC_RELAXED);
  return NULL;
}

static void announce(struct writer *writer, uint64_t labelled, int closed) {
  pthread_mutex_lock(&writer->mutex);
  writer->labelled = labelled;
  writer->closed = closed;
  if (closed || labelled % WRITE_NODES == 0) pthread_cond_signal(&writer->changed);
  pthread_mutex_unlock(&writer->mutex);
}

/* Pages of the table that cannot be read are an error here, and would be a signal when touched. */
static const char *populate(const uint8_t *table, size_t length, size_t offset) {
#if defined(MADV_POPULATE_READ)
  if (offset >= length) return NULL;
  const size_t part = length - offset < WINDOW_BYTES ? length - offset : WINDOW_BYTES;
  if (madvise((void *)(table + offset), part, MADV_POPULATE_READ) != 0 && errno != EINVAL) return "read the parents table of";
#else
  (void)table, (void)length, (void)offset;
#endif
  return NULL;
}

static const char *label_all(struct label_job *job, const uint8_t *table, size_t table_bytes, struct writer *writer) {
  struct label_memory *memory = job->memory;
  struct label_run run = {.lanes = memory->lanes,
                          .layer = job->layer,
                          .nodes = memory->nodes,
                          .replica_ids = (const uint8_t (*)[NODE])job->replica_ids,
                          .table = table,
                          .previous = job->layer == 1 ? NULL : memory->previous,
                          .labels = memory->labels};
  size_t present = job->first * ROW_BYTES / WINDOW_BYTES * WINDOW_BYTES;
  for (run.first = job->first; run.first < memory->nodes; run.first = run.end) {
    if (control_cancelled(job->control)) return WORK_CANCELLED;
    if (__atomic_load_n(&writer->failed, __ATOMIC_RELAXED) != NULL) return NULL;
    run.end = memory->nodes - run.first < STEP_NODES ? memory->nodes : run.first + STEP_NODES;
    for (; present < run.end * ROW_BYTES; present += WINDOW_BYTES) {
      const char *failed = populate(table, table_bytes, present);
      if (failed != NULL) return failed;
    }
    if (!job->implementation->label_run(&run)) {
      errno = 0;
      return "use the parents table of";
    }
    control_advance(job->control, run.end - run.first);
    announce(writer, run.end, 0);
  }
  return NULL;
}

/* A lane's labels out of its file into their places. */
static const char *load_labels(const struct control *control, const struct label_memory *memory, int lane, int fd,
                               uint64_t count, uint8_t *to, uint8_t *staging, struct sha256_stream *digest) {
  for (uint64_t at = 0; at < count; at += WRITE_NODES) {
    const size_t part = count - at < WRITE_NODES ? (size_t)(count - at) : WRITE_NODES;
    const char *failed = control_cancelled(control) ? WORK_CANCELLED : read_at(fd, staging, part * NODE, at * NODE);
    if (failed != NULL) return failed;
    if (digest != NULL) sha256_add(digest, staging, part * NODE);
    for (size_t i = 0; i < part; i++)
      memcpy(to + ((at + i) * (unsigned)memory->lanes + (unsigned)lane) * NODE, staging + i * NODE, NODE);
  }
  return NULL;
}

static const char *load_previous(struct label_job *job, uint8_t *staging) {
  struct label_memory *memory = job->memory;
  if (job->layer == 1) return NULL;
  const int held = memory->held == job->layer - 1 && memcmp(memory->replica_ids, job->replica_ids, sizeof job->replica_ids) == 0;
  if (held) {
    uint8_t *labels = memory->labels;
    memory->labels = memory->previous;
    memory->previous = labels;
    return NULL;
  }
  for (int lane = 0; lane < memory->lanes; lane++) {
    int fd = -1;
    const char *failed = open_input(job->previous_paths[lane], memory->nodes * NODE, &fd);
    if (failed == NULL) failed = load_labels(job->control, memory, lane, fd, memory->nodes, memory->previous, staging, NULL);
    close_file(&fd);
    if (failed != NULL) return failed;
  }
  return NULL;
}

static const char *load_checkpoint(struct label_job *job, struct writer *writer, int lane) {
  uint8_t digest[SHA256_BYTES];
  const char *failed = load_labels(job->control, job->memory, lane, writer->files[lane], job->first, job->memory->labels,
                                   writer->staging, &writer->digests[lane]);
  if (failed != NULL) return failed;
  sha256_digest(&writer->digests[lane], digest);
  errno = 0;
  return job->first == 0 || memcmp(digest, job->digests[lane], sizeof digest) == 0 ? NULL : "use the checkpoint of";
}

static const char *run_layer(struct label_job *job, struct writer *writer, const uint8_t *table, size_t table_bytes) {
  pthread_t thread;
  writer->labelled = writer->written = job->first;
  control_advance(job->control, job->first);
  if ((errno = pthread_create(&thread, NULL, writer_main, writer)) != 0) return "start a thread for";
  errno = 0;
  const char *failed = label_all(job, table, table_bytes, writer);
  const int error = errno;
  pthread_mutex_lock(&writer->mutex);
  const uint64_t labelled = writer->labelled;
  pthread_mutex_unlock(&writer->mutex);
  announce(writer, labelled, 1);
  pthread_join(thread, NULL);
  errno = failed != NULL ? error : writer->error;
  return failed != NULL ? failed : writer->failed;
}

const char *label_layer(struct label_job *job) {
  struct label_memory *memory = job->memory;
  const size_t table_bytes = memory->nodes * ROW_BYTES;
  struct writer writer = {.job = job, .files = {-1, -1, -1, -1}};
  void *table = MAP_FAILED;
  int table_file = -1;
  pthread_mutex_init(&writer.mutex, NULL);
  pthread_cond_init(&writer.changed, NULL);
  const char *failed = open_input(job->parents_path, table_bytes, &table_file);
  if (failed == NULL && (table = mmap(NULL, table_bytes, PROT_READ, MAP_SHARED, table_file, 0)) == MAP_FAILED) failed = "map";
  if (failed == NULL && (writer.staging = aligned_alloc(DIRECT_ALIGNMENT, (size_t)memory->lanes * WRITE_NODES * NODE)) == NULL) failed = "get memory for";
  if (failed == NULL) failed = load_previous(job, writer.staging);
  memory->held = 0;
  for (int lane = 0; failed == NULL && lane < memory->lanes; lane++) {
    sha256_begin(&writer.digests[lane], job->implementation->compress);
    failed = open_output(job->out_paths[lane], memory->nodes * NODE, &writer.files[lane]);
    if (failed == NULL) failed = load_checkpoint(job, &writer, lane);
    if (memory->nodes * NODE >= DIRECT_BYTES && job->first * NODE % DIRECT_ALIGNMENT == 0) bypass_cache(writer.files[lane]);
  }
  if (failed == NULL) failed = run_layer(job, &writer, table, table_bytes);
  if (failed == NULL) {
    memory->held = job->layer;
    memcpy(memory->replica_ids, job->replica_ids, sizeof job->replica_ids);
    for (int lane = 0; lane < memory->lanes; lane++) sha256_digest(&writer.digests[lane], job->digests[lane]);
  }
  const int error = errno;
  for (int lane = 0; lane < memory->lanes; lane++) close_file(&writer.files[lane]);
  if (table != MAP_FAILED) munmap(table, table_bytes);
  close_file(&table_file);
  free(writer.staging);
  pthread_cond_destroy(&writer.changed);
  pthread_mutex_destroy(&writer.mutex);
  errno = error;
  return failed;
}
