"""pandas' data frames in R: what R users write with a data.frame gives the same with pandas'."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

import pyclass_bridge
from pyclass_bridge import _core

OWN = "data.frame(a = c(3, 1, 2), b = c('x', 'y', 'x'), c = c(TRUE, NA, FALSE))"
FRAME = {"a": [3.0, 1.0, 2.0], "b": ["x", "y", "x"], "c": [True, None, False]}
IDIOMS = [
    "df$b[1]",
    "df[df$a > 1, ]",
    "subset(df, a > 1)",
    "subset(df, a > 1, select = b)",
    "with(df, sum(a))",
    "table(df$b)",
    "rbind(df, df)",
    "cbind(df, z = 1)",
    "{ out <- NULL; for (v in df$a) out <- c(out, v * 2); out }",
    "{ df$k <- 1; df }",
    "{ df$a[2] <- 9; df }",
    "{ df[df$b == 'x', 'a'] <- 0; df }",
    "{ df[['b']] <- NULL; df }",
    "{ names(df)[1] <- 'first'; df }",
    "{ df[nrow(df) + 1, ] <- list(4, 'z', NA); df }",
    "nrow(df)",
    "ncol(df)",
    "dim(df)",
    "names(df)",
    "colnames(df)",
    "rownames(df)",
    "length(df)",
    "is.data.frame(df)",
    "class(df)",
    "head(df, 2)",
    "tail(df, 1)",
    "df[['a']]",
    "df[['b']][[3]]",
    "df[, 'a']",
    "df[2, 1]",
    "df[-1, ]",
    "df['a']",
    "df[order(-df$a), ]",
    "df[!is.na(df$c), ]",
    "sapply(df, class)",
    "lapply(df, typeof)",
    "vapply(split(df$a, df$b), sum, 0)",
    "do.call(rbind, split(df, df$b))",
    "tapply(df$a, df$b, mean)",
    "aggregate(a ~ b, df, mean)",
    "merge(df, data.frame(b = c('x', 'y'), n = 1:2))",
    "transform(df, d = a * 2)",
    "within(df, d <- a + 1)",
    "unique(df$b)",
    "factor(df$b)",
    "paste(df$b, df$a)",
    "ifelse(df$a > 1, 'more', 'less')",
    "mean(df$a)",
    "which(df$a == 2)",
    "cumsum(df$a)",
    "colMeans(df['a'])",
    "as.matrix(df['a'])",
    "as.list(df)",
    "summary(df)",
    "utils::capture.output(str(df))",
    "utils::capture.output(print(df))",
    "coef(lm(a ~ b, df))",
    "Map(paste, df$b, df$a)",
    "max(df$a)",
    "df |> head(1)",
    "dplyr::filter(df, a > 1)",
    "dplyr::mutate(df, d = a * 2)",
    "dplyr::summarise(df, m = mean(a), .by = b)",
    "tibble::as_tibble(df)",
    "ggplot2::ggplot(df, ggplot2::aes(a, b))$data",
    "ggplot2::layer_data(ggplot2::ggplot(df, ggplot2::aes(b, a)) + ggplot2::geom_col())",
]


def raw(code: str):
    return _core.evaluate(code)


@pytest.mark.parametrize("idiom", IDIOMS)
def test_idioms_of_r_give_what_they_give_with_a_data_frame_of_r(idiom):
    package = idiom.partition("::")[0] if "::" in idiom else "base"
    if not pyclass_bridge.r("function(x) requireNamespace(x, quietly = TRUE)")(package):
        pytest.skip(f"the R package {package} is not installed")
    # A scope of its own: other tests of the process may have left a `split()` of theirs.
    identical = pyclass_bridge.r(
        f"evalq(function(df) {{ ours <- {idiom}; df <- {OWN}; identical(ours, {idiom}) }},"
        " new.env(parent = parent.env(globalenv())))"
    )
    assert identical(pd.DataFrame(FRAME)) is True


def test_a_frame_that_r_makes_by_pandas_is_a_data_frame():
    made = pyclass_bridge.r(
        """
        local({
          pd <- import("pandas")
          df <- pd$DataFrame(list(a = c(3, 1), b = c("x", "y")))
          df$k <- 1
          list(is.data.frame(df), df$b[1], nrow(df[df$a > 1, ]), names(df))
        })
        """
    )
    assert made == [True, "x", 1, ["a", "b", "k"]]


def test_unconverted_it_stays_pandas():
    shape = pyclass_bridge.r(
        """
        local({
          pd <- import("pandas", convert = FALSE)
          df <- pd$DataFrame(list(a = c(3, 1)))
          list(is_py_object(df), py_to_r(df$shape), is.data.frame(py_to_r(df)))
        })
        """
    )
    assert shape == [True, [2, 1], True]


def test_equal_labels_give_no_row_names_and_say_so():
    frame = pd.DataFrame({"a": [1.5, 2.5]}, index=["r", "r"])
    with pytest.warns(pyclass_bridge.RWarning, match="has 'r' more than once"):
        assert _core.to_r(frame) == raw("data.frame(a = c(1.5, 2.5))")


@pytest.mark.parametrize(
    ("index", "names"),
    [
        (pd.RangeIndex(2), ["1", "2"]),
        (pd.RangeIndex(1, 3), ["2", "3"]),
        ([5, 6], ["5", "6"]),
        ([0.5, 1.5], ["0.5", "1.5"]),
        (pd.DatetimeIndex(["2024-01-01", "2024-01-02"]), ["2024-01-01", "2024-01-02"]),
        (pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]), ["('a', 1)", "('a', 2)"]),
        (pd.CategoricalIndex(["a", "b"]), ["a", "b"]),
    ],
)
def test_row_names(index, names):
    frame = pd.DataFrame({"a": [1.5, 2.5]}, index=index)
    assert pyclass_bridge.r("rownames")(frame) == names


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (pd.cut([5, 25], [0, 18, 65]), ["(0, 18]", "(18, 65]"]),
        (pd.Categorical([100000, 2]), ["2", "100000"]),
        (pd.Categorical([1.5, 2]), ["1.5", "2"]),
        (pd.Categorical([True, False]), ["FALSE", "TRUE"]),
        (pd.Categorical(pd.PeriodIndex(["2020-01", "2020-02"], freq="M")), ["2020-01", "2020-02"]),
        (pd.Categorical(pd.to_timedelta([1, 2], "D")), ["1 days 00:00:00", "2 days 00:00:00"]),
        (pd.Categorical([decimal.Decimal("0.1"), "b"]), ["0.1", "b"]),
        (pd.Categorical(pd.MultiIndex.from_tuples([(1, 2), (3, 4)])), ["(1, 2)", "(3, 4)"]),
    ],
)
def test_levels_are_labels(values, levels):
    for made in (values, pd.Series(values), pd.DataFrame({"f": values})):
        assert pyclass_bridge.r("function(x) levels(if (is.list(x)) x$f else x)")(made) == levels


def test_whole_numbers_beyond_a_double_are_told():
    for values, dtype in (([2**60], "int64"), ([2**60, None], "Int64"), ([2**70, None], object)):
        with pytest.warns(pyclass_bridge.RWarning, match=r"beyond 2\^53"):
            made = _core.to_r(pd.DataFrame({"a": pd.Series(values, dtype=dtype)}))
        assert pyclass_bridge.r("function(x) x()$a[1]")(lambda made=made: made) == values[0]


def test_objects_of_one_kind_are_a_vector_and_others_a_list():
    day, time = (
        datetime.date(1970, 1, 2),
        datetime.datetime(1970, 1, 2, tzinfo=datetime.timezone.utc),
    )
    for values, code in (
        ([1, None], "c(1L, NA)"),
        ([1.5, None], "c(1.5, NA)"),
        ([np.float64(1.5), 2.5], "c(1.5, 2.5)"),
        ([np.int64(1), None], "c(1L, NA)"),
        ([day, None], "as.Date(c('1970-01-02', NA))"),
        ([time, None], ".POSIXct(c(86400, NA), 'UTC')"),
        ([pd.Timestamp(0), None], ".POSIXct(c(0, NA), 'UTC')"),
        ([datetime.timedelta(seconds=1), None], "as.difftime(c(1, NA), units = 'secs')"),
        ([None, None], "c(NA, NA)"),
        ([], "character()"),
        ([day, time], "list(as.Date('1970-01-02'), .POSIXct(86400, 'UTC'))"),
        ([True, 2], "list(TRUE, 2L)"),
        ([1, 2.5], "list(1L, 2.5)"),
        (["a", 1, None], "list('a', 1L, NULL)"),
        ([{"a": 1}, [2]], "list(list(a = 1L), 2L)"),
    ):
        assert _core.to_r(pd.Series(values, dtype=object)) == raw(code), values
