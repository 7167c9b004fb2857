/* Bulk work over 32-byte nodes: pair hashing, columns, field addition. docs/spec/proofs.md sections 1 and 7. */
#ifndef GRANARY_NODES_H
#define GRANARY_NODES_H

#include "sha256.h"

#define NODE 32
#define LAYERS_MAX 64
/* Anded to the last byte of a hash: H2, and a plain one. */
#define MASK_254 0x3f
#define MASK_PLAIN 0xff

/* `out` may be the start of `nodes`. */
typedef void (*hash_pairs_fn)(const uint8_t *nodes, size_t pairs, uint8_t mask, uint8_t *out);
/* out[v] = SHA-256(tag ‖ layers[0][v] ‖ … ‖ layers[count − 1][v]). */
typedef void (*hash_columns_fn)(const uint8_t tag[NODE], const uint8_t *const *layers, size_t count, size_t nodes,
                                uint8_t *out);

void hash_pairs_portable(const uint8_t *nodes, size_t pairs, uint8_t mask, uint8_t *out);
void hash_columns_portable(const uint8_t tag[NODE], const uint8_t *const *layers, size_t count, size_t nodes,
                           uint8_t *out);
#if defined(__x86_64__)
void hash_pairs_shani(const uint8_t *nodes, size_t pairs, uint8_t mask, uint8_t *out);
void hash_columns_shani(const uint8_t tag[NODE], const uint8_t *const *layers, size_t count, size_t nodes,
                        uint8_t *out);
#endif

/* Levels of a tree, one over the other in the same memory, until `wanted` nodes are left; both are powers of two. */
void reduce_nodes(hash_pairs_fn hash_pairs, uint8_t *nodes, size_t count, size_t wanted, uint8_t mask);

/* In the scalar field of BLS12-381, little-endian; inputs are reduced; `out` may be an input. */
void add_nodes(const uint8_t *a, const uint8_t *b, size_t nodes, uint8_t *out);
void subtract_nodes(const uint8_t *a, const uint8_t *b, size_t nodes, uint8_t *out);

#endif
