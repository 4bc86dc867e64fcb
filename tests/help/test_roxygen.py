"""Pages of the functions that are written in R, from their roxygen comments."""

from __future__ import annotations

from pyclass_bridge.help import pages, roxygen

CODE = """
#' Two functions
#'
#' What they do,
#' with `code`.
#'
#' And more.
#'
#' @param x,y Numbers, of which
#'   there are two.
#' @param ... More.
#' @return A number.
#' @examples
#' \\dontrun{
#' f(1, 2)
#' if (TRUE) {
#'   f(2, 3)
#' }
#' }
f <- function(x, y, ...) x

#' @rdname f
`%f%` <- function(x, y) x

#' Hidden
#' @noRd
g <- function() 1

#' A variable
#'
#' @format A module.
#' @return It.
keras <- NULL
"""


def test_blocks_become_topics():
    topics = roxygen.read([CODE])
    assert set(topics) == {"f", "%f%", "keras"}
    assert topics["f"] is topics["%f%"]
    assert topics["f"].names == ["f", "%f%"]
    assert topics["f"].title == "Two functions"
    assert topics["f"].description == "What they do,\nwith `code`.\n\nAnd more."


def test_a_page(monkeypatch):
    monkeypatch.setattr(roxygen, "topics", lambda: roxygen.read([CODE]))
    text = pages.roxygen_page("%f%", {"f": ["x", "y", "..."], "%f%": ["x", "y"]}, 80)
    assert "     f(x, y, ...)\n\n     x %f% y\n" in text
    assert "    x, y: Numbers, of which there are two.\n" in text
    assert "Value:\n\n     A number.\n" in text
    assert text.endswith("     f(1, 2)\n     if (TRUE) {\n       f(2, 3)\n     }\n")


def test_functions_with_the_same_arguments_and_methods():
    many = [f"argument_{i}" for i in range(12)]
    calls = pages._shared([pages.usage("f", many), pages.usage("g", many)])
    assert len(calls) == 1
    assert calls[0].endswith("# g(): the same arguments")
    method = pages._usage("fit.keras.src.models.model.Model", ["object"], 80)
    assert method == "## for the class keras.src.models.model.Model\nfit(object)"


def test_every_documented_function_of_this_package_has_a_page():
    for name, topic in roxygen.topics().items():
        text = pages.roxygen_page(name, {}, 80)
        assert topic.title in " ".join(text.split()).replace("\u2018", "`").replace("\u2019", "`")
        assert "\\dontrun" not in text
        assert "@param" not in text
