/* Which instruction sets may run here, and the tables that go with each. */
#include <string.h>

#include "kernels.h"

#define TABLES(level)                                                        \
  extern const kernels_t kernels_##level##_8, kernels_##level##_16, kernels_##level##_32; \
  static const kernels_t *const level[DEPTHS] = {&kernels_##level##_8, &kernels_##level##_16, \
                                                 &kernels_##level##_32}

TABLES(base);
#ifdef IMGCORE_X86_LEVELS
TABLES(v3);
TABLES(v4);
#endif

/* Best first. __builtin_cpu_supports wants literals, so no loop over names. */
static size_t supported(const kernels_t *const **tables) {
  size_t count = 0;
#ifdef IMGCORE_X86_LEVELS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) tables[count++] = v4;
  if (__builtin_cpu_supports("x86-64-v3")) tables[count++] = v3;
#endif
  tables[count++] = base;
  return count;
}

const kernels_t *const *kernels_select(const char *level) {
  const kernels_t *const *tables[3];
  const size_t count = supported(tables);
  if (!level) return tables[0];
  for (size_t i = 0; i < count; i++)
    if (!strcmp(tables[i][0]->level, level)) return tables[i];
  return NULL;
}
