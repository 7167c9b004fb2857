/*
 * Runs the kernels over edge inputs, each implementation against the portable one, for a build with sanitizers.
 * exercise FOLDER: prints how many checks passed, or stops at the first that did not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../commp.h"
#include "../files.h"
#include "../fr32.h"
#include "../labels.h"
#include "../parents.h"
#include "../sync.h"
#include "../trees.h"

static unsigned checks;
static const char *folder;

static void check(int ok, const char *what) {
  if (!ok) {
    fprintf(stderr, "%s\n", what);
    exit(1);
  }
  checks++;
}

static void done(const char *failed, const char *what) {
  if (failed != NULL) fprintf(stderr, "%s: ", failed);
  check(failed == NULL, what);
}

/* Buffers of exactly the size that is needed, so that one byte too far is seen. */
static uint8_t *noise(size_t length, uint32_t seed) {
  uint8_t *bytes = malloc(length > 0 ? length : 1);
  for (size_t i = 0; i < length; i++) bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

static char *path_of(const char *name, int number) {
  char *path = malloc(4096);
  snprintf(path, 4096, "%s/%s-%d", folder, name, number);
  return path;
}

static void write_whole(const char *path, const uint8_t *bytes, size_t length) {
  int fd;
  done(open_output(path, length, &fd), "open_output");
  done(write_at(fd, bytes, length, 0), "write_at");
  close_file(&fd);
}

static uint8_t *read_whole(const char *path, size_t length) {
  uint8_t *bytes = malloc(length > 0 ? length : 1);
  int fd;
  done(open_input(path, length, &fd), "open_input");
  done(read_at(fd, bytes, length, 0), "read_at");
  close_file(&fd);
  return bytes;
}

static void exercise_sha256(const struct implementation *implementation) {
  for (size_t length = 0; length < 200; length++) {
    uint8_t *bytes = noise(length, (uint32_t)length), whole[SHA256_BYTES], parts[SHA256_BYTES];
    struct sha256_stream stream;
    sha256_begin(&stream, sha256_compress_portable);
    sha256_add(&stream, bytes, length);
    sha256_digest(&stream, whole);
    sha256_begin(&stream, implementation->compress);
    for (size_t i = 0; i < length; i++) sha256_add(&stream, bytes + i, 1);
    sha256_digest(&stream, parts);
    check(memcmp(whole, parts, sizeof whole) == 0, "sha256");
    free(bytes);
  }
}

static void exercise_sha256_together(const struct implementation *implementation) {
  for (int count = 1; count <= LANES_MAX; count++)
    for (size_t length = 0; length < 300; length += 29) {
      struct sha256_stream together[LANES_MAX];
      uint8_t *bytes[LANES_MAX];
      for (int s = 0; s < count; s++) {
        bytes[s] = noise(length, (uint32_t)s);
        sha256_begin(&together[s], implementation->compress);
      }
      /* The second time from within a block. */
      for (int round = 0; round < 2; round++)
        sha256_add_together(together, count, implementation->compress_together, (const uint8_t *const *)bytes, length);
      for (int s = 0; s < count; s++) {
        uint8_t apart[SHA256_BYTES], digest[SHA256_BYTES];
        struct sha256_stream stream;
        sha256_begin(&stream, sha256_compress_portable);
        for (int round = 0; round < 2; round++) sha256_add(&stream, bytes[s], length);
        sha256_digest(&stream, apart);
        sha256_digest(&together[s], digest);
        check(memcmp(apart, digest, sizeof apart) == 0, "sha256 together");
        free(bytes[s]);
      }
    }
}

#if defined(__linux__)
#include <sys/syscall.h>

/* The disk of these tests: it can be held. */
static int is_held, syncs;
int fsync(int fd) {
  while (__atomic_load_n(&is_held, __ATOMIC_SEQ_CST)) usleep(1000);
  const int result = (int)syscall(SYS_fsync, fd);
  __atomic_fetch_add(&syncs, 1, __ATOMIC_SEQ_CST);
  return result;
}

static void *cancel_soon(void *context) {
  usleep(20000);
  control_cancel(context);
  return NULL;
}

/* A sync that waited for the disk would wait for ever here. */
static void exercise_sync(void) {
  struct control stopped = {0}, going = {0};
  char *path = path_of("synced", 0);
  pthread_t canceller;
  int fd;
  done(open_output(path, 100, &fd), "open_output");
  __atomic_store_n(&is_held, 1, __ATOMIC_SEQ_CST);
  check(pthread_create(&canceller, NULL, cancel_soon, &stopped) == 0, "pthread_create");
  check(sync_file(&stopped, fd) == WORK_CANCELLED, "a stop does not wait for a sync");
  pthread_join(canceller, NULL);
  __atomic_store_n(&is_held, 0, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&syncs, __ATOMIC_SEQ_CST) == 0) usleep(1000);
  done(sync_file(&going, fd), "sync_file");
  check(__atomic_load_n(&syncs, __ATOMIC_SEQ_CST) == 2, "a sync that is not stopped is waited for");
  close_file(&fd);
  check(sync_file(&going, fd) != NULL, "sync_file of no file");
  free(path);
}
#endif

