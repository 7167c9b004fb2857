#include "commp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "fr32.h"

/* A block is what is hashed while it is in the cache; a chunk is what one thread takes at once, of 4 MiB. */
#define BLOCK_UNITS 512u
#define BLOCK_NODES (BLOCK_UNITS * UNIT_PADDED / NODE)
#define BLOCK_PAYLOAD (BLOCK_UNITS * UNIT_PAYLOAD)
#define CHUNK_BLOCKS 64u
#define CHUNK_NODES ((uint64_t)CHUNK_BLOCKS * BLOCK_NODES)
#define CHUNK_PAYLOAD ((size_t)CHUNK_BLOCKS * BLOCK_PAYLOAD)
_Static_assert(CHUNK_PAYLOAD == COMMIT_BYTES_MAX, "what is committed to at once is a chunk");
/* Between two looks at the control while nothing comes. */
#define LOOK_MS 20
#define CHUNK_MEMORY (CHUNK_PAYLOAD + FR32_SLACK + BLOCK_NODES * NODE + CHUNK_BLOCKS * NODE)

void zero_root(hash_pairs_fn hash_pairs, unsigned height, uint8_t root[NODE]) {
  uint8_t pair[2 * NODE] = {0};
  for (; height > 0; height--) {
    hash_pairs(pair, 1, MASK_254, pair);
    memcpy(pair + NODE, pair, NODE);
  }
  memcpy(root, pair, NODE);
}

static unsigned log2_of(uint64_t power) {
  unsigned exponent = 0;
  while ((uint64_t)1 << exponent < power) exponent++;
  return exponent;
}

/* The root of `nodes` leaves, a power of two ≤ CHUNK_NODES, over a payload of no more than these; `memory` as below. */
static const char *chunk_root(const struct commp_job *job, uint8_t *payload, size_t length, uint64_t nodes,
                              uint8_t *memory, uint8_t root[NODE]) {
  const hash_pairs_fn hash_pairs = job->implementation->hash_pairs;
  uint8_t *leaves = memory, *roots = memory + BLOCK_NODES * NODE;
  const size_t block_nodes = nodes < BLOCK_NODES ? (size_t)nodes : BLOCK_NODES, blocks = (size_t)(nodes / block_nodes);
  const size_t units = block_nodes * NODE / UNIT_PADDED;
  const size_t padded = (length + UNIT_PAYLOAD - 1) / UNIT_PAYLOAD * UNIT_PAYLOAD;
  memset(payload + length, 0, padded + FR32_SLACK - length);
  uint8_t zero[NODE];
  if (padded < blocks * units * UNIT_PAYLOAD) zero_root(hash_pairs, log2_of(block_nodes), zero);
  for (size_t b = 0; b < blocks; b++) {
    const size_t from = b * units * UNIT_PAYLOAD;
    const size_t there = padded <= from ? 0 : (padded - from) / UNIT_PAYLOAD;
    if (there == 0) {
      memcpy(roots + b * NODE, zero, NODE);
      continue;
    }
    /* A whole chunk takes too long in portable C for a stop to wait. */
    if (control_cancelled(job->control)) return WORK_CANCELLED;
    const size_t used = there < units ? there : units;
    fr32_pad(payload + from, used, leaves);
    memset(leaves + used * UNIT_PADDED, 0, (units - used) * UNIT_PADDED);
    reduce_nodes(hash_pairs, leaves, block_nodes, 1, MASK_254);
    memcpy(roots + b * NODE, leaves, NODE);
    control_advance(job->control, length - from < units * UNIT_PAYLOAD ? length - from : units * UNIT_PAYLOAD);
  }
  reduce_nodes(hash_pairs, roots, blocks, 1, MASK_254);
  memcpy(root, roots, NODE);
  return NULL;
}

static uint64_t padded_nodes(uint64_t payload) {
  uint64_t nodes = UNIT_PADDED / NODE;
  while (nodes / 4 * UNIT_PAYLOAD < payload) nodes *= 2;
  return nodes;
}

/* Subtrees of zeros fill up what the chunks leave of the piece. */
static void finish_root(struct commp_job *job, uint8_t *roots, uint64_t chunks) {
  const hash_pairs_fn hash_pairs = job->implementation->hash_pairs;
  const uint64_t nodes = padded_nodes(job->payload_bytes);
  job->padded_bytes = nodes * NODE;
  if (nodes <= CHUNK_NODES) {
    memcpy(job->root, roots, NODE);
    return;
  }
  unsigned height = log2_of(CHUNK_NODES);
  for (uint64_t width = nodes / CHUNK_NODES; width > 1; width /= 2, height++) {
    if (chunks % 2 == 1) zero_root(hash_pairs, height, roots + chunks++ * NODE);
    hash_pairs(roots, chunks / 2, MASK_254, roots);
    chunks /= 2;
  }
  memcpy(job->root, roots, NODE);
}

