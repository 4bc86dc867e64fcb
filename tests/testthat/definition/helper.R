# The namespace for R tests without Python, made unless a session has made it: `for_r` and the
# core's symbols are R fakes then, and `python_is_fake` is TRUE.
# fake_class() makes what a Python class looks like in R; the last spec sent to Python is
# recorder$spec. Assumes the working directory is the one of the tests.

recorder <- new.env()
python_is_fake <- !isNamespaceLoaded("pyclassbridge") ||
  is.list(asNamespace("pyclassbridge")$for_r)

# A Python object as the core shows it: a closure or a list with the class vector and "proxy".
fake_object <- function(class, callable = FALSE, ...) {
  id <- new.env()
  list2env(list(...), envir = id)
  x <- if (callable) function(...) id$call(...) else list()
  structure(x, proxy = id, class = c(class, "python.builtin.object"))
}

# `of` names the Python classes it derives from, `async` its async methods; calling it records the
# arguments.
fake_class <- function(name, of = character(), members = character(), async = character()) {
  fake_object(
    "python.builtin.type",
    callable = TRUE, name = name, of = of, members = c(members, async),
    async = async,
    call = function(...) {
      recorder$args <- list(...)
      fake_object(paste0("r_globalenv.", name))
    }
  )
}

keras_path <- function(kind) {
  asNamespace("pyclassbridge")$keras_kinds[[kind]]$named
}

fake_for_r <- list(
  build_class = function(data) {
    spec <- data$handle
    recorder$spec <- spec
    inherited <- lapply(spec$bases, function(base) attr(base, "proxy")$of)
    fake_class(spec$name, of = as.character(unlist(inherited)))
  },
  issubclass_named = function(class, named) named %in% attr(class, "proxy")$of,
  # The names in these tests need no more of the rule.
  python_names = function(names) {
    written <- sub("^([0-9])", "_\\1", gsub("[^[:alnum:]_]", "_", names))
    ifelse(written %in% c("class", "lambda"), paste0(written, "_"), written)
  },
  has_attr = function(class, name) name %in% attr(class, "proxy")$members,
  async_members = function(bases, names) {
    intersect(unlist(names), unlist(lapply(bases, function(base) attr(base, "proxy")$async)))
  },
  identity = function(x) attr(x, "proxy")
)

if (!isNamespaceLoaded("pyclassbridge")) {
  source("../../../pyclass_bridge/bridge/namespace.R", local = TRUE)
  make_namespace("../../..", list(
    for_r = fake_for_r, for_r_proxies = fake_for_r,
    .Call = function(symbol, ...) symbol(...),
    .External = function(symbol, ...) symbol(...),
    core_is_proxy = function(x) !is.null(attr(x, "proxy")),
    core_handle = identity,
    core_code_hash = function(formals, body) ""
  ))
}

# What the base of callback sets has of Keras, as far as definitions ask.
set_members <- c("on_train_begin", "on_train_end", "on_test_begin", "on_epoch_end")

# Every Keras base of the table, under the name of its kind.
bases <- local({
  kinds <- names(asNamespace("pyclassbridge")$keras_kinds)
  made <- sapply(kinds, function(kind) fake_class(kind, of = keras_path(kind)), simplify = FALSE)
  made$CallbackSet <- fake_class(
    "CallbackSet",
    of = c(keras_path("CallbackSet"), keras_path("Callback")), members = set_members
  )
  made
})

# The spec that evaluating `code` sends to Python.
spec_of <- function(code) {
  recorder$spec <- NULL
  force(code)
  recorder$spec
}

member_names <- function(members) {
  vapply(members, function(member) member$name, "")
}

named <- function(members, name) {
  members[[match(name, member_names(members))]]
}

# `keras` inside the namespace is a list of the fake bases, so that the default of `inherit` can
# be looked up without Python.
fake_keras <- function(bases) {
  ns <- asNamespace("pyclassbridge")
  keras <- list()
  for (kind in setdiff(names(bases), "CallbackSet")) {
    eval(call("<-", ns$keras_kinds[[kind]]$base, bases[[kind]]))
  }
  unlockBinding("callback_set_base", ns)
  assign("callback_set_base", function() bases$CallbackSet, envir = ns)
  unlockBinding("keras", ns)
  makeActiveBinding("keras", function() keras, ns)
}
