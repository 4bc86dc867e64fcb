"""The text that R shows for a Python exception: the important sentence, with R's names and dims.

The other half is R/bridge_condition.R. The exception itself is not changed, and `py_last_error()`
shows its original text. The table below rewrites texts of Keras and its backends; other texts are
shown unchanged.
"""

from __future__ import annotations

import inspect
import os
import re
import sys

from ..bridge.condition import RError
from ..bridge.r_functions import r_function
from ..bridge.words import nearest, quoted, ticked
from ..for_r.errors import remember_error
from ..for_r.tensor import dims
from .table import RENAMED

_LIBRARIES = frozenset({"keras", "tensorflow", "jax", "jaxlib", "torch"})


# ---- names -------------------------------------------------------------------------------------


def meant(name: str, known) -> str | None:
    """The name in `known` that the user probably means by `name`: its new name if Keras has renamed
    it, otherwise the nearest name."""
    known = list(known)
    renamed = (new for new in RENAMED.get(name, ()) if new in known)
    return next(renamed, None) or nearest(name, known)


def no_argument(function: str, wrong: str, known) -> str:
    """The error text for an argument that `function` does not have; `known` are its arguments."""
    near = meant(wrong, known)
    if near:
        hint = f"; did you mean `{near}`?"
    else:
        hint = f"; its arguments are {ticked(known)}." if known else "."
    return f"{function}() has no argument `{wrong}`{hint}"


def no_part(label: str, absent: str, extra, what: str) -> str:
    """The error text for data `label` without the part `absent`, an input or output of the model;
    `extra` are the names in the data that the model has not."""
    near = meant(absent, extra)
    hint = f"; is `{near}` meant?" if near else "."
    return f"`{label}` has no `{absent}`, which is an {what} of the model{hint}"


# ---- replacements that need more than a pattern --------------------------------------------------


def _no_object(found: re.Match) -> str:
    kind, name = found.groups()
    module = sys.modules.get("keras.src.losses" if kind == "loss" else f"keras.src.{kind}s")
    known = getattr(module, "ALL_OBJECTS_DICT", ())
    known = [n for n in known if n == n.lower() and n != kind]  # each class has two names
    return _no_string(kind, name, [*known, "accuracy"] if kind == "metric" else known)


def not_known(kind: str, name: str) -> str:
    """The error text for a custom class or function that Keras does not know by its `name`."""
    return f"the {kind} `{name}` is not known: {_remedy(kind, name)}"


def _remedy(kind: str, name: str) -> str:
    if name == "r_function":
        return (
            "a function without a name was saved as this. If the model has only one, give it as "
            "`custom_objects = list(r_function = f)`; several can't be told apart, so build the "
            "model anew and load its weights. To save it so that it can be loaded, name the "
            'function, as `loss_r(..., name = "own")` does, or use '
            "`save_model(definitions = TRUE)`."
        )
    package, _, own = name.rpartition(">")
    variable = (r_function("class_variable")(own) if kind == "class" else None) or own
    key, variable = (x if x.isidentifier() else f"`{x}`" for x in (name, variable))
    source = "source() the R file that defines it"
    give = f"or give it as `custom_objects = list({key} = {variable})`."
    if not package:
        return f"{source}, {give}"
    call = f'register_keras_serializable({variable}, "{own}", "{package}")'
    return f"{source}, register it by `{call}`, {give}"


def _no_function(found: re.Match) -> str:
    return not_known("function", found[1]) + _held(found[0])


def _no_class(found: re.Match) -> str:
    return not_known("class", found[1]) + _held(found[0])


def _held(text: str) -> str:
    """What to do if the file has the definition (surface/model_files.py says so)."""
    if "The file has its R definition" not in text:
        return ""
    return (
        " Or `load_model(safe_mode = FALSE)` evaluates the R definition in the file: do that if "
        "you trust who has made it."
    )


def _no_dtype(found: re.Match) -> str:
    dtypes = sys.modules.get("keras.src.backend.common.dtypes")
    return _no_string("dtype", found[1], getattr(dtypes, "ALLOWED_DTYPES", ()))


def _no_string(kind: str, name: str, known) -> str:
    near = meant(name, known)
    hint = f'; did you mean "{near}"?' if near else "."
    if not near and 0 < len(known) < 8:
        hint = f"; Keras has {quoted(sorted(known))}."
    return f'there is no {kind} "{name}"{hint}'


def _one_of(found: re.Match) -> str:
    choices = sorted(re.findall(r"'(\w+)'", found[2]))  # sorted, since a set has no order
    return f'`{found[1]}` must be one of {quoted(choices)}, not "{found[3]}".'


