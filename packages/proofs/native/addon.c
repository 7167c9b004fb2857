/* The Node-API surface of the kernels. Every argument is checked here; callers are src/kernel/native-kernel.ts alone. */
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

#include "commp.h"
#include "fr32.h"
#include "graph.h"
#include "job.h"
#include "labels.h"
#include "parents.h"
#include "trees.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "little-endian only: the TypeScript twin serves here"
#endif

/* Raised with every change of what is exported here; src/kernel/open-kernel.ts expects the same. */
#define KERNEL_VERSION 3
#define ARGUMENTS_MAX 12
#define PIECES_MAX (1u << 20)
#define NODES_MAX ((int64_t)1 << 32)

static const napi_type_tag MEMORY_TAG = {0x6772616e6172796cULL, 0x6162656c73000001ULL};

struct bytes {
  uint8_t *data;
  size_t length;
};

static napi_value fail(napi_env env, const char *message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_type_error(env, "KERNEL_ARGUMENT", message);
  return NULL;
}

static int get_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = ARGUMENTS_MAX;
  return napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given == count;
}

static int get_array(napi_env env, napi_value value, napi_typedarray_type wanted, size_t item, struct bytes *out) {
  napi_typedarray_type type;
  size_t elements;
  void *data;
  bool is_array = false;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array) return 0;
  if (napi_get_typedarray_info(env, value, &type, &elements, &data, NULL, NULL) != napi_ok || type != wanted) return 0;
  *out = (struct bytes){data, elements * item};
  return 1;
}

static int get_bytes(napi_env env, napi_value value, struct bytes *out) {
  return get_array(env, value, napi_uint8_array, 1, out);
}

static int get_integer(napi_env env, napi_value value, int64_t max, int64_t *out) {
  return napi_get_value_int64(env, value, out) == napi_ok && *out >= 0 && *out <= max;
}

static int get_nodes(napi_env env, napi_value value, uint64_t *out) {
  int64_t nodes;
  if (!get_integer(env, value, NODES_MAX, &nodes) || nodes < 2 || (nodes & (nodes - 1)) != 0) return 0;
  *out = (uint64_t)nodes;
  return 1;
}

static int get_threads(napi_env env, napi_value value, int *out) {
  int64_t threads;
  if (!get_integer(env, value, THREADS_MAX, &threads) || threads < 1) return 0;
  *out = (int)threads;
  return 1;
}

/* NULL for anything that is not text. The caller frees it. */
static char *get_text(napi_env env, napi_value value) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return NULL;
  char *text = malloc(length + 1);
  if (text != NULL) napi_get_value_string_utf8(env, value, text, length + 1, &length);
  return text;
}

static void free_texts(char **texts, size_t count) {
  for (size_t i = 0; i < count; i++) free(texts[i]);
}

/* Fills the first `count` of `texts`; what it gives is freed by the caller also when it fails. */
static int get_texts(napi_env env, napi_value value, size_t count, char **texts) {
  uint32_t length;
  if (napi_get_array_length(env, value, &length) != napi_ok || length != count) return 0;
  for (uint32_t i = 0; i < length; i++) {
    napi_value element;
    if (napi_get_element(env, value, i, &element) != napi_ok || (texts[i] = get_text(env, element)) == NULL) return 0;
  }
  return 1;
}

static const struct implementation *get_implementation(napi_env env, napi_value value) {
  char *name = get_text(env, value);
  const struct implementation *implementation = name == NULL ? NULL : implementation_named(name);
  free(name);
  return implementation;
}

/* hashPairs(implementation, nodes, out, mask) */
static napi_value hash_pairs_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  const struct implementation *implementation;
  struct bytes nodes, out;
  int64_t mask;
  if (!get_arguments(env, info, 4, args) || !(implementation = get_implementation(env, args[0])) ||
      !get_bytes(env, args[1], &nodes) || !get_bytes(env, args[2], &out) || !get_integer(env, args[3], 255, &mask) ||
      nodes.length % (2 * NODE) != 0 || out.length * 2 != nodes.length)
    return fail(env, "hashPairs(implementation, nodes, out, mask)");
  implementation->hash_pairs(nodes.data, nodes.length / (2 * NODE), (uint8_t)mask, out.data);
  return NULL;
}

