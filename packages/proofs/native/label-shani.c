/*
 * The label kernel for the SHA extensions. What bounds it: nineteen blocks of a label wait for the label before, each
 * 128 cycles; the first block, of the prefix, is hashed for the next node beside the last block of this one. The
 * schedules of the parents' blocks are made once and kept for their repetitions.
 */
#include "label-kernel.h"
#include "sha256-shani.h"

#if defined(__x86_64__)

#define ALL_BLOCKS (PARENTS * NODE / SHA256_BLOCK)
#define BASE_BLOCKS (BASE_PARENTS * NODE / SHA256_BLOCK)
#define REPEATED_BLOCKS (LABEL_PARENTS / 2)
/* Nodes ahead: their rows are in the cache and their parents' labels on the way to it. */
#define AHEAD_LABELS 6
#define AHEAD_ROWS 24

static const uint32_t LABEL_BITS = (LABEL_PREFIX + LABEL_PARENTS * NODE) * 8;

struct prefix_lane {
  __m128i replica_id[2];
};

SHANI_INLINE struct shani_state initial(void) { return shani_from_words(SHA256_INITIAL); }

SHANI_INLINE void prefix_words(const struct prefix_lane *lane, uint32_t layer, uint64_t v, __m128i w[4]) {
  w[0] = lane->replica_id[0];
  w[1] = lane->replica_id[1];
  w[2] = _mm_set_epi32(0, (int)(uint32_t)v, (int)(uint32_t)(v >> 32), (int)layer);
  w[3] = _mm_setzero_si128();
}

SHANI_INLINE void open_lane(const struct label_run *run, int s, struct prefix_lane *lane) {
  for (int h = 0; h < 2; h++) lane->replica_id[h] = shani_load(run->replica_ids[s] + 16 * h);
}

/*
 * Sends for the parents of a node to come, all at once, before the repeated blocks: the look-ups of their pages run side
 * by side then, and rounds alone, which are many for each look-up, fill what the CPU has under way meanwhile. The first
 * parent is the node before.
 */
SHANI_INLINE void prefetch_parents(const struct label_run *run, int lanes, uint64_t v, int parents) {
  const uint64_t ahead = v + AHEAD_LABELS;
  if (ahead >= run->end) return;
  uint32_t row[PARENTS];
  __builtin_memcpy(row, run->table + ahead * PARENTS * sizeof *row, sizeof row);
  for (int i = 1; i < parents; i++) {
    const uint8_t *label = (i < BASE_PARENTS ? run->labels : run->previous) + (uint64_t)row[i] * (unsigned)lanes * NODE;
    for (int s = 0; s < lanes; s += 2) __builtin_prefetch(label + s * NODE);
  }
}

SHANI_INLINE void prefetch_row(const struct label_run *run, uint64_t v) {
  if (v + AHEAD_ROWS < run->end) __builtin_prefetch(run->table + (v + AHEAD_ROWS) * PARENTS * sizeof(uint32_t));
}

/* What the label of one node needs of the table: 0 if a parent is not there. */
SHANI_INLINE int read_row(const struct label_run *run, uint64_t v, int parents, uint32_t row[PARENTS]) {
  __builtin_memcpy(row, run->table + v * PARENTS * sizeof *row, PARENTS * sizeof *row);
  int beyond = v > 0 && row[0] != v - 1;
  for (int i = 0; i < parents; i++) beyond |= row[i] >= run->nodes;
  return !beyond;
}

SHANI_INLINE const uint8_t *parent_labels(const struct label_run *run, const uint32_t row[PARENTS], int parent,
                                          uint64_t stride) {
  return (parent < BASE_PARENTS ? run->labels : run->previous) + row[parent] * stride;
}

/* The words of parents 2b and 2b + 1; the first parent of all is the node before, whose label is still at hand. */
SHANI_INLINE void parent_words(const struct label_run *run, const uint32_t row[PARENTS], int b, uint64_t stride, int s,
                               const __m128i last[2], __m128i w[4]) {
  const uint8_t *left = parent_labels(run, row, 2 * b, stride) + s * NODE;
  const uint8_t *right = parent_labels(run, row, 2 * b + 1, stride) + s * NODE;
  w[0] = b == 0 ? last[0] : shani_load(left);
  w[1] = b == 0 ? last[1] : shani_load(left + 16);
  w[2] = shani_load(right);
  w[3] = shani_load(right + 16);
}

