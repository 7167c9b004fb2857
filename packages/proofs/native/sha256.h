/* SHA-256 compression (FIPS 180-4), with the SHA extensions of x86 where the CPU has them. */
#ifndef GRANARY_SHA256_H
#define GRANARY_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK 64
#define SHA256_BYTES 32

typedef void (*sha256_compress_fn)(uint32_t state[8], const uint8_t *blocks, size_t count);

/* The fastest compression that this CPU runs; `name` receives "sha-ni" or "portable". */
sha256_compress_fn sha256_select(const char **name);

extern const uint32_t SHA256_INITIAL[8];

/* The state as 32 big-endian bytes. */
void sha256_store(const uint32_t state[8], uint8_t out[SHA256_BYTES]);

#endif