/* hashColumns(implementation, tag, layers, out) */
static napi_value hash_columns_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  const struct implementation *implementation;
  struct bytes tag, out, layer;
  uint32_t count;
  const uint8_t *layers[LAYERS_MAX];
  if (!get_arguments(env, info, 4, args) || !(implementation = get_implementation(env, args[0])) ||
      !get_bytes(env, args[1], &tag) || tag.length != NODE || napi_get_array_length(env, args[2], &count) != napi_ok ||
      count < 1 || count > LAYERS_MAX || !get_bytes(env, args[3], &out) || out.length % NODE != 0)
    return fail(env, "hashColumns(implementation, tag, layers, out)");
  for (uint32_t i = 0; i < count; i++) {
    napi_value element;
    if (napi_get_element(env, args[2], i, &element) != napi_ok || !get_bytes(env, element, &layer) ||
        layer.length != out.length)
      return fail(env, "hashColumns: layers as long as out");
    layers[i] = layer.data;
  }
  implementation->hash_columns(tag.data, layers, count, out.length / NODE, out.data);
  return NULL;
}

static napi_value combine_call(napi_env env, napi_callback_info info,
                               void (*combine)(const uint8_t *, const uint8_t *, size_t, uint8_t *)) {
  napi_value args[ARGUMENTS_MAX];
  struct bytes a, b, out;
  if (!get_arguments(env, info, 3, args) || !get_bytes(env, args[0], &a) || !get_bytes(env, args[1], &b) ||
      !get_bytes(env, args[2], &out) || a.length % NODE != 0 || b.length != a.length || out.length != a.length)
    return fail(env, "addNodes(a, b, out)");
  combine(a.data, b.data, a.length / NODE, out.data);
  return NULL;
}

static napi_value add_nodes_call(napi_env env, napi_callback_info info) { return combine_call(env, info, add_nodes); }

static napi_value subtract_nodes_call(napi_env env, napi_callback_info info) {
  return combine_call(env, info, subtract_nodes);
}

static void free_memory(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  label_memory_free(data);
}

/* labelMemory(lanes, nodes) → external, or undefined when there is not so much */
static napi_value label_memory_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  int64_t lanes;
  uint64_t nodes;
  if (!get_arguments(env, info, 2, args) || !get_integer(env, args[0], LANES_MAX, &lanes) || lanes < 1 ||
      !get_nodes(env, args[1], &nodes))
    return fail(env, "labelMemory(lanes, nodes)");
  struct label_memory *memory = label_memory_create((int)lanes, nodes);
  return memory == NULL ? NULL : create_external(env, memory, &MEMORY_TAG, free_memory);
}

/* Given back before the collector comes to it: it may be gigabytes. The external may not be used for labels again. */
static napi_value release_memory_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  void *memory;
  if (!get_arguments(env, info, 1, args) || !get_external(env, args[0], &MEMORY_TAG, &memory))
    return fail(env, "releaseLabelMemory(memory)");
  label_memory_release(memory);
  return NULL;
}

struct label_call {
  struct job job;
  struct label_job labels;
  char *parents_path;
  char *previous_paths[LANES_MAX], *out_paths[LANES_MAX], *checkpoint_paths[LANES_MAX];
};

static const char *run_labels(struct job *job) {
  struct label_call *call = (struct label_call *)job;
  const char *failed = label_layer(&call->labels);
  if (failed == NULL) memcpy(job->result, call->labels.digests, job->result_bytes);
  return failed;
}

static void release_labels(struct job *job) {
  struct label_call *call = (struct label_call *)job;
  free(call->parents_path);
  free_texts(call->previous_paths, LANES_MAX);
  free_texts(call->out_paths, LANES_MAX);
  free_texts(call->checkpoint_paths, LANES_MAX);
  free(call);
}

/*
 * labelLayer(control, implementation, memory, layer, first, digests, replicaIds, parentsPath, previousPaths, outPaths,
 * checkpointPaths, checkpointMs) → digests; previousPaths is empty on layer 1
 */
