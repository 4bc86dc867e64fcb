# Columns of datasets: how a line of text or a query is read into columns, and which columns are
# features and response. The other half is surface/tfdatasets.py.

delim_record_spec <- function(example_file, delim = ",", skip = 0, names = NULL, types = NULL,
                              defaults = NULL) {
  has_header <- is.null(names)
  if (has_header || is.null(types) && is.null(defaults)) {
    example <- utils::read.table(
      file_paths(example_file),
      header = has_header, sep = delim, skip = skip, nrows = 1000L, quote = "\"",
      comment.char = "", check.names = FALSE, stringsAsFactors = FALSE
    )
    names <- names %||% names(example)
    types <- types %||% if (is.null(defaults)) vapply(example, column_type, "")
  }
  types <- column_types(types, defaults)
  check_columns(names, types)
  defaults <- defaults %||% lapply(types, function(type) if (type == "character") "" else 0)
  structure(
    list(
      names = as.list(names), types = as.list(unname(types)), defaults = unname(as.list(defaults)),
      delim = delim, skip = as.integer(skip + has_header)
    ),
    class = "delim_record_spec"
  )
}

csv_record_spec <- function(example_file, skip = 0, names = NULL, types = NULL, defaults = NULL) {
  delim_record_spec(example_file, ",", skip, names, types, defaults)
}

tsv_record_spec <- function(example_file, skip = 0, names = NULL, types = NULL, defaults = NULL) {
  delim_record_spec(example_file, "\t", skip, names, types, defaults)
}

column_type <- function(x) {
  if (is.integer(x)) "integer" else if (is.double(x)) "double" else "character"
}

# The types as words, also from letters such as "ddi", or from default values.
column_types <- function(types, defaults) {
  if (is.null(types)) {
    return(vapply(defaults, column_type, ""))
  }
  if (length(types) == 1L && grepl("^[cid]+$", types)) {
    types <- strsplit(types, "")[[1L]]
  }
  known <- c("character", "integer", "double")
  found <- known[pmatch(types, known, duplicates.ok = TRUE)]
  if (anyNA(found)) {
    stop(
      "The type of a column is \"character\", \"integer\" or \"double\", not ",
      quoted(unlist(types)[is.na(found)][1L]), ".",
      call. = FALSE
    )
  }
  found
}

check_columns <- function(names, types) {
  if (length(names) != length(types)) {
    stop(
      "A record has a type for each name: there are ", counted(length(names), "name"), ", but ",
      counted(length(types), "type"), ".",
      call. = FALSE
    )
  }
}

dataset_decode_delim <- function(dataset, record_spec, parallel_records = NULL) {
  check_dataset(dataset, "dataset_decode_delim")
  spec <- unclass(record_spec)[c("names", "types", "defaults", "delim")]
  tfdatasets_module()$decoded(dataset, spec, parallel_records)
}

text_line_dataset <- function(filenames, compression_type = NULL, ..., buffer_size = NULL,
                              num_parallel_reads = NULL, name = NULL, record_spec = NULL,
                              parallel_records = NULL) {
  lines <- call_dataset("text_line_dataset", "TextLineDataset", list(
    filenames = filenames, compression_type = compression_type, buffer_size = buffer_size,
    num_parallel_reads = num_parallel_reads, name = name
  ))
  if (is.null(record_spec)) {
    return(lines)
  }
  dataset_decode_delim(lines$skip(record_spec$skip), record_spec, parallel_records)
}

read_files <- function(files, reader, ..., parallel_files = 1, parallel_interleave = 1,
                       num_shards = NULL, shard_index = NULL) {
  files <- file_paths(files)
  tfdatasets_module()$read(
    if (length(files) == 1L) files else as.list(files),
    traced_function(function(file) reader(file, ...)), parallel_files, parallel_interleave,
    if (!is.null(num_shards)) list(num_shards, shard_index)
  )
}

sql_record_spec <- function(names, types) {
  check_columns(names, types)
  structure(list(names = as.list(names), types = types), class = "sql_record_spec")
}

sql_dataset <- function(driver_name, data_source_name, query, record_spec) {
  tfdatasets_module()$query(
    driver_name, data_source_name, query, record_spec$names, record_spec$types
  )
}

sqlite_dataset <- function(filename, query, record_spec) {
  sql_dataset("sqlite", file_paths(filename), query, record_spec)
}

# ---- features and response ---------------------------------------------------------------------

