/* What the files of the core share. Read it in the order of a call:
 * entry (who may use R) -> condition (guards) -> convert (values) -> call/method (Python to R)
 * and door (R to Python); preserve, handle and proxy hold one language's objects for the other.
 *
 * Two locks and no others. `entry.c` has the stack of entries (the lock table is there), the
 * interpreter has the GIL. Nobody waits for the stack while holding the GIL. */
#ifndef PYCLASS_BRIDGE_CORE_H
#define PYCLASS_BRIDGE_CORE_H

#include "py_api.h" /* first: it decides what the system's headers declare */
#include "r_api.h"
#include <stdint.h>

/* ---- entry.c: the stack of entries ------------------------------------------------------- */

typedef struct Entry {
  uintptr_t below;        /* the word of the stack under this entry */
  uintptr_t thread;       /* who pushed it */
  PyThreadState *tstate;  /* saved while R runs without the GIL; NULL while this thread has it */
  const char *label;      /* what runs, for the report of a long wait; borrowed */
  PyObject *interrupt;    /* what a signal handler raised, and R has been told of; owned */
  SEXP caught;            /* cell of the condition and calls that R code left this entry with */
  PyObject *carrier;      /* the exception that carries an R jump to this entry's door; owned */
  SEXP jump;              /* the token of that jump; preserved */
  bool jumping;           /* the door has gone on with it */
  int first_young, young; /* the place of its proxies in proxy.c's list, and how many it has made */
  unsigned collections;   /* R's when they were put there */
  bool foreign;           /* pushed by rpy2's lock: holds the GIL, no guard of ours below */
  bool chained;           /* the entry below is this thread's own, suspended at one of our doors */
  bool isolated;          /* another thread's or a foreign entry is below */
} Entry;

int entry_push(Entry *e, const char *label); /* GIL held before and after; -1: Python exception */
void entry_pop(Entry *e);                    /* GIL held */
bool entry_is_free(void);                    /* would a push do without waiting? */
Entry *entry_mine(void);                     /* the top, if this thread runs in it; else NULL */
void entry_release_gil(Entry *e);
void entry_take_gil(Entry *e);
void entry_suspend(Entry *e); /* this thread goes to Python */
void entry_resume(Entry *e);  /* GIL held before and after; waits without it */
bool entry_on_main_thread(void);
int entry_init(uintptr_t main); /* the name of Python's main thread */
extern bool entry_poisoned;     /* set in a forked child whose R state is another thread's */

/* A door is one visit of R code in Python. */
typedef struct {
  Entry *entry;
  PyGILState_STATE gil;
  enum { DOOR_RESTORED, DOOR_ENSURED, DOOR_HELD } how;
} Door;
void door_open(Door *d);  /* takes the GIL: R and Python may both be used */
void door_leave(Door *d); /* suspends the entry: Python code may run */
void door_back(Door *d);  /* R may be used again; the GIL is still held */
void door_close(Door *d); /* gives the GIL up */

/* ---- condition.c: guards, R errors and Python exceptions --------------------------------- */

typedef void (*GuardBody)(void *);
int guarded(Entry *e, GuardBody body, void *data); /* 0, or -1: Python exception set */
int in_r(const char *label, GuardBody body, void *data);
NO_RETURN void door_raise(Door *d); /* Python exception -> R condition; closes the door */
SEXP guard_token(void);             /* for an R_UnwindProtect whose jump goes on at once */
void condition_forget(Entry *e);    /* inside it, GIL held: what was caught, and the jump */
SEXP core_caught(SEXP cond, SEXP calls);

/* ---- preserve.c: R values that Python holds ---------------------------------------------- */

void preserve_init(void);
SEXP preserve(SEXP x);         /* (jumps) O(1); the cell that holds x */
void preserve_release(SEXP c); /* any thread with the GIL: puts the cell on the queue */
void preserve_drain(void);     /* inside an entry */
void preserve_remove(SEXP c);  /* inside an entry, at once */
extern long preserve_live;

/* ---- handle.c: R values in Python --------------------------------------------------------- */

typedef struct {
  PyObject_HEAD
  SEXP value;
  SEXP cell;
  PyObject *weakrefs;
  PyObject *dict;
} Handle;
extern PyTypeObject HandleType;
PyObject *handle_new(SEXP x); /* (jumps) of the registered subclass */
PyObject *handle_adopt(SEXP x, SEXP cell);
int handle_init(PyObject *module);

/* ---- proxy.c: Python objects in R --------------------------------------------------------- */

SEXP proxy_new(PyObject *o, bool convert); /* (jumps) GIL held; finalized by R's collector;
                                             NULL: Python exception, here and below */