static napi_value label_layer_call(napi_env env, napi_callback_info info) {
  static const char USAGE[] = "labelLayer(control, implementation, memory, layer, first, digests, replicaIds, "
                              "parentsPath, previousPaths, outPaths, checkpointPaths, checkpointMs)";
  napi_value args[ARGUMENTS_MAX];
  struct label_call *call = calloc(1, sizeof *call);
  if (call == NULL) return fail(env, "labelLayer: out of memory");
  struct label_job *labels = &call->labels;
  struct bytes digests, replica_ids;
  int64_t layer, first, checkpoint_ms;
  void *memory = NULL;
  int ok = get_arguments(env, info, 12, args) && (labels->control = get_control(env, args[0])) &&
           (labels->implementation = get_implementation(env, args[1])) &&
           get_external(env, args[2], &MEMORY_TAG, &memory) && (labels->memory = memory)->labels != NULL &&
           get_integer(env, args[3], LAYERS_MAX, &layer) && layer >= 1 &&
           get_integer(env, args[4], (int64_t)labels->memory->nodes, &first) && get_bytes(env, args[5], &digests) &&
           get_bytes(env, args[6], &replica_ids) && get_integer(env, args[11], INT64_MAX, &checkpoint_ms);
  const size_t lanes = ok ? (size_t)labels->memory->lanes : 0;
  ok = ok && digests.length == lanes * SHA256_BYTES && replica_ids.length == lanes * NODE &&
       (call->parents_path = get_text(env, args[7])) && get_texts(env, args[8], layer == 1 ? 0 : lanes, call->previous_paths) &&
       get_texts(env, args[9], lanes, call->out_paths) && get_texts(env, args[10], lanes, call->checkpoint_paths);
  if (!ok) {
    release_labels(&call->job);
    return fail(env, USAGE);
  }
  memcpy(labels->digests, digests.data, digests.length);
  memcpy(labels->replica_ids, replica_ids.data, replica_ids.length);
  labels->layer = (uint32_t)layer;
  labels->first = (uint64_t)first;
  labels->checkpoint_ms = (uint64_t)checkpoint_ms;
  labels->parents_path = call->parents_path;
  for (size_t lane = 0; lane < lanes; lane++) {
    labels->previous_paths[lane] = call->previous_paths[lane];
    labels->out_paths[lane] = call->out_paths[lane];
    labels->checkpoint_paths[lane] = call->checkpoint_paths[lane];
  }
  call->job.run = run_labels;
  call->job.release = release_labels;
  call->job.control = labels->control;
  call->job.result_bytes = lanes * SHA256_BYTES;
  const napi_value promise = job_start(env, &call->job, args[0], args[2]);
  return promise != NULL ? promise : fail(env, "labelLayer: no thread");
}

struct parents_call {
  struct job job;
  struct parents_job parents;
  uint8_t drg_seed[DRG_SEED_BYTES];
  uint32_t *feistel;
  char *path, *checkpoint_path;
};

static const char *run_parents(struct job *job) {
  struct parents_call *call = (struct parents_call *)job;
  const char *failed = build_parents(&call->parents);
  memcpy(job->result, call->parents.digest, job->result_bytes);
  return failed;
}

static void release_parents(struct job *job) {
  struct parents_call *call = (struct parents_call *)job;
  free(call->feistel);
  free(call->path);
  free(call->checkpoint_path);
  free(call);
}