/* What the disk cannot take directly goes through the cache. */
static void exercise_cache(void) {
  char *path = path_of("direct", 0);
  uint8_t *bytes = noise(5000, 8);
  int fd;
  done(open_output(path, 5003, &fd), "open_output");
  bypass_cache(fd);
  done(write_at(fd, bytes, 5000, 3), "write_at of any length and place");
  close_file(&fd);
  uint8_t *found = read_whole(path, 5003);
  check(memcmp(found + 3, bytes, 5000) == 0, "what was written");
  free(bytes), free(found), free(path);
}

static void exercise_nodes(const struct implementation *implementation) {
  for (size_t pairs = 0; pairs < 14; pairs++) {
    uint8_t *nodes = noise(pairs * 64, 1), *a = malloc(pairs * 32 + 1), *b = malloc(pairs * 32 + 1);
    hash_pairs_portable(nodes, pairs, MASK_254, a);
    implementation->hash_pairs(nodes, pairs, MASK_254, b);
    check(memcmp(a, b, pairs * 32) == 0, "hash_pairs");
    implementation->hash_pairs(nodes, pairs, MASK_254, nodes);
    check(memcmp(a, nodes, pairs * 32) == 0, "hash_pairs in place");
    free(nodes), free(a), free(b);
  }
  for (size_t layers = 1; layers <= LAYERS_MAX; layers += layers < 12 ? 1 : 13) {
    for (size_t nodes = 0; nodes < 10; nodes += 3) {
      uint8_t *labels[LAYERS_MAX], *tag = noise(NODE, 5), *a = malloc(nodes * NODE + 1), *b = malloc(nodes * NODE + 1);
      for (size_t l = 0; l < layers; l++) labels[l] = noise(nodes * NODE, (uint32_t)l);
      hash_columns_portable(tag, (const uint8_t *const *)labels, layers, nodes, a);
      implementation->hash_columns(tag, (const uint8_t *const *)labels, layers, nodes, b);
      check(memcmp(a, b, nodes * NODE) == 0, "hash_columns");
      for (size_t l = 0; l < layers; l++) free(labels[l]);
      free(tag), free(a), free(b);
    }
  }
}

static void exercise_fr32(void) {
  for (size_t units = 0; units < 6; units++) {
    uint8_t *payload = noise(units * UNIT_PAYLOAD + FR32_SLACK, 9), *nodes = malloc(units * UNIT_PADDED + 1);
    fr32_pad(payload, units, nodes);
    for (size_t i = NODE - 1; i < units * UNIT_PADDED; i += NODE) check(nodes[i] <= MASK_254, "fr32_pad");
    uint8_t *back = malloc(units * UNIT_PAYLOAD + 1);
    fr32_unpad(nodes, units, back);
    check(memcmp(back, payload, units * UNIT_PAYLOAD) == 0, "fr32_unpad");
    free(payload), free(nodes), free(back);
  }
}

