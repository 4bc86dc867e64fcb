"""The environment variables that R sets are Python's before a module is imported."""

from __future__ import annotations

from support.subprocesses import output_of


def test_what_r_sets_in_the_environment_python_sees():
    out = output_of("""
        import pyclass_bridge
        print(pyclass_bridge.r('''
          Sys.setenv(KERAS_BACKEND = "numpy", BRIDGE_NEW = "1")
          said <- paste(config_backend(), import("os")$environ[["BRIDGE_NEW"]])
          Sys.unsetenv("BRIDGE_NEW")
          paste(said, is.null(import("os")$environ$get("BRIDGE_NEW")))
        '''))
    """)
    assert out.splitlines()[0] == "numpy 1 TRUE"


def test_variables_of_any_bytes_are_no_matter():
    out = output_of("""
        os.environb[b"BRIDGE_BYTES"] = b"\\xff\\xfe"
        os.environ["BRIDGE_LINES"] = "a\\nb=c"
        before = dict(os.environb)
        import pyclass_bridge
        print(pyclass_bridge.r('Sys.setenv(BRIDGE_NEW = "1"); import("math")$pi'))
        changed = {k for k, v in os.environb.items() if before.get(k) != v and k[:6] == b"BRIDGE"}
        print(changed, before.keys() - os.environb.keys())
    """)
    assert out.split("\n")[:2] == ["3.141592653589793", "{b'BRIDGE_NEW'} set()"]
