/* The declarations that the files of the core share, and their layers. A file calls only functions
 * of files that stand before it in this list (tests/core/test_layers.py reads it):
 *
 *   fault given marks table preserve names pointer c_stack jump entry door fork interrupt output
 *   handle proxy exiting condition host facts code_hash memory origin convert_to_r
 *   convert_to_python method cycles arguments call visit primitives module
 *
 * A layer reaches those above it in three ways: it calls Python through `py`, it calls R through
 * `r` (given.c), and R calls the core's function pointers: finalizers (pointer), the poll for
 * events (interrupt), the console (output) and the primitives.
 *
 * There are two locks: the stack of entries (its lock table is in entry.c) and Python's GIL. No
 * thread waits for the stack while it holds the GIL. */
#ifndef PYCLASS_BRIDGE_CORE_H
#define PYCLASS_BRIDGE_CORE_H

#include "py_api.h" /* first: it decides what the system's headers declare */
#include "r_api.h"
#include <stdint.h>

/* Of a variable: each thread has its own, read without a call of the dynamic linker's function. */
#define THREAD_LOCAL __thread __attribute__((tls_model("initial-exec")))

/* ---- fault.c ----------------------------------------------------------------------------- */

long fault_set(int n); /* makes the n-th fault point from now fail (0: none, negative: count only);
                          returns how many were passed since the last call */

/* ---- given.c: what Python and R gave the core at start ----------------------------------- */

typedef struct {
  PyObject *handle_type;       /* subclass of Handle for R values in Python */
  PyObject *from_r;            /* (condition, calls) -> exception */
  PyObject *from_error_text;   /* (text) -> exception */
  PyObject *remember_error;    /* (exception that is to become an R condition) */
  PyObject *jump_type;         /* exception for an R jump that carries no condition */
  PyObject *error_type;        /* RError */
  PyObject *converter_of;      /* (type) -> (object) -> Handle, (Handle,) or NotImplemented */
  PyObject *by_method;         /* (object) -> Handle: what a user's py_to_r() method gives */
  PyObject *convert_array;     /* (handle or list of str, shape) -> NumPy array */
  PyObject *convert_classed;   /* (handle, name of its rule) -> object, or the handle */
  PyObject *make_function;     /* (handle of a closure) -> Python function */
  PyObject *class_names;       /* (type) -> tuple of S3 class names */
  PyObject *super_type;        /* of the object that `super(Class, self)` returns */
  PyObject *make_private;      /* (instance) -> handle of its private environment */
  PyObject *private_table;     /* {id(instance): (weakref, handle)} */
  PyObject *from_hook;         /* (method or function) -> callable that takes R's index base */
  PyObject *argument_names;    /* (function, R's argument names) -> Python's */
  PyObject *write_console;     /* (bytes, is_error) */
  PyObject *has_terminal;      /* () -> bool */
  PyObject *report_wait;       /* (label or None, thread id or 0, seconds) */
  PyObject *missing_attribute; /* (object, name, error) -> object, or raises */
  PyObject *last_module;       /* the dict of a module of the package that Python empties early */
  PyObject *missing;           /* stands for the missing default of a parameter */
} GivenByPython;
extern GivenByPython py;

typedef struct {
  SEXP ns;            /* the namespace `pyclassbridge` */
  SEXP chained_call;  /* installs the recorder of errors in a chained entry */
  SEXP stacks_call;   /* gives the calls that install R's present handlers and restarts */
  SEXP isolated_call; /* installs all handlers in an isolated entry */
  SEXP abort_call;    /* jumps to R's top level */
  SEXP cat_call;      /* does cat() print now? */
  SEXP hides_call;    /* does R print no errors? */
  SEXP guard_env;
  SEXP classed_value; /* function (x): a user's method's value, the name of a rule, or NULL */
  SEXP methods;       /* the environment of the registered S3 methods of the namespace */
  SEXP callable_formals, callable_body;
  SEXP super_formals, super_body, super_model;
  SEXP sym_proxy, sym_proxy_unconverted, sym_pointer, sym_self, sym_super, sym_private, sym_cls;
} GivenByR;
extern GivenByR r;

PyObject *call_python(PyObject *f, PyObject *a, PyObject *b); /* NULLs end the arguments */

