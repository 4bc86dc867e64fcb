"""The Python functions that R calls (for_r/functions.py and its parts), without R.

Also of: for_r/attributes.py, for_r/capture.py, for_r/context.py, for_r/errors.py, for_r/eval.py,
for_r/items.py, for_r/iterate.py, for_r/modules.py, for_r/objects.py, for_r/ops.py,
for_r/pickles.py, for_r/seeds.py.
"""

import fractions
import math
import subprocess
import sys
import textwrap
import types

import numpy as np
import pytest

from pyclass_bridge.for_r import functions


def test_every_public_name_exists():
    assert all(callable(getattr(functions, name)) or name == "DONE" for name in functions.__all__)
    assert functions.__all__ == sorted(functions.__all__)


# ---- attributes and text


class Point:
    def __init__(self):
        self.first, self.second = 1, 2


def test_a_missing_attribute_suggests_the_nearest():
    with pytest.raises(AttributeError, match="Did you mean: 'first'"):
        functions.get_attr(Point(), "firts")
    with pytest.raises(AttributeError) as caught:
        functions.get_attr(Point(), "zzz")
    assert "Did you mean" not in str(caught.value)


def test_an_attribute_error_inside_a_property_stays_what_it_is():
    class Owner:
        @property
        def value(self):
            return Point().firts

    with pytest.raises(AttributeError, match=r"no attribute 'firts'\. Did you"):
        functions.get_attr(Owner(), "value")


def test_a_module_has_its_submodules():
    import xml

    assert functions.get_attr(xml, "sax") is sys.modules["xml.sax"]
    with pytest.raises(AttributeError, match="module 'xml' has no attribute 'nope'"):
        functions.get_attr(xml, "nope")


def test_names_print_and_line():
    assert functions.names_of({"b": 1, "a": 2}) == ["b", "a"]
    assert functions.names_of(Point()) == ["first", "second"]
    assert "keys" in functions.names_of({1: 2})
    assert functions.print_text(math) == "Module(math)"
    assert functions.print_text("a") == "'a'"
    assert len(functions.line_of("x\n" * 100)) == 75


def test_length_and_truth():
    assert functions.length([1, 2]) == 2
    assert functions.length(3, 1) == 1
    with pytest.raises(TypeError):
        functions.length(3)
    assert not functions.truth([])


def test_context_managers():
    class Manager:
        def __enter__(self):
            return "value"

        def __exit__(self, kind, error, traceback):
            self.seen = error
            return isinstance(error, KeyError)

    manager = Manager()
    assert functions.enter(manager) == "value"
    assert functions.exit_with(manager) is False
    assert functions.exit_with(manager, KeyError("k")) is True
    assert functions.exit_with(manager, ValueError("v")) is False
    assert isinstance(manager.seen, ValueError)
    with pytest.raises(TypeError, match="no context manager"):
        functions.enter(3)


# ---- items and iteration


def test_items_take_whole_floats():
    assert functions.get_item([1, 2], "value", 1.0) == 2
    assert functions.get_item({1.0: "a"}, "value", 1) == "a"
    assert functions.get_item({(1, 2): "a"}, "value", [1, 2]) == "a"
    with pytest.raises(TypeError):
        functions.get_item([1, 2], "value", 1.5)
    a = np.arange(6).reshape(2, 3)
    assert functions.get_items(a, ["all", "value"], [None, 1.0]).tolist() == [1, 4]
    assert functions.get_items(a, ["rest", "slice"], [None, [1.0, None]]).tolist() == [
        [1, 2],
        [4, 5],
    ]
    functions.set_items(a, ["value", "all"], [0.0, None], 7)
    assert a[0].tolist() == [7, 7, 7]


def test_function_iterator():
    values = iter([1, 2, 3, functions.DONE])
    assert list(functions.iterator_from(lambda: next(values))) == [1, 2, 3]
    calls = []

    def step():
        calls.append(1)
        return len(calls) if len(calls) < 5 else functions.DONE

    it = functions.iterator_from(step, 2.0)
    assert next(it) == 1 and len(calls) == 3
    assert list(it) == [2, 3, 4] and len(calls) == 5
    assert functions.next_or_done(it) is functions.DONE
    with pytest.raises(ValueError):
        functions.iterator_from(step, -1)


def test_make_dict_checks_sizes():
    assert functions.make_dict([1, "a"], [2, 3]) == {1: 2, "a": 3}
    with pytest.raises(ValueError, match="2 keys, but 1 values"):
        functions.make_dict([1, 2], [1])


# ---- code


@pytest.fixture
def main():
    before = dict(functions.main_module().__dict__)
    yield functions.main_module().__dict__
    functions.main_module().__dict__.clear()
    functions.main_module().__dict__.update(before)


