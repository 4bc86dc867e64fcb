# Callback(), Metric() and the other Keras bases: arguments, NULL, kinds, and which checks apply
# (plain R: Python is a fake that records).

skip_if_not(python_is_fake, "needs the fake Python of helper.R, and so a plain Rscript")

fake_keras(bases)

test_that("the arguments are those R users of Keras know, in their order", {
  tail <- c("...", "public", "private", "inherit", "parent_env", "doc")
  expect_identical(
    names(formals(Metric)),
    c("classname", "initialize", "update_state", "result", tail, "eager", "values")
  )
  expect_identical(
    names(formals(Callback)),
    c(
      "classname", "on_epoch_begin", "on_epoch_end", "on_train_begin", "on_train_end",
      "on_train_batch_begin", "on_train_batch_end", "on_test_begin", "on_test_end",
      "on_test_batch_begin", "on_test_batch_end", "on_predict_begin", "on_predict_end",
      "on_predict_batch_begin", "on_predict_batch_end", tail
    )
  )
  expect_identical(
    names(formals(Layer)), c("classname", "initialize", "call", "build", "get_config", tail)
  )
  expect_identical(names(formals(Loss)), c("classname", "call", tail))
  expect_identical(names(formals(Constraint)), c("classname", "call", "get_config", tail))
  expect_identical(
    names(formals(LearningRateSchedule)),
    c("classname", "call", "initialize", "get_config", tail)
  )
  expect_identical(
    names(formals(Model)),
    c(
      "classname", "initialize", "call", "train_step", "predict_step", "test_step",
      "compute_loss", "compute_metrics", tail
    )
  )
})

test_that("every row of the table has a constructor whose default base is Keras' own", {
  ns <- asNamespace("pyclassbridge")
  for (kind in setdiff(names(ns$keras_kinds), "CallbackSet")) {
    spec <- spec_of(get(kind, envir = ns)("A"))
    expect_identical(spec$kind, kind)
    expect_identical(spec$bases, unname(bases[kind]))
    expect_identical(spec$index_base, if (kind == "Callback") 1L else 0L)
    expect_identical(spec$merge_logs, kind == "Callback")
    expect_true(kind %in% getNamespaceExports(ns))
  }
  expect_identical(new_metric_class, Metric)
  expect_identical(new_learning_rate_schedule_class, LearningRateSchedule)
})

test_that("NULL is dropped among recommended members and in `...`, and kept in public", {
  spec <- spec_of(Metric(
    "M",
    initialize = NULL, result = function() 1, extra = NULL, other = 2,
    public = list(none = NULL, one = 1)
  ))
  expect_identical(member_names(spec$methods), "result")
  expect_identical(spec$fields, list(other = 2, none = NULL, one = 1))
})

test_that("doc is the docstring of the class, and no member", {
  spec <- spec_of(Callback("A", doc = "Of A."))
  expect_identical(spec$doc, "Of A.")
  expect_length(c(spec$fields, spec$methods), 0L)
  expect_identical(spec_of(PyClass("B", list(), doc = "Of B."))$doc, "Of B.")
  expect_identical(spec_of(callback_set("c", doc = "Of C."))$doc, "Of C.")
  expect_identical(spec_of(Layer("D", public = list(doc = "a member")))$fields$doc, "a member")
})

test_that("private holds functions, values and active bindings", {
  spec <- spec_of(Callback("C", private = list(
    n = 1, step = function() 2, last = active_property(function() 3)
  )))
  expect_identical(spec$private_fields, list(n = 1))
  expect_identical(member_names(spec$private_methods), "step")
  expect_identical(member_names(spec$private_active), "last")
})

test_that("the two aliases of the batch hooks are accepted in `...`", {
  spec <- spec_of(Callback(
    "C",
    on_batch_begin = function(batch, logs = NULL) 1, on_batch_end = function(batch, logs) 2
  ))
  expect_identical(member_names(spec$methods), c("on_batch_begin", "on_batch_end"))
})

test_that("inherit may be a class, a factory, a wrapper, a list, or code", {
  first <- Callback("First")
  wrapper <- structure(function(...) NULL, py_class_of = function() bases$Callback)
  inherited <- function(inherit) spec_of(Callback("C", inherit = inherit))$bases
  expect_identical(inherited(bases$Callback), list(bases$Callback))
  expect_identical(inherited(first), list(first))
  expect_identical(inherited(wrapper), list(bases$Callback))
  expect_identical(inherited(list(first, bases$Layer)), list(first, bases$Layer))
  expect_identical(inherited(quote(bases$Callback)), list(bases$Callback))
})

