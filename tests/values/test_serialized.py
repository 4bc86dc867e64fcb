"""What serialized R values hold, and which of them are data."""

from __future__ import annotations

import copy
import pickle
import random

import pytest
from support import crafted

import pyclass_bridge
from pyclass_bridge import RObject, _core
from pyclass_bridge.values import handle, serialized

DATA = [
    "NULL", "1:10", "10:1", "1e5:1", "c(a = 1, b = NA)", "factor(c('a', NA))", "y ~ x + log(z)",
    "quote(f(x[, 1], function(a) a))", "mtcars", "iris", "Titanic", "Sys.time()", "letters",
    "as.POSIXlt(Sys.time())", "array(1:8, c(2, 2, 2))", "as.character(1:20)", "sort(c(3, 1, 2))",
    "matrix(1:4, 2, dimnames = list(NULL, c('a', 'b')))", "expression(a, b + 1)", "as.raw(1:3)",
    "1i", "NA_character_", "list(1, list(b = 2, list()))", "lm(mpg ~ wt, mtcars)", "globalenv()",
    "glm(am ~ wt, binomial, mtcars)$coefficients", "list2env(list(a = 1, b = 'x'))", "ts(1:10)",
    "new.env(hash = FALSE)", "{ e <- new.env(); e$self <- e; e }", "as.pairlist(list(a = 1, 2))",
    "asNamespace('stats')", "methods::getClass('numeric')@slots", "as.difftime(1, units = 'secs')",
    "{ x <- 1:6; dim(x) <- 2:3; x }", "data.frame()", "numeric_version('1.2')", "quote(expr = )",
    "simpleError('a', quote(f()))", "structure(list(), class = 'mine')", "'\\u00fc'",
    "structure(list(1, 2), dim = c(1L, 2L))", "rle(c(1, 1, 2))", "c(TRUE, NA)", "paste(1:30)",
    "methods::setClass('CraftedS4', representation(a = 'numeric'))(a = 1)", "numeric()",
    # A formula that was made in a function, whose argument has been looked at.
    "eval(quote((function(x) { force(x); y ~ x })(3)), globalenv())",
]  # fmt: skip


def raw(code: str) -> RObject:
    return _core.evaluate(code)


def bytes_of(code: str, version: int) -> bytes:
    return bytes(pyclass_bridge.r(f"serialize({code}, NULL, version = {version}L)"))


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("code", DATA)
def test_data_are_read(code, version):
    serialized.make_sure(bytes_of(code, version))


@pytest.mark.parametrize("case", crafted.MORE_THAN_DATA)
def test_what_is_more_than_data_is_refused(case, tmp_path):
    what, make = crafted.MORE_THAN_DATA[case]
    ran = tmp_path / "ran"
    with pytest.raises(serialized.Refused, match=what):
        serialized.make_sure(make(f"file.create('{ran}')"))
    assert not ran.exists()


@pytest.mark.parametrize("case", crafted.DAMAGED)
def test_what_r_has_not_written_is_damaged(case):
    with pytest.raises(serialized.Damaged):
        serialized.make_sure(crafted.DAMAGED[case])


def test_changed_bytes_are_read_or_one_error():
    """And what is read is what R reads without harm."""
    chance = random.Random(1)
    values = [bytes_of(code, 3) for code in DATA]
    count = 0
    for _ in range(1500):
        data = bytearray(chance.choice(values))
        for _ in range(chance.choice([1, 1, 2, 8])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.1:
            del data[chance.randrange(len(data)) :]
        try:
            handle._unserialize(bytes(data))
        except pickle.UnpicklingError:
            count += 1
    assert 100 < count < 1400


# ---- pickles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", crafted.MORE_THAN_DATA)
def test_a_pickle_of_a_value_runs_no_code(case, tmp_path):
    ran = tmp_path / "ran"
    data = crafted.MORE_THAN_DATA[case][1](f"file.create('{ran}')")
    with pytest.raises(pickle.UnpicklingError, match=r"holds .* more than data and is not read"):
        pickle.loads(pickle.dumps(Calls(data)))
    assert not ran.exists()


class Calls:
    """Its pickle is that of an R value with these bytes."""

    def __init__(self, data: bytes):
        self.data = data

    def __reduce__(self):
        return handle._unserialize, (self.data,)


def test_a_damaged_pickle_is_one_sentence():
    with pytest.raises(pickle.UnpicklingError, match="damaged: it ends too early"):
        pickle.loads(pickle.dumps(Calls(crafted.HEAD)))


def test_a_value_with_functions_says_so_in_its_pickle():
    """A pickle that only data may be in has no other name of this package than that for data."""
    for code, name in {"y ~ x": b"_unserialize", "list(sum)": b"unpack"}.items():
        assert name + b"\x94" in pickle.dumps(raw(code))
        assert pickle.loads(pickle.dumps(raw(code))) == raw(code)


def test_keras_switch_lets_a_pickle_of_before_be_read(keras):
    from keras.src.saving.serialization_lib import SafeModeScope

    value = pickle.dumps(Calls(crafted.serialized("list(sum)")))
    with pytest.raises(pickle.UnpicklingError, match="enable_unsafe_deserialization"):
        pickle.loads(value)
    with SafeModeScope(False):
        assert pickle.loads(value) == raw("list(sum)")


def test_copies_are_no_files():
    value = raw("list(f = sum, e = list2env(list(a = 1)))")
    for copied in (copy.copy(value), copy.deepcopy([value])[0]):
        assert copied.names == ["f", "e"]
        assert copied["e"] != value["e"]