/* buildParents(control, implementation, threads, drgSeed, feistelTable, halfBits, nodes, first, digest, path, checkpointPath) */
static napi_value build_parents_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  struct parents_call *call = calloc(1, sizeof *call);
  if (call == NULL) return fail(env, "buildParents: out of memory");
  struct parents_job *parents = &call->parents;
  struct bytes seed, feistel, digest;
  int64_t half_bits, first;
  const int ok = get_arguments(env, info, 11, args) && (parents->control = get_control(env, args[0])) &&
                 (parents->implementation = get_implementation(env, args[1])) &&
                 get_threads(env, args[2], &parents->threads) && get_bytes(env, args[3], &seed) &&
                 seed.length == DRG_SEED_BYTES && get_array(env, args[4], napi_uint32_array, 4, &feistel) &&
                 get_integer(env, args[5], 24, &half_bits) && half_bits >= 1 &&
                 feistel.length == (size_t)12 << half_bits && get_nodes(env, args[6], &parents->graph.nodes) &&
                 parents->graph.nodes * EXPANDER_PARENTS <= (uint64_t)1 << 2 * half_bits &&
                 get_integer(env, args[7], (int64_t)parents->graph.nodes, &first) && get_bytes(env, args[8], &digest) &&
                 digest.length == SHA256_BYTES && (call->path = get_text(env, args[9])) &&
                 (call->checkpoint_path = get_text(env, args[10])) && (call->feistel = malloc(feistel.length));
  if (!ok) {
    release_parents(&call->job);
    return fail(env, "buildParents(control, implementation, threads, drgSeed, feistelTable, halfBits, nodes, first, "
                     "digest, path, checkpointPath)");
  }
  memcpy(call->drg_seed, seed.data, sizeof call->drg_seed);
  memcpy(call->feistel, feistel.data, feistel.length);
  memcpy(parents->digest, digest.data, SHA256_BYTES);
  parents->graph.drg_seed = call->drg_seed;
  parents->graph.feistel = call->feistel;
  parents->graph.half_bits = (unsigned)half_bits;
  parents->first = (uint64_t)first;
  parents->path = call->path;
  parents->checkpoint_path = call->checkpoint_path;
  call->job.run = run_parents;
  call->job.release = release_parents;
  call->job.control = parents->control;
  call->job.result_bytes = SHA256_BYTES;
  const napi_value promise = job_start(env, &call->job, args[0], NULL);
  return promise != NULL ? promise : fail(env, "buildParents: no thread");
}

/* writeParents(drgSeed, feistelTable, halfBits, nodes, first, out) */
static napi_value write_parents_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  struct bytes seed, feistel, out;
  int64_t half_bits, first;
  uint64_t nodes;
  if (!get_arguments(env, info, 6, args) || !get_bytes(env, args[0], &seed) || seed.length != DRG_SEED_BYTES ||
      !get_array(env, args[1], napi_uint32_array, 4, &feistel) || !get_integer(env, args[2], 24, &half_bits) ||
      half_bits < 1 || feistel.length != (size_t)12 << half_bits || !get_nodes(env, args[3], &nodes) ||
      !get_integer(env, args[4], NODES_MAX, &first) || !get_bytes(env, args[5], &out) ||
      out.length % (PARENTS * 4) != 0 || (uint64_t)first + out.length / (PARENTS * 4) > nodes ||
      nodes * EXPANDER_PARENTS > (uint64_t)1 << 2 * half_bits)
    return fail(env, "writeParents(drgSeed, feistelTable, halfBits, nodes, first, out)");
  const struct graph graph = {nodes, seed.data, (const uint32_t *)feistel.data, (unsigned)half_bits};
  write_parents(&graph, (uint64_t)first, out.length / (PARENTS * 4), out.data);
  return NULL;
}

/* Work over the files of a sector: paths and pieces are kept here. */
struct tree_call {
  struct job job;
  struct tree_job tree;
  uint8_t tag[NODE];
  char *paths[LAYERS_MAX + 4];
  size_t layers, piece_count;
  struct piece *pieces;
  char **piece_paths;
  uint64_t offset, payload_bytes;
};

static void release_tree(struct job *job) {
  struct tree_call *call = (struct tree_call *)job;
  free_texts(call->paths, LAYERS_MAX + 4);
  if (call->piece_paths != NULL) free_texts(call->piece_paths, call->piece_count);
  free(call->piece_paths);
  free(call->pieces);
  free(call);
}

/* The first four arguments of each: control, implementation, threads, nodes. */
static struct tree_call *begin_tree_call(napi_env env, napi_callback_info info, size_t count, napi_value *args) {
  struct tree_call *call = calloc(1, sizeof *call);
  if (call == NULL) return NULL;
  struct tree_job *tree = &call->tree;
  if (get_arguments(env, info, count, args) && (tree->control = get_control(env, args[0])) &&
      (tree->implementation = get_implementation(env, args[1])) && get_threads(env, args[2], &tree->threads) &&
      get_nodes(env, args[3], &tree->nodes))
    return call;
  release_tree(&call->job);
  return NULL;
}

