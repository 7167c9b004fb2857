#include "labels.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph.h"

const char LABELS_CANCELLED[] = "cancelled";

#define PREFIX 64
#define PARENT_LABELS 37
/* Layer 1 repeats 6 labels, the others 14: three and seven blocks. */
#define ALL_BLOCKS (PARENTS * NODE / SHA256_BLOCK)
#define BASE_BLOCKS (BASE_PARENTS * NODE / SHA256_BLOCK)
/* Random reads of the layer before are fetched this many nodes ahead. */
#define PREFETCH 4
#define CANCEL_CHECK_NODES 4096

struct mapping {
  uint8_t *bytes;
  size_t length;
};

static const char *map_input(const char *path, size_t length, struct mapping *mapping) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "open";
  struct stat status;
  const char *failed = NULL;
  void *bytes = MAP_FAILED;
  if (fstat(fd, &status) != 0) failed = "stat";
  else if ((uint64_t)status.st_size != length) errno = EINVAL, failed = "size of";
  else if ((bytes = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED) failed = "map";
  const int error = errno;
  close(fd);
  errno = error;
  if (failed) return failed;
  *mapping = (struct mapping){bytes, length};
  return NULL;
}

/* Space is reserved first: a full disk under a mapping would be a signal and not an error. */
static int reserve(int fd, size_t length) {
#if defined(__linux__)
  const int error = posix_fallocate(fd, 0, (off_t)length);
  if (error == 0) return 0;
  errno = error;
  return -1;
#else
  return ftruncate(fd, (off_t)length);
#endif
}

static void finish_label(const uint32_t state[8], uint8_t *out) {
  sha256_store(state, out);
  out[NODE - 1] &= 0x3f;
}

static void hash_label(const struct label_layer *job, uint64_t v, const uint8_t *parents, size_t blocks,
                       uint8_t *out) {
  static const uint64_t BITS = (PREFIX + PARENT_LABELS * NODE) * 8;
  uint8_t block[SHA256_BLOCK] = {0};
  uint32_t state[8];
  memcpy(state, SHA256_INITIAL, sizeof state);
  memcpy(block, job->replica_id, NODE);
  for (int i = 0; i < 4; i++) block[NODE + i] = (uint8_t)(job->layer >> (24 - 8 * i));
  for (int i = 0; i < 8; i++) block[NODE + 4 + i] = (uint8_t)(v >> (56 - 8 * i));
  job->compress(state, block, 1);
  if (blocks == 0) {
    uint8_t end[SHA256_BLOCK] = {[0] = 0x80, [62] = 0x02};
    job->compress(state, end, 1);
    finish_label(state, out);
    return;
  }
  /* 37 labels are 18 blocks and one label. */
  size_t left = PARENT_LABELS / 2;
  for (; left >= blocks; left -= blocks) job->compress(state, parents, blocks);
  if (left > 0) job->compress(state, parents, left);
  memcpy(block, parents + left * SHA256_BLOCK, NODE);
  memset(block + NODE, 0, NODE);
  block[NODE] = 0x80;
  for (int i = 0; i < 8; i++) block[SHA256_BLOCK - 1 - i] = (uint8_t)(BITS >> 8 * i);
  job->compress(state, block, 1);
  finish_label(state, out);
}

static const char *hash_layer(const struct label_layer *job, const uint8_t *table, const uint8_t *previous,
                              uint8_t *out) {
  for (uint64_t v = 0; v < job->nodes; v++) {
    if (v % CANCEL_CHECK_NODES == 0 && *job->cancelled) return LABELS_CANCELLED;
    uint32_t parents[PARENTS];
    uint8_t labels[PARENTS * NODE];
    memcpy(parents, table + v * sizeof parents, sizeof parents);
    for (int i = 0; i < PARENTS; i++)
      if (parents[i] >= job->nodes || (i < BASE_PARENTS && v > 0 && parents[i] >= v)) return "parents table of";
    if (v == 0) {
      hash_label(job, v, NULL, 0, out);
      continue;
    }
    for (int i = 0; i < BASE_PARENTS; i++) memcpy(labels + NODE * i, out + (uint64_t)parents[i] * NODE, NODE);
    if (previous == NULL) {
      hash_label(job, v, labels, BASE_BLOCKS, out + v * NODE);
      continue;
    }
    if (v + PREFETCH < job->nodes) {
      uint32_t ahead[PARENTS];
      memcpy(ahead, table + (v + PREFETCH) * sizeof ahead, sizeof ahead);
      for (int i = BASE_PARENTS; i < PARENTS; i++)
        if (ahead[i] < job->nodes) __builtin_prefetch(previous + (uint64_t)ahead[i] * NODE);
    }
    for (int i = BASE_PARENTS; i < PARENTS; i++) memcpy(labels + NODE * i, previous + (uint64_t)parents[i] * NODE, NODE);
    hash_label(job, v, labels, ALL_BLOCKS, out + v * NODE);
  }
  return NULL;
}

const char *label_layer(const struct label_layer *job) {
  const size_t length = job->nodes * NODE;
  struct mapping table = {0}, previous = {0};
  const char *failed = map_input(job->parents_path, job->nodes * PARENTS * 4, &table);
  if (!failed && job->previous_path) failed = map_input(job->previous_path, length, &previous);
  int fd = -1;
  uint8_t *out = MAP_FAILED;
  if (!failed && (fd = open(job->out_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) < 0) failed = "create";
  if (!failed && reserve(fd, length) != 0) failed = "reserve space for";
  if (!failed && (out = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED) failed = "map";
  if (!failed) failed = hash_layer(job, table.bytes, previous.bytes, out);
  if (!failed && (msync(out, length, MS_SYNC) != 0 || fsync(fd) != 0)) failed = "sync";
  const int error = errno;
  if (out != MAP_FAILED) munmap(out, length);
  if (fd >= 0) close(fd);
  if (previous.bytes) munmap(previous.bytes, previous.length);
  if (table.bytes) munmap(table.bytes, table.length);
  errno = error;
  return failed;
}
