/* The parents table of a graph, into a file, on several threads. docs/spec/proofs.md section 5. */
#ifndef GRANARY_PARENTS_H
#define GRANARY_PARENTS_H

#include "graph.h"
#include "implementation.h"
#include "work.h"

struct parents_job {
  const struct implementation *implementation;
  struct control *control;
  int threads;
  struct graph graph;
  /* Rows that are there already, and the digest of them, which is checked. */
  uint64_t first;
  uint8_t digest[SHA256_BYTES];
  const char *path;
  const char *checkpoint_path;
};

/* Writes and syncs the table and leaves its digest in the job. Checkpoints say how much of it is sound. */
const char *build_parents(struct parents_job *job);

#endif
