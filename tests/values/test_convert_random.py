"""Random values by hypothesis: Python to R and back, and R values kept in an attribute.

Of: core/convert_to_r.c, core/convert_to_python.c.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from support.same import same

import pyclass_bridge
from pyclass_bridge import _core

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# ---- Python to R and back ----------------------------------------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31) + 1, 2**31 - 1),
    st.integers(min_value=2**53 + 1),
    st.floats(),
    st.complex_numbers(allow_nan=False),
    st.text(),
    st.text(st.characters(exclude_categories=[])),
    st.binary(max_size=20),
)
names = st.text(min_size=1, max_size=10)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(names, inner, max_size=5),
        st.dictionaries(st.integers(), inner, max_size=3),
    ),
    max_leaves=20,
)


def crossed(value):
    """The value as R has it: a list of one scalar is a scalar, and keys are text; a proxy stays."""
    if _core.to_r(value).typeof == "externalptr":
        return value
    if isinstance(value, dict):
        return {str(key): crossed(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    items = [crossed(item) for item in value]
    return items[0] if len(value) == 1 and _core.to_r(value).typeof != "list" else items


@QUICK
@given(values)
def test_python_values_come_back(value):
    assert same(_core.to_python(_core.to_r(value)), crossed(value))


@QUICK
@given(st.lists(st.integers(-(2**60), 2**60), max_size=6))
def test_numbers_of_any_size_come_back_equal(value):
    assert _core.to_python(_core.to_r(value)) == crossed(value)


def holds_no_r_text(text: str) -> bool:
    return _core.to_r(str(text)).typeof != "character"


@pytest.mark.filterwarnings("ignore:R has integers beyond")
@QUICK
@given(
    npst.arrays(
        st.sampled_from(
            ["f8", "f4", "f2", "i1", "u1", "i4", "i8", "u8", ">i4", ">f8", "?", "c16", "c8", "U4"]
        ),
        npst.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4),
    ),
    st.booleans(),
)
def test_arrays_keep_shape_and_values(array, fortran):
    assume(array.dtype.kind != "U" or not any(map(holds_no_r_text, array.flat)))
    array = np.asfortranarray(array) if fortran else array
    back = _core.to_python(_core.to_r(array))
    assert back.shape == array.shape
    assert back is array or same(back.tolist(), array.tolist()) or array.dtype.kind in "iu"
    np.testing.assert_array_equal(back, array)


@QUICK
@given(npst.arrays("f8", npst.array_shapes(min_dims=2, max_dims=3, max_side=3), fill=st.nothing()))
def test_arrays_have_equal_elements_by_index(array):
    made = _core.to_r(array)
    at = pyclass_bridge.r("function(a, i) do.call(`[`, c(list(a), as.list(unlist(i) + 1L)))")
    for index in np.ndindex(array.shape):
        assert same(at(made, list(index)), float(array[index]))


# ---- R values kept in an attribute -------------------------------------------------------------


def quoted(text: str) -> str:
    return "'" + "".join(f"\\U{{{ord(c):x}}}" for c in text) + "'"


r_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6).map(
    quoted
)
elements = {
    "logical": st.sampled_from(["TRUE", "FALSE", "NA"]),
    "integer": st.one_of(
        st.integers(-(2**31) + 1, 2**31 - 1).map("{}L".format), st.just("NA_integer_")
    ),
    "double": st.one_of(
        st.floats(allow_nan=False, allow_infinity=False).map("{!r}".format),
        st.sampled_from(["NA_real_", "NaN", "Inf", "-Inf", "-0"]),
    ),
    "complex": st.sampled_from(["1i", "0+0i", "NA_complex_", "complex(real=NaN, imaginary=-0)"]),
    "character": st.one_of(r_text, st.just("NA_character_")),
    "raw": st.integers(0, 255).map("as.raw({})".format),
}
tags = st.sampled_from(["a", "b", "c", "x y", "", "if", "\u00e9"])


@st.composite
def vectors(draw):
    kind = draw(st.sampled_from(list(elements)))
    drawn = draw(st.lists(elements[kind], max_size=6))
    code = f"c({kind}(), {', '.join(drawn)})" if drawn else f"{kind}()"
    shape = draw(st.sampled_from(["plain", "names", "dim", "dimnames", "attribute", "class"]))
    n = len(drawn)
    named = f"c({', '.join(quoted(draw(tags)) for _ in range(n))})" if n else "character()"
    if shape == "names":
        return f"structure({code}, names = {named})"
    if shape == "dim":
        return f"structure({code}, dim = c({n}L, 1L))"
    if shape == "dimnames" and n:
        return f"structure({code}, dim = c(1L, {n}L), dimnames = list(NULL, {named}))"
    if shape == "attribute":
        return f"structure({code}, unit = list(1, 'cm'))"
    return f"structure({code}, class = 'of_test')" if shape == "class" else code


others = st.sampled_from(
    [
        "NULL",
        "factor(c('a', NA))",
        "as.Date('2020-02-29')",
        "as.POSIXct(1.25, origin = '1970-01-01', tz = 'Asia/Tokyo')",
        "as.difftime(2, units = 'hours')",
        "data.frame(a = 1:2, b = c('x', NA))",
        "y ~ x",
        "quote(x + y)",
        "quote(x)",
        "expression(a, 1)",
        "sum",
        "globalenv()",
    ]
)


@st.composite
def lists(draw, inner):
    drawn = draw(st.lists(inner, max_size=4))
    how = draw(st.sampled_from(["no names", "names", "unique names"]))
    code = f"list({', '.join(drawn)})"
    if how == "no names":
        return code
    unique = how == "unique names"
    keys = draw(st.lists(tags, min_size=len(drawn), max_size=len(drawn), unique=unique))
    return f"structure({code}, names = c(character(), {', '.join(map(quoted, keys))}))".replace(
        "character(), )", "character())"
    )


r_values = st.recursive(st.one_of(vectors(), others), lists, max_leaves=8)


@pytest.fixture(scope="module")
def keep():
    yield pyclass_bridge.r(
        """
        Keeper %py_class% { held <- NULL }
        keeper <- Keeper()
        function(code) {
          v <- eval(parse(text = code, keep.source = FALSE, encoding = "UTF-8"))
          keeper$held <- v
          identical(keeper$held, v) && identical(keeper$held, v, num.eq = FALSE)
        }
        """
    )
    # A formula holds the environment that it was made in, and there R's assignment leaves `keeper`:
    # a cycle across the languages.
    pyclass_bridge.r("keeper$held <- NULL")


@QUICK
@given(code=r_values)
def test_r_values_are_kept(code, keep):
    assert keep(code)


@QUICK
@given(code=r_values)
def test_no_value_fails_to_cross(code):
    """In a call a value may lose what the table says, but crosses both ways without an error."""
    once = _core.to_r(_core.to_python(_core.evaluate(code)))
    assert isinstance(_core.to_r(_core.to_python(once)), _core.Handle)
