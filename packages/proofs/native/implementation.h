/* What hashes: portable C, or the SHA extensions of x86 where the CPU has them. */
#ifndef GRANARY_IMPLEMENTATION_H
#define GRANARY_IMPLEMENTATION_H

#include "label-kernel.h"
#include "nodes.h"

struct implementation {
  const char *name;
  sha256_compress_fn compress;
  sha256_compress_together_fn compress_together;
  hash_pairs_fn hash_pairs;
  hash_columns_fn hash_columns;
  label_run_fn label_run;
};

/* "c" or "shani"; NULL for what is not there. */
const struct implementation *implementation_named(const char *name);

#endif
