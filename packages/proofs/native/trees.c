#include "trees.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "files.h"
#include "fr32.h"
#include "sync.h"

/* Files hold the levels of a tree from this height up; below, 128 leaves are hashed again. */
#define GROUP_NODES 128u
/* What one thread takes at once: the layers' share of it fits into a cache. */
#define CHUNK_NODES 2048u
#define CHUNK_BYTES (CHUNK_NODES * NODE)
/* Sent to the disk together. */
#define WRITTEN_CHUNKS 64u
/* Pairs of the kept levels hashed between two looks at the control. */
#define STEP_PAIRS (1u << 16)
#define CHUNK_UNITS (CHUNK_BYTES / UNIT_PADDED)

static uint64_t chunk_count(uint64_t nodes) { return (nodes + CHUNK_NODES - 1) / CHUNK_NODES; }
static size_t nodes_in(uint64_t nodes, uint64_t chunk) {
  const uint64_t left = nodes - chunk * CHUNK_NODES;
  return left < CHUNK_NODES ? (size_t)left : CHUNK_NODES;
}
static size_t group_of(uint64_t nodes) { return nodes < GROUP_NODES ? (size_t)nodes : GROUP_NODES; }

/* Levels of lowest, lowest/2, … 1 nodes, one after the other; in a mapped file, or in memory without one. */
struct tree {
  uint64_t lowest;
  size_t bytes;
  int fd;
  uint8_t *levels;
};

static const char *open_tree(struct tree *tree, const char *path, uint64_t lowest) {
  *tree = (struct tree){.lowest = lowest, .bytes = (2 * lowest - 1) * NODE, .fd = -1};
  const char *failed = path == NULL ? NULL : open_output(path, tree->bytes, &tree->fd);
  if (failed != NULL) return failed;
  const int flags = path == NULL ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void *levels = mmap(NULL, tree->bytes, PROT_READ | PROT_WRITE, flags, tree->fd, 0);
  if (levels == MAP_FAILED) return "map";
  tree->levels = levels;
  return NULL;
}

static const char *finish_tree(const struct tree *tree, const struct tree_job *job, uint8_t mask, uint8_t root[NODE]) {
  uint8_t *level = tree->levels;
  for (uint64_t width = tree->lowest; width > 1; width /= 2) {
    uint8_t *next = level + width * NODE;
    for (uint64_t at = 0; at < width / 2; at += STEP_PAIRS) {
      const uint64_t left = width / 2 - at;
      if (control_cancelled(job->control)) return WORK_CANCELLED;
      job->implementation->hash_pairs(level + at * 2 * NODE, left < STEP_PAIRS ? left : STEP_PAIRS, mask, next + at * NODE);
    }
    level = next;
  }
  memcpy(root, level, NODE);
  if (tree->fd < 0) return NULL;
#if !defined(__linux__)
  /* On Linux the sync of the file takes what was written through the mapping with it. */
  if (msync(tree->levels, tree->bytes, MS_SYNC) != 0) return "sync";
#endif
  return sync_file(job->control, tree->fd);
}

static void close_tree(struct tree *tree) {
  const int error = errno;
  if (tree->levels != NULL) munmap(tree->levels, tree->bytes);
  close_file(&tree->fd);
  errno = error;
}

/* The groups' nodes over a chunk of leaves, into the lowest kept level; the leaves are used up. */
static void add_leaves(const struct tree *tree, const struct tree_job *job, uint64_t chunk, uint8_t *leaves, uint8_t mask) {
  const size_t count = nodes_in(job->nodes, chunk), groups = count / group_of(job->nodes);
  reduce_nodes(job->implementation->hash_pairs, leaves, count, groups, mask);
  memcpy(tree->levels + chunk * (CHUNK_NODES / GROUP_NODES) * NODE, leaves, groups * NODE);
}

static void close_files(int *files, size_t count) {
  for (size_t i = 0; i < count; i++) close_file(&files[i]);
}

struct columns {
  const struct tree_job *job;
  const uint8_t *tag;
  size_t layers;
  int files[LAYERS_MAX];
  struct tree tree;
};

static const char *hash_chunk_columns(void *context, uint64_t chunk, uint8_t *memory) {
  const struct columns *columns = context;
  const size_t count = nodes_in(columns->job->nodes, chunk);
  const uint8_t *layers[LAYERS_MAX];
  for (size_t l = 0; l < columns->layers; l++) {
    uint8_t *labels = memory + (l + 1) * CHUNK_BYTES;
    const char *failed = read_at(columns->files[l], labels, count * NODE, chunk * CHUNK_BYTES);
    if (failed != NULL) return failed;
    layers[l] = labels;
  }
  columns->job->implementation->hash_columns(columns->tag, layers, columns->layers, count, memory);
  add_leaves(&columns->tree, columns->job, chunk, memory, MASK_PLAIN);
  control_advance(columns->job->control, count);
  return NULL;
}

