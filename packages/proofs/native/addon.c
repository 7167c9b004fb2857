/* The Node-API surface of the kernel. Every argument is checked here; callers are src/kernel/c-kernel.ts alone. */
#include <errno.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "labels.h"
#include "nodes.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "little-endian only: the TypeScript twin serves here"
#endif

/* Raised with every change of what is exported here; src/kernel/open-kernel.ts expects the same. */
#define KERNEL_VERSION 1
#define ARGUMENTS_MAX 7
#define LAYERS_MAX 64

struct bytes {
  uint8_t *data;
  size_t length;
};

static const char *sha256_name;

static sha256_compress_fn compress(void) { return sha256_select(&sha256_name); }

static napi_value fail(napi_env env, const char *message) {
  napi_throw_type_error(env, "KERNEL_ARGUMENT", message);
  return NULL;
}

static int get_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  return napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given >= count;
}

static int get_array(napi_env env, napi_value value, napi_typedarray_type wanted, struct bytes *out) {
  napi_typedarray_type type;
  size_t elements;
  void *data;
  bool is_array = false;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array) return 0;
  if (napi_get_typedarray_info(env, value, &type, &elements, &data, NULL, NULL) != napi_ok || type != wanted) return 0;
  *out = (struct bytes){data, elements * (wanted == napi_uint8_array ? 1 : 4)};
  return 1;
}

static int get_bytes(napi_env env, napi_value value, struct bytes *out) {
  return get_array(env, value, napi_uint8_array, out);
}

static int get_integer(napi_env env, napi_value value, int64_t *out) {
  return napi_get_value_int64(env, value, out) == napi_ok && *out >= 0;
}

/* NULL for anything that is not text. The caller frees it. */
static char *get_text(napi_env env, napi_value value) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return NULL;
  char *text = malloc(length + 1);
  if (text != NULL) napi_get_value_string_utf8(env, value, text, length + 1, &length);
  return text;
}

/* hashPairs(nodes, out, mask) */
static napi_value hash_pairs_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  struct bytes nodes, out;
  int64_t mask;
  if (!get_arguments(env, info, 3, args) || !get_bytes(env, args[0], &nodes) || !get_bytes(env, args[1], &out) ||
      !get_integer(env, args[2], &mask) || nodes.length % (2 * NODE) != 0 || out.length * 2 != nodes.length)
    return fail(env, "hashPairs(nodes, out, mask)");
  hash_pairs(compress(), nodes.data, nodes.length / (2 * NODE), (uint8_t)mask, out.data);
  return NULL;
}

/* hashColumns(tag, layers, out) */
static napi_value hash_columns_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  struct bytes tag, out, layer;
  uint32_t count;
  const uint8_t *layers[LAYERS_MAX];
  if (!get_arguments(env, info, 3, args) || !get_bytes(env, args[0], &tag) || tag.length != NODE ||
      napi_get_array_length(env, args[1], &count) != napi_ok || count < 1 || count > LAYERS_MAX ||
      !get_bytes(env, args[2], &out) || out.length % NODE != 0)
    return fail(env, "hashColumns(tag, layers, out)");
  for (uint32_t i = 0; i < count; i++) {
    napi_value element;
    if (napi_get_element(env, args[1], i, &element) != napi_ok || !get_bytes(env, element, &layer) ||
        layer.length != out.length)
      return fail(env, "hashColumns: layers as long as out");
    layers[i] = layer.data;
  }
  hash_columns(compress(), tag.data, layers, count, out.length / NODE, out.data);
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

/* writeParents(drgSeed, feistelTable, halfBits, nodes, first, out) */
static napi_value write_parents_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX];
  struct bytes seed, feistel, out;
  int64_t half_bits, nodes, first;
  if (!get_arguments(env, info, 6, args) || !get_bytes(env, args[0], &seed) || seed.length != DRG_SEED_BYTES ||
      !get_array(env, args[1], napi_uint32_array, &feistel) || !get_integer(env, args[2], &half_bits) ||
      half_bits < 1 || half_bits > 24 || feistel.length != (size_t)12 << half_bits ||
      !get_integer(env, args[3], &nodes) || !get_integer(env, args[4], &first) || !get_bytes(env, args[5], &out) ||
      out.length % (PARENTS * 4) != 0 || nodes > (int64_t)1 << 32 ||
      first + (int64_t)(out.length / (PARENTS * 4)) > nodes || nodes * EXPANDER_PARENTS > (int64_t)1 << 2 * half_bits)
    return fail(env, "writeParents(drgSeed, feistelTable, halfBits, nodes, first, out)");
  const struct graph graph = {(uint64_t)nodes, seed.data, (const uint32_t *)feistel.data, (unsigned)half_bits};
  write_parents(&graph, (uint64_t)first, out.length / (PARENTS * 4), out.data);
  return NULL;
}