/* The 37th label and the padding. */
SHANI_INLINE void end_words(const struct label_run *run, const uint32_t row[PARENTS], int parents, uint64_t stride, int s,
                            const __m128i last[2], __m128i w[4]) {
  const int rest = (LABEL_PARENTS - 1) % parents;
  const uint8_t *from = parent_labels(run, row, rest, stride) + s * NODE;
  w[0] = rest == 0 ? last[0] : shani_load(from);
  w[1] = rest == 0 ? last[1] : shani_load(from + 16);
  w[2] = _mm_set_epi32(0, 0, 0, (int)0x80000000);
  w[3] = _mm_set_epi32((int)LABEL_BITS, 0, 0, 0);
}

/* Word 7 of a label, as a number, ends in the byte that is truncated. */
SHANI_INLINE void store_label(struct shani_state state, __m128i last[2], uint8_t *out) {
  shani_to_words(state, &last[0], &last[1]);
  last[1] = _mm_and_si128(last[1], _mm_set_epi32((int)0xffffff3f, -1, -1, -1));
  _mm_storeu_si128((__m128i *)out, shani_swap(last[0]));
  _mm_storeu_si128((__m128i *)(out + 16), shani_swap(last[1]));
}

SHANI_INLINE void label_before(const struct label_run *run, uint64_t v, uint64_t stride, int s, __m128i last[2]) {
  for (int h = 0; h < 2; h++)
    last[h] = v == 0 ? _mm_setzero_si128() : shani_load(run->labels + (v - 1) * stride + (unsigned)(s * NODE + 16 * h));
}

/* Node 0 has no parents: its label is the hash of the prefix alone. */
SHANI_INLINE struct shani_state end_of_first(struct shani_state prefix) {
  __m128i w[4] = {_mm_set_epi32(0, 0, 0, (int)0x80000000), _mm_setzero_si128(), _mm_setzero_si128(),
                  _mm_set_epi32(LABEL_PREFIX * 8, 0, 0, 0)};
  shani_block(&prefix, w, NULL);
  return prefix;
}

/* One sector. `blocks` is 3 on layer 1 and 7 on the others. */
SHANI_INLINE int run_alone(const struct label_run *run, int blocks) {
  const int parents = 2 * blocks;
  __m128i kept[ALL_BLOCKS][SCHEDULE_QUADS], last[2], w[4];
  struct prefix_lane lane;
  open_lane(run, 0, &lane);
  label_before(run, run->first, NODE, 0, last);
  prefix_words(&lane, run->layer, run->first, w);
  struct shani_state prefix = initial();
  shani_block(&prefix, w, NULL);
  for (uint64_t v = run->first; v < run->end; v++) {
    uint32_t row[PARENTS];
    if (!read_row(run, v, parents, row)) return 0;
    prefetch_row(run, v);
    struct shani_state state = prefix, next = initial();
    __m128i x[4];
    prefix_words(&lane, run->layer, v + 1, x);
    if (v == 0) {
      state = end_of_first(prefix);
      shani_block(&next, x, NULL);
      prefix = next;
    } else {
#pragma GCC unroll 7
      for (int b = 0; b < blocks; b++) {
        parent_words(run, row, b, NODE, 0, last, w);
        shani_block(&state, w, kept[b]);
      }
      prefetch_parents(run, 1, v, parents);
      for (int b = blocks, from = 0; b < REPEATED_BLOCKS; b++) {
        const __m128i *schedule = kept[from];
        shani_rounds(1, &state, &schedule);
        from = from + 1 == blocks ? 0 : from + 1;
      }
      /* The last block, and beside it the prefix of the next node. */
      const struct shani_state before = state;
      end_words(run, row, parents, NODE, 0, last, w);
#pragma GCC unroll 16
      for (int i = 0; i < SCHEDULE_QUADS; i++) {
        shani_quad(&state, _mm_add_epi32(w[i & 3], shani_constants(i)));
        shani_quad(&next, _mm_add_epi32(x[i & 3], shani_constants(i)));
        if (i < 12) shani_extend(w, i);
        if (i < 12) shani_extend(x, i);
      }
      state = shani_add(state, before);
      prefix = shani_add(next, initial());
    }
    store_label(state, last, run->labels + v * NODE);
  }
  return 1;
}

/*
 * A block of every sector by schedules that are there, and between their rounds, which leave half of the CPU idle, the
 * schedules of the words of a later block.
 */
