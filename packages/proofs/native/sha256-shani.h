/*
 * SHA-256 with the SHA extensions of x86, in pieces that kernels put together: a message schedule that is kept, and
 * rounds over several independent streams at once. One stream waits for its own results half of the time (a pair of
 * rounds takes four cycles and the unit takes a new one every two), so streams side by side cost less than in a row.
 */
#ifndef GRANARY_SHA256_SHANI_H
#define GRANARY_SHA256_SHANI_H

#if defined(__x86_64__)
#include <immintrin.h>

#include "sha256.h"

#define SHANI_TARGET __attribute__((target("sha,sse4.1,ssse3")))
#define SHANI_INLINE static inline __attribute__((target("sha,sse4.1,ssse3"), always_inline))

/* Sixteen vectors of four words W[t] + K[t]. */
#define SCHEDULE_QUADS 16

struct shani_state {
  __m128i abef, cdgh;
};

SHANI_INLINE __m128i shani_swap(__m128i bytes) {
  return _mm_shuffle_epi8(bytes, _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL));
}

SHANI_INLINE __m128i shani_load(const uint8_t *bytes) { return shani_swap(_mm_loadu_si128((const __m128i *)bytes)); }

SHANI_INLINE struct shani_state shani_from_words(const uint32_t words[8]) {
  const __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)words), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(words + 4)), 0x1b);
  return (struct shani_state){_mm_alignr_epi8(abcd, efgh, 8), _mm_blend_epi16(efgh, abcd, 0xf0)};
}

/* The state as words in order, four and four. */
SHANI_INLINE void shani_to_words(struct shani_state state, __m128i *abcd, __m128i *efgh) {
  const __m128i feba = _mm_shuffle_epi32(state.abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(state.cdgh, 0xb1);
  *abcd = _mm_blend_epi16(feba, dchg, 0xf0);
  *efgh = _mm_alignr_epi8(dchg, feba, 8);
}

SHANI_INLINE struct shani_state shani_add(struct shani_state a, struct shani_state b) {
  return (struct shani_state){_mm_add_epi32(a.abef, b.abef), _mm_add_epi32(a.cdgh, b.cdgh)};
}

/* Four rounds. */
SHANI_INLINE void shani_quad(struct shani_state *state, __m128i wk) {
  state->cdgh = _mm_sha256rnds2_epu32(state->cdgh, state->abef, wk);
  state->abef = _mm_sha256rnds2_epu32(state->abef, state->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

SHANI_INLINE __m128i shani_constants(int quad) {
  return _mm_load_si128((const __m128i *)(SHA256_ROUND_CONSTANTS + 4 * quad));
}

/* The words of quad i + 4 into w[i & 3], from those of quads i … i + 3. */
SHANI_INLINE void shani_extend(__m128i w[4], int i) {
  __m128i next = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
  next = _mm_add_epi32(next, _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
  w[i & 3] = _mm_sha256msg2_epu32(next, w[(i + 3) & 3]);
}

/* The schedule of the message words w, which are used up, from quad `first` on. */
SHANI_INLINE void shani_schedule(__m128i w[4], __m128i out[SCHEDULE_QUADS]) {
#pragma GCC unroll 16
  for (int i = 0; i < SCHEDULE_QUADS; i++) {
    out[i] = _mm_add_epi32(w[i & 3], shani_constants(i));
    if (i < 12) shani_extend(w, i);
  }
}

SHANI_INLINE void shani_load_block(const uint8_t *block, __m128i w[4]) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) w[i] = shani_load(block + 16 * i);
}

/* One block of one stream, its schedule made on the way and kept where `keep` is not NULL. */
SHANI_INLINE void shani_block(struct shani_state *state, __m128i w[4], __m128i *keep) {
  const struct shani_state before = *state;
#pragma GCC unroll 16
  for (int i = 0; i < SCHEDULE_QUADS; i++) {
    const __m128i wk = _mm_add_epi32(w[i & 3], shani_constants(i));
    if (keep) keep[i] = wk;
    shani_quad(state, wk);
    if (i < 12) shani_extend(w, i);
  }
  *state = shani_add(*state, before);
}

/* One block of each of `count` streams, a constant of at most four, by schedules that are there. */
SHANI_INLINE void shani_rounds(int count, struct shani_state *states, const __m128i *const *schedules) {
  struct shani_state before[4];
#pragma GCC unroll 4
  for (int s = 0; s < count; s++) before[s] = states[s];
#pragma GCC unroll 16
  for (int i = 0; i < SCHEDULE_QUADS; i++)
#pragma GCC unroll 4
    for (int s = 0; s < count; s++) shani_quad(&states[s], schedules[s][i]);
#pragma GCC unroll 4
  for (int s = 0; s < count; s++) states[s] = shani_add(states[s], before[s]);
}

/* One block of each of `count` streams, their schedules made on the way. */
SHANI_INLINE void shani_blocks(int count, struct shani_state *states, const uint8_t *const *blocks) {
  struct shani_state before[4];
  __m128i w[4][4];
#pragma GCC unroll 4
  for (int s = 0; s < count; s++) {
    before[s] = states[s];
    shani_load_block(blocks[s], w[s]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < SCHEDULE_QUADS; i++)
#pragma GCC unroll 4
    for (int s = 0; s < count; s++) {
      shani_quad(&states[s], _mm_add_epi32(w[s][i & 3], shani_constants(i)));
      if (i < 12) shani_extend(w[s], i);
    }
#pragma GCC unroll 4
  for (int s = 0; s < count; s++) states[s] = shani_add(states[s], before[s]);
}

#endif
#endif