def _no_layer(found: re.Match) -> str:
    name, known = found.group(1), re.findall(r"'([^']*)'", found.group(2))
    near = meant(name, known)
    hint = f"; did you mean `{near}`?" if near else f"; its layers are {ticked(known)}."
    return f"the model has no layer `{name}`{hint}"


def _no_model_file(found: re.Match) -> str:
    path = found.group(1)
    if os.path.exists(path):
        return f"{path} is not a saved Keras model: it is not a `.keras` zip file."
    return f"there is no file {path}."


def _no_direction(found: re.Match) -> str:
    return (
        f'{found[1]}: `mode = "auto"` does not tell whether high or low values of "{found[2]}" are '
        'better. Write `mode = "max"` or `mode = "min"`, or give the metric\'s class '
        '`direction = "up"` or `direction = "down"`.'
    )


def _too_small(found: re.Match) -> str:
    sizes = re.findall(r"(inputs.shape|kernel shape|pool_size)=[(\[]([^)\]]*)", found.group(1))
    by_name = {name[:5]: re.findall(r"None|\d+", numbers) for name, numbers in sizes}
    inputs = dims(None if n == "None" else n for n in by_name.get("input", ()))
    window = by_name.get("pool_") or by_name.get("kerne", ())[:-2]
    what = "pool" if "pool_" in by_name else "kernel"
    return (
        f"inputs of dims {inputs} are too small for a {what} of {' x '.join(window)}: use a "
        'smaller one, larger inputs or `padding = "same"`.'
    )


def _no_input(found: re.Match) -> str:
    name, given = found[1], re.findall(r"'([^']*)'", found[2])
    known = re.findall(r"'([^']*)'", found[3])
    others = [other for other in given if other not in known]
    near = others[0] if len(others) == 1 else meant(name, others)
    hint = f"; is `{near}` meant?" if near else "."
    return f"the data lack `{name}`, which is an input of the model{hint}"


def _other_inputs(found: re.Match) -> str:
    names = ", ".join(f"{name} = ..." for name in re.findall(r"'([^']*)'", found[2]))
    return f"the model has {found[1]} inputs, but was given {found[3]}: give list({names})."


def _other_outputs(found: re.Match) -> str:
    outputs, names = (ticked(re.findall(r"'([^']*)'", found[i])) for i in (1, 3))
    return f"`{found[2]}` is for {names}, but the outputs of the model are {outputs}."


def _with_r_dims(found: re.Match) -> str:
    if found[0] == "(None)":
        return found[0]
    return dims(None if n in ("None", "?") else n for n in re.findall(r"None|\?|-?\d+", found[0]))


def _r_constant(found: re.Match) -> str:
    return f"{found[1]} = " + {"True": "TRUE", "False": "FALSE", "None": "NULL"}[found[2]]


# ---- the table -----------------------------------------------------------------------------------

_FRAMES = r"(?:[ \t]*\n|[ \t]+.*\n)*"  # the lines of a traceback: empty or indented
_DIMS = r"(?:None|\?|\d+)"
_BEFORE_DIMS = "|".join(
    f"(?<={word})" for word in ("dims ", "shape ", "shape=", "shapes ", "value ", "gives ", "and ")
)

# Text about internals, which is cut out of every message.
_CUTS = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"(?:Exception encountered when calling [^\n]*\n+)+(?=\S)(?!Arguments received)", ""),
    (r"\n+Arguments received by [^\n]*\n(?s:.*)", ""),
    (
        r"Unable to automatically build the model\.(?s:.*?)"
        r"Exception encountered:\s*'((?s:.*?))'?\Z",
        r"\1",
    ),
    (r"Could not automatically infer the output shape(?s:.*?)Error encountered:\n+", ""),
    (rf"Graph execution error:\n+(?:Detected at node[^\n]*\n{_FRAMES})*", ""),
    (r"\d+ root error\(s\) found\.\n\s*\(0\)\s*(?:[A-Z_]+: )?(.*)(?s:.*)", r"\1"),
    (r"\s*\[\[\{\{node (?s:.*)", ""),
    (r"^<stack traces unavailable>\n", ""),
    (
        r"Error in user-defined function passed to (\w+?)(?:V\d)?Dataset:\S+ transformation with "
        r"iterator: \S+: ",
        r"in the function given to the dataset (\1): ",
    ),
    (r"(?<=\S)\n+Traceback \(most recent call last\):\n(?s:.*)", ""),
    (rf"Traceback \(most recent call last\):\n{_FRAMES}", ""),
    (rf"in user code:\n{_FRAMES.replace('*', '*?', 1)}\s+(?=\w*(?:Error|Exception): )", ""),
    (r"\{\{function_node [^}]*\}\} ?", ""),
    (r" ?\[Op:\w+\](?: name: ?.*)?", ""),
    (r" for '\{\{node [^}]*\}\} = (\w+)\[.*\]\(.*\)'", r" in \1"),
    (r"(?s:config=\{.*?)(?=\n+Exception encountered: )\n+Exception encountered: ", ""),
    (r"\.? ?Full (?:object )?config: \{.*", "."),
    (r"\[\[ *-?\d[-+\d.e\s\[\]]{60,}\]\]", "<array>"),
    (r"(^.+$)(?:\n+\1$)+", r"\1"),
)

