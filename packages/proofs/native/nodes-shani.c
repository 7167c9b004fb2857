/* Pairs and columns by the SHA extensions, four streams side by side. */
#include "nodes.h"
#include "sha256-shani.h"

#if defined(__x86_64__)

#include <string.h>

#define STREAMS 4

void SHANI_TARGET sha256_compress_shani(uint32_t state[8], const uint8_t *blocks, size_t count) {
  struct shani_state s = shani_from_words(state);
  __m128i w[4];
  for (; count > 0; count--, blocks += SHA256_BLOCK) {
    shani_load_block(blocks, w);
    shani_block(&s, w, NULL);
  }
  shani_to_words(s, &w[0], &w[1]);
  _mm_storeu_si128((__m128i *)state, w[0]);
  _mm_storeu_si128((__m128i *)(state + 4), w[1]);
}

SHANI_INLINE void compress_some(int streams, uint32_t (*states)[8], const uint8_t *const *blocks, size_t count) {
  struct shani_state s[STREAMS];
  const uint8_t *at[STREAMS];
  for (int i = 0; i < streams; i++) s[i] = shani_from_words(states[i]);
  for (size_t b = 0; b < count; b++) {
    for (int i = 0; i < streams; i++) at[i] = blocks[i] + b * SHA256_BLOCK;
    shani_blocks(streams, s, at);
  }
  for (int i = 0; i < streams; i++) {
    __m128i abcd, efgh;
    shani_to_words(s[i], &abcd, &efgh);
    _mm_storeu_si128((__m128i *)states[i], abcd);
    _mm_storeu_si128((__m128i *)(states[i] + 4), efgh);
  }
}

SHANI_TARGET void sha256_compress_together_shani(int streams, uint32_t (*states)[8], const uint8_t *const *blocks,
                                                 size_t count) {
  if (streams == 4) compress_some(4, states, blocks, count);
  else if (streams == 3) compress_some(3, states, blocks, count);
  else if (streams == 2) compress_some(2, states, blocks, count);
  else sha256_compress_shani(states[0], blocks[0], count);
}

SHANI_INLINE void store_node(struct shani_state state, uint8_t mask, uint8_t *out) {
  __m128i abcd, efgh;
  shani_to_words(state, &abcd, &efgh);
  _mm_storeu_si128((__m128i *)out, shani_swap(abcd));
  _mm_storeu_si128((__m128i *)(out + 16), shani_swap(efgh));
  out[NODE - 1] &= mask;
}

/* `streams` pairs at once; every input is read before an output is written, which may lie on it. */
SHANI_INLINE void hash_some_pairs(int streams, const uint8_t *nodes, const __m128i *padding, uint8_t mask, uint8_t *out) {
  struct shani_state states[STREAMS];
  const uint8_t *blocks[STREAMS];
  const __m128i *schedules[STREAMS];
  for (int s = 0; s < streams; s++) {
    states[s] = shani_from_words(SHA256_INITIAL);
    blocks[s] = nodes + s * SHA256_BLOCK;
    schedules[s] = padding;
  }
  shani_blocks(streams, states, blocks);
  shani_rounds(streams, states, schedules);
  for (int s = 0; s < streams; s++) store_node(states[s], mask, out + s * NODE);
}

SHANI_TARGET void hash_pairs_shani(const uint8_t *nodes, size_t pairs, uint8_t mask, uint8_t *out) {
  /* The second block of a 64-byte message is the same for all. */
  static const uint8_t PADDING[SHA256_BLOCK] = {[0] = 0x80, [62] = 0x02};
  __m128i w[4], padding[SCHEDULE_QUADS];
  shani_load_block(PADDING, w);
  shani_schedule(w, padding);
  size_t i = 0;
  for (; i + STREAMS <= pairs; i += STREAMS)
    hash_some_pairs(STREAMS, nodes + i * SHA256_BLOCK, padding, mask, out + i * NODE);
  for (; i < pairs; i++) hash_some_pairs(1, nodes + i * SHA256_BLOCK, padding, mask, out + i * NODE);
}

SHANI_INLINE void hash_some_columns(int streams, uint8_t (*messages)[(LAYERS_MAX + 4) * NODE], size_t blocks,
                                    const uint8_t *const *layers, size_t count, size_t v, uint8_t *out) {
  struct shani_state states[STREAMS];
  const uint8_t *at[STREAMS];
  for (int s = 0; s < streams; s++) {
    states[s] = shani_from_words(SHA256_INITIAL);
    for (size_t l = 0; l < count; l++)
      memcpy(messages[s] + (l + 1) * NODE, layers[l] + (v + (size_t)s) * NODE, NODE);
  }
  for (size_t b = 0; b < blocks; b++) {
    for (int s = 0; s < streams; s++) at[s] = messages[s] + b * SHA256_BLOCK;
    shani_blocks(streams, states, at);
  }
  for (int s = 0; s < streams; s++) store_node(states[s], MASK_PLAIN, out + (v + (size_t)s) * NODE);
}

SHANI_TARGET void hash_columns_shani(const uint8_t tag[NODE], const uint8_t *const *layers, size_t count, size_t nodes,
                                     uint8_t *out) {
  uint8_t messages[STREAMS][(LAYERS_MAX + 4) * NODE] = {{0}};
  const size_t length = (count + 1) * NODE, blocks = (length + 9 + SHA256_BLOCK - 1) / SHA256_BLOCK;
  for (int s = 0; s < STREAMS; s++) {
    memcpy(messages[s], tag, NODE);
    messages[s][length] = 0x80;
    for (size_t i = 0; i < 8; i++) messages[s][blocks * SHA256_BLOCK - 1 - i] = (uint8_t)(length * 8 >> 8 * i);
  }
  size_t v = 0;
  for (; v + STREAMS <= nodes; v += STREAMS) hash_some_columns(STREAMS, messages, blocks, layers, count, v, out);
  for (; v < nodes; v++) hash_some_columns(1, messages, blocks, layers, count, v, out);
}

#endif
