/* The labels of a layer. docs/spec/proofs.md section 6. */
#ifndef GRANARY_LABELS_H
#define GRANARY_LABELS_H

#include "nodes.h"

struct label_layer {
  sha256_compress_fn compress;
  uint8_t replica_id[NODE];
  uint32_t layer;
  uint64_t nodes;
  const char *parents_path;
  /* NULL on layer 1. */
  const char *previous_path;
  const char *out_path;
  /* Another thread sets it to stop the work soon. */
  const volatile int32_t *cancelled;
};

/*
 * Writes nodes × 32 bytes to out_path and syncs them. Returns NULL, or what failed, with errno as it was left;
 * LABELS_CANCELLED when stopped.
 */
extern const char LABELS_CANCELLED[];
const char *label_layer(const struct label_layer *job);

#endif