# Sentences of Keras and its backends -> what R shows instead.
_SENTENCES = (
    (r"Could not interpret (\w+?)(?: function)? identifier: (\w+)$", _no_object),
    (r"^Invalid dtype: (\w+)$", _no_dtype),
    (r"The `(\w+)` argument must be (?:a list/tuple or )?one of \{(.*?)\}\. Received: (\w+)",
     _one_of),
    (r"No such layer: (.*)\. Existing layers are: (\[.*\])\.", _no_layer),
    (r"File not found: filepath=(.*)\. Please ensure the file is .*", _no_model_file),
    (r"(?:\[Errno 2\] )?Unable to (?:synchronously )?open file \(.*name = '([^']*)'.*"
     r"No such file.*\)", r"there is no file \1."),
    (r"(?s:.*)Could not locate function '([^']+)'.*", _no_function),
    (r"(?s:.*)Could not interpret \w+ identifier: \{.*'class_name': 'function', "
     r"'config': '([^']+)'.*", _no_function),
    (r"Could not deserialize 'keras\.(?:losses|metrics)\.(\w+)' because it is not a KerasSaveable "
     r"subclass", r"this Keras can't read `\1` from an .h5 file: load it with `compile = FALSE` "
     r"and compile() the model again."),
    (r"(?s:.*)Unknown activation function: '([^']+)'.*", _no_function),
    (r"(?s:.*)Could not locate class '([^']+)'.*", _no_class),
    (r"(?s:.*)Unknown (?:layer|object): '([^']+)'\. Please ensure .*", _no_class),
    (r"(?s:.*)Could not interpret \w+ identifier: \{.*'class_name': '([^']+)'.*",
     _no_class),
    (r"Input \d+(?: with name '[^']*')? of layer '?(\S+?)'? is incompatible with the layer: ",
     r"layer `\1`: "),
    (r"expected axis -1 of input shape to have value (\d+), but received input with shape (\(.*\))",
     r"the last dim of its input must be \1, but it was given dims \2."),
    (r"expected min_ndim=(\d+), found ndim=\d+\. Full shape received: (\(.*\))",
     r"its input must have at least \1 dims, samples first, but it was given dims \2."),
    (r"expected ndim=(\d+), found ndim=\d+\. Full shape received: (\(.*\))",
     r"its input must have \1 dims, samples first, but it was given dims \2."),
    (r"expected shape=(\(.*\)), found shape=(\(.*\))",
     r"its input must have dims \1, but it was given dims \2."),
    (r"Invalid input shape for input .* with name '(\w+)'.*Expected shape (\(.*\)), but input has "
     r"incompatible shape (\(.*\))",
     r"the model takes dims \2, but `\1` was given dims \3."),
    (r"Arguments `target` and `output` must have the same shape\. Received: target\.shape=(\(.*\))"
     r", output\.shape=(\(.*\))", r"`y` has dims \1, but the model's output has dims \2."),
    (r"Received a label value of (-?\d+) which is outside the valid range of \[0, (\d+)\).*",
     r"a label is \1, but the model has \2 classes: labels count from 0 and must be below \2."),
    (r"indices\[[\d,]*\] = (-?\d+) is not in \[0, (\d+)\)",
     r"index \1 (counted from 0) is out of range: there are only \2 elements."),
    (r"Computed output size would be zero or negative\. (Received.*)", _too_small),
    (r"Matrix size-incompatible: In\[0\]: (\[.*?\]), In\[1\]: (\[.*\])",
     r"dims \1 and \2 do not fit a matrix product."),
    (r"Incompatible shapes: (\[.*?\]) vs\. (\[.*\])", r"dims \1 and \2 do not fit together."),
    (r"\w+ got incompatible shapes for broadcasting: (\(.*?\)), (\(.*?\))\.",
     r"dims \1 and \2 do not fit together."),
    (r"Incompatible shapes for broadcasting: shapes=\[(\(.*?\)), (\(.*?\))\]",
     r"dims \1 and \2 do not fit together."),
    (r"All input arrays must have the same shape\. Got (\(.*?\)), (\(.*?\))\.",
     r"dims \1 and \2 can't be stacked: they must be equal."),
    (r"dot_general requires contracting dimensions .* got \((\d+),\) and \((\d+),\)\.",
     r"the inner dims of the product are \1 and \2, but must be equal."),
    (r"Cannot broadcast shape, .* Input shapes are: (\[.*?\]) and (\[.*?\])\.",
     r"dims \1 and \2 do not fit together."),
    (r"ConcatOp : Dimension \d+ in both shapes must be equal: shape\[0\] = (\[.*?\]) vs\. "
     r"shape\[1\] = (\[.*\])", r"dims \1 and \2 can't be bound: they differ in another dim too."),
    (r"Invalid reduction dimension \(-?\d+ for input with (\d+) dimension\(s\)",
     r"the axis is out of range: the tensor has only \1 dims."),
    (r"Dimensions must be equal, but are \d+ and \d+ in (\w+) with input shapes: (\[.*?\]), "
     r"(\[.*?\])\.", r"dims \2 and \3 do not fit together (\1)."),
    (r"Layer (\S+) weight shape (\(.*?\)) is not compatible with provided weight shape (\(.*\))\.",
     r"a weight of `\1` has dims \2, but was given dims \3."),
    (r"When passing a Python generator to a Keras model, the generator must return a tuple.* "
     r"Received: (.*)",
     r"a generator must give `list(x, y)` or `list(x, y, sample_weight)`, not \1."),
    (r"You should provide one `sample_weight` array per output in `y`\.(?s:.*)",
     "`sample_weight` must be weights of the cases, or a list with such weights for each output."),
    (r"Argument `validation_split` is only supported for .*",
     "`validation_split` can split only arrays in memory; for other data give `validation_data`."),
    (r'Missing data for input "(.*?)"\. You passed a data dictionary with keys (\[.*?\])\. '
     r"Expected the following keys: (\[.*?\])", _no_input),
    (r'Layer "\S*" expects (\d+) named input\(s\) with keys (\[.*?\]), but it received '
     r"(\d+) input tensors\..*", _other_inputs),
    (r'Layer "(\S*)" expects (\d+) input\(s\), but it received (\d+) input tensors\.(?s:.*)',
     r"layer `\1` takes \2 inputs, but was given \3."),
    (r"Expected keys (\[.*?\]) in (\w+) dict, but found \w+\.keys\(\)=(\[.*?\])", _other_outputs),
    (r"index (\d+) is out of bounds for axis \d+ with size (\d+)",
     r"index \1 (counted from 0) is out of range: there are only \2 elements."),
    (r"Shapes of all inputs must match: values\[\d+\]\.shape = (\[.*?\]) != "
     r"values\[\d+\]\.shape = (\[.*?\])", r"dims \1 and \2 can't be stacked: they must be equal."),
    (r"Unknown variable: <.*\. This optimizer can only be called for the variables (?s:.*)",
     "the optimizer belongs to another model: make a new one for each model."),
    (r"A total of \d+ objects? could not be loaded\. Example error message for object <\w+ "
     r"name=(\w+).*>:\s+", r"the weights do not fit the model: layer `\1`: "),
    (r"The shape of the target variable and the shape of the target value in "
     r"`variable\.assign\(value\)` must match\. variable\.shape=(\(.*?\)), Received: value\.shape="
     r"(\(.*?\))\.(?s:.*)", r"a weight has dims \1, but the new value has dims \2."),
    (r"You called `set_weights\(weights\)` on layer '(.*)' with a weight list of length (\d+), but "
     r"the layer was expecting (\d+) weights\.",
     r"set_weights() was given \2 weights, but `\1` has \3."),
    (r"(?:Array|Buffer) has been deleted(?: or donated)?(?: with shape=.*)?",
     "the model was interrupted while JAX was at work on its numbers, which are lost: make the "
     "model anew, and load its weights if they were saved."),
    (r"Sequential model .* has no layers\. Call `model\.add\(layer\)`\.",
     "the model has no layers: add some with layer_*()."),
    (r"Table not initialized\.", "the vocabulary is missing: adapt() the layer to data first."),
    (r"(\w+) callback received monitor=(.*?), but Keras isn't able to automatically determine "
     r"whether (?s:.*)", _no_direction),
    (r"TensorBoard is not installed, missing implementation for .*",
     "TensorBoard is not installed: `pip install tensorboard`, or leave callback_tensorboard() "
     "out."),
    (r"You forgot to call `super\(\)\.__init__\(\)`.*",
     "call `super$initialize(...)` first in `initialize`."),
)  # fmt: skip