/* Not the graph of a porep id, but one that has all that kernels can meet: parents that are the node before, or far. */
static char *write_table(uint64_t nodes) {
  uint32_t *table = malloc(nodes * PARENTS * sizeof *table), seed = 3;
  for (uint64_t v = 0; v < nodes; v++)
    for (int i = 0; i < PARENTS; i++) {
      seed = seed * 1664525 + 1013904223;
      const uint64_t below = i < BASE_PARENTS ? (v > 0 ? v : 1) : nodes;
      table[v * PARENTS + (unsigned)i] = i == 0 ? (uint32_t)(v > 0 ? v - 1 : 0) : (uint32_t)((seed >> 8) % below);
    }
  char *path = path_of("table", (int)nodes);
  write_whole(path, (const uint8_t *)table, nodes * PARENTS * sizeof *table);
  free(table);
  return path;
}

static void label(const struct implementation *implementation, int lanes, uint64_t nodes, uint32_t layer, uint64_t first,
                  const char *table, char **previous, char **out, uint8_t digests[LANES_MAX][SHA256_BYTES]) {
  struct control control = {0};
  struct label_job job = {.implementation = implementation,
                          .control = &control,
                          .memory = label_memory_create(lanes, nodes),
                          .layer = layer,
                          .first = first,
                          .parents_path = table,
                          .checkpoint_ms = 0};
  char *checkpoints[LANES_MAX];
  check(job.memory != NULL, "label_memory_create");
  memcpy(job.digests, digests, sizeof job.digests);
  for (int lane = 0; lane < lanes; lane++) {
    memset(job.replica_ids[lane], lane + 1, NODE);
    job.previous_paths[lane] = layer == 1 ? NULL : previous[lane];
    job.out_paths[lane] = out[lane];
    job.checkpoint_paths[lane] = checkpoints[lane] = path_of("checkpoint", lane);
  }
  done(label_layer(&job), "label_layer");
  memcpy(digests, job.digests, sizeof job.digests);
  label_memory_free(job.memory);
  for (int lane = 0; lane < lanes; lane++) free(checkpoints[lane]);
}

static void exercise_labels(const struct implementation *implementation, int lanes, uint64_t nodes) {
  const struct implementation *portable = implementation_named("c");
  uint8_t expected[LANES_MAX][SHA256_BYTES] = {{0}}, found[LANES_MAX][SHA256_BYTES] = {{0}};
  char *table = write_table(nodes), *first[LANES_MAX], *a[LANES_MAX], *b[LANES_MAX];
  for (int lane = 0; lane < lanes; lane++) {
    first[lane] = path_of("layer-1", lane);
    a[lane] = path_of("layer-2-portable", lane);
    b[lane] = path_of("layer-2", lane);
  }
  label(portable, lanes, nodes, 1, 0, table, NULL, b, expected);
  label(implementation, lanes, nodes, 1, 0, table, NULL, first, found);
  check(memcmp(expected, found, (size_t)lanes * SHA256_BYTES) == 0, "labels of layer 1");
  label(portable, lanes, nodes, 2, 0, table, first, a, expected);
  label(implementation, lanes, nodes, 2, 0, table, first, b, found);
  check(memcmp(expected, found, (size_t)lanes * SHA256_BYTES) == 0, "labels of layer 2");
  /* The second half again, from a checkpoint. */
  for (int lane = 0; lane < lanes; lane++) {
    uint8_t *labels = read_whole(a[lane], nodes * NODE);
    struct sha256_stream digest;
    sha256_begin(&digest, implementation->compress);
    sha256_add(&digest, labels, nodes / 2 * NODE);
    sha256_digest(&digest, found[lane]);
    memset(labels + nodes / 2 * NODE, 0, (nodes - nodes / 2) * NODE);
    write_whole(b[lane], labels, nodes * NODE);
    free(labels);
  }
  label(implementation, lanes, nodes, 2, nodes / 2, table, first, b, found);
  check(memcmp(expected, found, (size_t)lanes * SHA256_BYTES) == 0, "labels from a checkpoint");
  for (int lane = 0; lane < lanes; lane++) free(first[lane]), free(a[lane]), free(b[lane]);
  free(table);
}

