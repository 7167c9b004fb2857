/* The parents of nodes. docs/spec/proofs.md section 5. */
#ifndef GRANARY_GRAPH_H
#define GRANARY_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#define BASE_PARENTS 6
#define EXPANDER_PARENTS 8
#define PARENTS (BASE_PARENTS + EXPANDER_PARENTS)
#define DRG_SEED_BYTES 28

struct graph {
  uint64_t nodes;
  const uint8_t *drg_seed;
  /* Values of the three Feistel rounds, 2^half_bits each. */
  const uint32_t *feistel;
  unsigned half_bits;
};

/* Writes count × 14 × u32LE. */
void write_parents(const struct graph *graph, uint64_t first, uint64_t count, uint8_t *out);

#endif
