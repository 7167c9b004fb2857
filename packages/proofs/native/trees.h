/* Columns, trees and the replica of a sector, over files, on several threads. docs/spec/proofs.md sections 2 and 7. */
#ifndef GRANARY_TREES_H
#define GRANARY_TREES_H

#include "implementation.h"
#include "work.h"

struct piece {
  const char *path;
  /* In padded bytes, a multiple of 128. */
  uint64_t offset;
  uint64_t payload_bytes;
};

/* The data of a sector: pieces in order of their offsets, zeros between and after them. */
struct data_source {
  const struct piece *pieces;
  size_t count;
};

struct tree_job {
  const struct implementation *implementation;
  struct control *control;
  int threads;
  uint64_t nodes;
};

/* Layers 1 … L → treeC. */
const char *commit_columns(const struct tree_job *job, const uint8_t tag[NODE], const char *const *layer_paths,
                           size_t layers, const char *tree_path, uint8_t root[NODE]);

/* Data → CommD, no file written. */
const char *commit_data(const struct tree_job *job, const struct data_source *data, uint8_t root[NODE]);

struct encoding {
  struct data_source data;
  const char *key_path, *replica_path, *tree_r_path, *tree_d_path;
  uint8_t comm_d[NODE], comm_r_last[NODE];
};

/* Data and key → replica, treeR, treeD. */
const char *encode_sector(const struct tree_job *job, struct encoding *encoding);

/* A range of a replica without its key, as payload, from `offset` (padded bytes) on. */
const char *decode_payload(const struct tree_job *job, const char *replica_path, const char *key_path, uint64_t offset,
                           uint64_t payload_bytes, const char *out_path);

#endif
