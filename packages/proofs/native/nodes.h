/* Bulk work over 32-byte nodes: pair hashing, columns, field addition. docs/spec/proofs.md sections 1 and 7. */
#ifndef GRANARY_NODES_H
#define GRANARY_NODES_H

#include "sha256.h"

#define NODE 32

/* `out` may be the start of `nodes`. `mask` is and-ed to the last byte of each result: 0x3f for H2, 0xff for plain. */
void hash_pairs(sha256_compress_fn compress, const uint8_t *nodes, size_t pairs, uint8_t mask, uint8_t *out);

/* out[v] = SHA-256(tag ‖ layers[0][v] ‖ … ‖ layers[count − 1][v]). */
void hash_columns(sha256_compress_fn compress, const uint8_t tag[NODE], const uint8_t *const *layers, size_t count,
                  size_t nodes, uint8_t *out);

/* In the scalar field of BLS12-381, little-endian; inputs are reduced; `out` may be an input. */
void add_nodes(const uint8_t *a, const uint8_t *b, size_t nodes, uint8_t *out);
void subtract_nodes(const uint8_t *a, const uint8_t *b, size_t nodes, uint8_t *out);

#endif
