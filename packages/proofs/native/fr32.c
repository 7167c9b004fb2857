#include "fr32.h"

#include <string.h>

static uint64_t load(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* Node i begins 2i bits before byte 32i of its unit: at byte 32i − 1, bit 8 − 2i. */
void fr32_pad(const uint8_t *payload, size_t units, uint8_t *nodes) {
  for (; units > 0; units--, payload += UNIT_PAYLOAD, nodes += UNIT_PADDED) {
    uint64_t words[16];
    for (int j = 0; j < 4; j++) words[j] = load(payload + 8 * j);
    for (int i = 1; i < 4; i++) {
      const uint8_t *from = payload + 32 * i - 1;
      for (int j = 0; j < 4; j++) words[4 * i + j] = load(from + 8 * j) >> (8 - 2 * i) | (uint64_t)from[8 * j + 8] << (56 + 2 * i);
    }
    for (int i = 0; i < 4; i++) words[4 * i + 3] &= ~(uint64_t)0 >> 2;
    memcpy(nodes, words, sizeof words);
  }
}

void fr32_unpad(const uint8_t *nodes, size_t units, uint8_t *payload) {
  for (; units > 0; units--, payload += UNIT_PAYLOAD, nodes += UNIT_PADDED) {
    uint64_t words[16], out[17] = {0};
    memcpy(words, nodes, sizeof words);
    for (int i = 0; i < 4; i++) {
      const int at = 254 * i / 64, shift = 254 * i % 64;
      for (int j = 0; j < 4; j++) {
        out[at + j] |= words[4 * i + j] << shift;
        if (shift > 0) out[at + j + 1] |= words[4 * i + j] >> (64 - shift);
      }
    }
    memcpy(payload, out, UNIT_PAYLOAD);
  }
}
