/* Tells R the bounds of the running thread's C stack, so that R detects an overflow.
 *
 * Owns: nothing. Threads: `mine` is thread-local; `told` is written only by the owner of the
 * top of the stack of entries. Jumps: never. */

#include "core.h"
#include <pthread.h>

#define LEAST_STACK ((size_t)512 * 1024)
#define STACK_RESERVE ((size_t)128 * 1024)
#define IN_AN_OVERFLOW 0.95 /* R uses the rest while it handles an overflow */
#define LARGEST_STACK ((size_t)1 << 30)

static struct {
  uintptr_t thread, start;
  size_t size;
} told; /* the stack for which R's limits are set */

static __thread struct {
  bool known;
  uintptr_t start;
  size_t size;
} mine;

static void learn_stack(void) {
  pthread_attr_t attr;
  void *low = NULL;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attr) == 0) {
    pthread_attr_getstack(&attr, &low, &size);
    pthread_attr_destroy(&attr);
  }
  mine.start = (uintptr_t)low + size;
  mine.size = size > LARGEST_STACK ? LARGEST_STACK : size;
  mine.known = true;
}

bool c_stack_is_large_enough(void) {
  if (!mine.known)
    learn_stack();
  return mine.size >= LEAST_STACK;
}

size_t c_stack_size(void) { return mine.size; }

uintptr_t c_stack_start(void) { return mine.start; }

void c_stack_tell_r(void) {
  const uintptr_t thread = (uintptr_t)pthread_self();
  if (told.thread == thread && told.start == mine.start && told.size == mine.size)
    return; /* a new thread may have the id of an old one, but another stack */
  R_CStackStart = mine.start;
  R_CStackLimit = (uintptr_t)(IN_AN_OVERFLOW * (double)(mine.size - STACK_RESERVE));
  told.thread = thread;
  told.start = mine.start;
  told.size = mine.size;
}
