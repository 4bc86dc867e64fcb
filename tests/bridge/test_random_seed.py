"""A forked process draws random numbers of its own, unless the user's code has set a seed."""

from __future__ import annotations

import textwrap

import pytest
from support.subprocesses import output_of

HARNESS = textwrap.dedent(
    """
    import faulthandler, os, sys
    faulthandler.enable()
    import pyclass_bridge
    r = pyclass_bridge.r

    def child(code="rnorm(1)"):
        '''What `code` gives in a forked child.'''
        reader, writer = os.pipe()
        if (pid := os.fork()) == 0:
            try:
                text = repr(r(code))
            except BaseException as error:
                text = repr(error)
            os.write(writer, text.encode())
            os._exit(0)
        os.close(writer)
        text = os.fdopen(reader).read()
        assert os.waitpid(pid, 0)[1] == 0
        return text

    def draws(code="rnorm(1)"):
        '''Do two children and this process draw the same, each another, or what?'''
        seen = {child(code), child(code), repr(r(code))}
        return {3: "others", 1: "same"}.get(len(seen), seen)
    """
)


def lines_of(code: str) -> list[str]:
    return output_of(code, start=HARNESS, KERAS_BACKEND="numpy").splitlines()


def test_a_child_draws_numbers_of_its_own():
    code = """
    print(draws())
    print(draws())  # R has taken a seed from the clock by now
    print(draws("sample(1e6, 2)"))
    print(r("function(f) f()")(draws))
    """
    assert lines_of(code) == ["others"] * 4


KINDS = ["Wichmann-Hill", "Marsaglia-Multicarry", "Super-Duper", "Knuth-TAOCP", "L'Ecuyer-CMRG"]


def test_kinds_are_kept_by_a_child():
    code = f"""
    for kind in {KINDS}:
        r("function(kind) suppressWarnings(RNGkind(kind, 'Box-Muller', 'Rounding'))")(kind)
        print(draws(), child("RNGkind()") == repr(r("RNGkind()")))
    """
    assert lines_of(code) == ["others True"] * 5


def test_a_seed_of_the_user_is_kept():
    code = """
    def twice(code="rnorm(1)"):
        return child(code) == child(code)

    for seed in ("set.seed(1)", "(function() set.seed(2))()", "do.call(set.seed, list(3))",
                 "invisible(lapply(4, set.seed))", "local(set.seed(6))",
                 "local(set.seed(5), new.env(parent = asNamespace('pyclassbridge')))",
                 "RNGkind('default'); set.seed(7, 'Wich', 'Box')"):
        r("set.seed(NULL)")
        before = twice()
        r(seed)
        print(before, draws(), twice("{ rnorm(1); RNGkind(normal.kind = 'Box-Muller'); rnorm(1) }"))
    r("set.seed(NULL)")
    print(draws())
    print(r("set.seed")(8), draws())
    """
    assert lines_of(code) == ["False same True"] * 7 + ["others", "None same"]


def test_set_seed_is_rs():
    code = """
    print(r("identical(names(formals(set.seed)), c('seed', 'kind', 'normal.kind', 'sample.kind'))"))
    print(r("{ x <- withVisible(set.seed(1)); c(is.null(x$value), x$visible) }"))
    print(r("{ set.seed(42); runif(1) }"))
    print(r("tryCatch(suppressWarnings(set.seed('a')), error = conditionMessage)"))
    print(r("tryCatch(set.seed(1, 'no'), error = conditionMessage)"))
    print(r("bindingIsLocked('set.seed', baseenv())"))
    """
    assert lines_of(code) == [
        "True",
        "[True, False]",
        "0.9148060434963554",
        "supplied seed is not a valid integer",
        "'no' is not a valid abbreviation of an RNG",
        "True",
    ]


