"""Files that are replaced as a whole: a path has the former content or the new one, whatever ends
the writing.

The new content goes to an unfinished file in the same directory, which is then renamed. Its name
can't be guessed and is never one that exists, so nobody can put a link in its place. Whoever writes
holds a lock on the unfinished file; one that nobody holds is what a killed process has left, and
the next write to the same path removes it. A link at the path is followed: the file that it leads
to is replaced, and the link stays. Needs no session.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import struct
import tempfile
from dataclasses import dataclass

PRIVATE, USUAL = 0o600, 0o666  # modes of a new file; the umask is taken off


@dataclass(frozen=True)
class Unfinished:
    """An unfinished file: its path, and the descriptor of it as an open file."""

    path: str
    descriptor: int


# {the path of an unfinished file: the path that it will have, what is called then}
_in_progress: dict[str, tuple[str, list]] = {}


def when_written(path: str, call) -> None:
    """Call `call(path)`: now, or if `path` is an unfinished file, when that has become the file
    that was asked for, with the path of this one."""
    if path in _in_progress:
        _in_progress[path][1].append(call)
    else:
        call(path)


@contextlib.contextmanager
def replacing(path, ending: str = "", mode: int = PRIVATE):
    """An `Unfinished` file, which becomes `path` when the block ends without an error.

    Args:
        ending: What the path of the unfinished file ends in, for writers that look at that.
        mode: That of a new file; a file that is there keeps its own.

    Raises:
        OSError: nothing can be written there, `path` is no file, or links lead nowhere. A file
            that is there is unchanged.
    """
    path = os.fspath(path)
    target, former = _target(path)
    remove_unfinished(target)
    unfinished = _begin(path, target, ending, mode)
    calls: list = []
    _in_progress[unfinished.path] = path, calls
    try:
        if former is not None:
            _take_access(unfinished.descriptor, former)
        yield unfinished
        os.fsync(unfinished.descriptor)
        os.replace(unfinished.path, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished.path)
        raise
    finally:
        del _in_progress[unfinished.path]
        os.close(unfinished.descriptor)
    _sync_directory(target)
    for call in calls:
        call(path)


def replace_by(path: str, ending: str, write) -> None:
    """Let `write`, a function of R that takes a path, write the new content of `path`."""
    with replacing(path, ending, USUAL) as unfinished:
        write(unfinished.path)


@contextlib.contextmanager
def moved_in(path: str):
    """The path to which to write, by a writer of several files, what is to be at `path`: one of the
    same name in a new directory. What is written there is moved at the end, file by file; until
    then the files beside `path` are as they were."""
    home, name = os.path.split(path)
    with tempfile.TemporaryDirectory(prefix=_prefix(name), dir=home or ".") as beside:
        yield os.path.join(beside, name)
        written = sorted(_files_in(beside), key=lambda file: (file.endswith(".json"), file))
        for file in written:  # what lists the other files comes last
            _move(os.path.join(beside, file), os.path.join(home, file))


@contextlib.contextmanager
def moved_aside(path: str, keeps: bool = True):
    """Move the file or directory at `path` away while another is written. If that fails it comes
    back; else, if `keeps`, those of its files do that the new directory has not."""
    home, name = os.path.split(path)
    with tempfile.TemporaryDirectory(prefix=_prefix(name), dir=home or ".") as beside:
        aside = os.path.join(beside, name)
        with contextlib.suppress(FileNotFoundError):
            os.rename(path, aside)
        try:
            yield
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            with contextlib.suppress(OSError):
                os.unlink(path)
            if os.path.lexists(aside):
                os.rename(aside, path)
            raise
        for file in _files_in(aside) if keeps and os.path.isdir(path) else ():
            if not os.path.lexists(os.path.join(path, file)):
                _move(os.path.join(aside, file), os.path.join(path, file))


def check_room(directory: str, size: int) -> None:
    """Raise OSError if the disk has no room for `size` bytes: HDF5 ends the process when it can't
    write, so a writer that uses it should know before."""
    with tempfile.TemporaryFile(dir=directory or ".") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise OSError(error.errno, error.strerror, directory) from None


def _files_in(directory: str) -> list[str]:
    """The paths of the files in a directory, relative to it; none if it is not there."""
    return [
        os.path.relpath(os.path.join(folder, file), directory)
        for folder, _, files in os.walk(directory)
        for file in files
    ]


def _move(file: str, to: str) -> None:
    os.makedirs(os.path.dirname(to) or ".", exist_ok=True)
    os.replace(file, to)


def remove_unfinished(path) -> None:
    """Remove the unfinished files for `path` that killed processes have left."""
    directory, name = os.path.split(os.fspath(path))
    pattern = re.compile(re.escape(_prefix(name)) + r"(\d+|[0-9a-f]{16})\.tmp(\.[.\w]+)?")
    with contextlib.suppress(OSError), os.scandir(directory or ".") as entries:
        for entry in entries:
            if pattern.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    _remove_leftover(entry.path)


# ---- steps ---------------------------------------------------------------------------------------


def _target(path: str) -> tuple[str, os.stat_result | None]:
    """The file that links at `path` lead to, and what is known of it; None if it is not there."""
    target = os.path.realpath(path) if os.path.islink(path) else path
    try:
        former = os.lstat(target)
    except FileNotFoundError:
        return target, None
    if stat.S_ISLNK(former.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    if stat.S_ISDIR(former.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(former.st_mode):
        raise OSError(errno.EINVAL, "It is a device or a pipe, not a file", path)
    return target, former


def _begin(path: str, target: str, ending: str, mode: int) -> Unfinished:
    """A new unfinished file for `target`, locked; errors name `path`."""
    directory, name = os.path.split(target)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    while True:
        made = os.path.join(directory, f"{_prefix(name)}{secrets.token_hex(8)}.tmp{ending}")
        try:
            descriptor = os.open(made, flags, mode)
        except FileExistsError:
            continue
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        with contextlib.suppress(OSError):  # some file systems have no locks
            _lock(descriptor)
        # Another writer may have taken the file for a leftover before it was locked.
        if os.path.lexists(made):
            return Unfinished(made, descriptor)
        os.close(descriptor)


def _prefix(name: str) -> str:
    """What the names of unfinished files begin with; the names of files have at most 255 bytes."""
    return f".{name if len(os.fsencode(name)) <= 200 else name[:50]}."


def _take_access(descriptor: int, former: os.stat_result) -> None:
    """Let the file have the mode and the group of the former one, and nobody more than before."""
    mode = stat.S_IMODE(former.st_mode) & 0o777
    try:
        os.fchown(descriptor, -1, former.st_gid)
    except OSError:
        mode &= ~stat.S_IRWXG
    os.fchmod(descriptor, mode)


def _remove_leftover(path: str) -> None:
    """Remove an unfinished file that nobody writes.

    Raises:
        OSError: somebody writes it, it is no file, or it can't be removed.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            _lock(descriptor)
            os.unlink(path)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock the file as long as it is open here. This kind of lock holds between threads as well,
    and does not meet the one that HDF5 takes of the file. Other systems than Linux have none.

    Raises:
        OSError: it is locked, or the file system has no locks.
    """
    if not hasattr(fcntl, "F_OFD_SETLK"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    whole = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, whole)


def _sync_directory(path: str) -> None:
    """Flush the directory, so that the new name is on the disk too."""
    directory = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
