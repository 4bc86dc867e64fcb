"""After a fork, a child's first R call works or raises; it never hangs."""

from __future__ import annotations

import textwrap

from support.subprocesses import output_of, run_python

HARNESS = textwrap.dedent(
    """
    import faulthandler, os, sys, threading, time
    faulthandler.enable()
    import pyclass_bridge
    r = pyclass_bridge.r
    call = r("function(f) f()")

    def child(run):
        '''What the child has to say about `run()`.'''
        sys.stdout.flush()
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                text = repr(run())
            except BaseException as error:
                text = f"{type(error).__name__}: {error}"
            os.write(writer, text.encode())
            os._exit(0)
        os.close(writer)
        text = os.fdopen(reader).read()
        assert os.waitpid(pid, 0)[1] == 0
        return text
    """
)


def lines_of(code: str) -> list[str]:
    return output_of(code, start=HARNESS, timeout=30).splitlines()


def test_a_child_uses_r():
    code = """
    print(child(lambda: r("1 + 1")))
    print(child(lambda: call(lambda: r("1 + 1"))))
    print(call(lambda: child(lambda: r("1 + 1"))))
    print(r("3"))
    """
    assert lines_of(code) == ["2.0", "2.0", "2.0", "3.0"]


def test_a_child_of_another_thread():
    code = """
    said = []
    thread = threading.Thread(target=lambda: said.append(call(lambda: child(lambda: r("2")))))
    thread.start()
    thread.join()
    print(said)
    """
    assert lines_of(code) == ["['2.0']"]


def test_a_child_of_a_process_whose_other_thread_is_in_r():
    """R's state in the child is the middle of that thread's work."""
    code = """
    busy = threading.Thread(target=r, args=("{ t <- Sys.time() + 1; while (Sys.time() < t) 1 }",))
    busy.start()
    time.sleep(0.2)
    print(child(lambda: r("1")))
    busy.join()

    def suspended():
        busy = threading.Thread(target=lambda: call(lambda: time.sleep(0.5)))
        busy.start()
        time.sleep(0.2)
        print(child(lambda: r("1")))
        busy.join()

    suspended()
    print(child(lambda: r("1")))
    """
    running, suspended, idle = lines_of(code)
    for text in (running, suspended):
        assert text.startswith("RuntimeError: R was at work in another thread when this process")
        assert "spawn" in text
    assert idle == "1.0"


def test_a_child_may_be_interrupted():
    code = """
    import signal

    def work():
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        r("repeat 1")

    print(child(work))
    said = []
    thread = threading.Thread(target=lambda: said.append(child(work)))
    thread.start()
    thread.join()
    print(said[0])
    """
    assert lines_of(code) == ["KeyboardInterrupt: "] * 2


def test_multiprocessing_and_mclapply():
    code = """
    import multiprocessing

    def work(x):
        return r("function(x) x * 2")(x)

    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(work, [1.0, 2.0]))
    print(r("unlist(parallel::mclapply(1:3, function(i) i * 2, mc.cores = 2))"))
    print(r("function(f) unlist(parallel::mclapply(1:3, f, mc.cores = 2))")(lambda i: i * 3))
    """
    assert lines_of(code) == ["[2.0, 4.0]", "[2.0, 4.0, 6.0]", "[3, 6, 9]"]


def test_python_is_told_of_a_fork_by_r():
    """As of os.fork(): what keeps a lock or a thread pool right across forks is called, once."""
    code = """
    told = []
    os.register_at_fork(before=lambda: told.append("before"),
                        after_in_parent=lambda: told.append("parent"),
                        after_in_child=lambda: told.append("child"))
    fork = "function(f) parallel::mccollect(parallel::mcparallel(f()))[[1]]"

    def see():
        return [*told, threading.active_count(), threading.current_thread().name]

    def again():
        return [*see(), r(fork)(see)]

    busy = threading.Event()
    threading.Thread(target=busy.wait).start()
    print(r(fork)(see), told)
    print(r(fork)(again)[-1])

    import rpy2.robjects
    print(list(rpy2.robjects.r(fork)(rpy2.robjects.r("function() 1"))), told)
    busy.set()
    """
    one, nested, by_rpy2 = lines_of(code)
    assert one == "['before', 'child', 1, 'MainThread'] ['before', 'parent']"
    assert nested == str(
        ["before", "parent", "before", "child", "before", "child", 1, "MainThread"]
    )
    assert by_rpy2 == f"[1.0] {['before', 'parent'] * 3}"


def test_a_handler_of_a_fork_by_r_forks_itself():
    code = """
    def fork_too():
        global depth
        if depth == 0:
            depth = 1
            print(child(lambda: "in a handler"))
            depth = 0

    depth = 0
    os.register_at_fork(before=fork_too, after_in_parent=fork_too)
    print(r("function(f) unlist(parallel::mclapply(1:2, f, mc.cores = 2))")(lambda i: i + 1))
    print(r("1"))
    """
    # Each of the two forks by R, and mclapply's children are two.
    assert lines_of(code) == ["'in a handler'"] * 4 + ["[2, 3]", "1.0"]


def test_h5py_has_nothing_to_say():
    """Its lock is taken before a fork and released after it, by one thread; it says so if the one
    comes without the other, as where h5py is imported by a function of os.register_at_fork()."""
    code = """
    import h5py
    print(child(lambda: 1), call(lambda: child(lambda: 1)))
    print(r("unlist(parallel::mclapply(1:2, function(i) i, mc.cores = 2))"))
    print(r("function(f) unlist(parallel::mclapply(1:2, f, mc.cores = 2))")(lambda i: i))
    print(r("system('true', timeout = 5)"))
    thread = threading.Thread(target=r, args=("invisible(parallel::mclapply(1:2, identity))",))
    thread.start()
    thread.join()
    """
    done = run_python(code, start=HARNESS, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["1 1", "[1, 2]", "[1, 2]", "0"]
