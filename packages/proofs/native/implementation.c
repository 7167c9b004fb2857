#include "implementation.h"

#include <string.h>

static const struct implementation PORTABLE = {
    "c", sha256_compress_portable, sha256_compress_together_portable, hash_pairs_portable, hash_columns_portable,
    label_run_portable};

#if defined(__x86_64__)
#include <cpuid.h>

static const struct implementation SHANI = {
    "shani", sha256_compress_shani, sha256_compress_together_shani, hash_pairs_shani, hash_columns_shani,
    label_run_shani};

static int ask_cpu(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  const int sha = b >> 29 & 1;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  const int ssse3 = c >> 9 & 1, sse41 = c >> 19 & 1;
  return sha && ssse3 && sse41;
}

/* Asked once: under a hypervisor the question alone takes as long as 400 pairs. */
static int has_shani(void) {
  enum { UNKNOWN, NO, YES };
  static int known = UNKNOWN;
  int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (answer == UNKNOWN) __atomic_store_n(&known, answer = ask_cpu() ? YES : NO, __ATOMIC_RELAXED);
  return answer == YES;
}
#endif

const struct implementation *implementation_named(const char *name) {
#if defined(__x86_64__)
  if (strcmp(name, SHANI.name) == 0) return has_shani() ? &SHANI : NULL;
#endif
  return strcmp(name, PORTABLE.name) == 0 ? &PORTABLE : NULL;
}
