/*
 * Labels of a run of nodes, of one sector or of several in lockstep. docs/spec/proofs.md section 6.
 * Sectors lie side by side: the label of node v of sector s is at (v × lanes + s) × 32, so that what one node needs of
 * all sectors is in one place.
 */
#ifndef GRANARY_LABEL_KERNEL_H
#define GRANARY_LABEL_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "graph.h"
#include "nodes.h"

#define LANES_MAX 4
/* A label is the hash of a prefix of 64 bytes and 37 labels. */
#define LABEL_PREFIX 64
#define LABEL_PARENTS 37

struct label_run {
  int lanes;
  uint32_t layer;
  uint64_t nodes;
  uint64_t first, end;
  const uint8_t (*replica_ids)[NODE];
  /* nodes × 14 × u32LE */
  const uint8_t *table;
  /* nodes × lanes × 32 bytes; NULL on layer 1. */
  const uint8_t *previous;
  uint8_t *labels;
};

/* Returns 0 when the table names a node that is not there: such labels are worth nothing, but nothing was touched. */
typedef int (*label_run_fn)(const struct label_run *run);

int label_run_portable(const struct label_run *run);
#if defined(__x86_64__)
int label_run_shani(const struct label_run *run);
#endif

#endif
