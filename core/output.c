/* R's console: what R prints goes to Python's sys.stdout and sys.stderr, in order; q() is refused.
 *
 * The entry is not suspended while Python writes: R's print() keeps its state in C variables.
 * Owns: the text of an error that no handler has seen, until the guard that it ends takes it.
 * Threads: inside an entry, rarely outside (R at the end of the process). Jumps: only `clean_up`,
 * by the R error of refuse_quit(), and `read_console`, to R's top level. */

#include "core.h"
#include <R_ext/RStartup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*clean_up_before)(int, int, int);

static char *unseen;
static char *held; /* the same and what R has printed after it; not written yet */

static void write_text(const char *text, int n, int is_error) {
  if (!py.write_console || !Py_IsInitialized()) {
    fwrite(text, 1, (size_t)n, is_error ? stderr : stdout);
    return;
  }
  Door d;
  door_open(&d);
  PyObject *exception = py_take_exception(); /* one that is on its way while R prints */
  PyObject *bytes = PyBytes_FromStringAndSize(text, n);
  PyObject *done =
      bytes ? call_python(py.write_console, bytes, is_error ? Py_True : Py_False) : NULL;
  Py_XDECREF(bytes);
  Py_XDECREF(done);
  bool is_streams = !done && (PyErr_ExceptionMatches(PyExc_OSError) ||
                              PyErr_ExceptionMatches(PyExc_ValueError)); /* full or closed */
  bool no_room = !done && py_has_no_room();
  bool ends_r = !done && !no_room && d.entry &&
                (!is_streams || PyErr_ExceptionMatches(PyExc_BrokenPipeError));
  if (no_room) {
    PyErr_Clear();
    fwrite(text, 1, (size_t)n, is_error ? stderr : stdout);
  } else if (ends_r) { /* a signal's exception, or a closed pipe: R stops as for an interrupt */
    Py_XSETREF(d.entry->interrupt, py_take_exception());
    R_interrupts_pending = 1;
  } else if (!done) {
    PyErr_WriteUnraisable(py.write_console);
  }
  if (exception)
    py_set_exception(exception);
  door_close(&d);
}

/* ---- errors that no handler has seen ---- */

/* When its stack is full, R calls no calling handlers: it prints the error and jumps to its top
 * level. The guard there raises the error, so its text is held, and only written if R goes on. */

static void ask_for_cat(void *answer) { *(bool *)answer = r_is_true(r_eval(r.cat_call, r.ns)); }

/* Is it R itself that prints the error or more of it, and not cat(), by which try() and users do? */
static bool is_printed_by_r(const char *text, int n) {
  Entry *e = entry_mine();
  bool by_cat = false;
  if (!e || e->foreign || !r.cat_call || n == 0 || !(held || r_is_error_text(text, n)))
    return false;
  return !r_toplevel(ask_for_cat, &by_cat) || !by_cat;
}

static bool hold(const char *text, int n) {
  size_t before = held ? strlen(held) : 0;
  char *longer = realloc(held, before + (size_t)n + 1);
  if (!longer)
    return false;
  held = longer;
  memcpy(held + before, text, (size_t)n);
  held[before + (size_t)n] = '\0';
  if (before == 0) {
    free(unseen);
    unseen = strdup(held);
  }
  return true;
}

static void write_console(const char *text, int n, int is_error) {
  static bool is_asking;
  if (is_asking) /* the question has failed, which R prints, too */
    return;
  is_asking = is_error;
  bool by_r = is_error && is_printed_by_r(text, n);
  is_asking = false;
  if (by_r && hold(text, n))
    return;
  output_flush();
  write_text(text, n, is_error);
}

void output_flush(void) {
  char *text = held;
  held = NULL;
  if (text)
    write_text(text, (int)strlen(text), true);
  free(text);
}

char *output_take_unseen(void) {
  char *text = unseen;
  free(held);
  unseen = held = NULL;
  return text;
}

/* ---- what R reads ---- */

static int (*read_before)(const char *, unsigned char *, int, int);

static bool has_terminal(void) {
  Door d;
  door_open(&d);
  PyObject *answer = call_python(py.has_terminal, NULL, NULL);
  bool has = answer && PyObject_IsTrue(answer) == 1;
  Py_XDECREF(answer);
  PyErr_Clear();
  door_close(&d);
  return has;
}

/* At its browser's prompt R reads commands, which no pipe or file has, though a program may read its
 * own data from there. An error at the prompt does not end the browser, so R is left by a jump. */
static int read_console(const char *prompt, unsigned char *buffer, int n, int to_history) {
  output_flush();
  free(output_take_unseen());
  if (strncmp(prompt, "Browse[", 7) == 0 && !has_terminal())
    r_eval(r_lcons(r_sym("refuse_browser"), R_NilValue), r.ns);
  return read_before(prompt, buffer, n, to_history);
}

/* ---- R's callbacks ---- */

static void clean_up(int save, int status, int run_last) {
  if (save == SA_SUICIDE || !r.ns) {
    clean_up_before(save, status, run_last);
    return;
  }
  SEXP args = PROTECT(r_cons(r_int(status), R_NilValue));
  SEXP call = PROTECT(r_lcons(r_sym("refuse_quit"), args));
  r_eval(call, r.ns);
  UNPROTECT(2);
}

static void flush_console(void) { write_text("", 0, 0); } /* R does that on its way to the top */
static void nothing(void) {}
static void not_busy(int is_busy) {}

/* Replaces rpy2's callbacks, whose Python code would lose the exception of a Ctrl-C. */
void output_init(void) {
  ptr_R_FlushConsole = flush_console;
  ptr_R_ResetConsole = nothing;
  ptr_R_Busy = not_busy;
  if (&ptr_R_ProcessEvents)
    ptr_R_ProcessEvents = nothing;
  ptr_R_WriteConsole = NULL;
  ptr_R_WriteConsoleEx = write_console;
  read_before = ptr_R_ReadConsole;
  ptr_R_ReadConsole = read_console;
  clean_up_before = ptr_R_CleanUp;
  ptr_R_CleanUp = clean_up;
}
