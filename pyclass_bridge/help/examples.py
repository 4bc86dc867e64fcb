"""Keras' Python examples as R code, where each statement has a certain translation. It has no other
half in R.

An example is translated as a whole or shown as Python, with a line that says so. A translation
leaves out what Python prints, since R prints something else.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
import tokenize

from ..surface import table
from ..surface.arguments import ANY, AXES_OR_NUMBER, AXIS, SHAPE, r_literal
from ..surface.names import Wrapped, wrapped_by
from .words import IN_PYTHON, object_at, r_names

_BLOCK = re.compile(r"(^ *```.*?^ *```|^ *>>> .*?(?=\n\s*\n|\Z))", re.DOTALL | re.MULTILINE)
_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^", ast.FloorDiv: "%/%",
    ast.Mod: "%%", ast.MatMult: "%*%", ast.Gt: ">", ast.Lt: "<", ast.GtE: ">=", ast.LtE: "<=",
    ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_KERAS_MODULES = frozenset(
    path.split(".")[0] for paths in table.FAMILIES.values() for path in paths
)
# Methods of Keras' models that R has as generics: their arguments that may come by position.
_GENERICS = {"compile": (), "fit": ("x", "y"), "evaluate": ("x", "y"), "predict": ("x",)}
_MODEL_NAMES = frozenset({"model"})


class Uncertain(Exception):
    """No rule translates a piece of code."""


def examples_in_r(text: str, rules) -> str:
    """The text of an "Examples" section with its code in R, else with "In Python:" before it."""
    pieces = _BLOCK.split(text)
    code = [_python(piece) for piece in pieces[1::2]]
    if not code:  # code without a fence, as a few docstrings have it
        return f"{IN_PYTHON}\n\n```\n{textwrap.dedent(text)}\n```" if text.strip() else ""
    translation = Translation(rules.family)
    try:
        shown = [translation.block(piece) for piece in code]
        lead = ""
    except (Uncertain, SyntaxError, tokenize.TokenError):
        shown, lead = pieces[1::2], f"{IN_PYTHON}\n\n"
        shown = [x if "```" in x else f"```\n{textwrap.dedent(x)}\n```" for x in shown]
    else:
        shown = [f"```r\n{piece}\n```" for piece in shown if piece]
        shown += [""] * (len(code) - len(shown))
    prose = [rules.prose(piece) for piece in pieces[::2]]
    parts = [part for pair in zip(prose, [*shown, ""], strict=True) for part in pair]
    return lead + "\n\n".join(part.strip("\n") for part in parts if part.strip())


def _python(block: str) -> str:
    """The Python code of a fenced block or a doctest, without what it prints."""
    block = textwrap.dedent(block)
    if not block.lstrip().startswith(">>>"):
        return textwrap.dedent("\n".join(block.strip().splitlines()[1:-1]))
    lines = [re.match(r"(?:>>>|\.\.\.) ?(.*)", line) for line in block.splitlines()]
    return "\n".join(line[1] for line in lines if line)


def _comments(code: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


class Translation:
    """Translates the statements of one example; `assigned` are the variables so far."""

    def __init__(self, family: str = ""):
        self.family = family
        self.assigned: set[str] = set()
        self.imported: dict[str, str] = {}

    def block(self, code: str) -> str:
        """R code for the Python code.

        Raises:
            Uncertain: a statement has no rule.
        """
        comments, lines, done = _comments(code), [], 0
        for statement in ast.parse(code).body:
            lines += [comments[n] for n in range(done + 1, statement.lineno) if n in comments]
            text = self.statement(statement)
            done = statement.end_lineno
            inside = [comments[n] for n in range(statement.lineno, done + 1) if n in comments]
            if len(inside) > 1:
                lines += inside
            elif inside and text:
                text = f"{text}  {inside[0]}"
            lines += [text] if text else []
        last = len(code.splitlines()) + 1
        lines += [comments[n] for n in range(done + 1, last) if n in comments]
        return "\n".join(lines)

    def statement(self, node) -> str:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return self.imports(node)
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], self.value(node.value, integers=True)
            if isinstance(target, ast.Name):
                self.assigned.add(target.id)
                return f"{_name(target.id)} <- {value}"
            if isinstance(target, ast.Tuple) and all(isinstance(x, ast.Name) for x in target.elts):
                self.assigned.update(x.id for x in target.elts)
                return f"c({', '.join(_name(x.id) for x in target.elts)}) %<-% {value}"
            raise Uncertain
        if isinstance(node, ast.Expr):
            call = node.value
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print":
                if len(call.args) != 1 or call.keywords:
                    raise Uncertain
                call = call.args[0]
            return self.value(call)
        raise Uncertain

    def imports(self, node) -> str:
        """No code: R has Keras and NumPy's counterparts without an import."""
        module = getattr(node, "module", None) or ""
        for name in node.names:
            path = f"{module}.{name.name}".lstrip(".")
            if path.split(".")[0] not in ("keras", "numpy") or (name.asname or "np") != "np":
                raise Uncertain
            if path.startswith("keras."):
                self.imported[name.name] = path
        return ""

    # ---- values ----

    def value(self, node, integers: bool = False) -> str:
        """R code for an expression; whole numbers as R's integers if `integers`."""
        if isinstance(node, ast.Constant):
            return _constant(node.value, integers)
        if isinstance(node, ast.Name) and node.id in self.assigned:
            return _name(node.id)
        if isinstance(node, ast.Name) and node.id in self.imported:
            return self.wrapped(node).name
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return f"-{self.value(node.operand, integers)}"
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            sides = [self.operand(x, integers) for x in (node.left, node.right)]
            return f" {_OPERATORS[type(node.op)]} ".join(sides)
        if isinstance(node, (ast.List, ast.Tuple)):
            return self.sequence(node, integers)
        if isinstance(node, ast.Dict) and all(_is_string(key) for key in node.keys):
            pairs = zip(node.keys, node.values, strict=True)
            return f"list({', '.join(f'{_name(k.value)} = {self.value(v)}' for k, v in pairs)})"
        if isinstance(node, ast.Attribute):
            return self.attribute(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        raise Uncertain

    def operand(self, node, integers: bool) -> str:
        text = self.value(node, integers)
        return f"({text})" if isinstance(node, (ast.BinOp, ast.UnaryOp)) else text

    def sequence(self, node, integers: bool) -> str:
        """A vector of scalars, a matrix of such of one length, an array of matrices; a list of
        anything else."""
        items = [self.value(x, integers) for x in node.elts]
        if not items:
            return "list()"
        if all(_scalar(x) for x in node.elts):
            kinds = {_scalar(x) for x in node.elts}
            if kinds == {"int", "float"}:
                kinds = {"float"}
            is_vector = len(items) > 1 and len(kinds) == 1
            return f"{'c' if is_vector else 'list'}({', '.join(items)})"
        if all(_is_row(x) for x in node.elts) and len({len(x.elts) for x in node.elts}) == 1:
            rows = [f"c({', '.join(self.value(y, integers) for y in x.elts)})" for x in node.elts]
            return f"rbind({', '.join(rows)})"
        if any(_scalar(x) or _holds_numbers(x) for x in node.elts):
            raise Uncertain
        return f"list({', '.join(items)})"

    def attribute(self, node) -> str:
        if node.attr == "shape":
            return f"shape({self.value(node.value)})"
        if self.path(node) is not None:
            return self.wrapped(node).name
        return f"{self.value(node.value)}${_name(node.attr)}"

    def path(self, node) -> str | None:
        """The path below `keras` of a dotted name of Keras, such as "layers.Dense"."""
        text = ast.unparse(node)
        head, _, rest = text.partition(".")
        if head in self.imported:
            text = f"{self.imported[head]}.{rest}".rstrip(".")
            head, _, rest = text.partition(".")
        if not re.fullmatch(r"[\w.]+", text) or head in self.assigned:
            return None
        if not rest:
            modules = table.FAMILIES.get(self.family, ()) if text[0].isupper() else ()
            return f"{modules[0]}.{text}" if modules else None
        if head == "keras":
            return rest
        return text if head in _KERAS_MODULES else None

    def wrapped(self, node) -> Wrapped:
        """What is wrapped, for a dotted name of Keras."""
        name = r_names().get(object_at(self.path(node)))
        if name is None:
            raise Uncertain
        return wrapped_by(name)

    # ---- calls ----

    def call(self, node) -> str:
        function = node.func
        if any(isinstance(x, ast.Starred) for x in node.args) or any(
            k.arg is None for k in node.keywords
        ):
            raise Uncertain
        if isinstance(function, ast.Call) and self.path(function.func) is not None:
            return self.composed(function, node)
        if self.path(function) == "Sequential" or self.path(function) == "models.Sequential":
            return self.sequential(node)
        if self.path(function) is not None:
            return self.wrapper_call(self.wrapped(function), node)
        if ast.unparse(function).startswith("np."):
            return self.numpy(ast.unparse(function), node)
        if isinstance(function, ast.Attribute):
            return self.method(function, node)
        if isinstance(function, ast.Name) and function.id in self.assigned:
            return f"{_name(function.id)}({self.python_arguments(node)})"
        raise Uncertain

    def composed(self, maker, node) -> str:
        """`layers.Dense(3)(x)`: the layer, put onto `x`."""
        wrapped = self.wrapped(maker.func)
        if not wrapped.is_layer or node.keywords or len(node.args) != 1:
            raise Uncertain
        return self.wrapper_call(wrapped, maker, before=self.value(node.args[0]))

    def sequential(self, node) -> str:
        if not node.args:
            return "keras_model_sequential()"
        if not isinstance(node.args[0], ast.List):
            raise Uncertain
        layers = [self.value(layer).replace("\n", "\n  ") for layer in node.args[0].elts]
        if any(not layer.startswith("layer_") for layer in layers):
            raise Uncertain
        return "keras_model_sequential() |>\n  " + " |>\n  ".join(layers)

    def wrapper_call(self, wrapped: Wrapped, node, before: str | None = None) -> str:
        """A call of a wrapper; arguments by position get names where R's order differs."""
        if getattr(table.INDICES.get(wrapped.name), "arguments", ()):
            raise Uncertain  # an index may be a value in the data, which is not shifted here
        known = list(wrapped.arguments.values())
        if wrapped.computes and node.args:
            return self.computed(wrapped, node)
        order = {a.keras_name: a for a in known}
        by_position = [name for name in _in_keras_order(wrapped) if name in order]
        if node.args and (wrapped.before_dots is not None or len(node.args) > len(by_position)):
            raise Uncertain
        given = [] if before is None else [before]
        for place, value in enumerate(node.args):
            argument = order[by_position[place]]
            in_order = not wrapped.first and known[place] is argument
            text = self.argument(argument, value)
            given.append(text if in_order else f"{_name(argument.name)} = {text}")
        for keyword in node.keywords:
            argument = order.get(keyword.arg)
            text = self.argument(argument, keyword.value) if argument else self.value(keyword.value)
            given.append(f"{_name(argument.name if argument else keyword.arg)} = {text}")
        return _call(wrapped.name, given)

    def computed(self, wrapped: Wrapped, node) -> str:
        """A loss or metric of true and predicted values."""
        if len(node.args) != 2 or node.keywords or self.path(node.func).split(".")[-1][0].isupper():
            raise Uncertain
        return f"{wrapped.name}({', '.join(self.value(x) for x in node.args)})"

    def argument(self, argument, node) -> str:
        """The value of an argument of a wrapper; whole numbers without L where the wrapper makes
        integers of doubles."""
        if argument.kind == AXIS:
            return self.axis(node)
        if argument.kind == AXES_OR_NUMBER:
            raise Uncertain
        if argument.kind == SHAPE and isinstance(node, (ast.Tuple, ast.List)) and node.elts:
            dims = [self.value(x) for x in node.elts]
            is_open = "NULL" in dims
            shown = ", ".join("NA" if dim == "NULL" else dim for dim in dims)
            return f"{'shape' if is_open else 'c'}({shown})"
        if argument.kind != ANY:
            return re.sub(r"\b(\d+)L\b", r"\1", self.value(node, integers=True))
        return self.value(node, integers=True)

    def axis(self, node) -> str:
        """An axis, or several, counted from 1."""
        try:
            value = ast.literal_eval(node)
        except ValueError:
            raise Uncertain from None
        values = value if isinstance(value, (list, tuple)) else [value]
        if not all(isinstance(x, int) for x in values):
            return self.value(node)
        shown = [str(x + 1 if x >= 0 else x) for x in values]
        return shown[0] if value is not values and len(shown) == 1 else f"c({', '.join(shown)})"

    def numpy(self, function: str, node) -> str:
        """The few functions of NumPy with which examples make data."""
        if node.keywords:
            raise Uncertain
        if function == "np.arange" and len(node.args) == 1 and _scalar(node.args[0]) == "int":
            return f"array(0:{node.args[0].value - 1})"
        if function in ("np.random.rand", "np.random.random", "np.zeros", "np.ones"):
            sizes = node.args
            if function != "np.random.rand" and isinstance(sizes[0], (ast.Tuple, ast.List)):
                sizes = sizes[0].elts
            dims = ", ".join(self.value(size) for size in sizes)
            fill = {"np.zeros": "0", "np.ones": "1"}.get(function)
            fill = fill or f"runif({dims.replace(', ', ' * ')})"
            return f"array({fill}, dim = c({dims}))"
        if function == "np.array" and len(node.args) == 1 and not node.keywords:
            text = self.value(node.args[0], integers=True)
            if text.startswith(("c(", "rbind(")):
                return f"array({text})" if text.startswith("c(") else text
        raise Uncertain

    def method(self, function, node) -> str:
        """A method of an object; for a method of a model, the generic that R has instead."""
        receiver, name = self.value(function.value), function.attr
        is_generic = receiver in _MODEL_NAMES and name in _GENERICS
        if is_generic and len(node.args) <= len(_GENERICS[name]):
            given = [self.value(x) for x in node.args]
            given += [f"{_name(k.arg)} = {self.value(k.value)}" for k in node.keywords]
            return _call(f"{receiver} |> {name}", given)
        if name == "reshape" and receiver.startswith("array("):
            return f"array_reshape({receiver}, c({', '.join(self.value(x) for x in node.args)}))"
        if name in ("reshape", "astype", "numpy"):
            raise Uncertain
        return f"{receiver}${_name(name)}({self.python_arguments(node)})"

    def python_arguments(self, node) -> str:
        """The arguments of a call of Python, which tells integers from doubles."""
        given = [self.value(x, integers=True) for x in node.args]
        given += [f"{_name(k.arg)} = {self.value(k.value, integers=True)}" for k in node.keywords]
        return ", ".join(given)


def _in_keras_order(wrapped: Wrapped) -> list[str]:
    return list(inspect.signature(wrapped.target).parameters)


def _constant(value, integers: bool) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and not integers:
        return str(value)
    text = r_literal(value)
    if text is None:
        raise Uncertain
    return text


def _scalar(node) -> str | None:
    """The type of a constant, or None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    is_scalar = isinstance(node, ast.Constant) and node.value is not None
    return type(node.value).__name__ if is_scalar else None


def _is_row(node) -> bool:
    return (
        isinstance(node, (ast.List, ast.Tuple))
        and bool(node.elts)
        and all(_scalar(x) for x in node.elts)
    )


def _holds_numbers(node) -> bool:
    return any(_scalar(x) in ("int", "float") for x in getattr(node, "elts", ()))


def _is_string(node) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _call(name: str, given: list[str]) -> str:
    """A call in one line, or with a line for each argument."""
    line = f"{name}({', '.join(given)})"
    if len(line) <= 60:
        return line
    return f"{name}(\n  " + ",\n  ".join(x.replace("\n", "\n  ") for x in given) + "\n)"


def _name(name: str) -> str:
    """A name as R code has it."""
    plain = re.fullmatch(r"[A-Za-z]\w*", name) and name not in (
        "function", "repeat", "next", "break", "NULL", "NA", "TRUE", "FALSE", "if", "else", "for",
        "while", "in", "Inf", "NaN",
    )  # fmt: skip
    return name if plain else f"`{name}`"
