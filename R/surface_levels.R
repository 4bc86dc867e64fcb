# The levels of factors in training data: known within a call, and remembered with the model once it
# is trained. The other half is surface/levels.py. Guarantees that a label always has one code.

# How the data of one call are read: for which model, what happens to NA ("error", or "allow": it
# becomes NaN), and which levels the factors have. `trains`: does the model learn the levels?
data_reading <- function(model = NULL, na = "error", trains = FALSE) {
  if (!is_string(na) || !na %in% c("error", "allow")) {
    stop_at_user("`na` must be \"error\" or \"allow\", not ", describe_value(na), ".")
  }
  list2env(
    list(model = model, na = na, may_allow = !missing(na), trains = trains, levels = NULL),
    parent = emptyenv()
  )
}

levels_module <- function() keras_module("surface.levels")

# The codes of a factor, counted from 0, by the levels that are known for its place. The first
# factor of a place makes its levels known.
factor_codes <- function(x, label, reading) {
  refuse_na(x, label)
  if (is.null(reading$model)) {
    return(as.integer(x) - 1L)
  }
  place <- data_place(label, reading)
  known <- known_levels(reading)[[place]]
  codes <- match(levels(x), known)[as.integer(x)] - 1L
  first <- !place %in% reading$given
  # Compiled anew, a model may learn other labels.
  learns <- reading$trains && first && (is.null(known) || levels_module()$is_new(reading$model))
  if (is.null(known) || anyNA(codes) && learns) {
    known <- new_levels(x, label, place, reading)
    codes <- as.integer(x) - 1L
  } else if (anyNA(codes)) {
    stop_levels(x, known, label)
  }
  reading$given <- c(reading$given, place)
  if (startsWith(place, "y")) {
    refuse_codes(codes, known, label, place, reading)
  }
  codes
}

# The codes must suit the loss.
refuse_codes <- function(codes, known, label, place, reading) {
  sentence <- levels_module()$unfit(
    reading$model, label, output_name(place), length(known), max(codes, 0L)
  )
  if (!is.null(sentence)) {
    unused <- length(known) > 2L && length(unique(codes)) == 2L
    remedy <- " Only two levels have cases: droplevels() drops the others."
    stop_at_user(sentence, if (unused) remedy)
  }
}

known_levels <- function(reading) {
  if (is.null(reading$levels)) {
    reading$levels <- lapply(as.list(levels_module()$known(reading$model)), as_strings)
  }
  reading$levels
}

new_levels <- function(x, label, place, reading) {
  reading$levels[[place]] <- levels(x)
  reading$brings <- reading$trains
  if (reading$trains) {
    levels_module()$remember(reading$model, place, as.list(levels(x)))
  } else if (startsWith(place, "y")) {
    lend_levels(x, label, place, reading)
  }
  levels(x)
}

# In an evaluation, metrics and losses in plain R get a factor that the model does not know with its
# own levels.
lend_levels <- function(x, label, place, reading) {
  levels_module()$lend(reading$model, place, as.list(levels(x)))
  reading$lends <- TRUE
  if (levels_module()$unnamed(reading$model, output_name(place), nlevels(x))) {
    warning(simpleWarning(paste0(
      "`", label, "` has only the ", counted_levels(levels(x)), ", and the model has more classes,",
      " whose names it does not know: the codes are those of the factor. Give a factor of all ",
      "levels, as in factor(", label, ", levels = c(...))."
    ), call_at(user_frame())))
  }
}

stop_levels <- function(x, known, label) {
  stop_at_user(
    "`", label, "` has the ", counted_levels(levels(droplevels(x))), ", but the model knows the ",
    counted_levels(known), " from its training. Leave the other cases out, or train a model with ",
    "a factor of all levels; after compile(), fit() may bring other levels."
  )
}

counted_levels <- function(levels) {
  shown <- utils::head(levels, 8L)
  rest <- length(levels) - length(shown)
  paste0(
    if (length(levels) == 1L) "level " else "levels ", quoted(shown),
    if (rest) paste(" and", rest, "more")
  )
}

# The place of the data that the user calls `label`: "y", "x$species"; the name of an input or
# output stands for its number, and `validation_data` has the places of x and y.
data_place <- function(label, reading) {
  place <- sub("validation_data[[1]]", "x", label, fixed = TRUE)
  place <- sub("validation_data[[2]]", "y", place, fixed = TRUE)
  part <- substr(place, 1L, 1L)
  names <- as_strings(levels_module()$names_of(reading$model, part))
  by_number <- grepl("^[xy]\\[\\[[0-9]+\\]\\]$", place)
  if (!length(names)) {
    if (by_number || part == "y") part else place
  } else if (by_number) {
    paste0(part, "$", names[[as.integer(gsub("[^0-9]", "", place))]])
  } else {
    place
  }
}

output_name <- function(place) {
  if (startsWith(place, "y$")) substring(place, 3L)
}

# Ends a training, whose levels are forgotten if it has failed before its first step, or an evaluation,
# whose levels are.
settle_levels <- function(reading) {
  if (isTRUE(reading$lends)) {
    levels_module()$take_back(reading$model)
  }
  if (isTRUE(reading$brings)) {
    levels_module()$settle(reading$model)
  }
}
