/* Fault points: a test makes the n-th use of R from now fail, once.
 *
 * Owns: the counters. Threads: inside an entry, or with the GIL. Jumps: fault_hit(), at the n-th
 * point. */

#include "core.h"

int fault_countdown;
static long passed;

void fault_hit(void) {
  passed++;
  if (fault_countdown > 0 && --fault_countdown == 0)
    r_error("injected fault");
}

long fault_set(int n) {
  long before = passed;
  fault_countdown = n;
  passed = 0;
  return before;
}