const char *commit_columns(const struct tree_job *job, const uint8_t tag[NODE], const char *const *layer_paths,
                           size_t layers, const char *tree_path, uint8_t root[NODE]) {
  struct columns columns = {.job = job, .tag = tag, .layers = layers, .tree = {.fd = -1}};
  const char *failed = NULL;
  for (size_t l = 0; l < layers; l++) columns.files[l] = -1;
  for (size_t l = 0; failed == NULL && l < layers; l++)
    failed = open_input(layer_paths[l], job->nodes * NODE, &columns.files[l]);
  if (failed == NULL) failed = open_tree(&columns.tree, tree_path, job->nodes / group_of(job->nodes));
  if (failed == NULL)
    failed = run_chunks(job->control, job->threads, chunk_count(job->nodes), (layers + 1) * CHUNK_BYTES,
                        hash_chunk_columns, &columns);
  if (failed == NULL) failed = finish_tree(&columns.tree, job, MASK_PLAIN, root);
  close_tree(&columns.tree);
  close_files(columns.files, layers);
  return failed;
}

/* The data source while it is read: one open file a piece. */
struct open_data {
  const struct data_source *source;
  int *files;
};

static const char *open_data(struct open_data *data, const struct data_source *source) {
  *data = (struct open_data){.source = source, .files = malloc((source->count + 1) * sizeof(int))};
  if (data->files == NULL) return "get memory for";
  for (size_t i = 0; i < source->count; i++) data->files[i] = -1;
  for (size_t i = 0; i < source->count; i++) {
    const char *failed = open_input(source->pieces[i].path, source->pieces[i].payload_bytes, &data->files[i]);
    if (failed != NULL) return failed;
  }
  return NULL;
}

static void close_data(struct open_data *data) {
  if (data->files != NULL) close_files(data->files, data->source->count);
  const int error = errno;
  free(data->files);
  errno = error;
}

#define PAYLOAD_BYTES (CHUNK_UNITS * UNIT_PAYLOAD + FR32_SLACK)

/* The nodes of a chunk: of every piece that reaches into it, its units there. `payload` holds PAYLOAD_BYTES. */
static const char *read_data(const struct open_data *data, uint64_t chunk, size_t count, uint8_t *nodes, uint8_t *payload) {
  const uint64_t start = chunk * CHUNK_BYTES, end = start + count * NODE;
  memset(nodes, 0, count * NODE);
  for (size_t i = 0; i < data->source->count; i++) {
    const struct piece *piece = &data->source->pieces[i];
    const uint64_t units = (piece->payload_bytes + UNIT_PAYLOAD - 1) / UNIT_PAYLOAD;
    const uint64_t from = piece->offset > start ? piece->offset : start;
    const uint64_t piece_end = piece->offset + units * UNIT_PADDED, to = piece_end < end ? piece_end : end;
    if (from >= to) continue;
    const uint64_t first = (from - piece->offset) / UNIT_PADDED * UNIT_PAYLOAD;
    const size_t part = (size_t)((to - from) / UNIT_PADDED), bytes = part * UNIT_PAYLOAD;
    const uint64_t left = piece->payload_bytes - first;
    const size_t there = left < bytes ? (size_t)left : bytes;
    const char *failed = read_at(data->files[i], payload, there, first);
    if (failed != NULL) return failed;
    memset(payload + there, 0, bytes + FR32_SLACK - there);
    fr32_pad(payload, part, nodes + (from - start));
  }
  return NULL;
}

struct data_tree {
  const struct tree_job *job;
  struct open_data data;
  struct tree tree;
};

static const char *hash_chunk_data(void *context, uint64_t chunk, uint8_t *memory) {
  const struct data_tree *work = context;
  const size_t count = nodes_in(work->job->nodes, chunk);
  const char *failed = read_data(&work->data, chunk, count, memory, memory + CHUNK_BYTES);
  if (failed != NULL) return failed;
  add_leaves(&work->tree, work->job, chunk, memory, MASK_254);
  control_advance(work->job->control, count);
  return NULL;
}

const char *commit_data(const struct tree_job *job, const struct data_source *source, uint8_t root[NODE]) {
  struct data_tree work = {.job = job, .tree = {.fd = -1}};
  const char *failed = open_data(&work.data, source);
  if (failed == NULL) failed = open_tree(&work.tree, NULL, job->nodes / group_of(job->nodes));
  if (failed == NULL)
    failed = run_chunks(job->control, job->threads, chunk_count(job->nodes), CHUNK_BYTES + PAYLOAD_BYTES,
                        hash_chunk_data, &work);
  if (failed == NULL) failed = finish_tree(&work.tree, job, MASK_254, root);
  close_tree(&work.tree);
  close_data(&work.data);
  return failed;
}

struct encoder {
  const struct tree_job *job;
  struct open_data data;
  int key, replica;
  struct tree tree_d, tree_r;
};