def test_a_seed_that_code_has_undone_is_none():
    """A package's function that sets one for itself, and code that restores the state."""
    code = """
    r('''
      with_seed <- function(seed, code) {
        old <- .Random.seed
        on.exit(assign(".Random.seed", old, globalenv()))
        set.seed(seed)
        code
      }
      environment(with_seed) <- asNamespace("stats")
    ''')
    r("rnorm(1)")
    r("with_seed(1, rnorm(1))")
    print(draws())
    r("rnorm(1000)")
    print(draws())
    print(r("function(f) with_seed(1, f())")(lambda: child() == child()), draws())
    r("{ old <- .Random.seed; set.seed(3); rnorm(2); assign('.Random.seed', old, globalenv()) }")
    print(draws())
    r("set.seed(4)")
    r("with_seed(1, rnorm(1))")
    print(draws())
    r("rm(.Random.seed)")
    print(draws())
    """
    assert lines_of(code) == ["others", "others", "True others", "others", "same", "others"]


def test_the_state_that_a_training_restores_is_a_seed():
    code = """
    from pyclass_bridge.bridge.r_functions import r_function, r_handle
    r("rnorm(1)")
    state = r_handle("random_state")()
    r_function("set_random_state")(state)
    print(draws())
    r_function("set_random_state")(None)
    print(draws())
    """
    assert lines_of(code) == ["same", "others"]


POOLS = """
import concurrent.futures, multiprocessing, sys
import pyclass_bridge

def work(i):
    return pyclass_bridge.r("rnorm(1)")

if __name__ == "__main__":
    pyclass_bridge.r("rnorm(1)")
    if sys.argv[1] == "executor":
        context = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
            print(len(set(pool.map(work, range(8)))))
    else:
        context = multiprocessing.get_context(sys.argv[1])
        if sys.argv[1] == "forkserver":
            context.set_forkserver_preload(["pyclass_bridge", "__main__"])
        with context.Pool(3, maxtasksperchild=1) as pool:
            print(len(set(pool.map(work, range(8), chunksize=1))))
"""


@pytest.mark.parametrize("how", ["fork", "forkserver", "spawn", "executor"])
def test_workers_of_a_pool(how, tmp_path):
    (tmp_path / "pools.py").write_text(POOLS)
    code = f"""
    import subprocess
    done = subprocess.run([sys.executable, {str(tmp_path / "pools.py")!r}, {how!r}])
    sys.exit(done.returncode)
    """
    assert output_of(code, start="import sys\n") == "8\n"


def test_mclapply_is_left_to_r():
    code = """
    def fork(kept="", cores=2):
        return r(f"unlist(parallel::mclapply(1:2, function(i) rnorm(1), mc.cores = {cores}{kept}))")

    print(len({*fork(), *fork()}))
    r("rnorm(1)")
    print(len(set(fork(", mc.set.seed = FALSE"))))
    r("set.seed(1)")
    print(len({*fork(), *fork()}))
    print(set(fork(", mc.set.seed = FALSE")) == {r("rnorm(1)")})
    r("{ RNGkind(\\"L'Ecuyer-CMRG\\"); set.seed(1) }")
    first = fork()
    r("set.seed(1)")
    print(first == fork(), len(set(first)))
    """
    assert lines_of(code) == ["4", "1", "4", "True", "True 2"]


def test_mclapply_of_a_forked_child():
    """Its streams are the child's own, as its numbers are."""
    code = """
    r("{ RNGkind(\\"L'Ecuyer-CMRG\\"); loadNamespace('parallel'); parallel::mc.reset.stream() }")
    fork = "parallel::mccollect(parallel::mcparallel(rnorm(1)))[[1]]"
    print(child(fork) == child(fork))
    r("{ set.seed(1); parallel::mc.reset.stream() }")
    print(child(fork) == child(fork))
    """
    assert lines_of(code) == ["False", "True"]


def test_nothing_is_said_where_r_can_not_be_used():
    """In a child of a process whose other thread was in R, and on a thread of a small stack."""
    code = """
    import threading, time
    busy = threading.Thread(target=r, args=("{ t <- Sys.time() + 1; while (Sys.time() < t) 1 }",))
    busy.start()
    time.sleep(0.2)
    print(child()[:13])
    busy.join()
    threading.stack_size(128 * 1024)
    small = threading.Thread(target=lambda: print(child()[:13]))
    small.start()
    small.join()
    """
    assert lines_of(code) == ["RuntimeError("] * 2
