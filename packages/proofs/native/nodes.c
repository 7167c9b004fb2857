#include "nodes.h"

#include <string.h>

/* The second block of a 64-byte message. */
static const uint8_t PAIR_PADDING[SHA256_BLOCK] = {[0] = 0x80, [62] = 0x02};

void hash_pairs_portable(const uint8_t *nodes, size_t pairs, uint8_t mask, uint8_t *out) {
  for (size_t i = 0; i < pairs; i++) {
    uint32_t state[8];
    memcpy(state, SHA256_INITIAL, sizeof state);
    sha256_compress_portable(state, nodes + 2 * NODE * i, 1);
    sha256_compress_portable(state, PAIR_PADDING, 1);
    sha256_store(state, out + NODE * i);
    out[NODE * i + NODE - 1] &= mask;
  }
}

void hash_columns_portable(const uint8_t tag[NODE], const uint8_t *const *layers, size_t count, size_t nodes,
                           uint8_t *out) {
  const uint64_t bits = (count + 1) * NODE * 8;
  for (size_t v = 0; v < nodes; v++) {
    uint32_t state[8];
    uint8_t block[SHA256_BLOCK];
    memcpy(state, SHA256_INITIAL, sizeof state);
    memcpy(block, tag, NODE);
    /* Part 0 is the tag; two parts fill a block. */
    for (size_t part = 1; part <= count; part++) {
      memcpy(block + (part & 1) * NODE, layers[part - 1] + v * NODE, NODE);
      if (part & 1) sha256_compress_portable(state, block, 1);
    }
    const size_t filled = (count + 1) % 2 * NODE;
    memset(block + filled, 0, sizeof block - filled);
    block[filled] = 0x80;
    for (int i = 0; i < 8; i++) block[SHA256_BLOCK - 1 - i] = (uint8_t)(bits >> 8 * i);
    sha256_compress_portable(state, block, 1);
    sha256_store(state, out + v * NODE);
  }
}

void reduce_nodes(hash_pairs_fn hash_pairs, uint8_t *nodes, size_t count, size_t wanted, uint8_t mask) {
  for (; count > wanted; count /= 2) hash_pairs(nodes, count / 2, mask, nodes);
}

typedef unsigned __int128 u128;

static const uint64_t MODULUS[4] = {0xffffffff00000001ULL, 0x53bda402fffe5bfeULL, 0x3339d80809a1d805ULL,
                                    0x73eda753299d7d48ULL};

static uint64_t add_limbs(uint64_t out[4], const uint64_t a[4], const uint64_t b[4]) {
  u128 carry = 0;
  for (int i = 0; i < 4; i++) {
    carry += (u128)a[i] + b[i];
    out[i] = (uint64_t)carry;
    carry >>= 64;
  }
  return (uint64_t)carry;
}

static uint64_t subtract_limbs(uint64_t out[4], const uint64_t a[4], const uint64_t b[4]) {
  uint64_t borrow = 0;
  for (int i = 0; i < 4; i++) {
    const u128 difference = (u128)a[i] - b[i] - borrow;
    out[i] = (uint64_t)difference;
    borrow = (uint64_t)(difference >> 64) & 1;
  }
  return borrow;
}

void add_nodes(const uint8_t *a, const uint8_t *b, size_t nodes, uint8_t *out) {
  for (size_t v = 0; v < nodes; v++) {
    uint64_t left[4], right[4], sum[4], reduced[4];
    memcpy(left, a + NODE * v, NODE);
    memcpy(right, b + NODE * v, NODE);
    add_limbs(sum, left, right);
    const uint64_t borrow = subtract_limbs(reduced, sum, MODULUS);
    memcpy(out + NODE * v, borrow ? sum : reduced, NODE);
  }
}

void subtract_nodes(const uint8_t *a, const uint8_t *b, size_t nodes, uint8_t *out) {
  for (size_t v = 0; v < nodes; v++) {
    uint64_t left[4], right[4], difference[4];
    memcpy(left, a + NODE * v, NODE);
    memcpy(right, b + NODE * v, NODE);
    if (subtract_limbs(difference, left, right)) add_limbs(difference, difference, MODULUS);
    memcpy(out + NODE * v, difference, NODE);
  }
}
