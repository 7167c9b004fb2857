/* SHA-256 (FIPS 180-4): its compression in portable C and by the SHA extensions of x86, and digests over streams. */
#ifndef GRANARY_SHA256_H
#define GRANARY_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK 64
#define SHA256_BYTES 32

typedef void (*sha256_compress_fn)(uint32_t state[8], const uint8_t *blocks, size_t count);
/* `count` blocks of each of some streams, at most four. */
typedef void (*sha256_compress_together_fn)(int streams, uint32_t (*states)[8], const uint8_t *const *blocks, size_t count);

void sha256_compress_portable(uint32_t state[8], const uint8_t *blocks, size_t count);
void sha256_compress_shani(uint32_t state[8], const uint8_t *blocks, size_t count);
void sha256_compress_together_portable(int streams, uint32_t (*states)[8], const uint8_t *const *blocks, size_t count);
void sha256_compress_together_shani(int streams, uint32_t (*states)[8], const uint8_t *const *blocks, size_t count);

extern const uint32_t SHA256_INITIAL[8];
/* Aligned to 16. */
extern const uint32_t SHA256_ROUND_CONSTANTS[64];

/* The state as 32 big-endian bytes. */
void sha256_store(const uint32_t state[8], uint8_t out[SHA256_BYTES]);

struct sha256_stream {
  sha256_compress_fn compress;
  uint64_t length;
  uint32_t state[8];
  uint8_t block[SHA256_BLOCK];
};

void sha256_begin(struct sha256_stream *stream, sha256_compress_fn compress);
void sha256_add(struct sha256_stream *stream, const uint8_t *bytes, size_t length);
/* As much to each of some streams of one length so far, at most four. */
void sha256_add_together(struct sha256_stream *streams, int count, sha256_compress_together_fn compress,
                         const uint8_t *const *bytes, size_t length);
/* Of all that was added so far; the stream goes on. */
void sha256_digest(const struct sha256_stream *stream, uint8_t out[SHA256_BYTES]);

#endif