static const char *encode_chunk(void *context, uint64_t chunk, uint8_t *memory) {
  const struct encoder *encoder = context;
  const size_t count = nodes_in(encoder->job->nodes, chunk), bytes = count * NODE;
  const uint64_t offset = chunk * CHUNK_BYTES;
  uint8_t *nodes = memory, *key = memory + CHUNK_BYTES, *payload = memory + 2 * CHUNK_BYTES;
  const char *failed = read_data(&encoder->data, chunk, count, nodes, payload);
  if (failed == NULL) failed = read_at(encoder->key, key, bytes, offset);
  if (failed != NULL) return failed;
  add_nodes(key, nodes, count, key);
  add_leaves(&encoder->tree_d, encoder->job, chunk, nodes, MASK_254);
  failed = write_at(encoder->replica, key, bytes, offset);
  if (failed != NULL) return failed;
  if (chunk % WRITTEN_CHUNKS == WRITTEN_CHUNKS - 1)
    start_writing(encoder->replica, offset + bytes - WRITTEN_CHUNKS * CHUNK_BYTES, WRITTEN_CHUNKS * CHUNK_BYTES);
  add_leaves(&encoder->tree_r, encoder->job, chunk, key, MASK_PLAIN);
  control_advance(encoder->job->control, count);
  return NULL;
}

const char *encode_sector(const struct tree_job *job, struct encoding *encoding) {
  struct encoder encoder = {.job = job, .key = -1, .replica = -1, .tree_d = {.fd = -1}, .tree_r = {.fd = -1}};
  const uint64_t bytes = job->nodes * NODE, lowest = job->nodes / group_of(job->nodes);
  const char *failed = open_data(&encoder.data, &encoding->data);
  if (failed == NULL) failed = open_input(encoding->key_path, bytes, &encoder.key);
  if (failed == NULL) failed = open_output(encoding->replica_path, bytes, &encoder.replica);
  if (failed == NULL) failed = open_tree(&encoder.tree_d, encoding->tree_d_path, lowest);
  if (failed == NULL) failed = open_tree(&encoder.tree_r, encoding->tree_r_path, lowest);
  if (failed == NULL)
    failed = run_chunks(job->control, job->threads, chunk_count(job->nodes), 2 * CHUNK_BYTES + PAYLOAD_BYTES,
                        encode_chunk, &encoder);
  if (failed == NULL) failed = finish_tree(&encoder.tree_d, job, MASK_254, encoding->comm_d);
  if (failed == NULL) failed = finish_tree(&encoder.tree_r, job, MASK_PLAIN, encoding->comm_r_last);
  if (failed == NULL) failed = sync_file(job->control, encoder.replica);
  close_tree(&encoder.tree_d);
  close_tree(&encoder.tree_r);
  close_file(&encoder.key);
  close_file(&encoder.replica);
  close_data(&encoder.data);
  return failed;
}

struct decoder {
  const struct tree_job *job;
  uint64_t offset, payload_bytes;
  int key, replica, out;
};

static const char *decode_chunk(void *context, uint64_t chunk, uint8_t *memory) {
  const struct decoder *decoder = context;
  const uint64_t first = chunk * CHUNK_UNITS * UNIT_PAYLOAD, left = decoder->payload_bytes - first;
  const size_t payload = left < CHUNK_UNITS * UNIT_PAYLOAD ? (size_t)left : CHUNK_UNITS * UNIT_PAYLOAD;
  const size_t units = (payload + UNIT_PAYLOAD - 1) / UNIT_PAYLOAD, bytes = units * UNIT_PADDED;
  const uint64_t at = decoder->offset + chunk * CHUNK_BYTES;
  uint8_t *nodes = memory, *key = memory + CHUNK_BYTES;
  const char *failed = read_at(decoder->replica, nodes, bytes, at);
  if (failed == NULL) failed = read_at(decoder->key, key, bytes, at);
  if (failed != NULL) return failed;
  subtract_nodes(nodes, key, bytes / NODE, nodes);
  errno = 0;
  for (size_t i = NODE - 1; i < bytes; i += NODE)
    if (nodes[i] > MASK_254) return "decode, for its nodes are no fr32 of";
  fr32_unpad(nodes, units, nodes);
  failed = write_at(decoder->out, nodes, payload, first);
  control_advance(decoder->job->control, bytes / NODE);
  return failed;
}

const char *decode_payload(const struct tree_job *job, const char *replica_path, const char *key_path, uint64_t offset,
                           uint64_t payload_bytes, const char *out_path) {
  struct decoder decoder = {.job = job, .offset = offset, .payload_bytes = payload_bytes, .key = -1, .replica = -1, .out = -1};
  const uint64_t chunk = CHUNK_UNITS * UNIT_PAYLOAD;
  const char *failed = open_input(replica_path, job->nodes * NODE, &decoder.replica);
  if (failed == NULL) failed = open_input(key_path, job->nodes * NODE, &decoder.key);
  if (failed == NULL) failed = open_output(out_path, payload_bytes, &decoder.out);
  if (failed == NULL)
    failed = run_chunks(job->control, job->threads, (payload_bytes + chunk - 1) / chunk, 2 * CHUNK_BYTES, decode_chunk,
                        &decoder);
  if (failed == NULL) failed = sync_file(job->control, decoder.out);
  close_file(&decoder.replica);
  close_file(&decoder.key);
  close_file(&decoder.out);
  return failed;
}
