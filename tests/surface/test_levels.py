"""The levels of factors: one code for a label, in a call, in later calls, copies and files."""

from __future__ import annotations

import pytest
from support.r_models import LABELS, X, from_r
from support.twin import backend

# A model that is trained with `labels`; some() are the cases of the last two labels alone, whose
# measures are `right`.
TRAINED = """
  classifier <- function(units = 3, activation = "softmax",
                         loss = "sparse_categorical_crossentropy") {
    set_random_seed(2)
    model <- keras_model_sequential(input_shape = 4) |>
      layer_dense(units, activation = activation)
    compile(model, "adam", loss, metrics = "accuracy")
    model
  }
  labels <- factor(c("no", "perhaps", "yes")[codes + 1], c("no", "perhaps", "yes"))
  model <- classifier()
  fit(model, x, labels, epochs = 2, verbose = 0)
  some <- labels != "no"
  measures <- function(model, y, x2 = x[some, ]) unlist(evaluate(model, x2, y, verbose = 0))
  right <- measures(model, codes[some])
"""


def trained(code: str, **variables):
    return from_r(TRAINED + code, x=X, codes=LABELS, **variables)


OTHER_LEVELS = {
    "fewer": "droplevels(labels[some])",
    "in another order": "factor(labels[some], levels = rev(levels(labels)))",
    "ordered": "factor(labels[some], levels = c('perhaps', 'yes'), ordered = TRUE)",
    "with an unused level": "factor(labels[some], levels = c('maybe', levels(labels)))",
    "with names": "setNames(droplevels(labels[some]), which(some))",
    "in a list": "list(droplevels(labels[some]))",
}


@pytest.mark.parametrize("case", OTHER_LEVELS)
def test_later_factors_have_the_codes_of_their_labels(keras, case):
    assert trained(f"""
      y <- {OTHER_LEVELS[case]}
      batch <- if (is.list(y)) y[[1]] else y
      c(identical(measures(model, y), right),
        all.equal(unlist(test_on_batch(model, x[some, ], batch)), right, tolerance = 1e-5),
        length(train_on_batch(model, x[some, ], batch)) == 2L)
    """) == [True, True, True]


def test_validation_data_have_the_codes_of_the_training(keras):
    losses = trained("""
      validated <- function(data) {
        model <- classifier()
        history <- fit(model, x, labels, validation_data = data, epochs = 1, verbose = 0)
        history$metrics$val_loss
      }
      y <- droplevels(labels[some])
      list(validated(list(x[some, ], codes[some])), validated(list(x[some, ], y)))
    """)
    assert losses[0] == losses[1]


def test_batches_of_a_function_have_one_code_for_a_label(keras):
    losses = trained("""
      in_batches <- function(y) {
        of <- split(seq_along(labels), labels)
        i <- 0
        model <- classifier()
        batches <- function() {
          i <<- i + 1
          if (i <= 3) list(x[of[[i]], ], y(of[[i]]))
        }
        # The first batch knows all levels.
        train_on_batch(model, x, labels)
        fit(model, batches, epochs = 1, verbose = 0)$metrics$loss
      }
      list(in_batches(function(rows) codes[rows]),
           in_batches(function(rows) droplevels(labels[rows])))
    """)
    assert losses[0] == losses[1]


KEPT = {
    "a saved model": """
      save_model(model, path)
      again <- load_model(path)
    """,
    "a model saved by Keras": "model$save(path); again <- load_model(path)",
    "a checkpoint": """
      kept <- callback_model_checkpoint(path)
      fit(model, x, labels, epochs = 1, callbacks = kept, verbose = 0)
      again <- load_model(path)
      right <- measures(model, codes[some])
    """,
    "a copy of a loaded model": """
      save_model(model, path)
      save_model(load_model(path), path, overwrite = TRUE)
      again <- load_model(path)
    """,
    "a clone": """
      again <- clone_model(model)
      set_weights(again, get_weights(model))
      compile(again, "adam", "sparse_categorical_crossentropy", metrics = "accuracy")
    """,
    "compiled anew": """
      again <- model
      compile(again, "sgd", "sparse_categorical_crossentropy", metrics = "accuracy")
    """,
}


@pytest.mark.parametrize("case", KEPT)
def test_levels_are_kept_with_the_model(keras, tmp_path, case):
    assert trained(
        KEPT[case] + "\nall.equal(measures(again, droplevels(labels[some])), right)",
        path=str(tmp_path / "model.keras"),
    )


