#include "sha256.h"

#include <string.h>

const uint32_t SHA256_INITIAL[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

const uint32_t SHA256_ROUND_CONSTANTS[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t load_be(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

void sha256_compress_portable(uint32_t state[8], const uint8_t *blocks, size_t count) {
  for (; count > 0; count--, blocks += SHA256_BLOCK) {
    uint32_t w[64], s[8];
    for (int t = 0; t < 16; t++) w[t] = load_be(blocks + 4 * t);
    for (int t = 16; t < 64; t++) {
      uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
      uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    memcpy(s, state, sizeof s);
    for (int t = 0; t < 64; t++) {
      uint32_t e1 = rotr(s[4], 6) ^ rotr(s[4], 11) ^ rotr(s[4], 25);
      uint32_t a0 = rotr(s[0], 2) ^ rotr(s[0], 13) ^ rotr(s[0], 22);
      uint32_t t1 = s[7] + e1 + ((s[4] & s[5]) ^ (~s[4] & s[6])) + SHA256_ROUND_CONSTANTS[t] + w[t];
      uint32_t t2 = a0 + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
      memmove(s + 1, s, 7 * sizeof *s);
      s[4] += t1;
      s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
  }
}

void sha256_compress_together_portable(int streams, uint32_t (*states)[8], const uint8_t *const *blocks, size_t count) {
  for (int s = 0; s < streams; s++) sha256_compress_portable(states[s], blocks[s], count);
}

void sha256_store(const uint32_t state[8], uint8_t out[SHA256_BYTES]) {
  for (int i = 0; i < 8; i++) {
    out[4 * i] = (uint8_t)(state[i] >> 24);
    out[4 * i + 1] = (uint8_t)(state[i] >> 16);
    out[4 * i + 2] = (uint8_t)(state[i] >> 8);
    out[4 * i + 3] = (uint8_t)state[i];
  }
}

void sha256_begin(struct sha256_stream *stream, sha256_compress_fn compress) {
  *stream = (struct sha256_stream){.compress = compress};
  memcpy(stream->state, SHA256_INITIAL, sizeof stream->state);
}

void sha256_add(struct sha256_stream *stream, const uint8_t *bytes, size_t length) {
  const size_t open = stream->length % SHA256_BLOCK;
  stream->length += length;
  if (open > 0) {
    const size_t wanted = SHA256_BLOCK - open, part = length < wanted ? length : wanted;
    memcpy(stream->block + open, bytes, part);
    if (part < wanted) return;
    stream->compress(stream->state, stream->block, 1);
    bytes += part;
    length -= part;
  }
  const size_t blocks = length / SHA256_BLOCK;
  if (blocks > 0) stream->compress(stream->state, bytes, blocks);
  if (length % SHA256_BLOCK > 0) memcpy(stream->block, bytes + blocks * SHA256_BLOCK, length % SHA256_BLOCK);
}

void sha256_add_together(struct sha256_stream *streams, int count, sha256_compress_together_fn compress,
                         const uint8_t *const *bytes, size_t length) {
  const size_t whole = length - length % SHA256_BLOCK;
  if (count == 1 || streams[0].length % SHA256_BLOCK > 0) {
    for (int s = 0; s < count; s++) sha256_add(&streams[s], bytes[s], length);
    return;
  }
  uint32_t states[4][8];
  for (int s = 0; s < count; s++) memcpy(states[s], streams[s].state, sizeof states[s]);
  compress(count, states, bytes, whole / SHA256_BLOCK);
  for (int s = 0; s < count; s++) {
    memcpy(streams[s].state, states[s], sizeof states[s]);
    streams[s].length += whole;
    sha256_add(&streams[s], bytes[s] + whole, length - whole);
  }
}

void sha256_digest(const struct sha256_stream *stream, uint8_t out[SHA256_BYTES]) {
  uint8_t end[2 * SHA256_BLOCK] = {0};
  uint32_t state[8];
  const size_t open = stream->length % SHA256_BLOCK;
  const size_t blocks = open + 9 > SHA256_BLOCK ? 2 : 1;
  if (open > 0) memcpy(end, stream->block, open);
  end[open] = 0x80;
  for (int i = 0; i < 8; i++) end[blocks * SHA256_BLOCK - 1 - (size_t)i] = (uint8_t)(stream->length * 8 >> 8 * i);
  memcpy(state, stream->state, sizeof state);
  stream->compress(state, end, blocks);
  sha256_store(state, out);
}
