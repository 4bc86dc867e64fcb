/* Garbage in a circle through both languages: an instance holds an R function, whose environment
 * holds a proxy of the instance. R's collector sees a value that Python holds, Python's an object
 * that R holds, and neither frees it.
 *
 * So the search gives R's collector the whole picture for one collection:
 *   1. The objects that R's pointers hold, and what can be reached from them, are counted as Python's
 *      own collector does it: an object with more references than these objects and R's pointers
 *      account for is held from outside, and so is what it holds. The others are loose.
 *   2. The loose objects get a picture in R: a node for each, which holds the nodes of what the
 *      object holds, and the cell of the R value that it holds. Each pointer holds the node of its
 *      object, and a key.
 *   3. The cells of the loose objects leave the list of what Python holds, and R collects. A key that
 *      R finalizes tells that its pointer is garbage: nothing reaches it in R, nor in Python, nor by
 *      way of both.
 *   4. The cells are put back. R finalizes the garbage pointers, which give up their objects.
 * Nothing runs between 1 and 4: R runs the finalizer that was registered last first, so those of the
 * keys come before all others, which may be R code. If a garbage object has a finalizer of Python
 * (__del__) that has not run, all garbage is spared, the finalizers run while everything is whole,
 * and the search begins anew.
 *
 * Owns: a Search and its tables, while it runs. Threads: inside an entry with the GIL. Jumps: none;
 * what may jump runs in r_toplevel(). */

#include "core.h"

bool cycles_are_wished;

#define FEWEST 1000 /* so many pointers are always too few for a search */
#define MOST_ROUNDS 3

typedef struct {
  PyObject *o;      /* borrowed: nothing is released during a search */
  Py_ssize_t inner; /* its references from the other objects and from R's pointers */
  bool is_held;     /* from outside */
  bool is_garbage;  /* known only of those with a finalizer */
  SEXP node;        /* of a loose one: CAR is its cell, CDR the nodes of what it holds */
} Object;

typedef struct {
  SEXP pointer;
  bool is_garbage;
} Pointer;

typedef struct {
  Object *objects;
  size_t n, room;
  Table places;  /* {object: its place, from 1} */
  Table private; /* {instance: its row in the table of bridge/private.py} */
  Table left;    /* dicts that are not followed: those of modules, and that of `private` */
  Pointer *pointers;
  size_t n_pointers;
  SEXP *cells; /* those of the loose objects */
  size_t n_cells;
  size_t *held; /* places of what the object at hand holds */
  size_t n_held, held_room;
  bool no_memory, is_unlinked, is_decided;
  PyObject *to_finalize; /* a list */
  Py_ssize_t released;
} Search;

static Search *search; /* the running one; NULL: none */
static SEXP marker;    /* the tag of its keys */
static size_t limit = FEWEST;
static unsigned seen_collections;

/* ---- 1: what is loose ---- */

/* Modules and classes that are not R's live as long as the process, as a rule: what they hold counts
 * as held from outside. */
static bool is_followed(Search *s, PyObject *o) {
  if (!PyObject_IS_GC(o) || !PyObject_GC_IsTracked(o) || PyModule_Check(o))
    return false;
  if (PyType_Check(o))
    return mark_is_r_class((PyTypeObject *)o);
  return !PyDict_CheckExact(o) || !table_has(&s->left, o);
}

/* The private environment of an instance lives as long as the instance. */
static void for_each_held(Search *s, PyObject *o, visitproc visit) {
  PyObject *row = (PyObject *)table_get(&s->private, o);
  Py_TYPE(o)->tp_traverse(o, visit, s);
  if (row)
    visit(row, s);
}

static Object *find(Search *s, PyObject *o) {
  uintptr_t place = table_get(&s->places, o);
  return place ? &s->objects[place - 1] : NULL;
}

