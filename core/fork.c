/* Forks: Python works in a child that R's own C code forks (parallel::mclapply).
 *
 * R forks without the GIL. So the handler that runs before the fork takes the GIL, and the three
 * handlers call the functions that os.fork() calls. The entry is not suspended meanwhile, since the
 * functions of os.register_at_fork() run inside R's C code. These may fork, too, so `this_fork` is
 * written after they have run and read before they run. They may ask fork_is_rs(): R decides itself
 * which random numbers its children draw.
 * Owns: nothing. Threads: any; the C library may run the handlers of two forks at once, so each
 * thread has its own `this_fork`. Jumps: never. */

#include "core.h"
#include <pthread.h>

typedef struct {
  bool by_r;
  Door door;
} Fork;

static __thread Fork this_fork;
static bool made_by_r; /* this process, while its functions are told of the fork */

static void before(void) {
  Fork f = {.by_r = entry_mine() && !PyGILState_Check()};
  if (f.by_r) {
    door_open(&f.door);
    PyOS_BeforeFork();
  }
  this_fork = f;
  entry_before_fork();
}

static void tell_python(void (*after)(void)) {
  Fork f = this_fork;
  if (f.by_r) {
    after();
    door_close(&f.door);
  }
}

static void in_parent(void) {
  entry_in_parent();
  tell_python(PyOS_AfterFork_Parent);
}

static void in_child(void) {
  entry_in_child();
  made_by_r = this_fork.by_r;
  tell_python(PyOS_AfterFork_Child);
  made_by_r = false;
}

bool fork_is_rs(void) { return made_by_r; }

int fork_init(void) { return pthread_atfork(before, in_parent, in_child); }