struct label_work {
  struct label_layer job;
  char *parents_path, *previous_path, *out_path;
  napi_ref control;
  napi_deferred deferred;
  napi_async_work work;
  const char *failed;
  int error;
};

static void free_label_work(napi_env env, struct label_work *work) {
  if (work->control) napi_delete_reference(env, work->control);
  if (work->work) napi_delete_async_work(env, work->work);
  free(work->parents_path);
  free(work->previous_path);
  free(work->out_path);
  free(work);
}

static void execute_labels(napi_env env, void *data) {
  (void)env;
  struct label_work *work = data;
  errno = 0;
  work->failed = label_layer(&work->job);
  work->error = errno;
}

/* Resolves with null, or with what failed: making it an error is for the caller, in its own realm. */
static void complete_labels(napi_env env, napi_status status, void *data) {
  struct label_work *work = data;
  char text[256];
  napi_value result;
  if (status != napi_ok) work->failed = "run", work->error = 0;
  if (work->failed == NULL) napi_get_null(env, &result);
  else {
    const char *why = work->failed == LABELS_CANCELLED || work->error == 0 ? "" : strerror(work->error);
    snprintf(text, sizeof text, "%s%s%s", work->failed, *why ? ": " : "", why);
    napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result);
  }
  napi_resolve_deferred(env, work->deferred, result);
  free_label_work(env, work);
}

/* labelLayer(control, replicaId, layer, nodes, parentsPath, previousPath | null, outPath) → Promise<string | null> */
static napi_value label_layer_call(napi_env env, napi_callback_info info) {
  napi_value args[ARGUMENTS_MAX], name, promise;
  struct bytes control, replica_id;
  int64_t layer, nodes;
  napi_valuetype previous_type;
  if (!get_arguments(env, info, 7, args) || !get_array(env, args[0], napi_int32_array, &control) ||
      control.length < 4 || !get_bytes(env, args[1], &replica_id) || replica_id.length != NODE ||
      !get_integer(env, args[2], &layer) || layer < 1 || layer > LAYERS_MAX || !get_integer(env, args[3], &nodes) ||
      nodes < 2 || nodes > (int64_t)1 << 32 || napi_typeof(env, args[5], &previous_type) != napi_ok ||
      (previous_type == napi_null) != (layer == 1))
    return fail(env, "labelLayer(control, replicaId, layer, nodes, parentsPath, previousPath, outPath)");
  struct label_work *work = calloc(1, sizeof *work);
  if (work == NULL) return fail(env, "labelLayer: out of memory");
  work->parents_path = get_text(env, args[4]);
  work->previous_path = layer == 1 ? NULL : get_text(env, args[5]);
  work->out_path = get_text(env, args[6]);
  if (!work->parents_path || !work->out_path || (layer > 1 && !work->previous_path) ||
      napi_create_reference(env, args[0], 1, &work->control) != napi_ok ||
      napi_create_string_utf8(env, "granary:labels", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_async_work(env, NULL, name, execute_labels, complete_labels, work, &work->work) != napi_ok ||
      napi_create_promise(env, &work->deferred, &promise) != napi_ok) {
    free_label_work(env, work);
    return fail(env, "labelLayer: paths are text");
  }
  work->job = (struct label_layer){.compress = compress(),
                                   .layer = (uint32_t)layer,
                                   .nodes = (uint64_t)nodes,
                                   .parents_path = work->parents_path,
                                   .previous_path = work->previous_path,
                                   .out_path = work->out_path,
                                   .cancelled = (const volatile int32_t *)control.data};
  memcpy(work->job.replica_id, replica_id.data, NODE);
  napi_queue_async_work(env, work->work);
  return promise;
}

static int export_function(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

NAPI_MODULE_INIT() {
  napi_value sha256, version;
  compress();
  const int ok = export_function(env, exports, "hashPairs", hash_pairs_call) &&
                 export_function(env, exports, "hashColumns", hash_columns_call) &&
                 export_function(env, exports, "addNodes", add_nodes_call) &&
                 export_function(env, exports, "subtractNodes", subtract_nodes_call) &&
                 export_function(env, exports, "writeParents", write_parents_call) &&
                 export_function(env, exports, "labelLayer", label_layer_call) &&
                 napi_create_string_utf8(env, sha256_name, NAPI_AUTO_LENGTH, &sha256) == napi_ok &&
                 napi_set_named_property(env, exports, "sha256", sha256) == napi_ok &&
                 napi_create_uint32(env, KERNEL_VERSION, &version) == napi_ok &&
                 napi_set_named_property(env, exports, "version", version) == napi_ok;
  if (!ok) fail(env, "the kernel could not be registered");
  return exports;
}
