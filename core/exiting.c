/* What an exiting handler of R, such as one of tryCatch(), gets: a list that holds the condition.
 *
 * The list is the handler's, and the next jump to the handler writes into it, too. A jump to it may
 * be on its way meanwhile: stored in a token, or in R code that runs on.exit(). If Python handles the
 * exception of the later jump, the earlier one goes on, and must not arrive with another condition.
 * So a stored jump gets a list of its own, and the handler's list gets back what it held before.
 *
 * Owns: nothing. Threads: inside an entry. Jumps: `exiting_held`. */

#include "core.h"

/* The parts of an entry of R's handler stack, and of the list that it has last, on R 4.0 to 4.6. What
 * looks otherwise is left alone. */
enum { ENTRY_PARTS = 5, LIST_PARTS = 4 };

static bool is_list_of(SEXP x, R_xlen_t n) {
  return x && TYPEOF(x) == VECSXP && r_length(x) == n; /* a jump to the top level has no value */
}

static SEXP copy_of(SEXP list) {
  SEXP copy = PROTECT(r_alloc(VECSXP, LIST_PARTS));
  for (int i = 0; i < LIST_PARTS; i++)
    SET_VECTOR_ELT(copy, i, VECTOR_ELT(list, i));
  UNPROTECT(1);
  return copy;
}

static bool has_condition(SEXP list) { /* the last part tells R that the list is a handler's */
  for (int i = 0; i < LIST_PARTS - 1; i++)
    if (VECTOR_ELT(list, i) != R_NilValue)
      return true;
  return false;
}

SEXP exiting_held(SEXP handlers) {
  SEXP head = PROTECT(r_cons(R_NilValue, R_NilValue));
  for (; TYPEOF(handlers) == LISTSXP; handlers = CDR(handlers)) {
    SEXP entry = CAR(handlers);
    SEXP list = is_list_of(entry, ENTRY_PARTS) ? VECTOR_ELT(entry, ENTRY_PARTS - 1) : R_NilValue;
    if (!is_list_of(list, LIST_PARTS) || !has_condition(list))
      continue;
    SEXP pair = PROTECT(r_cons(list, R_NilValue));
    SETCDR(pair, copy_of(list));
    SETCDR(head, r_cons(pair, CDR(head)));
    UNPROTECT(1);
  }
  UNPROTECT(1);
  return CDR(head);
}

typedef struct {
  SEXP token, held;
} Keeping;

static void keep(void *arg) {
  Keeping *k = arg;
  SEXP list = r_jump_value(k->token);
  if (!is_list_of(list, LIST_PARTS))
    return;
  r_set_jump_value(k->token, copy_of(list));
  for (SEXP held = k->held; held != R_NilValue; held = CDR(held))
    if (CAR(CAR(held)) == list)
      for (int i = 0; i < LIST_PARTS; i++)
        SET_VECTOR_ELT(list, i, VECTOR_ELT(CDR(CAR(held)), i));
}

void exiting_keep(SEXP token, SEXP held) {
  Keeping k = {token, held};
  r_toplevel(keep, &k);
}