static bool add(Search *s, PyObject *o) {
  if (s->n == s->room) {
    size_t room = s->room ? 2 * s->room : 256;
    Object *larger = realloc(s->objects, room * sizeof *larger);
    if (!larger)
      return false;
    s->objects = larger;
    s->room = room;
  }
  s->objects[s->n++] = (Object){.o = o};
  return table_put(&s->places, o, s->n);
}

static int count(PyObject *o, void *arg) {
  Search *s = arg;
  Object *known = find(s, o);
  if (!known && is_followed(s, o)) {
    s->no_memory |= !add(s, o);
    known = s->no_memory ? NULL : &s->objects[s->n - 1];
  }
  if (known)
    known->inner++;
  return s->no_memory;
}

static void read_private(Search *s) {
  PyObject *key, *row;
  Py_ssize_t at = 0;
  while (PyDict_Next(py.private_table, &at, &key, &row))
    s->no_memory |= !table_put(&s->private, PyLong_AsVoidPtr(key), (uintptr_t)row);
  PyErr_Clear();
}

static void read_modules(Search *s) {
  PyObject *modules = PyImport_GetModuleDict(), *name, *module;
  Py_ssize_t at = 0;
  s->no_memory |= !table_put(&s->left, py.private_table, 1);
  while (PyDict_Next(modules, &at, &name, &module))
    if (PyModule_Check(module))
      s->no_memory |= !table_put(&s->left, PyModule_GetDict(module), 1);
}

static void read_pointers(Search *s) {
  Table *known = pointer_table();
  s->pointers = calloc(known->n + 1, sizeof *s->pointers);
  s->no_memory |= !s->pointers;
  for (size_t i = 0; i < known->room && !s->no_memory; i++) {
    SEXP pointer = known->slots[i].key;
    if (!pointer || !r_address(pointer))
      continue;
    s->pointers[s->n_pointers++].pointer = pointer;
    count(r_address(pointer), s);
  }
}

/* ---- what is held ---- */

static int hold(PyObject *o, void *arg) {
  Search *s = arg;
  Object *known = find(s, o);
  if (!known || known->is_held)
    return 0;
  known->is_held = true;
  s->held[s->n_held++] = (size_t)(known - s->objects);
  return 0;
}

/* `held` has room for all: each object is put there once. */
static void hold_from_outside(Search *s) {
  s->held = calloc(s->n + 1, sizeof *s->held);
  s->held_room = s->n + 1;
  s->no_memory |= !s->held;
  for (size_t i = 0; i < s->n && !s->no_memory; i++)
    if (Py_REFCNT(s->objects[i].o) > s->objects[i].inner)
      hold(s->objects[i].o, s);
  while (s->n_held > 0)
    for_each_held(s, s->objects[s->held[--s->n_held]].o, hold);
}

static void find_cells(Search *s) {
  s->cells = calloc(s->n + 1, sizeof *s->cells);
  s->no_memory |= !s->cells;
  for (size_t i = 0; i < s->n && !s->no_memory; i++) {
    SEXP cell = s->objects[i].is_held ? NULL : cell_of(s->objects[i].o);
    if (cell)
      s->cells[s->n_cells++] = cell;
  }
}

static void find_loose(Search *s) {
  read_private(s);
  read_modules(s);
  read_pointers(s);
  for (size_t i = 0; i < s->n && !s->no_memory; i++) /* grows on its way */
    for_each_held(s, s->objects[i].o, count);
  if (!s->no_memory)
    hold_from_outside(s);
  if (!s->no_memory)
    find_cells(s);
}

/* ---- 2: the picture in R ---- */

static bool has_finalizer(PyObject *o) {
  return Py_TYPE(o)->tp_finalize && !PyObject_GC_IsFinalized(o);
}

static void note_key(SEXP key) {
  uintptr_t place = (uintptr_t)r_address(key);
  if (!search || r_tag(key) != marker || place == 0)
    return;
  if (place <= search->n_pointers)
    search->pointers[place - 1].is_garbage = true;
  else
    search->objects[place - 1 - search->n_pointers].is_garbage = true;
}

