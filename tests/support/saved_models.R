# 24 models, each with another kind of R class or function, for support/saved.py, which saves them in
# one process and loads them in another.

# Layers -----------------------------------------------------------------------------------------

Scale <- Layer("Scale",
  initialize = function(by = 2, ...) {
    super$initialize(...)
    self$by <- by
  },
  call = function(inputs) inputs * self$by
)

Affine <- Layer("Affine",
  initialize = function(units, start = "zeros", ...) {
    super$initialize(...)
    self$units <- units
    self$start <- start
  },
  build = function(input_shape) {
    last <- input_shape[[length(input_shape)]]
    self$w <- self$add_weight(shape = shape(last, self$units), name = "w")
    self$b <- self$add_weight(shape = shape(self$units), initializer = self$start, name = "b")
  },
  call = function(inputs) op_matmul(inputs, self$w) + self$b
)

Power <- Layer("Power",
  initialize = function(p, ...) {
    super$initialize(...)
    self$p <- p
  },
  call = function(inputs) op_power(op_abs(inputs) + 1, self$p),
  get_config = function() c(super$get_config(), list(p = self$p))
)

# It has no `...`, so it can't be given a name.
Closed <- Layer("Closed",
  initialize = function(by) {
    super$initialize()
    self$by <- by
  },
  call = function(inputs) inputs + self$by
)

ScaleMore <- Layer("ScaleMore",
  initialize = function(by, more = by + 1, ...) {
    super$initialize(by = by * more, ...)
    self$more <- more
  },
  call = function(inputs) super$call(inputs) + self$more,
  inherit = Scale
)

DoubleDense <- Layer("DoubleDense",
  initialize = function(units, factor = 2, ...) {
    super$initialize(units = as.integer(units * 2), ...)
    self$factor <- factor
  },
  call = function(inputs) super$call(inputs) * self$factor,
  inherit = keras$layers$Dense
)

Negative <- Layer("Negative", call = function(inputs) -inputs)

Block <- Layer("Block",
  initialize = function(units, inner = NULL, ...) {
    super$initialize(...)
    self$inner <- inner
    self$dense <- layer_dense(units = units)
  },
  build = function(input_shape) {
    self$dense$build(input_shape)
    if (!self$inner$built) { # it is, in a model that is loaded
      self$inner$build(self$dense$compute_output_shape(input_shape))
    }
  },
  call = function(inputs) self$inner(self$dense(inputs))
)

Shift(keras$layers$Layer) %py_class% {
  initialize <- function(by = 1, ...) {
    super$initialize(...)
    self$by <- by
  }
  call <- function(inputs) inputs + self$by
}

Applied <- Layer("Applied",
  initialize = function(act, times = c(1, 2), ...) {
    super$initialize(...)
    self$act <- act
    self$times <- times
  },
  call = function(inputs) self$act(inputs) * sum(unlist(self$times))
)

# What a model is compiled with --------------------------------------------------------------------

Distance <- Loss("Distance",
  initialize = function(power = 1, ...) {
    super$initialize(...)
    self$power <- power
  },
  call = function(y_true, y_pred) op_mean(op_power(op_abs(y_true - y_pred), self$power), axis = -1)
)

distance <- function(y_true, y_pred) op_mean(op_abs(y_true - y_pred), axis = -1)

Above <- Metric("Above",
  initialize = function(threshold = 0, name = "above", ...) {
    super$initialize(name = name, ...)
    self$threshold <- threshold
    self$count <- self$add_weight(name = "count", initializer = "zeros")
  },
  update_state = function(y_true, y_pred, sample_weight = NULL) {
    self$count$assign_add(op_sum(op_cast(y_pred > self$threshold, "float32")))
  },
  result = function() self$count
)

highest <- function(y_true, y_pred) op_max(y_pred)

Slower <- LearningRateSchedule("Slower",
  initialize = function(rate = 0.1, wait = 10) {
    self$rate <- rate
    self$wait <- wait
  },
  call = function(step) self$rate / (1 + op_cast(step, "float32") / self$wait)
)

Plain <- Optimizer("Plain",
  initialize = function(learning_rate = 0.01, damping = 0.5, ...) {
    super$initialize(learning_rate = learning_rate, ...)
    self$damping <- damping
  },
  build = function(variables) {
    super$build(variables)
    self$moments <- self$add_optimizer_variables(variables, "moment")
  },
  update_step = function(gradient, variable, learning_rate) {
    moment <- self$moments[[self$`_get_variable_index`(variable) + 1L]]
    self$assign(moment, moment * self$damping + gradient)
    self$assign_sub(variable, moment * op_cast(learning_rate, variable$dtype))
  }
)