/* A proxy that is filled for the time of a call, and emptied and used again, or kept by R. */
typedef struct {
  SEXP proxy;
  SEXP pointer; /* has the object: the proxy itself, or in the environment of a callable */
  SEXP model;   /* has its attributes */
} Scoped;
bool scoped_new(Scoped *s, PyObject *o, bool convert); /* (jumps) empty; false: exception */
bool scoped_is_kept(Scoped *s);                        /* do two places of R's hold a part of it? */
void scoped_reset(Scoped *s); /* (jumps) the attributes are those that it was made with */
SEXP pointer_new(SEXP model, bool convert);   /* (jumps) empty */
void pointer_fill(SEXP pointer, PyObject *o); /* an empty one gets an object */
void pointer_keep(SEXP pointer);              /* (jumps) R's collector finalizes it from now on */
void pointer_drop(SEXP pointer);              /* GIL held: empties it and gives its object up */
bool proxy_is(SEXP x);
PyObject *proxy_object(SEXP x); /* borrowed; NULL with Python exception when cleared */
bool proxy_converts(SEXP x);
void proxy_begin(Entry *e, Entry *below); /* inside an entry, here and below */
void proxy_end(Entry *e);                 /* GIL held: R drops what nobody holds any more */
void proxy_collect(void);                 /* GIL held: what R has finalized */
void proxy_drain(void);                   /* GIL held: gives the collected objects up */
void proxy_init(void);                    /* (jumps) inside an entry */
extern long proxy_live;

/* ---- convert_to_r.c, convert_to_python.c: values ------------------------------------------ */

typedef enum { FOR_CALL, FOR_KEEPING } Crossing;           /* keeping: must come back identical */
SEXP to_r(PyObject *o, bool convert);                      /* (jumps) NULL: Python exception */
int to_python(SEXP x, Crossing crossing, PyObject **slot); /* (jumps) fills *slot; -1: exception */

/* ---- names.c: names that cross again and again -------------------------------------------- */

void names_init(void);
/* What R's list for a dict with these keys is made after: CAR a list whose one attribute are the
 * names, CDR the names. */
SEXP known_model(PyObject *dict);            /* NULL when it is not kept; no jump */
SEXP keep_model(PyObject *dict, SEXP names); /* (jumps) makes it, and may keep it */
PyObject *python_name(SEXP charsxp);         /* borrowed, interned; no jump; NULL: exception */
SEXP known_r_name(PyObject *key);            /* NULL when it is not kept; no jump */
SEXP r_name(PyObject *key, const char *text, int n); /* (jumps) keeps it */

/* ---- call.c, method.c: Python calls R ----------------------------------------------------- */

extern PyTypeObject FunctionType;
int function_init(PyObject *module);
extern bool result_is_quiet; /* did the last R function that Python called return invisibly? */

/* ---- door.c: what R calls ----------------------------------------------------------------- */

void door_symbols(SEXP env); /* (jumps) defines the native symbols in R's namespace */

/* ---- interrupt.c, output.c ---------------------------------------------------------------- */

void interrupt_init(void);
SEXP core_sleep(SEXP time); /* (jumps) */
void output_init(void);

/* ---- module.c: what Python and R gave the core at start ----------------------------------- */

typedef struct {
  PyObject *handle_type;       /* subclass of Handle for R values in Python */
  PyObject *from_r;            /* (condition, calls) -> exception */
  PyObject *from_error_text;   /* (text) -> exception */
  PyObject *jump_type;         /* exception for an R jump that carries no condition */
  PyObject *error_type;        /* RError */
  PyObject *convert_object;    /* (object) -> Handle, or NotImplemented for a proxy */
  PyObject *convert_array;     /* (handle or list of str, shape) -> NumPy array */
  PyObject *make_function;     /* (handle of a closure) -> Python function */
  PyObject *class_names;       /* (type) -> tuple of S3 class names */
  PyObject *super_type;        /* of what `super(Class, self)` gives */
  PyObject *make_private;      /* (instance) -> handle of its private environment */
  PyObject *private_table;     /* {id(instance): (weakref, handle)} */
  PyObject *from_hook;         /* (method or function) -> callable that takes R's index base */
  PyObject *argument_names;    /* (function, names that R gives) -> names */
  PyObject *write_console;     /* (bytes, is_error) */
  PyObject *report_wait;       /* (labels, thread ids, seconds) */
  PyObject *missing_attribute; /* (object, name, error) -> object, or raises */
  PyObject *missing;           /* default of an argument that R evaluates itself */
} PythonSide;
extern PythonSide py;

typedef struct {
  SEXP ns;            /* the namespace of the R side */
  SEXP chained_call;  /* installs the recorder of errors in a chained entry */
  SEXP isolated_call; /* installs all handlers in an isolated entry */
  SEXP guard_env;
  SEXP stop_python;   /* function (classes, exception) */
  SEXP stop_again;    /* function (condition) */
  SEXP classed_value; /* function (x): the value of a user's r_to_py method, or NULL */
  SEXP callable_formals, callable_body;
  SEXP super_formals, super_body, super_model;
  SEXP sym_proxy, sym_proxy_unconverted, sym_pointer, sym_self, sym_super, sym_private, sym_cls;
} RSide;
extern RSide r;

PyObject *call_python(PyObject *f, PyObject *a, PyObject *b); /* NULLs end the arguments */

#endif