static napi_value start_tree_call(napi_env env, struct tree_call *call, const char *(*run)(struct job *), size_t result,
                                  napi_value control) {
  call->job.run = run;
  call->job.release = release_tree;
  call->job.control = call->tree.control;
  call->job.result_bytes = result;
  const napi_value promise = job_start(env, &call->job, control, NULL);
  return promise != NULL ? promise : fail(env, "no thread");
}

static int get_paths(napi_env env, const napi_value *values, size_t count, struct tree_call *call) {
  for (size_t i = 0; i < count; i++)
    if ((call->paths[i] = get_text(env, values[i])) == NULL) return 0;
  return 1;
}

/* Paths, and two numbers a piece: its offset in padded bytes and its payload bytes. */
static int get_pieces(napi_env env, napi_value paths, napi_value numbers, struct tree_call *call) {
  struct bytes places;
  uint32_t count;
  if (napi_get_array_length(env, paths, &count) != napi_ok || count > PIECES_MAX ||
      !get_array(env, numbers, napi_float64_array, 8, &places) || places.length != (size_t)count * 16)
    return 0;
  call->piece_count = count;
  call->pieces = calloc(count + 1, sizeof *call->pieces);
  call->piece_paths = calloc(count + 1, sizeof *call->piece_paths);
  if (call->pieces == NULL || call->piece_paths == NULL || !get_texts(env, paths, count, call->piece_paths)) return 0;
  const double sector = (double)(call->tree.nodes * NODE);
  for (uint32_t i = 0; i < count; i++) {
    double place[2];
    memcpy(place, places.data + (size_t)i * 16, sizeof place);
    if (!(place[0] >= 0 && place[0] <= sector && place[1] >= 0 && place[1] <= sector)) return 0;
    call->pieces[i] = (struct piece){call->piece_paths[i], (uint64_t)place[0], (uint64_t)place[1]};
    if (call->pieces[i].offset % 128 != 0) return 0;
  }
  return 1;
}

static const char *run_columns(struct job *job) {
  struct tree_call *call = (struct tree_call *)job;
  return commit_columns(&call->tree, call->tag, (const char *const *)call->paths + 1, call->layers, call->paths[0],
                        job->result);
}

/* commitColumns(control, implementation, threads, nodes, tag, layerPaths, treePath) → root */
static napi_value commit_columns_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  struct bytes tag;
  uint32_t layers;
  struct tree_call *call = begin_tree_call(env, info, 7, args);
  if (call == NULL) return fail(env, "commitColumns(control, implementation, threads, nodes, tag, layerPaths, treePath)");
  if (!get_bytes(env, args[4], &tag) || tag.length != NODE || napi_get_array_length(env, args[5], &layers) != napi_ok ||
      layers < 1 || layers > LAYERS_MAX || !get_texts(env, args[5], layers, call->paths + 1) ||
      !get_paths(env, args + 6, 1, call)) {
    release_tree(&call->job);
    return fail(env, "commitColumns: tag, layerPaths, treePath");
  }
  memcpy(call->tag, tag.data, NODE);
  call->layers = layers;
  return start_tree_call(env, call, run_columns, NODE, args[0]);
}

static const char *run_data(struct job *job) {
  struct tree_call *call = (struct tree_call *)job;
  const struct data_source data = {call->pieces, call->piece_count};
  return commit_data(&call->tree, &data, job->result);
}

/* commitData(control, implementation, threads, nodes, piecePaths, pieceNumbers) → CommD */
static napi_value commit_data_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  struct tree_call *call = begin_tree_call(env, info, 6, args);
  if (call == NULL) return fail(env, "commitData(control, implementation, threads, nodes, piecePaths, pieceNumbers)");
  if (!get_pieces(env, args[4], args[5], call)) {
    release_tree(&call->job);
    return fail(env, "commitData: piecePaths, pieceNumbers");
  }
  return start_tree_call(env, call, run_data, NODE, args[0]);
}

