"""Arrays of R in Python without a copy: a read-only view keeps the R value, and nothing that R does
changes its numbers.
"""

from __future__ import annotations

import gc
import pickle
import threading

import numpy as np
import pytest
from support.subprocesses import output_of

import pyclass_bridge
from pyclass_bridge import RObject, _core

# {what: (code of an R array, NumPy's dtype)}. Those of the second group are ALTREP vectors.
ARRAYS = {
    "double": ("matrix(runif(200) + 1, 20)", "f8"),
    "integer": ("matrix(sample.int(200L), 20)", "i4"),
    "complex": ("matrix(complex(real = runif(200), imaginary = 1), 20)", "c16"),
    "raw": ("matrix(as.raw(1:200), 20)", "u1"),
    "three dims": ("array(runif(240), c(4, 5, 12))", "f8"),
    "one dim": ("array(runif(200), 200)", "f8"),
    "with dimnames": ("matrix(runif(20), 2, dimnames = list(c('a', 'b'), NULL))", "f8"),
    # 1:n, and an attribute given to a value that another variable holds
    "a sequence": ("local({ x <- 1:200; dim(x) <- c(20L, 10L); x })", "i4"),
    "a wrapper": ("local({ y <- runif(200); x <- y; dim(x) <- c(20L, 10L); x })", "f8"),
    "a wrapped sequence": ("local({ y <- 1:200; x <- y; dim(x) <- c(20L, 10L); x })", "i4"),
    "a sorted one": ("local({ x <- sort(runif(200)); dim(x) <- c(20L, 10L); x })", "f8"),
}


@pytest.fixture(params=ARRAYS)
def array(request, define):
    """`x`, a variable of R with an array; the test gets the scope."""
    define(f"x <- {ARRAYS[request.param][0]}")
    define.dtype = ARRAYS[request.param][1]
    return define


def test_it_is_a_read_only_view_in_rs_order(array):
    view, again = array("x"), array("x")
    assert view.dtype == array.dtype and view.flags.f_contiguous and not view.flags.owndata
    assert np.shares_memory(view, again)
    assert view.shape == tuple(array("as.list(dim(x))"))
    with pytest.raises(ValueError, match="read-only"):
        view += view
    with pytest.raises(ValueError, match="WRITEABLE"):
        view.flags.writeable = True


CHANGES = {
    "an element": "x[1L] <- x[2L]",
    "a loop": "for (i in seq_along(x)) x[i] <- x[1L]",
    "compiled code": "x <- compiler::cmpfun(function(x) { for (i in 1:9) x[i] <- x[10L]; x })(x)",
    "all": "x[] <- x[2L]",
    "its dims": "dim(x) <- NULL; x[1:9] <- x[10L]",
    "its type": "storage.mode(x) <- 'character'",
    "a sort in place": "x <- sort(as.vector(unclass(x)), decreasing = TRUE)",
    "another name": "y <- x; rm(x); y[1L] <- y[2L]; x <- y",
    "from a function": "local({ x[1L] <<- x[2L] })",
    "in a list": "l <- list(a = x); rm(x); l$a[1L] <- l$a[2L]; x <- l$a",
}


@pytest.mark.parametrize("change", CHANGES)
def test_r_does_not_change_it(define, change):
    views = []
    for code, dtype in ARRAYS.values():
        if "sort" in change and dtype in ("c16", "u1"):
            continue
        define(f"x <- {code}")
        views.append((code, define("x"), define("x").copy()))
        define(CHANGES[change])
        changed = define("is.null(dim(x))") or not np.array_equal(define("x"), views[-1][2])
        assert changed, code
    define("gc(); for (i in 1:200) runif(200)")
    assert [code for code, view, before in views if not np.array_equal(view, before)] == []


def test_c_code_of_r_that_asks_for_the_memory_to_write_to(define):
    """An ALTREP vector moves its numbers then, and would leave the old memory to R's collector."""
    for make in ("y <- runif(1e5)", "y <- as.double(1:1e5)"):
        define(f"{make}; x <- y; dim(x) <- c(1000L, 100L)")
        view = define("x")
        before = view.copy()
        define("z <- crossprod(x); z <- fft(x); rm(y)")
        define("z <- NULL; for (i in 1:5) { gc(); z <- runif(1e5) }")
        assert np.array_equal(view, before)


def handles(define) -> int:
    """How many there are when both collectors have seen what others have left."""
    for _ in range(2):
        gc.collect()
        define("gc()")
    return _core.counters()["handles"]


# {what: the R code of an array that has `mark` as an attribute}
HELD = {
    "plain": "structure(matrix(runif(200), 20), mark = mark)",
    "a wrapper": "local({ y <- runif(200); x <- y; dim(x) <- 200L; attr(x, 'm') <- mark; x })",
}


@pytest.mark.parametrize("code", HELD.values(), ids=HELD)
def test_the_value_lives_as_long_as_a_view(define, code):
    define("gone <- FALSE; mark <- new.env(); reg.finalizer(mark, function(e) gone <<- TRUE)")
    live = handles(define)
    define(f"x <- {code}; rm(mark)")
    part = define("x")[::2]
    total = part.sum()
    define("rm(x)")
    for _ in range(3):
        gc.collect()
        define("gc(); for (i in 1:50) matrix(runif(200), 20)")
    assert not define("gone") and part.sum() == total
    assert handles(define) > live
    del part
    assert handles(define) == live
    assert define("gone")


def test_r_changes_its_value_in_place_again_once_the_view_is_gone(define):
    """No copy is made for a view that is no more."""
    define("x <- matrix(runif(1e5), 100)")
    view = define("x")
    define("x[1L] <- 0")
    moved = define("x").ctypes.data
    assert moved != view.ctypes.data
    define("x[1L] <- 1")
    assert define("x").ctypes.data == moved


