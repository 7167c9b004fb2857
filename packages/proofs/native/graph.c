#include "graph.h"

#include <string.h>

static uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }

#define QUARTER(a, b, c, d)    \
  do {                         \
    a += b;                    \
    d = rotl(d ^ a, 16);       \
    c += d;                    \
    b = rotl(b ^ c, 12);       \
    a += b;                    \
    d = rotl(d ^ a, 8);        \
    c += d;                    \
    b = rotl(b ^ c, 7);        \
  } while (0)

/* One block of ChaCha8 with a zero nonce, as eight u64LE. */
static void chacha8_block(const uint32_t key[8], uint32_t counter, uint64_t out[8]) {
  const uint32_t initial[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0], key[1], key[2], key[3],
                                key[4],     key[5],     key[6],     key[7],     counter, 0,      0,      0};
  uint32_t x[16];
  memcpy(x, initial, sizeof x);
  for (int i = 0; i < 4; i++) {
    QUARTER(x[0], x[4], x[8], x[12]);
    QUARTER(x[1], x[5], x[9], x[13]);
    QUARTER(x[2], x[6], x[10], x[14]);
    QUARTER(x[3], x[7], x[11], x[15]);
    QUARTER(x[0], x[5], x[10], x[15]);
    QUARTER(x[1], x[6], x[11], x[12]);
    QUARTER(x[2], x[7], x[8], x[13]);
    QUARTER(x[3], x[4], x[9], x[14]);
  }
  for (int i = 0; i < 16; i++) x[i] += initial[i];
  for (int i = 0; i < 8; i++) out[i] = (uint64_t)x[2 * i + 1] << 32 | x[2 * i];
}

static void base_parents(const struct graph *graph, uint64_t v, uint32_t out[BASE_PARENTS]) {
  if (v < 2) {
    memset(out, 0, BASE_PARENTS * sizeof *out);
    return;
  }
  uint32_t key[8];
  uint64_t draws[16];
  memcpy(key, graph->drg_seed, DRG_SEED_BYTES);
  key[7] = (uint32_t)v;
  chacha8_block(key, 0, draws);
  chacha8_block(key, 1, draws + 8);
  const uint64_t meta = 5 * v;
  unsigned buckets = 0;
  while ((uint64_t)1 << buckets < meta) buckets++;
  out[0] = (uint32_t)(v - 1);
  for (int i = 0; i < 5; i++) {
    const uint64_t bucket = draws[2 * i] % buckets + 1;
    const uint64_t reach = (uint64_t)1 << bucket;
    const uint64_t largest = reach < meta ? reach : meta;
    const uint64_t smallest = largest / 2 > 2 ? largest / 2 : 2;
    const uint64_t distance = smallest + draws[2 * i + 1] % (largest - smallest + 1);
    const uint64_t parent = (meta - distance) / 5;
    out[1 + i] = (uint32_t)(parent == v ? v - 1 : parent);
  }
}

static void expander_parents(const struct graph *graph, uint64_t v, uint32_t out[EXPANDER_PARENTS]) {
  const uint64_t values = graph->nodes * EXPANDER_PARENTS;
  const uint64_t mask = ((uint64_t)1 << graph->half_bits) - 1;
  for (int i = 0; i < EXPANDER_PARENTS; i++) {
    uint64_t x = v * EXPANDER_PARENTS + (uint64_t)i;
    do {
      uint64_t left = x >> graph->half_bits, right = x & mask;
      for (uint64_t k = 0; k < 3; k++) {
        const uint64_t next = left ^ graph->feistel[(k << graph->half_bits) + right];
        left = right;
        right = next;
      }
      x = left << graph->half_bits | right;
    } while (x >= values);
    out[i] = (uint32_t)(x / EXPANDER_PARENTS);
  }
}

void write_parents(const struct graph *graph, uint64_t first, uint64_t count, uint8_t *out) {
  for (uint64_t i = 0; i < count; i++) {
    uint32_t parents[PARENTS];
    base_parents(graph, first + i, parents);
    expander_parents(graph, first + i, parents + BASE_PARENTS);
    memcpy(out + i * sizeof parents, parents, sizeof parents);
  }
}