static const char *run_encode(struct job *job) {
  struct tree_call *call = (struct tree_call *)job;
  struct encoding encoding = {.data = {call->pieces, call->piece_count},
                              .key_path = call->paths[0],
                              .replica_path = call->paths[1],
                              .tree_r_path = call->paths[2],
                              .tree_d_path = call->paths[3]};
  const char *failed = encode_sector(&call->tree, &encoding);
  memcpy(job->result, encoding.comm_d, NODE);
  memcpy(job->result + NODE, encoding.comm_r_last, NODE);
  return failed;
}

/* encode(control, implementation, threads, nodes, piecePaths, pieceNumbers, key, replica, treeR, treeD) → CommD, commRLast */
static napi_value encode_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  struct tree_call *call = begin_tree_call(env, info, 10, args);
  if (call == NULL) return fail(env, "encode(control, implementation, threads, nodes, piecePaths, pieceNumbers, paths…)");
  if (!get_pieces(env, args[4], args[5], call) || !get_paths(env, args + 6, 4, call)) {
    release_tree(&call->job);
    return fail(env, "encode: piecePaths, pieceNumbers, key, replica, treeR, treeD");
  }
  return start_tree_call(env, call, run_encode, (size_t)2 * NODE, args[0]);
}

static const char *run_decode(struct job *job) {
  struct tree_call *call = (struct tree_call *)job;
  return decode_payload(&call->tree, call->paths[0], call->paths[1], call->offset, call->payload_bytes, call->paths[2]);
}

/* decode(control, implementation, threads, nodes, offset, payloadBytes, replica, key, out) → nothing */
static napi_value decode_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  int64_t offset, payload;
  struct tree_call *call = begin_tree_call(env, info, 9, args);
  if (call == NULL) return fail(env, "decode(control, implementation, threads, nodes, offset, payloadBytes, replica, key, out)");
  const int64_t sector = (int64_t)(call->tree.nodes * NODE);
  if (!get_integer(env, args[4], sector, &offset) || offset % 128 != 0 || !get_integer(env, args[5], sector, &payload) ||
      offset + (payload + 126) / 127 * 128 > sector || !get_paths(env, args + 6, 3, call)) {
    release_tree(&call->job);
    return fail(env, "decode: a range of the sector, and paths");
  }
  call->offset = (uint64_t)offset;
  call->payload_bytes = (uint64_t)payload;
  return start_tree_call(env, call, run_decode, 0, args[0]);
}

struct commp_call {
  struct job job;
  struct commp_job commp;
  /* NULL: what is committed to is in a file. */
  uint8_t *payload;
  size_t payload_length;
};

static const char *run_commp(struct job *job) {
  struct commp_call *call = (struct commp_call *)job;
  const char *failed = call->payload == NULL ? commit_payload(&call->commp)
                                             : commit_bytes(&call->commp, call->payload, call->payload_length);
  memcpy(job->result, call->commp.root, NODE);
  memcpy(job->result + NODE, &call->commp.padded_bytes, 8);
  memcpy(job->result + NODE + 8, &call->commp.payload_bytes, 8);
  return failed;
}

static void release_commp(struct job *job) { free(job); }

static napi_value start_commp_call(napi_env env, struct commp_call *call, napi_value control, napi_value memory) {
  call->job.run = run_commp;
  call->job.release = release_commp;
  call->job.control = call->commp.control;
  call->job.result_bytes = NODE + 16;
  const napi_value promise = job_start(env, &call->job, control, memory);
  return promise != NULL ? promise : fail(env, "CommP: no thread");
}

/* commitPayload(control, implementation, threads, fd) → root ‖ padded size u64LE ‖ payload size u64LE */
static napi_value commit_payload_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  int64_t fd;
  struct commp_call *call = calloc(1, sizeof *call);
  if (call == NULL) return fail(env, "commitPayload: out of memory");
  if (!get_arguments(env, info, 4, args) || !(call->commp.control = get_control(env, args[0])) ||
      !(call->commp.implementation = get_implementation(env, args[1])) ||
      !get_threads(env, args[2], &call->commp.threads) || !get_integer(env, args[3], INT32_MAX, &fd)) {
    free(call);
    return fail(env, "commitPayload(control, implementation, threads, fd)");
  }
  call->commp.fd = (int)fd;
  return start_commp_call(env, call, args[0], NULL);
}

