"""Definitions of imported R files travel by module and name, as those of Python's modules do."""

from __future__ import annotations

import importlib
import pickle
import sys

import cloudpickle
import pytest
from support.fresh import Fresh

CODE = """
limit <- 3
area <- function(w, h = w) w * h + limit
Shape %py_class% { initialize <- function(n = 1) self$n <- n; twice <- function() area(self$n) * 2 }
"""


@pytest.fixture
def fresh(tmp_path_factory):
    process = Fresh(tmp_path_factory.mktemp("elsewhere"))
    yield process
    process.end()


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_the_other_process_imports_the_file(folder, fresh, dumps):
    folder("travels.R", CODE)
    folder("inside/__init__.py", "")
    folder("inside/part.R", CODE)
    import inside.part
    import travels

    for module in (travels, inside.part):
        sent = dumps([module.Shape, module.Shape(2), module.area, module.Shape.twice])
        assert b"py_class" not in sent and len(sent) < 1500
        code = (
            "(isinstance(x[1], x[0]), x[1].twice(), x[2](2), x[3](x[1]),"
            " __import__('sys').modules[x[0].__module__].__name__)"
        )
        assert fresh.ask_bytes(sent, code) == (True, 14, 7, 14, module.__name__)
        assert pickle.loads(sent)[0] is module.Shape


def test_an_edited_file_is_not_taken_for_the_one_that_was_pickled(folder, fresh):
    path = folder("edited_later.R", CODE)
    import edited_later

    sent = pickle.dumps(edited_later.area)
    path.write_text(CODE + "\n# edited")
    error = fresh.error(sent)
    assert error.startswith("UnpicklingError: this was pickled with the R module `edited_later`")
    assert f"whose file {path} has changed since: put the file" in error
    path.unlink()
    assert "is not there" in fresh.error(sent)
    importlib.invalidate_caches()
    assert pickle.loads(sent) is edited_later.area


def test_another_module_of_the_name_is_an_error(folder, fresh, tmp_path):
    path = folder("taken.R", CODE)
    import taken

    sent = pickle.dumps(taken.area)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "taken.py").write_text("area = 1")
    code = f"__import__('sys').path.insert(0, {str(tmp_path / 'other')!r})"
    fresh.ask(None, code)
    assert f"not the R file that this was pickled with, {path}" in fresh.error(sent)


def test_what_a_reload_has_replaced_is_not_pickled(folder):
    folder("replaced.R", CODE)
    import replaced

    old = replaced.area
    importlib.reload(replaced)
    assert pickle.loads(pickle.dumps(replaced.area)) is replaced.area
    with pytest.raises(pickle.PicklingError, match="not the same object"):
        pickle.dumps(old)
    assert old.__module__ == "replaced" and sys.modules[old.__module__] is replaced