# What a layer is given ----------------------------------------------------------------------------

Bounded <- Constraint("Bounded",
  initialize = function(bound = 1) self$bound <- bound,
  call = function(w) op_clip(w, -self$bound, self$bound)
)

Filled <- Initializer("Filled",
  initialize = function(value = 1) self$value <- value,
  call = function(shape, dtype = NULL, ...) op_ones(shape) * self$value
)

Squares <- Regularizer("Squares",
  initialize = function(k = 0.1) self$k <- k,
  call = function(x) self$k * op_sum(x^2)
)

twice <- function(x) x * 2
filled <- function(shape, dtype = NULL) op_ones(shape) * 0.25
squares <- function(w) 0.1 * op_sum(w^2)
halved <- function(w) w * 0.5

# Models -------------------------------------------------------------------------------------------

Net <- Model("Net",
  initialize = function(units, act = NULL, ...) {
    super$initialize(...)
    self$hidden <- layer_dense(units = units, activation = act)
    self$out <- layer_dense(units = 1)
  },
  call = function(inputs, training = FALSE) self$out(self$hidden(inputs))
)

Wrapped <- Model("Wrapped",
  initialize = function(part, ...) {
    super$initialize(...)
    self$part <- part
    self$out <- layer_dense(units = 1)
  },
  call = function(inputs, training = FALSE) self$out(self$part(inputs))
)

dense <- function(...) keras_model_sequential(input_shape = 4) |> layer_dense(1, ...)

models <- list(
  layer = function() keras_model_sequential(input_shape = 4) |> Scale(3) |> layer_dense(1),
  layer_with_weights = function() {
    keras_model_sequential(input_shape = 4) |> Affine(3, start = "ones") |> layer_dense(1)
  },
  layer_with_get_config = function() {
    keras_model_sequential(input_shape = 4) |> Power(p = 1.5) |> layer_dense(1)
  },
  layer_without_dots = function() {
    keras_model_sequential(input_shape = 4) |> Closed(by = 0.5) |> layer_dense(1)
  },
  layer_without_initialize = function() dense() |> Negative(name = "minus"),
  layer_over_a_class_of_r = function() dense() |> ScaleMore(2),
  layer_over_dense = function() {
    input <- keras_input(4)
    keras_model(input, input |> DoubleDense(2, activation = twice) |> layer_dense(1))
  },
  layer_in_a_layer = function() {
    keras_model_sequential(input_shape = 4) |> Block(2, inner = Affine(2)) |> layer_dense(1)
  },
  layer_of_py_class = function() {
    model <- dense()
    model$add(Shift(by = 4))
    model
  },
  layer_with_a_function = function() dense() |> Applied(act = twice, times = c(1, 0.5)),
  lambda = function() dense() |> layer_lambda(twice),
  activation = function() dense(activation = twice),
  initializer = function() dense(kernel_initializer = Filled(0.3)),
  initializer_function = function() dense(kernel_initializer = filled),
  constraint = function() dense(kernel_constraint = Bounded(0.2)),
  regularizer = function() dense(kernel_regularizer = Squares(0.4)),
  functions_of_weights = function() {
    dense(kernel_regularizer = squares, kernel_constraint = halved)
  },
  loss = function() dense(),
  loss_function = function() dense(),
  metric = function() dense(),
  schedule = function() dense(),
  optimizer = function() dense(),
  model = function() Net(5, act = twice),
  model_in_a_model = function() Wrapped(Net(units = 2))
)

compiled_with <- list(
  loss = function() list(loss = Distance(power = 2)),
  loss_function = function() list(loss = distance),
  metric = function() list(metrics = list(Above(0.1), highest)),
  schedule = function() list(optimizer = optimizer_sgd(learning_rate = Slower(0.05))),
  optimizer = function() list(optimizer = Plain(0.02, damping = 0.9))
)

untrained <- function(name, x) {
  set_random_seed(7)
  model <- models[[name]]()
  other <- if (name %in% names(compiled_with)) compiled_with[[name]]() else list()
  usual <- list(optimizer = optimizer_sgd(), loss = loss_mean_squared_error(), run_eagerly = TRUE)
  do.call(compile, c(list(model), other, usual[setdiff(names(usual), names(other))]))
  model(x)
  model
}

trained <- function(name, x, y) {
  model <- untrained(name, x)
  train_on_batch(model, x, y)
  model
}