/* ---- marks.c: the marks of functions and classes (listed there) -------------------------- */

int marks_init(void);
bool mark_counts_from_one(PyObject *o); /* a function or method */
bool mark_stores(PyObject *o);          /* a method */
PyObject *mark_stands_for(PyObject *o); /* borrowed; NULL: no mark, here and below */
PyObject *mark_closure(PyObject *o);    /* borrowed */
bool mark_is_r_code(PyObject *o); /* a function, method, class or callable whose call runs R's */
bool mark_is_r_class(PyTypeObject *type); /* here and below, inherited marks count */
PyObject *mark_call(PyTypeObject *type);  /* borrowed */

/* ---- table.c: hash tables whose keys are addresses --------------------------------------- */

typedef struct {
  void *key; /* NULL: a free slot */
  uintptr_t value;
} Slot;
typedef struct {
  Slot *slots;
  size_t n, room;
} Table;                                              /* of zeros: empty */
bool table_put(Table *t, void *key, uintptr_t value); /* false: no memory */
bool table_has(const Table *t, const void *key);
uintptr_t table_get(const Table *t, const void *key); /* 0: it has no such key */
void table_remove(Table *t, const void *key);
void table_free(Table *t);

/* ---- preserve.c: R values that Python holds ---------------------------------------------- */

void preserve_init(void);
SEXP preserve(SEXP x);         /* (jumps) O(1); returns the cell that holds x */
void preserve_release(SEXP c); /* any thread with the GIL: puts the cell on the queue */
void preserve_drain(void);     /* inside an entry */
void preserve_remove(SEXP c);  /* inside an entry, at once */
void preserve_unlink(SEXP c);  /* inside an entry: R may free the cell and its value, until */
void preserve_link(SEXP c);    /* it is on the list again */
extern long preserve_live;

/* ---- names.c: caches of names that cross again and again --------------------------------- */

void names_init(void);
/* The model of R's list for a dict with these keys: its CAR is a list whose only attribute is
 * `names`, its CDR those names. */
SEXP cached_dict_model(PyObject *dict);          /* NULL when it is not cached; no jump */
SEXP new_dict_model(PyObject *dict, SEXP names); /* (jumps) makes it, and may cache it */
PyObject *python_name(SEXP charsxp);             /* borrowed, interned; no jump; NULL: exception */
SEXP cached_r_name(PyObject *key);               /* NULL when it is not cached; no jump */
SEXP r_name(PyObject *key, const char *text, int n); /* (jumps) caches it */

/* ---- pointer.c: the external pointers by which R holds Python objects -------------------- */

typedef struct Entry Entry;                   /* below */
void pointer_init(void);                      /* (jumps) inside an entry, here and below */
SEXP pointer_new(SEXP model, bool convert);   /* (jumps) empty, with the attribute of `model` */
void pointer_fill(SEXP pointer, PyObject *o); /* an empty one gets an object */
void pointer_hand_over(SEXP pointer);         /* (jumps) R's collector finalizes it from now on */
void pointer_drop(SEXP pointer);              /* GIL held: empties it and drops its object */
SEXP pointer_in(SEXP x); /* x, or the one in a callable's environment; NULL: no proxy */
bool pointer_is_held_twice(SEXP proxy, SEXP pointer); /* are these or the closure's env shared? */
void pointer_remember(SEXP proxy, Entry *e);          /* (jumps) it is young until the entry ends */
void pointer_begin(Entry *e, Entry *below);
void pointer_end(Entry *e);   /* GIL held, here and below: empties young proxies that R dropped */
Table *pointer_table(void);   /* its keys are the pointers that R's collector finalizes */
unsigned pointer_watch(void); /* (jumps) the number of R's collections; is cheap */
/* R is about to finalize the pointer: it keeps its object if that has more references by then. The
 * key is an external pointer that nothing else needs. */
void pointer_expect(SEXP pointer, SEXP key, Py_ssize_t references);
void pointer_collect(void); /* moves what R has finalized to pointer_drain()'s queue */
void pointer_drain(void);   /* drops those objects; another thread may be using R */
extern long pointer_live;

/* ---- c_stack.c: the C stack that R may use ----------------------------------------------- */

