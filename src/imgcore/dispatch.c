/* Which instruction sets may run here, and the table that goes with each. */
#include <string.h>

#include "kernels.h"

/* Best first. __builtin_cpu_supports wants literals, so no loop over names. */
static size_t supported(const kernels_t **tables) {
  size_t count = 0;
#ifdef IMGCORE_X86_LEVELS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) tables[count++] = &kernels_v4;
  if (__builtin_cpu_supports("x86-64-v3")) tables[count++] = &kernels_v3;
#endif
  tables[count++] = &kernels_base;
  return count;
}

const kernels_t *kernels_select(const char *level) {
  const kernels_t *tables[3];
  const size_t count = supported(tables);
  if (!level) return tables[0];
  for (size_t i = 0; i < count; i++)
    if (!strcmp(tables[i]->level, level)) return tables[i];
  return NULL;
}
