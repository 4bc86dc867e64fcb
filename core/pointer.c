/* The external pointers by which R holds Python objects, and the release of these objects.
 *
 * Owns: one Python reference for each filled pointer, released by pointer_drop() (at once) or
 * through R's finalizer, which only puts the object on a queue (drained with the GIL). Threads:
 * inside an entry with the GIL; the finalizer runs wherever R collects. Jumps: pointer_new,
 * pointer_hand_over, pointer_remember, pointer_watch and pointer_init; a pointer is filled after
 * the calls that may jump, so that a jump leaks no object. */

#include "core.h"

typedef struct {
  PyObject **objects;
  size_t n, room;
} Queue;

static Queue finalized;      /* guarded by the stack of entries: R collects inside an entry */
static Queue ready;          /* guarded by the GIL */
static Table with_finalizer; /* the pointers that R's collector finalizes, while they are filled */
static SEXP young; /* list of young proxies; an entry's stand after those of the one below */
long pointer_live;

#define YOUNG_OF_ENTRY 64
#define YOUNG (64 * YOUNG_OF_ENTRY)

/* Counts R's collections: each finalizes the object that watch_collections() has made. */
static unsigned collections;
static bool has_collected;

static void note_collection(SEXP unused) { has_collected = true; }

/* (jumps) */
static void watch_collections(void) {
  SEXP x = PROTECT(r_extptr(NULL, R_NilValue));
  r_finalizer(x, note_collection);
  collections += has_collected;
  has_collected = false;
  UNPROTECT(1);
}

unsigned pointer_watch(void) {
  if (has_collected)
    watch_collections();
  return collections;
}

void pointer_init(void) {
  young = r_alloc(VECSXP, YOUNG);
  r_preserve_object(young);
  watch_collections();
}

/* ---- releasing objects ---- */

/* When the queue can't grow, the object is leaked: better than a crash. */
static void put(Queue *q, PyObject *o) {
  if (q->n == q->room) {
    size_t more = q->room ? 2 * q->room : 256;
    PyObject **larger = realloc(q->objects, more * sizeof(PyObject *));
    if (!larger)
      return;
    q->objects = larger;
    q->room = more;
  }
  q->objects[q->n++] = o;
}

static void release(SEXP pointer) {
  PyObject *o = r_address(pointer);
  if (!o)
    return;
  r_clear_address(pointer);
  put(&finalized, o);
}

/* Has the object more references than the key of cycles.c says? Then code that ran since the search
 * needs it, or its own finalizer comes first. */
static bool is_needed(SEXP pointer) {
  SEXP key = r_protected(pointer);
  PyObject *o = r_address(pointer);
  return o && key != R_NilValue && Py_REFCNT(o) > (Py_ssize_t)r_address(key);
}

/* R's finalizer. (jumps) if the object is needed: then it is leaked. */
static void finalize(SEXP pointer) {
  if (is_needed(pointer)) {
    r_protect_by(pointer, R_NilValue);
    r_finalizer(pointer, finalize);
    return;
  }
  table_remove(&with_finalizer, pointer);
  release(pointer);
}

void pointer_expect(SEXP pointer, SEXP key, Py_ssize_t references) {
  r_set_address(key, (void *)references);
  r_protect_by(pointer, key);
}

Table *pointer_table(void) { return &with_finalizer; }

void pointer_collect(void) {
  while (finalized.n > 0)
    put(&ready, finalized.objects[--finalized.n]);
}

/* One at a time: a destructor may enter R, and R may collect there. */
void pointer_drain(void) {
  while (ready.n > 0) {
    PyObject *o = ready.objects[--ready.n];
    pointer_live--;
    Py_DECREF(o);
  }
}

void pointer_drop(SEXP pointer) {
  PyObject *o = r_address(pointer);
  if (!o)
    return;
  r_clear_address(pointer);
  pointer_live--;
  Py_DECREF(o);
}

/* ---- making and finding ---- */

SEXP pointer_new(SEXP model, bool convert) {
  SEXP x = PROTECT(r_extptr(NULL, convert ? r.sym_proxy : r.sym_proxy_unconverted));
  r_take_attribute(x, model);
  UNPROTECT(1);
  return x;
}

void pointer_fill(SEXP pointer, PyObject *o) {
  r_set_address(pointer, Py_NewRef(o));
  pointer_live++;
}