bool c_stack_is_large_enough(void); /* this thread's */
size_t c_stack_size(void);
uintptr_t c_stack_start(void); /* its highest address; this thread's, as the size */
void c_stack_tell_r(void);     /* owner of the top: sets R's limits to this thread's stack */

/* ---- jump.c: R's jumps on their way ------------------------------------------------------ */

typedef struct Jump {
  PyObject *carrier; /* the exception that carries it to the entry's door */
  SEXP token;        /* NULL: an abort */
  char *error_text;  /* R's at its time, or NULL; for free() */
  bool going;        /* the door has continued it */
  bool is_over;      /* an error was recorded since, which takes its place */
  struct Jump *older;
} Jump;
void jump_add(Entry *e, PyObject *carrier, SEXP token, char *error_text); /* steals the last two */
void jump_go(Entry *e, Jump *jump); /* its visit ends, and with it all that wait */
void jump_replace_going(Entry *e);  /* without the GIL; the entry's next jump is none of those */
void jump_forget_waiting(Entry *e);
void jump_forget_lost(Entry *e); /* those that wait, and whose exceptions nobody else has */
void jump_forget(Entry *e);      /* all */

/* ---- entry.c: the stack of entries ------------------------------------------------------- */

struct Entry {
  uintptr_t below;       /* top_word before the push: the entry below and its bit */
  uintptr_t thread;      /* the thread that pushed it */
  uintptr_t stack_start; /* of that thread's C stack, with its size */
  size_t stack_size;
  PyThreadState *tstate; /* saved while R runs without the GIL; NULL while the thread has it */
  const char *label;     /* what runs, for the report of a long wait; borrowed */
  uintptr_t error_mark;  /* r_error_mark() when R code in it began */
  PyObject *interrupt;   /* the exception for which R_interrupts_pending was set; owned */
  PyObject *signal;      /* that of a signal while its thread waited to return to it; owned */
  SEXP caught;           /* cell of what R's handlers recorded: core_caught() */
  Jump *jumps;           /* those that its door may continue, and those that it has; jump.c */
  int first_young;       /* where its young proxies begin in pointer.c's list */
  int young;             /* how many it has made */
  unsigned collections;  /* pointer.c's count at the push, or when it last handed them over */
  bool is_host;          /* R's top level, where R is the host */
  bool foreign;          /* pushed for rpy2: holds the GIL and has no guard of ours */
  bool calls_r;          /* it is suspended in Python code that only calls an R function */
  Entry *home;           /* this thread's entry below, suspended at one of our doors, or NULL */
  bool isolated;         /* an entry is below, and this one has no home */
  uintptr_t place;       /* with `stacks`: where R has kept a context since it is suspended */
  SEXP stacks;           /* cell of what stacks_call gave, while another thread's entry is above */
  int height;            /* how many entries are below, and itself */
  int reach;             /* while it waits to be pushed: the height of its thread's top one, or 0 */
  double waits_since;    /* when its thread began to wait to push it, or to return to it */
  double prefer_from;    /* when the return begins to go before new entries */
  Entry *earlier, *later; /* the returns that began to wait before and after it; entry.c */
};

int entry_push(Entry *e, const char *label); /* GIL held before and after; -1: Python exception */
void entry_pop(Entry *e);                    /* GIL held */
bool entry_is_free(void);                    /* could this thread push without waiting? */
bool entry_is_refused(void);                 /* may this thread never push? */
Entry *entry_mine(void);                     /* the top, if this thread runs in it; else NULL */
Entry *entry_below(Entry *e);                /* NULL: none */
void entry_keep_gil(void);                   /* the main thread's R code has the GIL from now on */
bool entry_has_kept_gil(const Entry *e); /* does R code run in it with the GIL for this reason? */
void entry_release_gil(Entry *e);
void entry_take_gil(Entry *e);
void entry_suspend(Entry *e); /* before this thread runs Python code */
/* GIL held before and after; waits without it. Steals `result` (NULL: an exception is set) and returns
 * it; NULL, too, if a signal has come meanwhile, with the exception of its handler. */