def test_python_loads_a_model_with_levels(keras, tmp_path):
    path = str(tmp_path / "model.keras")
    trained("save_model(model, path)", path=path)
    again = keras.models.load_model(path)
    again.save(path)
    assert keras.models.load_model(path).predict(X, verbose=0).shape == (len(X), 3)


UNKNOWN = {
    "evaluate(model, x, factor(rep('maybe', 96)))": ('`y` has the level "maybe"', True),
    "test_on_batch(model, x, factor(rep(c('no', 'maybe'), 48)))": (
        '`y` has the levels "maybe", "no"', True
    ),
    "train_on_batch(model, x, factor(rep('maybe', 96)))": ('`y` has the level "maybe"', True),
    "fit(model, x, factor(rep('maybe', 96)))": ('`y` has the level "maybe"', True),
    "fit(classifier(), x, droplevels(labels[some]), validation_data = list(x, labels))": (
        '`validation_data[[2]]` has the levels "no", "perhaps", "yes"', False
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", UNKNOWN)
def test_an_unknown_label_is_an_error_that_names_both_sets(keras, code):
    begin, knows_all = UNKNOWN[code]
    message = trained(f"tryCatch({code}, error = conditionMessage)")
    known = '"no", "perhaps", "yes"' if knows_all else '"perhaps", "yes"'
    assert message.startswith(f"{begin}, but the model knows the levels {known} from its training.")


def test_other_labels_may_be_learnt_after_compile_or_after_a_failure(keras):
    assert trained("""
      other <- factor(ifelse(some, "b", "a"))
      failed <- classifier()
      try(fit(failed, x[, 1:3], labels, epochs = 1, verbose = 0), silent = TRUE)
      try(fit(failed, x, labels, validation_data = 3, epochs = 1, verbose = 0), silent = TRUE)
      fit(failed, x, other, epochs = 1, verbose = 0)
      compile(model, "sgd", "sparse_categorical_crossentropy", metrics = "accuracy")
      fit(model, x, other, epochs = 1, verbose = 0)
      known <- measures(model, droplevels(other[some]))
      identical(known, measures(model, rep(1, sum(some))))
    """)


def test_a_model_that_knows_no_levels_says_so(keras):
    warned = trained("""
      model <- classifier()
      fit(model, x, codes, epochs = 1, verbose = 0)
      evaluate(model, x, labels, verbose = 0)
      tryCatch(evaluate(model, x[some, ], droplevels(labels[some]), verbose = 0),
               warning = conditionMessage)
    """)
    assert warned.startswith('`y` has only the levels "perhaps", "yes", and the model has more')


def test_a_loaded_model_of_ones_own_class_says_that_it_knows_no_levels(keras, tmp_path):
    warned = trained(
        """
        Own <- Model("Own",
          initialize = function(...) {
            super$initialize(...)
            self$dense <- layer_dense(units = 3, activation = "softmax")
          },
          call = function(inputs) self$dense(inputs)
        )
        model <- Own()
        compile(model, "adam", "sparse_categorical_crossentropy", metrics = "accuracy")
        fit(model, x, labels, epochs = 1, verbose = 0)
        stopifnot(identical(measures(model, droplevels(labels[some])),
                            measures(model, codes[some])))
        save_model(model, path)
        again <- load_model(path, custom_objects = list(Own = Own))
        tryCatch(measures(again, droplevels(labels[some])), warning = conditionMessage)
        """,
        path=str(tmp_path / "own.keras"),
    )
    assert warned.startswith('`y` has only the levels "perhaps", "yes", and the model has more')


def test_factors_as_inputs_and_as_outputs_by_name_or_place(keras):
    assert trained("""
      answer <- layer_input(1, name = "answer", dtype = "int32")
      size <- layer_input(1, name = "size")
      both <- layer_concatenate(layer_flatten(layer_embedding(answer, 3, 2)), size)
      outputs <- list(q = layer_dense(both, 3, activation = "softmax", name = "q"),
                      p = layer_dense(both, 1, name = "p"))
      for (form in list(identity, unname)) {
        model <- keras_model(list(answer, size), form(outputs))
        compile(model, "sgd", list(q = "sparse_categorical_crossentropy", p = "mse"))
        data <- data.frame(answer = labels, size = x[, 1])
        fit(model, data, list(q = labels, p = x[, 2]), epochs = 1, verbose = 0)
        part <- droplevels(data[some, ])
        stopifnot(identical(predict(model, data[some, ], verbose = 0),
                            predict(model, part, verbose = 0)),
                  identical(predict(model, part, verbose = 0),
                            predict(model, list(part$answer, part$size), verbose = 0)),
                  identical(
                    measures(model, form(list(q = labels[some], p = x[some, 2])), data[some, ]),
                    measures(model, form(list(q = part$answer, p = x[some, 2])), data[some, ])
                  ))
      }
      tryCatch(predict(model, data.frame(answer = factor("new"), size = 1)),
               error = conditionMessage)
    """).startswith('`x$answer` has the level "new", but the model knows the levels "no", ')


# ---- losses --------------------------------------------------------------------------------------

SOFTMAX = (
    'use the loss "sparse_categorical_crossentropy" and 3 units with `activation = "softmax"`.'
)
COLUMNS = (
    'use the loss "sparse_categorical_crossentropy", or give a column for each level by '
    "to_categorical()."
)
UNFIT = {
    "classifier(1, 'sigmoid', 'binary_crossentropy')": (
        f'which the loss "binary_crossentropy" doesn\'t take: {SOFTMAX}'
    ),
    "classifier(1, NULL, 'mse')": (
        f'`y` is a factor of 3 levels, which the loss "mse" doesn\'t take: {SOFTMAX}'
    ),
    "classifier(3, NULL, 'mse')": COLUMNS,
    "classifier(1, NULL, loss_huber())": f'"huber" doesn\'t take: {SOFTMAX}',
    "classifier(1, NULL, loss_mean_absolute_error)": SOFTMAX,
    "classifier(1, NULL, 'hinge')": SOFTMAX,
    "classifier(3, 'sigmoid', 'binary_crossentropy')": COLUMNS,
    "classifier(1, NULL, function(y_true, y_pred) y_true - y_pred)": (
        'has one unit for the loss "loss": give a unit to each level, or the numbers that '
        "are meant, such as as.integer(y) - 1L."
    ),
    "classifier(1, NULL, (Loss('Own', call = function(y_true, y_pred) y_pred))())": 'loss "Own"',
    "classifier(2)": "but the model's output has 2 units: the loss",
    "classifier(1)": "but the model's output has one unit: the loss",
}


@pytest.mark.parametrize("model", UNFIT)
@pytest.mark.parametrize("use", ["fit", "evaluate", "train_on_batch"])
def test_a_factor_that_the_loss_does_not_take(keras, model, use):
    message = trained(f"tryCatch({use}({model}, x, labels), error = conditionMessage)")
    assert UNFIT[model] in message


@pytest.mark.parametrize(
    ("model", "y"),
    [
        ("classifier(1, 'sigmoid', 'binary_crossentropy')", "droplevels(labels[some])"),
        ("classifier(1, NULL, 'mse')", "droplevels(labels[some])"),
        ("classifier(5)", "labels[some]"),
        (
            "classifier(1, NULL, function(y_true, y_pred) y_true - y_pred)",
            "as.integer(labels)[some]",
        ),
        (
            "classifier(1, NULL, function(y_true, y_pred) y_true - y_pred)",
            "droplevels(labels[some])",
        ),
        ("classifier(3, NULL, function(y_true, y_pred) y_pred)", "labels[some]"),
        ("classifier(1, 'sigmoid', 'binary_crossentropy')", "codes[some] - 1"),
    ],
)
def test_a_factor_that_the_loss_takes(keras, model, y):
    assert trained(f"length(fit({model}, x[some, ], {y}, epochs = 1, verbose = 0)$epoch)") == 1


def test_two_levels_with_cases_may_be_all(keras):
    message = trained("""
      model <- classifier(1, "sigmoid", "binary_crossentropy")
      tryCatch(fit(model, x[some, ], labels[some]), error = conditionMessage)
    """)
    assert message.endswith("Only two levels have cases: droplevels() drops the others.")


def test_class_weights_by_level(keras):
    losses = trained("""
      weighted <- function(weights) {
        model <- classifier()
        fit(model, x, labels, class_weight = weights, epochs = 1, verbose = 0)$metrics$loss
      }
      list(weighted(c(yes = 3, no = 1, perhaps = 2)), weighted(c("0" = 1, "1" = 2, "2" = 3)))
    """)
    assert losses[0] == losses[1]


@pytest.mark.skipif(backend() != "tensorflow", reason="text needs it")
def test_a_model_that_reads_text_reads_the_levels(keras):
    assert from_r("""
      words <- layer_string_lookup(vocabulary = c("a", "b"))
      model <- keras_model_sequential(input_shape = 1, input_dtype = "string", layers = words)
      c(predict(model, factor(c("b", "a")), verbose = 0),
        predict(model, data.frame(w = c("b", "a")), verbose = 0))
    """) == [2, 1, 2, 1]
