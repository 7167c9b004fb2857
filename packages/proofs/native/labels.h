/* The labels of one layer of one to four sectors, from and into files. docs/spec/proofs.md section 6. */
#ifndef GRANARY_LABELS_H
#define GRANARY_LABELS_H

#include "implementation.h"
#include "work.h"

/* Labels of two layers of some sectors, side by side. What was the layer is the layer before of the next call. */
struct label_memory {
  int lanes;
  uint64_t nodes;
  uint8_t *labels, *previous;
  size_t bytes;
  /* The layer in `labels`, whole, and of which sectors; 0 if none. */
  uint32_t held;
  uint8_t replica_ids[LANES_MAX][NODE];
};

/* NULL when there is not so much memory. */
struct label_memory *label_memory_create(int lanes, uint64_t nodes);
/* Gives the labels back to the system; `labels` is NULL then. */
void label_memory_release(struct label_memory *memory);
void label_memory_free(struct label_memory *memory);

struct label_job {
  const struct implementation *implementation;
  struct control *control;
  struct label_memory *memory;
  uint8_t replica_ids[LANES_MAX][NODE];
  uint32_t layer;
  /* Nodes that are there already, in every lane's file, and the digest of them, which is checked. */
  uint64_t first;
  uint8_t digests[LANES_MAX][SHA256_BYTES];
  const char *parents_path;
  /* NULL on layer 1. */
  const char *previous_paths[LANES_MAX];
  const char *out_paths[LANES_MAX];
  const char *checkpoint_paths[LANES_MAX];
  uint64_t checkpoint_ms;
};

/*
 * Writes and syncs nodes × 32 bytes for each lane, and leaves their digests in the job. While it runs, and when it is
 * stopped, checkpoints say how much of the files is sound.
 */
const char *label_layer(struct label_job *job);

#endif