dataset_prepare <- function(dataset, x, y = NULL, named = TRUE, named_features = FALSE,
                            parallel_records = NULL, batch_size = NULL,
                            num_parallel_batches = NULL, drop_remainder = FALSE) {
  check_dataset(dataset, "dataset_prepare")
  columns <- as_strings(tfdatasets_module()$columns_of(dataset))
  if (!length(columns)) {
    stop(
      "dataset_prepare(): the elements of `dataset` have no columns by name; those of ",
      "tensor_slices_dataset() of a data frame have.",
      call. = FALSE
    )
  }
  chosen <- if (inherits(x <- substitute(x), "call") && call_head(x) == "~") {
    formula_columns(x, columns, missing(y) || is.null(substitute(y)))
  } else {
    list(x = x, y = substitute(y))
  }
  features <- select_columns(chosen$x, columns, parent.frame(), "x")
  response <- select_columns(chosen$y, columns, parent.frame(), "y")
  prepared <- tfdatasets_module()$prepared(
    dataset, as.list(features), if (length(response)) as.list(response), named, named_features,
    parallel_records
  )
  if (is.null(batch_size)) {
    return(prepared)
  }
  batch_dataset("dataset_prepare", prepared, batch_size, num_parallel_batches, drop_remainder)
}

# The columns of a formula such as `y ~ a + b`, in which `.` is all columns but the response.
formula_columns <- function(formula, columns, has_no_y) {
  if (!has_no_y) {
    stop("dataset_prepare(): give `y` or a formula as `x`, not both.", call. = FALSE)
  }
  response <- if (length(formula) == 3L) all.vars(formula[[2L]])
  code <- formula[[length(formula)]]
  if (!all(setdiff(all.names(code), all.vars(code)) %in% c("+", "("))) {
    stop(
      "dataset_prepare(): the formula ", deparse_line(formula), " may only list columns with `+`.",
      call. = FALSE
    )
  }
  features <- all.vars(code)
  if ("." %in% features) {
    features <- union(setdiff(features, "."), setdiff(columns, response))
  }
  list(x = features, y = response)
}

selection <- new.env(parent = emptyenv())

# The columns that `code` chooses: names, ranges, exclusions by `-`, and helpers such as
# starts_with().
select_columns <- function(code, columns, env, argument) {
  selection$columns <- columns
  on.exit(selection$columns <- NULL)
  helpers <- list2env(mget(select_helpers, envir = topenv()), parent = env)
  chosen <- eval(code, structure(as.list(seq_along(columns)), names = columns), helpers)
  if (is.character(chosen)) {
    places <- match(chosen, columns)
    if (anyNA(places)) {
      stop(
        "dataset_prepare(): `", argument, "`: no column ", quoted(chosen[is.na(places)]),
        "; the columns are ", quoted(columns), ".",
        call. = FALSE
      )
    }
    return(columns[places])
  }
  chosen <- as.integer(unlist(chosen))
  if (length(chosen) && chosen[[1L]] < 0L) {
    chosen <- c(seq_along(columns), chosen)
  }
  columns[setdiff(chosen[chosen > 0L], -chosen)]
}

select_helpers <- c(
  "contains", "ends_with", "everything", "matches", "num_range", "one_of", "starts_with"
)

# A helper that chooses the columns for which `test(names, match)` is true, for any `match`.
select_by <- function(test) {
  force(test)
  function(match, ignore.case = TRUE, vars = NULL) {
    names <- vars %||% selection$columns
    if (ignore.case) {
      names <- tolower(names)
      match <- tolower(match)
    }
    which(Reduce(`|`, lapply(match, function(part) test(names, part))))
  }
}

starts_with <- select_by(startsWith)

ends_with <- select_by(endsWith)

contains <- select_by(function(names, part) grepl(part, names, fixed = TRUE))

matches <- function(match, ignore.case = TRUE, perl = FALSE, vars = NULL) {
  grep(match, vars %||% selection$columns, ignore.case = ignore.case, perl = perl)
}

num_range <- function(prefix, range, suffix = "", width = NULL, vars = NULL) {
  numbers <- if (is.null(width)) range else formatC(range, width = width, flag = "0")
  which((vars %||% selection$columns) %in% paste0(prefix, numbers, suffix))
}

one_of <- function(..., .vars = NULL) {
  match(c(...), .vars %||% selection$columns)
}

everything <- function(vars = NULL) {
  seq_along(vars %||% selection$columns)
}