/*
 * commitBytes(control, implementation, memory, length) → as commitPayload, of the first bytes of the memory, which has room for
 * whole units and FR32_SLACK, and which is the kernel's until then
 */
static napi_value commit_bytes_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  struct bytes memory;
  int64_t length;
  struct commp_call *call = calloc(1, sizeof *call);
  if (call == NULL) return fail(env, "commitBytes: out of memory");
  if (!get_arguments(env, info, 4, args) || !(call->commp.control = get_control(env, args[0])) ||
      !(call->commp.implementation = get_implementation(env, args[1])) || !get_bytes(env, args[2], &memory) ||
      !get_integer(env, args[3], (int64_t)COMMIT_BYTES_MAX, &length) ||
      memory.length < ((size_t)length + UNIT_PAYLOAD - 1) / UNIT_PAYLOAD * UNIT_PAYLOAD + FR32_SLACK) {
    free(call);
    return fail(env, "commitBytes(control, implementation, memory, length)");
  }
  call->payload = memory.data;
  call->payload_length = (size_t)length;
  return start_commp_call(env, call, args[0], args[2]);
}

/* padFr32(payload, out): whole units */
static napi_value pad_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  struct bytes payload, out;
  if (!get_arguments(env, info, 2, args) || !get_bytes(env, args[0], &payload) || !get_bytes(env, args[1], &out) ||
      payload.length % UNIT_PAYLOAD != 0 || out.length / UNIT_PADDED != payload.length / UNIT_PAYLOAD ||
      out.length % UNIT_PADDED != 0)
    return fail(env, "padFr32(payload, out)");
  const size_t units = payload.length / UNIT_PAYLOAD;
  if (units == 0) return NULL;
  /* The last unit is padded from a copy, since what follows it is not ours to read. */
  uint8_t last[UNIT_PAYLOAD + FR32_SLACK] = {0};
  memcpy(last, payload.data + (units - 1) * UNIT_PAYLOAD, UNIT_PAYLOAD);
  fr32_pad(payload.data, units - 1, out.data);
  fr32_pad(last, 1, out.data + (units - 1) * UNIT_PADDED);
  return NULL;
}

static int export_function(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

static int export_flag(napi_env env, napi_value exports, const char *name, int value) {
  napi_value flag;
  return napi_get_boolean(env, value, &flag) == napi_ok && napi_set_named_property(env, exports, name, flag) == napi_ok;
}

NAPI_MODULE_INIT() {
  napi_value version;
  const int ok = export_function(env, exports, "control", control_create_call) &&
                 export_function(env, exports, "cancel", control_cancel_call) &&
                 export_function(env, exports, "progress", control_progress_call) &&
                 export_function(env, exports, "hashPairs", hash_pairs_call) &&
                 export_function(env, exports, "hashColumns", hash_columns_call) &&
                 export_function(env, exports, "addNodes", add_nodes_call) &&
                 export_function(env, exports, "subtractNodes", subtract_nodes_call) &&
                 export_function(env, exports, "padFr32", pad_call) &&
                 export_function(env, exports, "writeParents", write_parents_call) &&
                 export_function(env, exports, "buildParents", build_parents_call) &&
                 export_function(env, exports, "labelMemory", label_memory_call) &&
                 export_function(env, exports, "releaseLabelMemory", release_memory_call) &&
                 export_function(env, exports, "labelLayer", label_layer_call) &&
                 export_function(env, exports, "commitColumns", commit_columns_call) &&
                 export_function(env, exports, "commitData", commit_data_call) &&
                 export_function(env, exports, "encode", encode_call) &&
                 export_function(env, exports, "decode", decode_call) &&
                 export_function(env, exports, "commitPayload", commit_payload_call) &&
                 export_function(env, exports, "commitBytes", commit_bytes_call) &&
                 export_flag(env, exports, "shani", implementation_named("shani") != NULL) &&
                 napi_create_uint32(env, KERNEL_VERSION, &version) == napi_ok &&
                 napi_set_named_property(env, exports, "version", version) == napi_ok;
  if (!ok) fail(env, "the kernel could not be registered");
  return exports;
}