PyObject *entry_resume(Entry *e, PyObject *result);
void entry_set_bell(int fd); /* is written to when a wait begins */
void entry_ring(void);
bool entry_has_waiters(void);
bool entry_is_running(const Entry *e); /* is it on top, and not suspended? Signal-safe */
void entry_make_room(double seconds);  /* GIL held; the own entry on top is suspended */
bool entry_is_in_the_way(void); /* does the main thread wait with such an exception to return? */
/* The KeyboardInterrupt by which R code makes way for it; NULL: not yet. GIL held. */
PyObject *entry_makes_way(void);
void entry_forget_caught(Entry *e); /* inside the entry, GIL held */
bool entry_on_main_thread(void);
void entry_exit(void);           /* the main thread has ended its code */
void entry_init(uintptr_t main); /* the id of Python's main thread */
void entry_before_fork(void);    /* the next two run after the fork; none takes the GIL */
void entry_in_parent(void);
void entry_in_child(void); /* R is refused for ever if another thread was using it */

/* ---- door.c: R's way to Python ----------------------------------------------------------- */

/* A door is opened by R code that needs Python. */
typedef struct {
  Entry *entry;
  PyGILState_STATE gil;
  enum { DOOR_RESTORED, DOOR_ENSURED, DOOR_HELD } how;
} Door;
void door_open(Door *d);  /* takes the GIL: R and Python may both be used */
void door_leave(Door *d); /* suspends the entry: Python code may run */
/* R may be used again; the GIL is still held. Returns `result` as entry_resume() does. */
PyObject *door_back(Door *d, PyObject *result);
void door_before_host(void (*f)(void)); /* the main thread calls it on its way to R's top level */
void door_close(Door *d);               /* releases the GIL if door_open() took it */

/* ---- fork.c, interrupt.c, output.c ------------------------------------------------------- */

int fork_init(void); /* 0, or an error number */
bool fork_is_rs(
    void); /* does a child of R's own fork run the functions of os.register_at_fork()? */
void interrupt_init(void);
SEXP core_sleep(SEXP time); /* (jumps) */
void output_init(void);
void output_flush(void);        /* any thread inside an entry, here and below */
char *output_take_unseen(void); /* the text of the error that R has printed and no handler has seen,
                                   for free(); NULL: none. It is not written any more. */

/* ---- handle.c: R values in Python -------------------------------------------------------- */

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
/* The types whose objects own a cell of the preserve list; the subtypes of Handle, too. */
void cell_owner(PyTypeObject *type, size_t offset); /* where in the object the cell is */
SEXP cell_of(PyObject *o);                          /* NULL: it owns none */

/* ---- proxy.c: Python objects in R -------------------------------------------------------- */

SEXP proxy_new(PyObject *o, bool convert); /* (jumps) GIL held; finalized by R's collector;
                                             NULL: Python exception, here and below */
/* (jumps) How does an object of this type cross? Fills `converter` (borrowed; None: as a proxy)
 * and `by_method`: has a user written a py_to_r() method for one of its classes? */
bool proxy_type(PyObject *o, PyObject **converter, bool *by_method);
/* A proxy that is filled for one call; then it is emptied and used again, or left to R. */
typedef struct {
  SEXP proxy;
  SEXP pointer; /* holds the object: the proxy, or `.proxy` in a callable's environment */
  SEXP model;   /* has the attributes of the proxy */
} Scoped;
bool scoped_new(Scoped *s, PyObject *o, bool convert); /* (jumps) empty; false: exception */
void scoped_reset(Scoped *s); /* (jumps) restores the attributes that it was made with */
bool proxy_is(SEXP x);
PyObject *proxy_object(SEXP x); /* borrowed; NULL with Python exception when cleared */
bool proxy_converts(SEXP x);
void proxy_init(void); /* inside an entry */

/* ---- exiting.c: what R's exiting handlers get -------------------------------------------- */

/* (jumps) What those of R's handler stack hold now that a jump has written to: (list . copy), ... */
SEXP exiting_held(SEXP handlers);
void exiting_keep(SEXP token, SEXP held); /* the token's jump gets a list of its own, the handler's
                                             list what it held; does nothing without memory */

/* ---- condition.c: guards, R errors and Python exceptions --------------------------------- */