# Python's literals and types -> R's.
_SPELLINGS = (
    (rf"[(\[](?:{_DIMS},? *)*(?:None|\?)(?:,? *{_DIMS})*,?[)\]]", _with_r_dims),
    (rf"(?:{_BEFORE_DIMS})[(\[]{_DIMS}(?:, *{_DIMS})*,?[)\]]", _with_r_dims),
    (r"<class '(?:\w+\.)*(\w+)'>", r"\1"),
    (r"\b(\w+)=(True|False|None)\b", _r_constant),
    (r"`(model|layer|self|optimizer|variable|metric|keras|tf)\.(?=\w)", r"`\1$"),
)  # fmt: skip

_rules: list = []


def _compiled() -> list:
    """The table, compiled at the first error of Keras."""
    if not _rules:
        rows = (*_CUTS, *_SENTENCES, *_SPELLINGS)
        _rules.extend((re.compile(pattern, re.MULTILINE), new) for pattern, new in rows)
    return _rules


# ---- an exception's text -------------------------------------------------------------------------


def for_r(text: str) -> str:
    """A text of Keras or of its backend as R shows it."""
    for pattern, new in _compiled():
        text = pattern.sub(new, text)
    return text.strip()


def exception_text(exception: BaseException, called: dict | None = None) -> str:
    """The message of the condition for `exception`: its type, and its text as R shows it. `called`
    describes the user's call, in case the exception is about its arguments."""
    remember_error(exception)
    name = type(exception).__name__
    text = text_of(exception, called)
    return f"{name}: {text}" if text else name


