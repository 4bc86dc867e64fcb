"""What R asks of a Python before it is started: version, shared library, the package in it. The
other half is R/start_python.R, which runs this file with that Python, in a process of its own.

Assumes nothing: the Python may be of any version, so the syntax is that of all of them. Prints
lines "name=value"; the arguments are packages, and those that are not installed are printed.
"""

import os
import sys

MARK = b"pyclass_bridge built for R "


def say(name, value):
    """Print one line of the answer."""
    sys.stdout.write(name + "=" + str(value) + "\n")


def libraries():
    """The paths at which libpython may be: sysconfig's, and beside the Python that was moved."""
    import sysconfig

    get = sysconfig.get_config_var
    names = [name for name in (get("INSTSONAME"), get("LDLIBRARY")) if name]
    folders = [get("LIBDIR"), os.path.join(sys.base_prefix, "lib"), get("PYTHONFRAMEWORKPREFIX")]
    if get("LIBDIR") and get("MULTIARCH"):
        folders.append(os.path.join(get("LIBDIR"), get("MULTIARCH")))
    paths = [os.path.join(folder, name) for folder in folders if folder for name in names]
    return [path for path in paths if not path.endswith(".a")]


def version_of_package(folder):
    """The version in the DESCRIPTION of the R sources, which every installation has."""
    for place in (os.path.join(folder, "rpkg"), os.path.dirname(folder)):
        try:
            with open(os.path.join(place, "DESCRIPTION")) as lines:
                found = [line[8:].strip() for line in lines if line.startswith("Version:")]
        except OSError:
            continue
        if found:
            return found[0]
    return "unknown"


def built_for(folder):
    """The version of R that the core says it was built for; None without a core."""
    import importlib.machinery

    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        path = os.path.join(folder, "_core" + suffix)
        if os.path.isfile(path):
            with open(path, "rb") as core:
                _, mark, rest = core.read().partition(MARK)
            return rest.split(b"\0")[0].decode() if mark else "unknown"
    return None


def say_package():
    """The package's folder, version and core."""
    import importlib.util

    spec = importlib.util.find_spec("pyclass_bridge")
    if spec is None or not spec.submodule_search_locations:
        return
    folder = next(iter(spec.submodule_search_locations))
    say("package", version_of_package(folder))
    say("folder", folder)
    # The finder of an editable installation gives its core to a checkout that is not built.
    core = built_for(folder)
    if core:
        say("core", core)
    if importlib.util.find_spec("numpy") is None:
        say("without", "numpy")


def say_lacking(requirements):
    """The distributions that are not installed."""
    import importlib.metadata
    import re

    for text in requirements:
        try:
            importlib.metadata.version(re.match(r"[\w.-]*", text).group())
        except importlib.metadata.PackageNotFoundError:
            say("lacks", text)


def say_tools():
    """What making an environment, and compiling in it, needs."""
    import importlib.util
    import sysconfig

    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        say("venv", "yes")
    if os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        say("headers", "yes")


def main():
    """Say it all; a Python that is too old says its version only."""
    sys.path.pop(0)
    say("version", ".".join(str(part) for part in sys.version_info[:3]))
    if sys.version_info < (3, 10):  # noqa: UP036
        return
    say("implementation", sys.implementation.name)
    say("prefix", sys.prefix)
    say("executable", sys.executable)
    say("utf8_mode", sys.flags.utf8_mode)
    say("encoding", sys.getfilesystemencoding())
    for path in libraries():
        if os.path.isfile(path):
            say("library", path)
            break
    else:
        say("no_library", (libraries() or [""])[0])
    say_package()
    say_lacking(sys.argv[1:])
    say_tools()


if __name__ == "__main__":
    main()