def test_views_on_threads(define):
    """They are taken, read and dropped on threads, while R makes and collects values."""
    give = define("function(i) matrix(as.double(i), 50, 40)")
    churn = define("function() { gc(); for (i in 1:50) matrix(runif(2000), 50); NULL }")
    wrong = []

    def work(seed):
        held = []
        for i in range(seed * 1000, seed * 1000 + 150):
            held.append((i, give(i)))
            if len(held) > 20:
                n, view = held.pop(0)
                if view.sum() != 2000 * n:
                    wrong.append(n)
            if i % 50 == 0:
                churn()

    work(0)
    live = handles(define)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    # 600 views were made; what entries of several threads keep is a few handles.
    assert handles(define) < live + 10


def test_a_forked_child_has_its_own():
    code = """
    import pyclass_bridge
    r = pyclass_bridge.r
    r("x <- matrix(runif(1e5), 100)")
    view = r("x")
    total = view.sum()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        r("x[] <- 0; gc()")
        os._exit(0 if view.sum() == total and r("sum(x)") == 0 else 1)
    print(os.waitpid(pid, 0)[1], view.sum() == total == r("sum(x)"))
    """
    assert output_of(code).split() == ["0", "True"]


def test_na_is_found_wherever_it_is(define):
    """NumPy would take R's sign for it for a number."""
    for n in (1, 1023, 1024, 1025, 4096, 10_000):
        for at in {1, n // 2 + 1, n}:
            for kind in ("integer", "logical"):
                define(f"x <- array(as.{kind}(rep(1L, {n})), {n})")
                assert isinstance(define("x"), np.ndarray)
                define(f"x[{at}L] <- NA")
                assert isinstance(define("x"), RObject), (n, at, kind)
    assert isinstance(define("x <- c(1:5, NA); dim(x) <- 6L; x"), RObject)


def test_logicals_are_booleans_of_the_same_places(define):
    view = define("matrix(c(TRUE, FALSE, FALSE, TRUE, TRUE, TRUE), 2)")
    assert view.dtype == bool and view.tolist() == [[True, False, True], [False, True, True]]
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = False


def test_what_numpy_makes_of_a_view_is_its_own(define):
    view = define("matrix(c(1, 2, 3, 4), 2)")
    again = pickle.loads(pickle.dumps(view, protocol=4))  # 5 keeps that it is read-only
    for made in (view.copy(), np.array(view), view + 0, again):
        assert made.flags.writeable and not np.shares_memory(made, view)
        made[0, 0] = 9
    assert view.tolist() == [[1, 3], [2, 4]]


def test_libraries_that_take_the_memory_keep_the_value():
    """JAX takes memory that is aligned as it likes; what it has made must not change with R."""
    code = """
    import gc, jax, numpy as np, pyclass_bridge
    jax.config.update("jax_enable_x64", True)
    r = pyclass_bridge.r
    kept, taken = [], 0
    for _ in range(40):
        view = r("array(runif(1e5), 1e5)")
        view = view[-view.ctypes.data % 64 // 8 :]
        tensor = jax.device_put(view)
        taken += tensor.unsafe_buffer_pointer() == view.ctypes.data
        kept.append((tensor, float(view.sum())))
        del view
        gc.collect(), r("gc(); for (i in 1:3) runif(1e5)")
    print(taken > 0, all(abs(float(t.sum()) - s) < 1e-6 for t, s in kept))
    """
    pytest.importorskip("jax")
    assert output_of(code).split() == ["True", "True"]


def test_the_other_values_have_no_numbers_to_share():
    with pytest.raises(BufferError, match="type character has no numbers to share"):
        _core.Memory(_core.evaluate("'a'"))
    numbers = memoryview(_core.Memory(_core.evaluate("c(1, 2)")))
    assert numbers.readonly and numbers.nbytes == 16
    assert pyclass_bridge.r("array(double(), c(0, 3))").shape == (0, 3)


# ---- back in R ---------------------------------------------------------------------------------


def test_a_view_comes_back_as_the_array_itself(define):
    same = define("function(x) x")
    define("box <- NULL; Box %py_class% { held <- NULL }; box <- Box()")
    for code, dtype in ARRAYS.values():
        if dtype == "u1" or "dimnames" in code:
            continue
        view = define(f"x <- {code}")
        back = define("function(x, y) identical(x, y)")
        assert back(view, _core.to_r(view)) and np.shares_memory(same(view), view)
        define("box$held <- x; y <- box$held; y[1L] <- y[2L]")
        assert np.shares_memory(define("box$held"), view)
        assert define("identical(box$held, x) && !identical(x, y)")
    define("rm(box, Box)")


def test_other_views_come_back_with_their_own_elements(define):
    define("x <- matrix(c(1, 2, 3, 4, 5, 6), 2)")
    view = define("x")
    named = define("matrix(c(1, 2), 1, dimnames = list('a', NULL))")
    others = {
        "a part": view[:, :2],
        "transposed": view.T,
        "reversed": view[::-1],
        "flat": view.ravel("F"),
        "other dims": view.reshape((3, 2), order="F"),
        "other numbers": define("matrix(1:6, 2)").view("u4"),
        "dimnames": named,
        "a square, transposed": define("matrix(c(1, 2, 3, 4), 2)").T,
        "parts of numbers": define("matrix(c(1i, 2), 1)").real,
        "its bytes": define("array(as.raw(1:3), 3)"),
        "under a mask": _core.evaluate("matrix(c(1L, NA), 1)").to_python().data,
    }
    for what, array in others.items():
        made = _core.to_r(array)
        back = _core.to_python(made)
        assert back.shape == array.shape and np.array_equal(back, array), what
        assert not np.shares_memory(back, array), what
        assert made.names is None, what
