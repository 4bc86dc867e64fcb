"""Keras' texts in R's words: names, types, defaults and axes as in R. It has no other half in R.

The tables hold the rules; what no rule covers stays as Keras says it. Texts come parsed
(help/docstring.py), and code blocks stay as they are: examples are the duty of help/examples.py.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re

from ..surface.arguments import ANY, AXES_OR_NUMBER, AXIS, Argument, r_default, r_literal
from ..surface.names import Wrapped, at, names, wrapped_by

IN_PYTHON = "In Python:"  # comes before code that is not translated

_LIST = r"(?:[Tt]uple/list|[Ll]ist/tuple|[Tt]uple or list|[Tt]uple|[Ll]ist)"
_NO_CODE = frozenset({"py", "json", "keras", "h5", "csv", "txt", "npz", "npy", "zip", "gz", "io"})

# What Python calls the types of arguments -> R's words, outside code, in this order.
REPLACEMENTS = [
    (re.compile(pattern), words)
    for pattern, words in [
        (r"\bPython (integer|int|float|boolean|bool|string|function|callable)\b", r"\1"),
        (r"\b([Bb])ooleans\b|\bbools\b", "TRUE or FALSE"),
        (r"\bA boolean\b|\ba boolean\b|\b[Bb]oolean\b|\b[Bb]ool\b", "TRUE or FALSE"),
        (rf"\b[Ii]nt(?:eger)? or {_LIST} of (\w+) (?:integers?|ints?)\b",
         r"integer or vector of \1 integers"),
        (rf"\b{_LIST} of ((?:\w+ )?)(integers|ints|floats|strings)\b",
         lambda m: f"{'V' if m[0][0].isupper() else 'v'}ector of {m[1]}{_PLURAL[m[2]]}"),
        (r"\btuple/list\b|\blist/tuple\b|\btuple or list\b|\blist or tuple\b", "list"),
        (r"\bTuple\b", "List"),
        (r"\btuple\b", "list"),
        (r"\b([Ll]ist)(?:, | or )list\b", r"\1"),
        (r"\btuples\b", "lists"),
        (r"\bDict(?:ionary)?\b", "Named list"),
        (r"\bdict(?:ionary)?\b", "named list"),
        (r"\bdict(?:ionarie)?s\b", "named lists"),
        (r"\bints\b", "integers"),
        (r"\bInt\b", "Integer"),
        (r"\bint\b", "integer"),
        (r"\bFloat\b", "Number"),
        (r"\bfloat\b(?! ?(?:16|32|64))", "number"),
        (r"\bfloats\b", "numbers"),
        (r"\bStr\b", "String"),
        (r"\bstr\b", "string"),
        (r"\b(?:NumPy|Numpy|numpy) arrays?\b", lambda m: m[0].split()[1]),
        (r"\bCallable\b", "Function"),
        (r"\bcallable\b", "function"),
        (r"\bkeyword arguments?\b", lambda m: "named " + m[0].split()[1]),
        (r"\bTrue\b", "TRUE"),
        (r"\bFalse\b", "FALSE"),
        (r"\bNone\b", "NULL"),
        (r"\b[Aa]n? (?=TRUE or FALSE)", ""),
        (r"\b([Aa]) (?=integer\b|array\b)", r"\1n "),
    ]
]  # fmt: skip
_PLURAL = {"integers": "integers", "ints": "integers", "floats": "numbers", "strings": "strings"}

# Python's constants, within code.
LITERALS = {"True": "TRUE", "False": "FALSE", "None": "NULL"}
# Names within code which no rule finds.
WORDS = {"Input": "keras_input"}
# Python's types, in code that is nothing but a type.
TYPES = {
    "bool": "logical", "dict": "list", "float": "double", "int": "integer", "list": "list",
    "str": "character", "string": "character", "tuple": "list",
}  # fmt: skip
_OPERATORS = [
    (re.compile(r"(?<![=<>!])\s*=(?!=)\s*"), " = "),
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"//"), "%/%"),
]
_INFINITE = re.compile(r"""float\(['"](-?)inf['"]\)""")

_INTERVAL = re.compile(r"\b(range|interval|between|within|in|inside)\s+$")
_DOTTED = re.compile(r"\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?!\w)")
_DEFAULT = re.compile(
    r"((?:[Dd]efaults?|[Dd]efault is|[Dd]efault:)(?: to)?\s+)"
    r"(`?)([^`\s]+?|[(\[][^`]*?[)\]])\2(?=[.,;)\s]|$)"
)

# Arguments that Keras does not have, or documents elsewhere.
COMMON = {
    "object": "A Sequential model, to which the layer is added, or a tensor or list of tensors, on "
    "which it is called. Without it the layer itself is given.",
    "inputs": "Tensors, one by one or in a list, on which the layer is called. Without them the "
    "layer itself is given.",
    "y_true": "The true values. With both `y_true` and `y_pred` the values are computed; without "
    "them an object for `compile()` is given.",
    "y_pred": "The predicted values.",
    "name": "String, a name for the object.",
    "dtype": 'String, the type of its numbers, such as `"float32"`, or a policy of types.',
    "trainable": "TRUE or FALSE: are its weights trained?",
    "activity_regularizer": "Regularizer of the output.",
    "convert": "TRUE or FALSE: are the data arrays of R, or do they stay NumPy's?",
    "include_end": "TRUE or FALSE: is `end` one of the numbers?",
    "unroll": "TRUE or FALSE: is the loop over time unrolled?",
    "zero_indexed": "TRUE or FALSE: do indices count from 0, as in Python? They count from 1 in R.",
}
# Parts of the page of a wrapper that differs from what Keras says of its function, in R's words.
OWN = {
    "op_arange": {
        "Description": "`op_arange(3)` is 1 2 3, and `op_arange(3, 7)` is 3 4 5 6 7: as with "
        "`seq()` a range begins at 1 if one number is given, its end is one of the numbers, and "
        "it goes down if the end is below the start.",
        "Value": "Tensor of evenly spaced numbers; integers if all arguments are.",
        "Arguments": {
            "start": "Number at which the range begins; the end, if it is the only number.",
            "end": "Number at which the range ends.",
            "step": "Number from one value to the next, below 0 if the range goes down; the step 1 "
            "goes both ways.",
        },
    },
    "op_nonzero": {
        "Value": "Tensor with a row for each element that is not zero and a column for each dim, "
        "as `which(arr.ind = TRUE)` has them.",
    },
    "op_top_k": {"Value": "List with the tensors `values` and `indices`."},
}
# What `...` accepts, by the sort of wrapper.
DOTS = {
    "layer": "What all layers take, by name: `name`, `dtype`, `trainable`; `input_shape` for the "
    "first layer of a model.",
    "inputs": "More inputs without a name; `name`, `dtype` and `trainable` by name.",
    "values": "Further values, without names.",
    "open": "Further arguments of Keras, by name.",
    "closed": "Nothing: other arguments are errors that name the nearest one.",
}
# What is added to the text about an argument that counts from 1 in R, by its kind.
COUNTED = {
    AXIS: " Counts from 1 in R; negative numbers count from the end.",
    AXES_OR_NUMBER: " Axes, in a list, count from 1 in R; one number is how many there are.",
}


# ---- words -------------------------------------------------------------------------------------


@functools.cache
def r_names() -> dict:
    """The class or function of Keras -> the name of its wrapper."""
    found = {}
    for name in names():
        wrapped = wrapped_by(name)
        for target in (wrapped.cls, wrapped.function):
            if target is not None:
                found.setdefault(target, name)
    return found


def in_own_words(name: str, words: dict) -> dict:
    """`words`, the parts of the page of the wrapper `name`, with those that R's function has."""
    own = OWN.get(name, {})
    arguments = words.get("Arguments", {}) | own.get("Arguments", {})
    return words | own | {"Arguments": arguments}


@functools.cache
def _by_class_name() -> dict[str, list[str]]:
    """The name of a class of Keras -> the names of its wrappers."""
    found: dict[str, list[str]] = {}
    for target, name in r_names().items():
        if isinstance(target, type):
            found.setdefault(target.__name__, []).append(name)
    return found


class Rules:
    """The rules for the texts about one function: `arguments` are its own, and `counts` says
    whether axes count from 1."""

    def __init__(self, family: str, arguments: dict, counts: bool, dots: str = DOTS["open"]):
        self.family = family
        self.arguments = arguments
        self.counts = counts
        self.dots = dots
        self.renamed = {a.keras_name: a.name for a in arguments.values()}

    @classmethod
    def of(cls, wrapped: Wrapped) -> Rules:
        """The rules for the texts about a wrapper."""
        if wrapped.merges:
            dots = "inputs"
        elif wrapped.before_dots is not None:
            dots = "values"
        elif wrapped.open:
            dots = "layer" if wrapped.is_layer else "open"
        else:
            dots = "closed"
        return cls(wrapped.family, wrapped.arguments, counts=True, dots=DOTS[dots])

    def argument(self, name: str, texts: dict[str, str]) -> str:
        """The text about the argument `name`, in R's words, with R's default."""
        argument = self.arguments.get(name)
        text = texts.get(argument.keras_name if argument else name, "")
        if not text:
            return self.dots if name == "..." else COMMON.get(name, "Keras does not describe it.")
        text = self.prose(self._defaults(argument, text) if argument else text)
        words = COUNTED.get(argument.kind, "") if self.counts and argument else ""
        return f"{text.rstrip()}{words}"

    def _defaults(self, argument: Argument, text: str) -> str:
        """`text` with the default in R's form, if the text has the default of the signature."""

        def replace(found):
            if _literal(found[3]) != (argument.default,) or argument.required:
                return found[0]
            code = r_default(argument if self.counts else Argument("", "", ANY, argument.default))
            return f"{found[1]}`{code}`"

        return _DEFAULT.sub(replace, text)

    def prose(self, text: str) -> str:
        """A text in R's words; code blocks stay, code within lines is put into R's form."""
        parts = re.split(r"(^ *```.*?^ *```|^ *>>> .*?(?:\n\s*\n|\Z)|``.+?``|`[^`]+`)", text,
                         flags=re.DOTALL | re.MULTILINE)  # fmt: skip
        befores = ["", *parts]
        return "".join(self._part(*pair) for pair in zip(parts, befores, strict=False))

    def _part(self, part: str, before: str) -> str:
        if part.lstrip().startswith(("```", ">>>")):
            is_python = part.lstrip().startswith(("```python", ">>>"))
            return f"{IN_PYTHON}\n\n{part}" if is_python else part
        if part.startswith("`") and re.match(r"`\(", part) and _INTERVAL.search(before):
            return part
        if part.startswith("`"):
            return f"`{self.code(part.strip('`'))}`"
        for pattern, words in REPLACEMENTS:
            part = pattern.sub(words, part)
        part = re.sub(r"\bkeras(?:\.\w+)+", lambda m: self._dotted(m[0], m), part)
        if self.counts:
            part = re.sub(r"\b([Aa]xis) (\d+)\b", lambda m: f"{m[1]} {int(m[2]) + 1}", part)
        return part

    def code(self, code: str) -> str:
        """A piece of Python code within a line, as R has it."""
        if "~/" in code or "://" in code:
            return code
        if code in TYPES and code not in self.arguments:
            return TYPES[code]
        code = _INFINITE.sub(r"\1Inf", code)
        value = _literal(code)
        if value and not isinstance(value[0], list):
            return _shown(value[0], code)
        # The rules apply between string literals, which stay as they are.
        pieces = re.split(r"(\"[^\"]*\"|'[^']*')", code)
        return "".join(
            x if x[:1] in ('"', "'") and x else self._code_part(x) for x in pieces
        ).strip()

    def _code_part(self, code: str) -> str:
        code = _DOTTED.sub(lambda m: self._dotted(m[0], m), code)
        code = re.sub(r"(?<![\w$.])[A-Za-z]\w*(?![\w$])", self._word, code)
        if self.counts:
            code = re.sub(r"\b(axis\s*=\s*)(\d+)", lambda m: f"{m[1]}{int(m[2]) + 1}", code)
        for pattern, words in _OPERATORS:
            code = pattern.sub(words, code)
        return code

    def _word(self, found) -> str:
        word = found[0]
        if word in LITERALS:
            is_dim = re.match(r"[(\[]", found.string.strip()) and word == "None"
            return "NA" if is_dim else LITERALS[word]
        if word in self.renamed:
            return self.renamed[word]
        known = _by_class_name().get(word, ()) if word[0].isupper() else ()
        own = [name for name in known if name.startswith(f"{self.family}_")]
        name = next(iter(own or known), WORDS.get(word))
        return _called(name, found) if name else word

    def _dotted(self, path: str, found) -> str:
        """A dotted name: the name of its wrapper, else the attribute in R, with `$`."""
        head, _, rest = path.partition(".")
        if path.rpartition(".")[2] in _NO_CODE or head in ("np", "numpy", "www"):
            return path
        name = r_names().get(object_at(rest if head == "keras" else path))
        if name:
            return _called(name, found)
        return path.replace(".", "$")


def _called(name: str, found) -> str:
    """The name with (), unless they follow in the text."""
    return name if found.string[found.end() :].startswith("(") else f"{name}()"


@functools.cache
def object_at(path: str):
    try:
        value = at(path)
    except AttributeError:
        return None
    return value if is_definition(value) else None


def _literal(code: str) -> tuple:
    """(value,) of a Python literal, () for other code."""
    try:
        return (ast.literal_eval(code),)
    except (ValueError, SyntaxError, MemoryError):
        return ()


def _shown(value, code: str) -> str:
    """A literal in R; code that R has no literal for stays. Dims may be open."""
    if isinstance(value, (set, tuple)) and len(value) > 1:
        if None in value:
            return code.replace("None", "NA")
        if isinstance(value, set):
            value = ast.literal_eval(code.replace("{", "[").replace("}", "]"))
        plain = all(isinstance(x, (int, float, str)) for x in value)
        return f"c({', '.join(_shown(x, repr(x)) for x in value)})" if plain else code
    if isinstance(value, (bool, type(None))):
        return r_literal(value)
    return r_literal(value) if isinstance(value, str) else code


def is_definition(x) -> bool:
    """Can `x` be what a wrapper wraps?"""
    return isinstance(x, type) or inspect.isfunction(x)