static void exercise_wrong_table(const struct implementation *implementation) {
  uint32_t table[4 * PARENTS] = {0};
  uint8_t labels[4 * NODE] = {0}, ids[1][NODE] = {{0}};
  struct label_run run = {1, 1, 4, 0, 4, (const uint8_t (*)[NODE])ids, (const uint8_t *)table, NULL, labels};
  table[1 * PARENTS + 3] = 4;
  check(!implementation->label_run(&run), "a parent that is not there");
  table[1 * PARENTS + 3] = 0;
  check(!implementation->label_run(&run), "a first parent that is not the node before");
}

static void exercise_trees(const struct implementation *implementation, uint64_t nodes, size_t payload_bytes) {
  struct control control = {0};
  const struct tree_job job = {implementation, &control, 3, nodes}, plain = {implementation_named("c"), &control, 1, nodes};
  const size_t capacity = nodes * NODE / UNIT_PADDED * UNIT_PAYLOAD;
  if (payload_bytes > capacity) payload_bytes = capacity;
  uint8_t *key = noise(nodes * NODE, 21), *payload = noise(payload_bytes, 22), comm_d[NODE], other[NODE], tag[NODE] = {1};
  for (size_t i = NODE - 1; i < nodes * NODE; i += NODE) key[i] &= MASK_254;
  char *paths[6];
  for (int i = 0; i < 6; i++) paths[i] = path_of("tree", i);
  write_whole(paths[0], key, nodes * NODE);
  write_whole(paths[1], payload, payload_bytes);
  const struct piece piece = {paths[1], 0, payload_bytes};
  struct encoding encoding = {.data = {&piece, 1}, .key_path = paths[0], .replica_path = paths[2], .tree_r_path = paths[3], .tree_d_path = paths[4]};
  done(commit_data(&job, &encoding.data, comm_d), "commit_data");
  done(commit_data(&plain, &encoding.data, other), "commit_data");
  check(memcmp(comm_d, other, NODE) == 0, "CommD");
  done(encode_sector(&job, &encoding), "encode_sector");
  check(memcmp(comm_d, encoding.comm_d, NODE) == 0, "CommD of the encoding");
  done(decode_payload(&job, paths[2], paths[0], 0, payload_bytes, paths[5]), "decode_payload");
  uint8_t *back = read_whole(paths[5], payload_bytes);
  check(memcmp(back, payload, payload_bytes) == 0, "the payload again");
  const char *const layers[2] = {paths[0], paths[2]};
  uint8_t root[NODE];
  done(commit_columns(&job, tag, layers, 2, paths[3], root), "commit_columns");
  done(commit_columns(&plain, tag, layers, 2, paths[4], other), "commit_columns");
  check(memcmp(root, other, NODE) == 0, "commC");
  if (payload_bytes > capacity / 2) {
    struct commp_job commp = {.implementation = implementation, .control = &control, .threads = 1, .fd = open(paths[1], O_RDONLY)};
    done(commit_payload(&commp), "commit_payload");
    check(commp.padded_bytes == nodes * NODE && memcmp(commp.root, comm_d, NODE) == 0, "CommP of a sector's payload");
    close(commp.fd);
  }
  for (int i = 0; i < 6; i++) free(paths[i]);
  free(key), free(payload), free(back);
}