/* (jumps) The place counts from 1, the pointers before the objects. */
static SEXP make_key(uintptr_t place) {
  SEXP key = PROTECT(r_extptr((void *)place, marker));
  r_finalizer(key, note_key);
  UNPROTECT(1);
  return key;
}

static int note_held(PyObject *o, void *arg) {
  Search *s = arg;
  Object *known = find(s, o);
  if (!known || known->is_held)
    return 0;
  if (s->n_held == s->held_room) {
    size_t *larger = realloc(s->held, 2 * s->held_room * sizeof *larger);
    s->no_memory |= !larger;
    if (!larger)
      return -1;
    s->held = larger;
    s->held_room *= 2;
  }
  s->held[s->n_held++] = (size_t)(known - s->objects);
  return 0;
}

/* (jumps) Collects the places first: no jump may leave a type's tp_traverse(). */
static void draw_held(Search *s, Object *object) {
  s->n_held = 0;
  for_each_held(s, object->o, note_held);
  for (size_t i = 0; i < s->n_held; i++)
    SETCDR(object->node, r_cons(s->objects[s->held[i]].node, CDR(object->node)));
}

/* (jumps) Gives each loose object its node; the value holds all of them. */
static SEXP draw_nodes(Search *s) {
  SEXP all = PROTECT(r_cons(R_NilValue, R_NilValue));
  for (size_t i = 0; i < s->n; i++) {
    Object *object = &s->objects[i];
    if (object->is_held)
      continue;
    SEXP cell = cell_of(object->o);
    object->node = r_cons(cell ? cell : R_NilValue, R_NilValue);
    SETCDR(all, r_cons(object->node, CDR(all)));
    if (has_finalizer(object->o))
      SET_TAG(object->node, make_key(s->n_pointers + i + 1));
  }
  UNPROTECT(1);
  return all;
}

/* (jumps) */
static void draw(Search *s) {
  PROTECT(draw_nodes(s));
  for (size_t i = 0; i < s->n && !s->no_memory; i++)
    if (!s->objects[i].is_held)
      draw_held(s, &s->objects[i]);
  for (size_t i = 0; i < s->n_pointers; i++) {
    SEXP key = PROTECT(make_key(i + 1)), pointer = s->pointers[i].pointer;
    Object *object = find(s, r_address(pointer));
    SEXP node = object && !object->is_held ? object->node : R_NilValue;
    r_protect_by(pointer, r_cons(key, node));
    UNPROTECT(1);
  }
  UNPROTECT(1);
}

/* ---- 3 and 4: R collects, and everything is put back ---- */

static void link_cells(Search *s) {
  for (size_t i = 0; i < s->n_cells && s->is_unlinked; i++)
    preserve_link(s->cells[i]);
  s->is_unlinked = false;
}

/* The objects whose finalizers come before anything is released. Without memory for the list they
 * are spared, too. */
static bool list_finalizers(Search *s) {
  bool any = false;
  for (size_t i = 0; i < s->n; i++)
    if (s->objects[i].is_garbage) {
      any = true;
      if (PyList_Append(s->to_finalize, s->objects[i].o) < 0)
        PyErr_Clear();
    }
  return any;
}

/* R's own finalizers of the garbage pointers run later, among those of R code in the order that R
 * gives them. */
static void decide(Search *s) {
  bool spare = list_finalizers(s);
  s->is_decided = true;
  for (size_t i = 0; i < s->n_pointers; i++) {
    SEXP pointer = s->pointers[i].pointer;
    Object *object = find(s, r_address(pointer));
    if (s->pointers[i].is_garbage) {
      bool is_loose = object && !object->is_held;
      Py_ssize_t expected = is_loose ? object->inner : PY_SSIZE_T_MAX;
      pointer_expect(pointer, CAR(r_protected(pointer)), spare ? 0 : expected);
      s->released += !spare;
    } else {
      r_protect_by(pointer, R_NilValue);
    }
  }
}

