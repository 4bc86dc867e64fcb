"""R6 class generators as Python classes: r_to_py(R6Class(...))."""

from __future__ import annotations


def test_r6_generators(define):
    out = define(
        """
        Base <- R6::R6Class("Base",
          public = list(n = 1, initialize = function(n = 5) self$n <- n,
                        get = function() paste("base", self$n), shared = function() private$bump()),
          private = list(bumps = 0, bump = function() private$bumps <- private$bumps + 1)
        )
        Child <- R6::R6Class("Child", inherit = Base,
          public = list(get = function() paste("child of", super$get())),
          active = list(twice = function(value) {
            if (missing(value)) 2 * self$n else self$n <- value / 2
          }),
          private = list(bump = function() { super$shared; private$bumps <- private$bumps + 10 })
        )
        Class <- r_to_py(Child)
        x <- Class(n = 7)
        first <- x$get()
        x$twice <- 6
        x$shared()
        list(Class, first, x$n, x$twice, x$shared(), identical(py_id(r_to_py(Child)), py_id(Class)))
        """
    )
    assert out[1:] == ["child of base 7", 3.0, 6.0, 20.0, True]
    assert [c.__name__ for c in out[0].__mro__] == ["Child", "Base", "object"]
    assert not hasattr(out[0], "clone")