typedef void (*GuardBody)(void *);
int guarded(Entry *e, GuardBody body, void *data); /* 0, or -1: Python exception set */
int in_r(const char *label, GuardBody body, void *data);
void condition_where_r_hosts(void); /* R prints its errors itself */
NO_RETURN void door_raise(Door *d); /* Python exception -> R condition; closes the door */
SEXP guard_token(void);             /* for an r_unwind_protect() whose jump continues at once */
SEXP core_caught(SEXP cond, SEXP calls, SEXP handlers);
SEXP core_signalled(SEXP cond);
SEXP core_place(SEXP leave, SEXP env);

/* ---- host.c: R as the host ---------------------------------------------------------------- */

int host_offer(PyObject *module); /* what the R package's own C code calls */
bool host_is_r(void);             /* has R started Python in this process? */
int host_init(void);              /* then this takes the place of output_init(); -1: exception */
PyObject *host_write(PyObject *self, PyObject *args);   /* (text, is_error) -> None */
PyObject *host_watch(PyObject *self, PyObject *unused); /* called ten times a second */
PyObject *host_call_on_main(PyObject *self, PyObject *function);
SEXP core_keep_gil(void);
PyObject *host_want_main(PyObject *self, PyObject *unused); /* for that call */

/* ---- facts.c: what a condition says, without R code --------------------------------------- */

PyObject *condition_facts(PyObject *self, PyObject *handle); /* (message, class, call's function) */

/* ---- code_hash.c: the hash of R code ------------------------------------------------------ */

#define CODE_HASH_SIZE 17
void code_hash(SEXP formals, SEXP body, char text[CODE_HASH_SIZE]); /* (jumps) */

/* ---- memory.c: a vector's numbers in Python ---------------------------------------------- */

int memory_init(PyObject *module);

/* ---- origin.c: the Python objects that a call's R values were made from ------------------ */

typedef struct {
  SEXP value;
  PyObject *object;
  bool is_object; /* has the value had a class? */
} Origin;
typedef struct Origins {
  struct Origins *outer, *outer_recording;
  Origin *list, own[8];
  size_t n, room;
  uint32_t *index; /* made when a long list is searched */
  size_t buckets;
} Origins;
void origins_begin(Origins *s);      /* those of the call that begins on this thread, empty */
void origins_end(Origins *s);        /* before R may free the values; twice does no harm */
void origins_drop(Origins *s);       /* releases the objects, after origins_end() */
Origins *origins_record(Origins *s); /* to_r() adds to `s` (NULL: nowhere); the table before */
void origin_add(SEXP x, PyObject *o);
PyObject *origin_of(SEXP x); /* borrowed; NULL: none, or R has changed it */

/* ---- convert_to_r.c, convert_to_python.c: values ----------------------------------------- */

/* FOR_CALL: the nearest Python value. FOR_HOLDING: where that would lose what R knows (names, a
 * class), a handle; but lists and matrices cross. FOR_STORING: whatever comes back identical. */
typedef enum { FOR_CALL, FOR_STORING, FOR_HOLDING } Crossing;
SEXP to_r(PyObject *o, bool convert); /* (jumps) NULL: Python exception */
SEXP to_r_by_default(PyObject *o); /* (jumps) as to_r(o, true), without a method for `o` itself */
SEXP texts_to_r(PyObject *list);   /* (jumps) of str and None; NULL if R can't hold one of them */
int to_python(SEXP x, Crossing crossing, PyObject **slot); /* (jumps) fills *slot; -1: exception */
int to_python_with_none(SEXP x, PyObject **slot); /* the elements of a vector, None for NA */

/* ---- cycles.c: garbage that R and Python hold in a circle -------------------------------- */

bool cycles_are_due(void); /* cheap */
Py_ssize_t
cycles_collect(Entry *e);      /* inside an entry with the GIL, on top; it may run Python code.
                                       The number of R's pointers that gave up their objects */
extern bool cycles_are_wished; /* collect at the next occasion */

/* ---- call.c: Python calls R (with call.h, arguments.c, method.h, method.c) --------------- */

extern PyTypeObject FunctionType;
int function_init(PyObject *module);
PyObject *shared_argument(PyObject *receiver, PyObject *method); /* borrowed; NULL: none */
extern bool result_is_quiet; /* did the last R function that Python called return invisibly? */

/* ---- primitives.c: what R calls (with visit.h, visit.c) ---------------------------------- */

void define_primitives(SEXP env); /* (jumps) as native symbols, for R's namespace */

#endif