/* R has run no finalizer, as in a finalizer of its own: nothing is known of any pointer. */
static void give_up(Search *s) {
  link_cells(s);
  for (size_t i = 0; i < s->n_pointers; i++)
    if (table_has(pointer_table(), s->pointers[i].pointer))
      r_protect_by(s->pointers[i].pointer, R_NilValue);
}

/* The first finalizer that R runs after the collection, and the last one of the search. */
static void first(SEXP unused) {
  if (search)
    link_cells(search);
}

static void last(SEXP key) {
  if (search && r_tag(key) == marker && !search->is_decided)
    decide(search);
}

static void let_r_collect(void *arg) {
  Search *s = arg;
  marker = PROTECT(r_cons(R_NilValue, R_NilValue));
  SEXP at_last = PROTECT(r_extptr(NULL, marker));
  r_finalizer(at_last, last);
  draw(s);
  SEXP at_first = PROTECT(r_extptr(NULL, R_NilValue));
  r_finalizer(at_first, first);
  UNPROTECT(3);
  if (s->no_memory)
    return;
  for (size_t i = 0; i < s->n_cells; i++)
    preserve_unlink(s->cells[i]);
  s->is_unlinked = true;
  r_collect();
}

/* The list is made first: Python's own collector may run where an object is made, but nothing may run
 * between counting the references and deciding. */
static void search_once(Search *s) {
  s->to_finalize = PyList_New(0);
  find_loose(s);
  if (s->n_cells > 0 && !s->no_memory && s->to_finalize) {
    search = s;
    r_toplevel(let_r_collect, s);
    if (!s->is_decided)
      give_up(s);
    search = NULL;
  }
  PyErr_Clear();
}

static void free_search(Search *s) {
  table_free(&s->places);
  table_free(&s->private);
  table_free(&s->left);
  free(s->objects);
  free(s->pointers);
  free(s->cells);
  free(s->held);
}

/* ---- when ---- */

static void watch(void *arg) { *(unsigned *)arg = pointer_watch(); }

bool cycles_are_due(void) { return cycles_are_wished || pointer_table()->n >= limit; }

/* Pointers that R has not collected yet are no garbage in a circle: there is no search before R's
 * next collection. */
static bool has_r_collected(void) {
  unsigned now = seen_collections;
  r_toplevel(watch, &now);
  bool has = now != seen_collections;
  seen_collections = now;
  return has;
}

/* False: there was none to run. */
static bool run_finalizers(Entry *e, PyObject *list) {
  Py_ssize_t n = list ? PyList_GET_SIZE(list) : 0;
  if (n > 0) {
    entry_suspend(e);
    for (Py_ssize_t i = 0; i < n; i++)
      PyObject_CallFinalizer(PyList_GET_ITEM(list, i));
    PyObject *back = entry_resume(e, Py_NewRef(Py_None));
    if (!back && PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
      PyErr_SetInterrupt(); /* a Ctrl-C meanwhile comes again, after the search */
    PyErr_Clear();
    Py_XDECREF(back);
  }
  Py_XDECREF(list);
  return n > 0;
}

Py_ssize_t cycles_collect(Entry *e) {
  static bool is_running;
  Py_ssize_t released = 0;
  if (is_running || (!cycles_are_wished && !has_r_collected()))
    return 0;
  is_running = true;
  cycles_are_wished = false;
  PyObject *exception = py_take_exception();
  bool again = true;
  for (int round = 0; again && round < MOST_ROUNDS; round++) {
    Search s = {.n = 0};
    search_once(&s);
    free_search(&s);
    released += s.released;
    again = run_finalizers(e, s.to_finalize);
  }
  limit = 2 * pointer_table()->n + FEWEST;
  py_set_exception(exception);
  is_running = false;
  return released;
}
