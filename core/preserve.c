/* R values that Python holds: a doubly linked R list with O(1) insertion and removal.
 *
 * Owns: the list's head (R_PreserveObject, for the life of the process) and the queue of cells to
 * be unlinked. A cell is freed by R's collector once it is off the list. Threads: `preserve`,
 * `preserve_remove` and `preserve_drain` inside an entry; `preserve_release` on any thread that
 * holds the GIL, which guards the queue. Jumps: only `preserve`. */

#include "core.h"

static SEXP head; /* a cell's CAR is the cell before, its CDR the cell after, its TAG the value */
static SEXP *queue;
static size_t queued, room;
long preserve_live;

void preserve_init(void) {
  SEXP last = PROTECT(r_cons(R_NilValue, R_NilValue));
  head = r_cons(R_NilValue, last);
  r_preserve_object(head);
  SETCAR(last, head);
  UNPROTECT(1);
}

SEXP preserve(SEXP x) {
  PROTECT(x);
  SEXP cell = PROTECT(r_cons(R_NilValue, R_NilValue));
  SET_TAG(cell, x);
  preserve_link(cell);
  preserve_live++;
  UNPROTECT(2);
  return cell;
}

void preserve_unlink(SEXP cell) {
  SEXP before = CAR(cell), after = CDR(cell);
  SETCDR(before, after);
  SETCAR(after, before);
  SETCAR(cell, R_NilValue);
  SETCDR(cell, R_NilValue);
}

void preserve_link(SEXP cell) {
  SEXP after = CDR(head);
  SETCAR(cell, head);
  SETCDR(cell, after);
  SETCAR(after, cell);
  SETCDR(head, cell);
}

static void unlink_cell(SEXP cell) {
  preserve_unlink(cell);
  SET_TAG(cell, R_NilValue);
  preserve_live--;
}

void preserve_remove(SEXP cell) { unlink_cell(cell); }

/* When the queue can't grow, the value is leaked: better than a crash. */
void preserve_release(SEXP cell) {
  if (queued == room) {
    size_t more = room ? 2 * room : 256;
    SEXP *larger = realloc(queue, more * sizeof(SEXP));
    if (!larger)
      return;
    queue = larger;
    room = more;
  }
  queue[queued++] = cell;
}

void preserve_drain(void) {
  while (queued > 0)
    unlink_cell(queue[--queued]);
}