/* Without memory for the table, the pointer takes no part in the search for cycles. */
void pointer_hand_over(SEXP pointer) {
  r_finalizer(pointer, finalize);
  table_put(&with_finalizer, pointer, 1);
}

static bool is_pointer(SEXP x) {
  if (TYPEOF(x) != EXTPTRSXP)
    return false;
  SEXP tag = r_tag(x);
  return tag == r.sym_proxy || tag == r.sym_proxy_unconverted;
}

/* A closure is a callable proxy if its environment is a child of our namespace and has a pointer as
 * `.proxy`: users make no function in such an environment. */
SEXP pointer_in(SEXP x) {
  if (TYPEOF(x) == CLOSXP) {
    SEXP env = r_closure_env(x);
    x = r_is_child_of(env, r.ns) ? r_var(env, r.sym_pointer) : NULL;
  }
  return x && is_pointer(x) ? x : NULL;
}

bool pointer_is_held_twice(SEXP proxy, SEXP pointer) {
  return r_is_held_twice(proxy) || r_is_held_twice(pointer) ||
         (proxy != pointer && r_is_held_twice(r_closure_env(proxy)));
}

/* ---- young proxies ----
 * A bound method is made to be called once (`self$step()`, `super$initialize()`), and holds its
 * instance; R's collector would free it late. So a list holds the last bound methods that each
 * entry has made. When the entry ends, those that nothing else holds release their objects. The
 * others get a finalizer of R, and so do those for which the list has no place; R counts a
 * finalizer as a holder, so no proxy in the list has one. An entry may last as long as a script:
 * after two collections its proxies are no longer young.
 *
 * Other objects have a finalizer from the start. In `f(x) <- v`, R does not count what `v` holds
 * before the user's replacement function evaluates it, so the count can't tell whether an object
 * that is used more than once is still needed. */

void pointer_begin(Entry *e, Entry *below) {
  int made = below ? below->young : 0;
  e->first_young = below ? below->first_young : 0;
  e->first_young += made < YOUNG_OF_ENTRY ? made : YOUNG_OF_ENTRY;
  e->young = 0;
  e->collections = collections;
}

/* If R code has replaced the pointer of a callable, the object is leaked. */
static void hand_over(SEXP proxy) {
  SEXP pointer = pointer_in(proxy);
  if (pointer)
    pointer_hand_over(pointer);
}

static int count_young(Entry *e) { return e->young < YOUNG_OF_ENTRY ? e->young : YOUNG_OF_ENTRY; }

/* Hands over the young proxies of the entry on top. */
static void hand_over_young(void *entry) {
  Entry *e = entry;
  for (R_xlen_t i = e->first_young; i < e->first_young + count_young(e); i++) {
    hand_over(VECTOR_ELT(young, i));
    SET_VECTOR_ELT(young, i, R_NilValue);
  }
}

void pointer_remember(SEXP proxy, Entry *e) {
  if (!e || e->foreign || e->first_young + YOUNG_OF_ENTRY > YOUNG) {
    hand_over(proxy);
    return;
  }
  if (pointer_watch() - e->collections > 1) {
    hand_over_young(e);
    e->collections = collections;
  }
  R_xlen_t place = e->first_young + e->young % YOUNG_OF_ENTRY;
  SEXP older = PROTECT(VECTOR_ELT(young, place)); /* or R's NULL */
  SET_VECTOR_ELT(young, place, proxy);
  e->young++;
  /* Last: R may collect, and a finalizer may remember a proxy for the same entry. */
  hand_over(older);
  UNPROTECT(1);
}

/* If handing over fails twice (R has no memory), the objects are leaked. */
void pointer_end(Entry *e) {
  bool any_left = false;
  const R_xlen_t first = e->first_young, end = first + count_young(e);
  for (R_xlen_t i = first; i < end; i++) {
    SEXP proxy = VECTOR_ELT(young, i), pointer = pointer_in(proxy);
    if (pointer && !pointer_is_held_twice(proxy, pointer)) {
      release(pointer);
      SET_VECTOR_ELT(young, i, R_NilValue);
    }
    any_left |= VECTOR_ELT(young, i) != R_NilValue;
  }
  if (any_left && !r_toplevel(hand_over_young, e) && !r_toplevel(hand_over_young, e))
    for (R_xlen_t i = first; i < first + count_young(e); i++)
      SET_VECTOR_ELT(young, i, R_NilValue);
}