test_that("Python's __call__ is `call` where Keras calls the object itself", {
  spec <- spec_of(Constraint("C", call = function(w) w))
  expect_identical(member_names(spec$methods), "__call__")
  expect_identical(member_names(spec_of(Layer("L", call = function(x) x))$methods), "call")
})

test_that("the parent environment is the caller's, or the one that is given", {
  expect_identical(spec_of(Metric("M"))$parent_env, environment())
  env <- new.env()
  expect_identical(spec_of(Metric("M", parent_env = env))$parent_env, env)
  made <- function() Metric("M")
  expect_identical(topenv(spec_of(made())$parent_env), topenv())
})

test_that("a factory has the formals of initialize", {
  metric <- Metric("M", initialize = function(name = "m", ...) NULL)
  expect_identical(formals(metric), as.pairlist(alist(name = "m", ... = )))
  metric("x", dtype = "float32")
  expect_identical(recorder$args, list("x", dtype = "float32"))
})

test_that("good arities pass: dots, defaults, extra arguments of methods that take them", {
  expect_silent(Callback("C", on_epoch_end = function(...) 1, on_train_end = function(logs) 1))
  expect_silent(Callback("C", on_epoch_end = function(epoch, logs, extra = 1) 1))
  expect_silent(Metric("M", update_state = function(values, sample_weight = NULL) 1))
  expect_silent(Metric("M", result = function(scale = 1) 1))
  expect_silent(Model("M", train_step = function(state, data) 1))
  expect_silent(Layer("L", call = function(inputs, mask = NULL, training = FALSE) 1))
})

test_that("a class whose base is a Keras callback is checked like Callback(), others are not", {
  expect_error(
    A(bases$Callback) %py_class% {
      on_epoch_edn <- function(epoch, logs = NULL) NULL
    },
    class = "py_class_definition_error"
  )
  Free <- fake_class("Free")
  expect_silent(A(Free) %py_class% {
    on_epoch_edn <- function() NULL
    result <- function(x) x
  })
})

test_that("a marker outside of a class body names no class", {
  e <- tryCatch(active_property(1), error = conditionMessage)
  expect_identical(e, "`active_property()` needs a function, not the value 1.")
})

test_that("an `on_*` method of one's own is a message, unless a base has it or it is private", {
  own <- function(...) NULL
  expect_message(
    Callback("C", on_plateau = own),
    "Class `C`: `on_plateau` is not a Keras callback hook, so it is never called.",
    fixed = TRUE
  )
  expect_silent(Callback("C", private = list(on_plateau = own)))
  richer <- fake_class("Richer", of = keras_path("Callback"), members = "on_plateau")
  expect_silent(Callback("C", inherit = richer, on_plateau = own))
})

test_that("a near miss of a method counts only while the method itself is missing", {
  expect_silent(Metric("M", result = function() 1, results = function() 2))
  expect_error(Metric("M", results = function() 2), "Did you mean `result`?", fixed = TRUE)
})

test_that("a callback set has the arguments of its row, and its class the name of its id", {
  tail <- c("...", "public", "private", "active", "inherit", "weight", "parent_env", "doc")
  row <- asNamespace("pyclassbridge")$keras_kinds$CallbackSet
  expect_identical(names(formals(callback_set)), c("id", row$args, tail))
  spec <- spec_of(callback_set(
    "my_stop", on_end = function() 1, extra = function() 2, weight = 3,
    public = list(best = Inf), active = list(twice = function() 2 * self$best)
  ))
  expect_identical(spec$name, "CallbackSetMyStop")
  expect_identical(spec$kind, "CallbackSet")
  expect_identical(spec$bases, unname(bases["CallbackSet"]))
  expect_identical(spec$index_base, 0L)
  expect_identical(member_names(spec$methods), c("on_end", "extra"))
  expect_identical(member_names(spec$active), "twice")
  expect_identical(spec$fields, list(best = Inf, id = "my_stop", weight = 3))
  expect_identical(spec_of(callback_set("tb.log 2"))$name, "CallbackSetTbLog2")
  expect_identical(spec_of(callback_set("a"))$fields, list(id = "a"))
})

test_that("the base of a set may be another, and have the other half of the state", {
  first <- callback_set("first", on_end = function() 1)
  expect_identical(spec_of(callback_set("second", inherit = first))$bases, list(first))
  stateful <- fake_class("Stateful", of = keras_path("CallbackSet"), members = "load_state_dict")
  expect_silent(callback_set("a", state_dict = function() 1, inherit = stateful))
})

test_that("a class with a callback set as its base is checked as one", {
  spec <- spec_of(Late(bases$CallbackSet) %py_class% {
    on_epoch_end <- function() 1
  })
  expect_identical(member_names(spec$methods), "on_epoch_end")
})
