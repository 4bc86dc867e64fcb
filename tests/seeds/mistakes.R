# Mistakes that R users make with Keras: expressions by name, each of which ends in an error.
# They are evaluated in one environment, with the data and models that stand first.

x <- matrix(seq(-1, 1, length.out = 48 * 4), ncol = 4)
y <- rowSums(x)
labels <- rep(0:2, 16)
images <- array(0.5, c(4, 8, 8, 1))
table <- data.frame(a = x[, 1], b = x[, 2])
missing_file <- file.path(tempdir(), "no_model.keras")
corrupt_file <- file.path(tempdir(), "corrupt.keras")
writeLines("no model", corrupt_file)

regression <- function(loss = "mse", ...) {
  model <- keras_model_sequential(input_shape = 4) |>
    layer_dense(3, name = "hidden") |>
    layer_dense(1, name = "out")
  compile(model, optimizer = "sgd", loss = loss, ...)
  model
}
classifier <- function() {
  model <- keras_model_sequential(input_shape = 4) |> layer_dense(3, activation = "softmax")
  compile(model, optimizer = "sgd", loss = "sparse_categorical_crossentropy")
  model
}
two_inputs <- function() {
  left <- layer_input(shape = 4, name = "left")
  right <- layer_input(shape = 2, name = "right")
  model <- keras_model(list(left, right), layer_concatenate(left, right) |> layer_dense(1))
  compile(model, optimizer = "sgd", loss = "mse")
  model
}
with_layer <- function(layer) {
  model <- keras_model_sequential(input_shape = 4, layers = list(layer))
  compile(model, optimizer = "sgd", loss = "mse")
  model
}
tf <- import("tensorflow")
slices <- function(...) tf$data$Dataset$from_tensor_slices(tuple(...))$batch(8L)
unbuilt <- function() keras_model_sequential() |> layer_dense(1)
model <- regression()

Doubling <- Layer("Doubling", call = function(inputs) 2 * inputs)
Checking <- Layer("Checking", call = function(inputs) stop("the inputs can't be checked"))
Mixing <- Layer("Mixing", call = function(inputs) op_matmul(inputs, op_ones(shape(5, 2))))
Stepping <- Model("Stepping", train_step = function(data) stop("no step"))
Typing <- Callback("Typing", on_epoch_end = function(epoch, logs = NULL) logs$loss + "a")
custom_file <- file.path(tempdir(), "custom.keras")
keras_model_sequential(input_shape = 4, layers = list(Doubling())) |> save_model(custom_file)
small_file <- file.path(tempdir(), "small.weights.h5")
keras_model_sequential(input_shape = 2) |>
  layer_dense(1) |>
  save_model_weights(small_file)