def test_run_string(main):
    assert functions.run_string("  b_x = 1\n  def b_f(): return b_x") is main
    assert functions.eval_code(" b_f() + 1 ") == 2
    local = functions.run_string("def g(): return h()\ndef h(): return b_x\nb_x = 5", local=True)
    assert sorted(local) == ["b_x", "g", "h"] and local["g"]() == 5
    assert main["b_x"] == 1
    assert functions.run_string("v: int = 3\nfrom os.path import *\ndel v", local=True)["join"]


def test_tracebacks_show_the_code(main):
    import traceback

    with pytest.raises(ZeroDivisionError) as caught:
        functions.run_string("1 + 1\nb_zero = 1 / 0")
    assert "b_zero = 1 / 0" in "".join(traceback.format_exception(caught.value))


def test_run_and_source_file(main, tmp_path):
    (tmp_path / "helper_of_script.py").write_text("value = 4")
    script = tmp_path / "script.py"
    script.write_text(
        "import os\nimport helper_of_script\n_hidden = 1\nwhere = __file__\n"
        "def f(): return helper_of_script.value\n"
    )
    had = main.get("__file__")
    assert functions.source_names(str(script)) == ["where", "f"]
    assert main["where"] == str(script) and main["f"]() == 4
    assert main.get("__file__") == had and str(tmp_path) not in sys.path
    assert set(functions.run_file(str(script), local=True)) >= {"f", "_hidden"}
    script.write_text("x = (")
    with pytest.raises(SyntaxError):
        functions.run_file(str(script))
    assert main.get("__file__") == had and str(tmp_path) not in sys.path


def test_lazy_module():
    sys.modules.pop("wave", None)
    module = functions.lazy_module("wave")
    assert "wave" not in sys.modules
    assert functions.print_text(module) == "Module(wave)"
    assert module.open is sys.modules["wave"].open
    assert isinstance(module, types.ModuleType) and "open" in dir(module)
    assert module.__doc__ == sys.modules["wave"].__doc__
    module.b_new = 1
    assert sys.modules["wave"].b_new == 1
    del module.b_new
    with pytest.raises(ModuleNotFoundError):
        _ = functions.lazy_module("no_such_module_b").x


def test_import_from_path(tmp_path):
    (tmp_path / "module_by_path.py").write_text("value = 3")
    assert functions.import_from_path("module_by_path", str(tmp_path)).value == 3
    assert str(tmp_path) not in sys.path
    assert functions.module_available("json") and not functions.module_available("no.such.module")


def test_capture_pickle_seed(tmp_path, capsys):
    state = functions.begin_capture(["stdout", "stderr"])
    print("a")
    print("b", file=sys.stderr)
    assert functions.end_capture(state) == "a\nb\n"
    print("c")
    assert capsys.readouterr().out == "c\n"
    path = str(tmp_path / "x.pkl")
    functions.save_object([1, {"a": 2}], path, options={"protocol": 2})
    assert functions.load_object(path) == [1, {"a": 2}]
    functions.set_seed(1.0)
    first = np.random.rand()
    functions.set_seed(1)
    assert first == np.random.rand()


def test_last_error():
    functions.clear_last_error()
    assert functions.last_error() is None
    functions.remember_error(KeyError("k"))
    assert functions.last_error()["type"] == "KeyError"
    functions.clear_last_error()


# ---- plain objects do not import Keras


def test_plain_objects_import_no_keras():
    code = """
    import fractions, sys
    from pyclass_bridge.for_r import functions
    import numpy as np
    f = fractions.Fraction(1, 2)
    assert functions.binary("+", f, 1) == f + 1
    assert functions.math("floor", f) == 0 and functions.summary("sum", [[1, 2], 3]) == 6
    assert not functions.is_any_tensor(np.ones(2)) and functions.dim_of(np.ones((2, 3))) == [2, 3]
    assert functions.size_of(f) is None
    assert functions.matmul(np.eye(2), [1, 2]).tolist() == [1, 2]
    functions.print_text(f)
    assert "keras" not in sys.modules
    """
    import pyclass_bridge

    stub = (
        "import sys, types; p = types.ModuleType('pyclass_bridge'); "
        f"p.__path__ = {list(pyclass_bridge.__path__)!r}; sys.modules['pyclass_bridge'] = p\n"
    )
    subprocess.run([sys.executable, "-c", stub + textwrap.dedent(code)], check=True)


def test_operators_on_plain_objects():
    f = fractions.Fraction(7, 2)
    assert functions.binary("%/%", f, 1) == 3 and functions.binary("%%", f, 1) == f - 3
    assert functions.binary("==", None, 1) is False
    assert functions.unary("-", f) == -f and functions.unary("!", []) is True
    assert functions.math("round", f) == 4 and functions.math("abs", -f) == f
    assert functions.math("log", 8, 2) == 3
    with pytest.raises(TypeError, match="cummax"):
        functions.math("cummax", f)
    assert functions.summary("range", [[3, 1], 2]) == [1, 3]
    assert functions.math("cumsum", np.array([[1, 2], [3, 4]])).tolist() == [1, 4, 6, 10]