static void exercise_commp(const struct implementation *implementation, size_t length) {
  struct control control = {0};
  uint8_t *payload = noise(length, 31);
  char *path = path_of("commp", 0);
  write_whole(path, payload, length);
  struct commp_job one = {.implementation = implementation, .control = &control, .threads = 1, .fd = open(path, O_RDONLY)};
  struct commp_job several = {.implementation = implementation_named("c"), .control = &control, .threads = 3, .fd = open(path, O_RDONLY)};
  done(commit_payload(&one), "commit_payload");
  done(commit_payload(&several), "commit_payload");
  check(one.payload_bytes == length && one.padded_bytes == several.padded_bytes && memcmp(one.root, several.root, NODE) == 0, "CommP");
  if (length <= COMMIT_BYTES_MAX) {
    const size_t room = (length + UNIT_PAYLOAD - 1) / UNIT_PAYLOAD * UNIT_PAYLOAD + FR32_SLACK;
    uint8_t *memory = noise(room, 32);
    memcpy(memory, payload, length);
    struct commp_job bytes = {.implementation = implementation, .control = &control};
    done(commit_bytes(&bytes, memory, length), "commit_bytes");
    check(bytes.payload_bytes == length && bytes.padded_bytes == one.padded_bytes && memcmp(one.root, bytes.root, NODE) == 0,
          "CommP of bytes");
    free(memory);
  }
  close(one.fd), close(several.fd);
  free(path), free(payload);
}

static void exercise_parents(const struct implementation *implementation) {
  struct control control = {0};
  uint8_t seed[DRG_SEED_BYTES] = {7}, expected[SHA256_BYTES];
  const unsigned half_bits = 9;
  const uint64_t nodes = 20000;
  uint32_t *feistel = calloc(3u << half_bits, sizeof *feistel);
  for (unsigned i = 0; i < 3u << half_bits; i++) feistel[i] = i * 2654435761u >> (32 - half_bits);
  char *path = path_of("parents", 0), *checkpoint = path_of("parents-checkpoint", 0);
  struct parents_job job = {implementation, &control, 3, {nodes, seed, feistel, half_bits}, 0, {0}, path, checkpoint};
  done(build_parents(&job), "build_parents");
  memcpy(expected, job.digest, sizeof expected);
  job.first = nodes;
  done(build_parents(&job), "build_parents at its end");
  check(memcmp(expected, job.digest, sizeof expected) == 0, "parents");
  job.digest[0] ^= 1;
  check(build_parents(&job) != NULL, "a wrong checkpoint");
  free(path), free(checkpoint), free(feistel);
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  folder = arguments[1];
#if defined(__linux__)
  exercise_sync();
#endif
  exercise_cache();
  const char *const names[2] = {"c", "shani"};
  for (int i = 0; i < 2; i++) {
    const struct implementation *implementation = implementation_named(names[i]);
    if (implementation == NULL) continue;
    exercise_sha256(implementation);
    exercise_sha256_together(implementation);
    exercise_nodes(implementation);
    exercise_wrong_table(implementation);
    for (int lanes = 1; lanes <= LANES_MAX; lanes++)
      for (uint64_t nodes = 2; nodes <= 8192; nodes *= 64) exercise_labels(implementation, lanes, nodes);
    for (uint64_t nodes = 4; nodes <= 16384; nodes *= 4) {
      exercise_trees(implementation, nodes, nodes * NODE);
      exercise_trees(implementation, nodes, nodes * NODE / 2 + 1);
      exercise_trees(implementation, nodes, 0);
    }
    const size_t lengths[] = {0, 1, 126, 127, 128, 65024, 65025, 4161536, 4161537, 8400000};
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) exercise_commp(implementation, lengths[k]);
    exercise_parents(implementation);
  }
  exercise_fr32();
  printf("%u checks\n", checks);
  return 0;
}