SHANI_INLINE void rounds_and_schedules(int lanes, struct shani_state *states, __m128i (*schedules)[SCHEDULE_QUADS],
                                       __m128i (*words)[4], __m128i (*out)[SCHEDULE_QUADS]) {
  struct shani_state before[LANES_MAX];
  __m128i w[4];
#pragma GCC unroll 4
  for (int s = 0; s < lanes; s++) before[s] = states[s];
#pragma GCC unroll 16
  for (int i = 0; i < SCHEDULE_QUADS; i++)
#pragma GCC unroll 4
    for (int s = 0; s < lanes; s++) {
      shani_quad(&states[s], schedules[s][i]);
      const int lane = (i * lanes + s) / SCHEDULE_QUADS, quad = (i * lanes + s) % SCHEDULE_QUADS;
      if (quad < 4) w[quad] = words[lane][quad];
      out[lane][quad] = _mm_add_epi32(w[quad & 3], shani_constants(quad));
      if (quad >= 3 && quad < 15) shani_extend(w, quad - 3);
    }
#pragma GCC unroll 4
  for (int s = 0; s < lanes; s++) states[s] = shani_add(states[s], before[s]);
}

SHANI_INLINE void rounds_only(int lanes, struct shani_state *states, __m128i (*schedules)[SCHEDULE_QUADS]) {
  const __m128i *list[LANES_MAX];
  for (int s = 0; s < lanes; s++) list[s] = schedules[s];
  shani_rounds(lanes, states, list);
}

/*
 * Two to four sectors. One copy of each loop's body, since all of them unrolled would not fit into the cache of
 * instructions. The schedules: of the prefix, of the parents' blocks, of the end.
 */
SHANI_INLINE int run_together(const struct label_run *run, int lanes, int blocks) {
  const int parents = 2 * blocks, end = blocks + 1;
  const uint64_t stride = (uint64_t)lanes * NODE;
  __m128i schedules[ALL_BLOCKS + 2][LANES_MAX][SCHEDULE_QUADS], last[LANES_MAX][2], words[LANES_MAX][4];
  struct prefix_lane lane[LANES_MAX];
  for (int s = 0; s < lanes; s++) {
    open_lane(run, s, &lane[s]);
    label_before(run, run->first, stride, s, last[s]);
    prefix_words(&lane[s], run->layer, run->first, words[s]);
    shani_schedule(words[s], schedules[0][s]);
  }
  for (uint64_t v = run->first; v < run->end; v++) {
    uint32_t row[PARENTS];
    if (!read_row(run, v, parents, row)) return 0;
    prefetch_row(run, v);
    struct shani_state state[LANES_MAX];
    for (int s = 0; s < lanes; s++) state[s] = initial();
    if (v == 0) {
      rounds_only(lanes, state, schedules[0]);
      for (int s = 0; s < lanes; s++) {
        state[s] = end_of_first(state[s]);
        prefix_words(&lane[s], run->layer, 1, words[s]);
        shani_schedule(words[s], schedules[0][s]);
      }
    } else {
#pragma GCC unroll 1
      for (int b = 0; b <= end; b++) {
        for (int s = 0; s < lanes; s++) {
          if (b < blocks) parent_words(run, row, b, stride, s, last[s], words[s]);
          else if (b < end) end_words(run, row, parents, stride, s, last[s], words[s]);
          else prefix_words(&lane[s], run->layer, v + 1, words[s]);
        }
        /* The step after the parents' blocks is the first of their repetitions. */
        rounds_and_schedules(lanes, state, schedules[b == end ? 1 : b], words, schedules[b == end ? 0 : b + 1]);
      }
      prefetch_parents(run, lanes, v, parents);
#pragma GCC unroll 1
      for (int done = blocks + 1, b = 2; done <= REPEATED_BLOCKS; done++) {
        rounds_only(lanes, state, schedules[done == REPEATED_BLOCKS ? end : b]);
        b = b == blocks ? 1 : b + 1;
      }
    }
    for (int s = 0; s < lanes; s++) store_label(state[s], last[s], run->labels + v * stride + (unsigned)(s * NODE));
  }
  return 1;
}

#define RUN(name, lanes, blocks)                                                                     \
  SHANI_TARGET __attribute__((noinline)) static int name##_##lanes(const struct label_run *run) {    \
    return lanes == 1 ? run_alone(run, blocks) : run_together(run, lanes, blocks);                   \
  }

RUN(base, 1, BASE_BLOCKS)
RUN(base, 2, BASE_BLOCKS)
RUN(base, 3, BASE_BLOCKS)
RUN(base, 4, BASE_BLOCKS)
RUN(all, 1, ALL_BLOCKS)
RUN(all, 2, ALL_BLOCKS)
RUN(all, 3, ALL_BLOCKS)
RUN(all, 4, ALL_BLOCKS)

int label_run_shani(const struct label_run *run) {
  static const label_run_fn on_base[LANES_MAX] = {base_1, base_2, base_3, base_4};
  static const label_run_fn on_all[LANES_MAX] = {all_1, all_2, all_3, all_4};
  return run->previous == NULL ? on_base[run->lanes - 1](run) : on_all[run->lanes - 1](run);
}

#endif