/* Leaves of the chunk at `first`: all of CHUNK_NODES but in a piece that is smaller. */
static uint64_t nodes_of_chunk(uint64_t payload) {
  const uint64_t nodes = padded_nodes(payload);
  return nodes < CHUNK_NODES ? nodes : CHUNK_NODES;
}

/* Reads until `length` bytes are there or the stream ends. A pipe may have none for as long as it likes. */
static const char *read_some(const struct control *control, int fd, uint8_t *out, size_t length, size_t *filled) {
  for (*filled = 0; *filled < length;) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (control_cancelled(control)) return WORK_CANCELLED;
    if (poll(&ready, 1, LOOK_MS) == 0) continue;
    const ssize_t count = read(fd, out + *filled, length - *filled);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return "read";
    if (count == 0) break;
    *filled += (size_t)count;
  }
  return NULL;
}

static const char *commit_stream(struct commp_job *job) {
  uint8_t *memory = aligned_alloc(64, (CHUNK_MEMORY + 63) / 64 * 64), *roots = NULL;
  uint64_t chunks = 0, room = 0;
  const char *failed = memory == NULL ? "get memory for" : NULL;
  while (failed == NULL) {
    size_t filled;
    failed = read_some(job->control, job->fd, memory, CHUNK_PAYLOAD, &filled);
    if (failed != NULL || (filled == 0 && chunks > 0)) break;
    if (chunks + 2 > room) {
      uint8_t *more = realloc(roots, (room = 2 * room + 64) * NODE);
      if (more == NULL) failed = "get memory for";
      else roots = more;
      if (failed != NULL) break;
    }
    job->payload_bytes += filled;
    failed = chunk_root(job, memory, filled, nodes_of_chunk(job->payload_bytes), memory + CHUNK_PAYLOAD + FR32_SLACK,
                        roots + chunks++ * NODE);
    if (filled < CHUNK_PAYLOAD) break;
  }
  if (failed == NULL) finish_root(job, roots, chunks);
  const int error = errno;
  free(roots);
  free(memory);
  errno = error;
  return failed;
}

const char *commit_bytes(struct commp_job *job, uint8_t *payload, size_t length) {
  uint8_t *memory = aligned_alloc(64, BLOCK_NODES * NODE + CHUNK_BLOCKS * NODE);
  if (memory == NULL) return "get memory for";
  const uint64_t nodes = padded_nodes(length);
  const char *failed = chunk_root(job, payload, length, nodes, memory, job->root);
  free(memory);
  job->payload_bytes = length;
  job->padded_bytes = nodes * NODE;
  return failed;
}

struct parallel {
  struct commp_job *job;
  uint64_t payload_bytes;
  uint8_t *roots;
};

static const char *commit_chunk(void *context, uint64_t chunk, uint8_t *memory) {
  const struct parallel *work = context;
  const uint64_t first = chunk * CHUNK_PAYLOAD, left = work->payload_bytes - first;
  const size_t length = left < CHUNK_PAYLOAD ? (size_t)left : CHUNK_PAYLOAD;
  const char *failed = read_at(work->job->fd, memory, length, first);
  if (failed != NULL) return failed;
  return chunk_root(work->job, memory, length, nodes_of_chunk(work->payload_bytes), memory + CHUNK_PAYLOAD + FR32_SLACK,
                    work->roots + chunk * NODE);
}

const char *commit_payload(struct commp_job *job) {
  struct stat status;
  job->payload_bytes = 0;
  if (fstat(job->fd, &status) != 0) return "stat";
  if (job->threads < 2 || !S_ISREG(status.st_mode) || status.st_size == 0 || lseek(job->fd, 0, SEEK_CUR) != 0)
    return commit_stream(job);
  const uint64_t payload = (uint64_t)status.st_size, chunks = (payload + CHUNK_PAYLOAD - 1) / CHUNK_PAYLOAD;
  struct parallel work = {job, payload, malloc((chunks + 2) * NODE)};
  if (work.roots == NULL) return "get memory for";
  const char *failed = run_chunks(job->control, job->threads, chunks, CHUNK_MEMORY, commit_chunk, &work);
  job->payload_bytes = payload;
  if (failed == NULL) finish_root(job, work.roots, chunks);
  const int error = errno;
  free(work.roots);
  errno = error;
  return failed;
}
