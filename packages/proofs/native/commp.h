/* CommP of a file or a stream, in constant memory. docs/spec/proofs.md section 2. */
#ifndef GRANARY_COMMP_H
#define GRANARY_COMMP_H

#include "implementation.h"
#include "work.h"

struct commp_job {
  const struct implementation *implementation;
  struct control *control;
  /* More than one for a file that can be read at any offset. */
  int threads;
  /* Read from `fd`, to its end, without closing it. */
  int fd;
  uint8_t root[NODE];
  uint64_t padded_bytes, payload_bytes;
};

const char *commit_payload(struct commp_job *job);

/* 4 MiB, padded. */
#define COMMIT_BYTES_MAX ((size_t)127 * 512 * 64)
/*
 * The same of bytes in memory, at most COMMIT_BYTES_MAX. What follows them, up to whole units and FR32_SLACK, is written over.
 */
const char *commit_bytes(struct commp_job *job, uint8_t *payload, size_t length);

/* The root of 2^height leaves of zeros. */
void zero_root(hash_pairs_fn hash_pairs, unsigned height, uint8_t root[NODE]);

#endif
