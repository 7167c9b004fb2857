/* The label kernel in portable C. */
#include <string.h>

#include "label-kernel.h"

static void store_label(const uint32_t state[8], uint8_t *out) {
  sha256_store(state, out);
  out[NODE - 1] &= MASK_254;
}

static void begin_label(const struct label_run *run, int lane, uint64_t v, uint32_t state[8]) {
  uint8_t block[LABEL_PREFIX] = {0};
  memcpy(state, SHA256_INITIAL, 8 * sizeof *state);
  memcpy(block, run->replica_ids[lane], NODE);
  for (int i = 0; i < 4; i++) block[NODE + i] = (uint8_t)(run->layer >> (24 - 8 * i));
  for (int i = 0; i < 8; i++) block[NODE + 4 + i] = (uint8_t)(v >> (56 - 8 * i));
  sha256_compress_portable(state, block, 1);
}

static void end_message(uint32_t state[8], const uint8_t *rest, size_t length, uint64_t bits) {
  uint8_t block[SHA256_BLOCK] = {0};
  if (length > 0) memcpy(block, rest, length);
  block[length] = 0x80;
  for (int i = 0; i < 8; i++) block[SHA256_BLOCK - 1 - i] = (uint8_t)(bits >> 8 * i);
  sha256_compress_portable(state, block, 1);
}

int label_run_portable(const struct label_run *run) {
  const size_t stride = (size_t)run->lanes * NODE;
  const int parents = run->previous == NULL ? BASE_PARENTS : PARENTS;
  for (uint64_t v = run->first; v < run->end; v++) {
    uint32_t row[PARENTS];
    memcpy(row, run->table + v * sizeof row, sizeof row);
    if (v > 0 && row[0] != v - 1) return 0;
    for (int i = 0; i < parents; i++)
      if (row[i] >= run->nodes) return 0;
    for (int lane = 0; lane < run->lanes; lane++) {
      uint8_t *out = run->labels + v * stride + (size_t)lane * NODE;
      uint32_t state[8];
      begin_label(run, lane, v, state);
      if (v == 0) {
        end_message(state, NULL, 0, LABEL_PREFIX * 8);
        store_label(state, out);
        continue;
      }
      uint8_t labels[PARENTS * NODE];
      for (int i = 0; i < parents; i++)
        memcpy(labels + i * NODE, (i < BASE_PARENTS ? run->labels : run->previous) + row[i] * stride + (size_t)lane * NODE,
               NODE);
      size_t left = LABEL_PARENTS / 2;
      const size_t blocks = (size_t)parents / 2;
      for (; left >= blocks; left -= blocks) sha256_compress_portable(state, labels, blocks);
      if (left > 0) sha256_compress_portable(state, labels, left);
      end_message(state, labels + left * SHA256_BLOCK, NODE, (LABEL_PREFIX + LABEL_PARENTS * NODE) * 8);
      store_label(state, out);
    }
  }
  return 1;
}