def text_of(exception: BaseException, called: dict | None = None) -> str:
    """The text of `exception` in R: its explanation (surface/explain.py), else its own text in R's
    terms. `called` is the user's R call, as `called_at()` in R/bridge_condition.R describes it."""
    found_out = getattr(exception, "explanation", None)
    if found_out is not None:
        return found_out
    try:
        text = str(exception)
    except Exception:  # str() of the exception may fail, too
        return ""
    refused = _refused_argument(text, called)
    if refused is not None:
        return refused
    return for_r(text) + _hidden(exception, text) if _is_of_keras(exception) else text


def _hidden(exception: BaseException, text: str) -> str:
    """The R error that Keras was handling when it raised `exception`, unless `text` has it."""
    while exception is not None:
        exception = exception.__context__
        if isinstance(exception, RError):
            return "" if exception.message in text else f"\nThe R code: {for_r(str(exception))}"
    return ""


# The words in which Python and Keras refuse an argument.
_REFUSALS = re.compile(
    r"(?:got an unexpected keyword argument |are not supported: \[|not recognized: \{"
    r"|Unrecognized keyword arguments passed to \w+: \{)'([^']+)'"
)


def _refused_argument(text: str, called) -> str | None:
    """The error text for an argument that Keras refuses, if the user's call has this argument."""
    if not called:
        return None
    given, known, target = called["given"], called["known"], called["target"]
    known = [name for name in known if name != "..."] if target is None else parameters(target)
    found = _REFUSALS.search(text)
    wrong = [found[1]] if found is not None and found[1] in given else []
    if target is not None and re.search(r"missing \d+ required", text):
        # Python names only the missing argument; a misspelt one may be in the call.
        wrong = [name for name in given if name and name not in known and meant(name, known)]
    return no_argument(called["name"], wrong[0], known) if wrong else None


def parameters(target) -> list[str]:
    """The names of the parameters of a callable that can be given by name."""
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    try:
        known = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):  # a callable written in C may have no signature
        return []
    return [p.name for p in known if p.kind in by_name]


_told = False


def hint(exception: BaseException) -> str | None:
    """The line about py_last_error(), once a session, if R shows a changed text."""
    global _told
    if _told or text_of(exception) == str(exception):
        return None
    _told = True
    return "All of Keras' text, and Python's traceback: py_last_error(), after try(...)."


def _is_of_keras(exception: BaseException) -> bool:
    """Was `exception` raised by Keras or its backend, or by code that they called?"""
    if type(exception).__module__.partition(".")[0] in _LIBRARIES:
        return True
    trace = exception.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__") or ""
        if name.partition(".")[0] in _LIBRARIES:
            return True
        trace = trace.tb_next
    return False