mistakes <- expression(
  # Names of arguments
  "an old name of the learning rate" = optimizer_adam(lr = 0.1),
  "an old name of filters" = layer_conv_2d(nb_filter = 3, kernel_size = 3),
  "a forgotten argument" = layer_dense(),
  "epoch for epochs" = fit(model, x, y, epoch = 3),
  "nb_epoch for epochs" = fit(model, x, y, nb_epoch = 3),
  "validation for validation_data" = fit(model, x, y, validation = 0.2),
  "optimiser for optimizer" = compile(model, optimiser = "adam", loss = "mse"),
  "patince for patience" = callback_early_stopping(patince = 3),
  "newdata for x" = predict(model, newdata = x),
  "steps_per_epoch of evaluate" = evaluate(model, x, y, steps_per_epoch = 3),
  "an argument that op_ has not" = op_sum(x, dim = 1),
  "an argument of a loss" = loss_huber(detla = 1),
  "an argument of a metric" = metric_auc(treshold = 3),
  "a positional argument too many" = layer_dense(NULL, 3, "relu", TRUE, "zeros", "zeros", NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5),
  "an argument of save_model" = save_model(model, missing_file, overwite = TRUE),
  "an argument of a class of Keras" = keras$layers$Dense(unit = 3L),
  "an argument of a method of Keras" = model$get_layer(nme = "out"),
  "an argument of keras_model" = keras_model(model$inputs, model$outputs, nme = "m"),

  # Strings
  "activation" = layer_dense(units = 3, activation = "rleu"),
  "loss" = fit(regression(loss = "mean_sqared_error"), x, y, verbose = 0),
  "optimizer" = compile(model, optimizer = "adamm", loss = "mse"),
  "metrics" = fit(regression(metrics = "acuracy"), x, y, verbose = 0),
  "padding" = layer_conv_2d(filters = 2, kernel_size = 3, padding = "smae"),
  "initializer" = layer_dense(units = 3, kernel_initializer = "glorot_unifrom"),
  "regularizer" = layer_dense(units = 3, kernel_regularizer = "l3"),
  "constraint" = layer_dense(units = 3, kernel_constraint = "maxnorm"),
  "dtype" = op_cast(x, "floaat32"),
  "callbacks" = fit(model, x, y, callbacks = "early_stopping"),
  "strings as x" = fit(regression(), matrix("a", 48, 4), y, verbose = 0),

  # Shapes of data
  "columns of x in fit" = fit(regression(), x[, 1:3], y, verbose = 0),
  "columns of x in predict" = predict(model, x[, 1:3], verbose = 0),
  "columns of x in evaluate" = evaluate(model, x[, 1:3], y, verbose = 0),
  "columns of a data frame" = predict(model, table, verbose = 0),
  "a vector for a matrix" = predict(model, c(1, 2, 3, 4), verbose = 0),
  "images for rows" = predict(model, images, verbose = 0),
  "columns of x in train_on_batch" = train_on_batch(model, x[, 1:3], y),
  "columns of x in a call" = model(x[, 1:3]),
  "columns of a layer's input" = model$layers[[1]](x[, 1:3]),
  "columns of y, binary crossentropy" = fit(regression("binary_crossentropy"), x, cbind(y, y),
    verbose = 0),
  "columns of y, crossentropy" = fit(regression("categorical_crossentropy"), x,
    to_categorical(labels), verbose = 0),
  "rows of y" = fit(model, x, y[1:40], verbose = 0),
  "rows of sample_weight" = fit(model, x, y, sample_weight = rep(1, 40), verbose = 0),
  "columns of validation_data" = fit(regression(), x, y, validation_data = list(x[, 1:3], y),
    verbose = 0),
  "one input of two" = predict(two_inputs(), x, verbose = 0),
  "inputs in the wrong order" = predict(two_inputs(), list(x[, 1:2], x), verbose = 0),
  "inputs by wrong names" = predict(two_inputs(), list(left = x, rihgt = x[, 1:2]), verbose = 0),
  "three inputs for two" = predict(two_inputs(), list(x, x[, 1:2], x), verbose = 0),
  "columns of y to validate with" = fit(regression("binary_crossentropy"), x, y,
    validation_data = list(x, cbind(y, y)), verbose = 0),
  "two y for one output" = fit(regression(), x, list(y, y), verbose = 0),
  "a loss for an output that is not there" = {
    named <- two_inputs()
    compile(named, optimizer = "sgd", loss = list(left = "mse"))
    fit(named, list(x, x[, 1:2]), y, verbose = 0)
  },
  "columns of a dataset" = fit(regression(), slices(x[, 1:3], y), verbose = 0),
  "y beside a dataset" = fit(regression(), slices(x, y), y, verbose = 0),
  "epochs as a string" = fit(regression(), x, y, epochs = "ten", verbose = 0),
  "class_weight by labels" = fit(classifier(), x, labels, class_weight = list(a = 1, b = 2),
    verbose = 0),
  "no y" = fit(regression(), x, verbose = 0),
  "no x" = fit(regression(), verbose = 0),
  "validation_split of a dataset" = fit(regression(), function() list(x, y), steps_per_epoch = 1,
    validation_split = 0.2, verbose = 0),
  "a generator of single values" = fit(regression(), function() "a", steps_per_epoch = 1,
    verbose = 0),
  "labels out of range" = fit(classifier(), x, labels + 1L, verbose = 0),
  "strings as labels" = fit(classifier(), x, rep(c("a", "b", "c"), 16), verbose = 0),

  # Shapes of tensors and layers
  "a product that does not fit" = op_matmul(op_ones(shape(2, 3)), op_ones(shape(4, 5))),
  "a product by %*%" = op_ones(shape(2, 3)) %*% op_ones(shape(4, 5)),
  "a sum that does not fit" = op_add(op_ones(shape(2, 3)), op_ones(shape(4, 5))),
  "a sum by +" = op_ones(shape(2, 3)) + op_ones(4),
  "tensors that can't be bound" = op_concatenate(list(op_ones(shape(2, 3)), op_ones(shape(4, 5)))),
  "tensors that can't be stacked" = op_stack(list(op_ones(2), op_ones(3))),
  "a loss of tensors that do not fit" = loss_mean_squared_error(
    op_ones(shape(2, 3)), op_ones(shape(2, 4))),
  "a model called by wrong names" = two_inputs()(
    list(left = op_ones(shape(1, 4)), rite = op_ones(shape(1, 2)))),
  "a model called on one input of two" = two_inputs()(op_ones(shape(1, 4))),
  "a class beyond num_classes" = to_categorical(c(0, 5), num_classes = 3),
  "a reshape that can't be" = op_reshape(op_ones(shape(2, 3)), shape(4, 5)),
  "a layer that reshapes" = keras_model_sequential(input_shape = 6) |> layer_reshape(c(4, 5)),
  "a convolution of rows" = keras_model_sequential(input_shape = 4) |> layer_conv_2d(2, 3),
  "an image too small" = keras_model_sequential(input_shape = c(4, 4, 1)) |>
    layer_conv_2d(2, 5),
  "a pool too large" = keras_model_sequential(input_shape = c(4, 4, 1)) |>
    layer_max_pooling_2d(8),
  "inputs that can't be added" = layer_add(layer_input(shape = 4), layer_input(shape = 3)),
  "inputs that can't be bound" = layer_concatenate(
    layer_input(shape = c(4, 2)), layer_input(shape = c(3, 3))),
  "a recurrent layer of rows" = keras_model_sequential(input_shape = 4) |> layer_lstm(2),
  "a dense layer after one of another size" = keras_model_sequential(input_shape = 4) |>
    layer_flatten() |>
    layer_dense(units = -1),
  "set_weights() of other dims" = set_weights(model, list(
    matrix(0, 3, 3), rep(0, 3), matrix(0, 3, 1), 0)),
  "set_weights() of another number" = set_weights(model, list(matrix(0, 4, 3))),
  "set_weights() of a layer" = set_weights(model$layers[[1]], list(matrix(0, 4, 2), rep(0, 3))),
  "an index out of range in an embedding" = layer_embedding(input_dim = 4, output_dim = 2)(
    matrix(c(1L, 7L), 1)),
  "an embedding in a model" = keras_model_sequential(input_shape = 2) |>
    layer_embedding(4, 2) |>
    predict(matrix(7L, 3, 2), verbose = 0),
  "strings in a tensor of numbers" = as_tensor("a", dtype = "float32"),
  "ragged rows in a tensor" = as_tensor(list(c(1, 2), 3)),

  # Models
  "a model without compile()" = fit(unbuilt(), x, y, verbose = 0),
  "evaluate() without compile()" = evaluate(unbuilt(), x, y, verbose = 0),
  "no loss" = {
    lossless <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
    compile(lossless, optimizer = "sgd")
    fit(lossless, x, y, verbose = 0)
  },
  "count_params() before the model is built" = count_params(unbuilt()),
  "predict() with an open model" = predict(keras_model_sequential(), x, verbose = 0),
  "save_model_weights() before the model is built" =
    save_model_weights(unbuilt(), tempfile(fileext = ".weights.h5")),
  "save_model() with another ending" = save_model(model, "model.rds"),
  "a layer that is not there" = get_layer(model, "hiden"),
  "layer 0" = get_layer(model, index = 0),
  "layer 9" = get_layer(model, index = 9),
  "freezing a layer that is not there" = freeze_weights(model, to = "hiden"),
  "two layers of one name" = keras_model_sequential(input_shape = 4) |>
    layer_dense(1, name = "a") |>
    layer_dense(1, name = "a"),
  "a model of tensors that are not connected" = keras_model(
    layer_input(shape = 4), layer_input(shape = 4) |> layer_dense(1)),
  "a model of values" = keras_model(x, y),
  "a file that is not there" = load_model(missing_file),
  "a file that holds no model" = load_model(corrupt_file),
  "weights that are not there" = load_model_weights(model, "no.weights.h5"),
  "weights of another model" = load_model_weights(model, small_file),
  "a class that load_model() does not know" = load_model(custom_file),
  "from_config() of an unknown class" = from_config(list(class_name = "Densee", config = list(units = 3))),
  "an optimizer of another model" = {
    shared <- optimizer_adam()
    first <- regression()
    compile(first, optimizer = shared, loss = "mse")
    fit(first, x, y, epochs = 1, verbose = 0)
    second <- keras_model_sequential(input_shape = 4) |> layer_dense(2)
    compile(second, optimizer = shared, loss = "mse")
    fit(second, x, cbind(y, y), epochs = 1, verbose = 0)
  },

  # R code that Keras runs
  "stop() in a lambda layer" = layer_lambda(layer_input(shape = 4), function(x) stop("no lambda")),
  "a missing variable in a lambda layer" = predict(
    with_layer(layer_lambda(f = function(x) x * scale_)), x, verbose = 0),
  "stop() in a layer" = with_layer(Checking()),
  "a product that does not fit in a layer" = with_layer(Mixing()),
  "a product that does not fit in a layer, under fit" = {
    late <- keras_model_sequential(layers = list(Mixing()))
    compile(late, optimizer = "sgd", loss = "mse")
    fit(late, x, y, verbose = 0)
  },
  "stop() in a dataset" = slices(x, y)$map(function(x, y) stop("no case")),
  "a function of values in a dataset" = {
    values <- slices(x, y)$map(function(x, y) {
      tf$py_function(function(v) stop("no value"), list(x), tf$float32)
    })
    for (batch in iterate(values)) batch
  },
  "a gradient that is not there" = optimizer_sgd()$apply(list(NULL), list(keras_variable(1))),
  "stop() in a loss" = fit(
    regression(loss = function(y_true, y_pred) stop("no loss")), x, y, verbose = 0),
  "as.numeric() in a loss" = fit(
    regression(loss = function(y_true, y_pred) mean(as.numeric(y_pred))), x, y, verbose = 0),
  "stop() in a metric" = fit(
    regression(metrics = list(function(y_true, y_pred) stop("no metric"))), x, y, verbose = 0),
  "if () in a metric" = fit(regression(metrics = list(custom_metric("positive",
    function(y_true, y_pred) if (op_mean(y_pred) > 0) 1 else 0))), x, y, verbose = 0),
  "stop() in train_step" = {
    stepping <- Stepping(model$inputs, model$outputs)
    compile(stepping, optimizer = "sgd", loss = "mse")
    fit(stepping, x, y, verbose = 0)
  },
  "R's own error in a callback" = fit(regression(), x, y, callbacks = Typing(), verbose = 0),
  "stop() in callback_lambda()" = fit(regression(), x, y, verbose = 0, callbacks = callback_lambda(
    on_epoch_end = function(epoch, logs) stop("no epoch"))),
  "stop() in a schedule" = fit(regression(), x, y, verbose = 0,
    callbacks = callback_learning_rate_scheduler(function(epoch, lr) stop("no rate"))),
  "a schedule that gives no number" = fit(regression(), x, y, verbose = 0,
    callbacks = callback_learning_rate_scheduler(function(epoch, lr) "a")),
  "a KerasTensor in if ()" = if (layer_input(shape = 4) > 0) 1,
  "as.numeric() of a KerasTensor" = as.numeric(layer_input(shape = 4)),
  "an op on a KerasTensor and other dims" = layer_input(shape = 4) + op_ones(3),
  "adapt() of a layer that learns nothing" = adapt(layer_dense(units = 1), x),
  "a vocabulary that is missing" = layer_text_vectorization()("a b"),
  "an attribute that a model has not" = model$learning_rate,
  "a method by wrong arguments" = model$fit(x, y, epoch = 1L),
  "a module of Keras that is not there" = keras$layerss$Dense(1L),
  "a tensor's index out of range" = op_ones(shape(2, 3))[3, 1],
  "an axis out of range" = op_sum(op_ones(shape(2, 3)), axis = 4),
  "NA for an axis" = op_sum(x, axis = NA),
  "NA among axes" = op_sum(x, axis = c(1L, NA)),
  "TRUE for an axis" = op_sum(x, axis = TRUE),
  "text for an axis" = op_sum(x, axis = "rows"),
  "NA for units" = layer_dense(units = NA),
  "NA for an index" = op_take(x, NA),
  "NA for epochs" = fit(model, x, y, epochs = NA),
  "NA for validation_split" = fit(model, x, y, validation_split = NA),
  "labels as a data frame" = fit(classifier(), x, data.frame(kind = factor(labels))),
  "a factor for a regression" = fit(model, x, factor(labels)),
  "a factor with more levels than units" = fit(classifier(), x, factor(rep(1:4, 12))),
  "a label that was not trained" = {
    trained <- classifier()
    fit(trained, x, factor(labels), epochs = 1, verbose = 0)
    evaluate(trained, x, factor(labels + 1))
  },
  "NA in x" = fit(model, replace(x, 7, NA), y),
  "NA in a column" = fit(model, transform(as.data.frame(x), V2 = replace(V2, 3:4, NA)), y),
  "no samples" = predict(model, x[0, ]),
  "strings as classes" = to_categorical(c("a", "b")),
  "fractions as classes" = to_categorical(c(0, 0.5)),
  "a list of sequences" = fit(model, list(1:3, 4L), 1:2, verbose = 0),
  "a list of vectors" = predict(model, list(1:4, 5:8), verbose = 0),
  "strings as sequences" = pad_sequences(list("a", c("b", "c"))),
  "weights for another output" = {
    start <- layer_input(shape = 4)
    outputs <- list(layer_dense(start, 1, name = "p"), layer_dense(start, 1, name = "q"))
    double <- keras_model(start, outputs)
    compile(double, loss = "mse")
    fit(double, x, list(p = y, q = y), sample_weight = list(p = y, qq = y), verbose = 0)
  },
  "weights for one output of two" = fit(
    double, x, list(p = y, q = y), sample_weight = list(y), verbose = 0)
)
