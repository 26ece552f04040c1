/* Which instruction sets may run here, and the function that goes with each. */
#include "scans.h"

#include <string.h>

extern scans_t scans_base;
#ifdef IMGCORE_X86_LEVELS
extern scans_t scans_v3;

/* Zen to Zen 2 take hundreds of cycles to spread bits, and are faster without. */
static bool wants_v3(const char *level) {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("x86-64-v3")) return false;
  return *level ? strcmp(level, "base") : !__builtin_cpu_is("amdfam17h");
}
#endif

scans_t *scans_select(const char *level) {
#ifdef IMGCORE_X86_LEVELS
  if (wants_v3(level)) return scans_v3;
#endif
  (void)level;
  return scans_base;
}
