"""Files that are replaced as a whole: what is at the path, links, modes, and what killed processes
have left. Processes that are killed: training/test_state_file.py.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pyclass_bridge.bridge import whole_file


def write(path, content="new", **given):
    with whole_file.replacing(path, **given) as unfinished:
        os.write(unfinished.descriptor, content.encode())
        return unfinished.path


def mode(path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a file.state"


def test_the_former_file_is_there_until_the_new_one_is_complete(path):
    path.write_text("old")
    with whole_file.replacing(path) as unfinished:
        os.write(unfinished.descriptor, b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    with pytest.raises(KeyboardInterrupt), whole_file.replacing(path) as unfinished:
        os.write(unfinished.descriptor, b"half")
        raise KeyboardInterrupt
    assert path.read_text() == "new"
    assert os.listdir(path.parent) == [path.name]


def test_nobody_can_know_the_name_of_the_unfinished_file(path):
    names = {write(path, ending=".keras") for _ in range(20)}
    assert len(names) == 20
    assert all(name.endswith(".tmp.keras") for name in names)


def test_a_link_in_place_of_the_unfinished_file_is_not_followed(path, monkeypatch):
    victim = path.with_name("victim")
    victim.write_text("precious")
    tokens = iter(["0" * 16, "1" * 16])
    path.with_name(f".{path.name}.{'0' * 16}.tmp").symlink_to(victim)
    monkeypatch.setattr(whole_file.secrets, "token_hex", lambda size: next(tokens))
    monkeypatch.setattr(whole_file, "remove_unfinished", lambda path: None)
    write(path)
    assert (victim.read_text(), path.read_text()) == ("precious", "new")


def test_a_link_stays_and_its_file_is_replaced(path):
    target = path.parent / "elsewhere" / "target"
    target.parent.mkdir()
    path.symlink_to(target)
    for content in ("first", "second"):
        write(path, content)
        assert path.is_symlink() and target.read_text() == content
    assert os.listdir(target.parent) == ["target"]


def test_a_new_file_is_private_and_another_keeps_its_mode(path):
    write(path)
    assert mode(path) == 0o600
    path.chmod(0o640)
    write(path)
    assert mode(path) == 0o640
    write(path.with_name("usual"), mode=whole_file.USUAL)
    path.with_name("plain").write_text("")
    assert mode(path.with_name("usual")) == mode(path.with_name("plain"))


def test_only_a_file_is_replaced(path):
    os.mkfifo(path)
    with pytest.raises(OSError, match=r"a device or a pipe, not a file: '.*a file.state'"):
        write(path)
    with pytest.raises(IsADirectoryError):
        write(path.parent)
    loop = path.with_name("loop")
    loop.symlink_to(loop)
    with pytest.raises(OSError, match=r"symbolic links: '.*loop'"):
        write(loop)
    with pytest.raises(FileNotFoundError, match=r"'.*none/run'"):
        write(path.with_name("none") / "run")


def test_what_a_killed_process_has_left_is_removed(path):
    left = [f".{path.name}.123.tmp", f".{path.name}.{'a' * 16}.tmp.keras"]
    kept = [f".other.{'a' * 16}.tmp", f".{path.name}.more.123.tmp", f".{path.name}.notes"]
    for name in [*left, *kept]:
        path.with_name(name).write_text("half")
    path.with_name(f".{path.name}.5.tmp").mkdir()
    write(path)
    assert sorted(os.listdir(path.parent)) == sorted([*kept, f".{path.name}.5.tmp", path.name])


def test_what_another_writes_at_this_moment_is_not_removed(path):
    with whole_file.replacing(path) as unfinished:
        os.write(unfinished.descriptor, b"slow")
        write(path, "quick")
        assert path.read_text() == "quick"
    assert path.read_text() == "slow"
    assert os.listdir(path.parent) == [path.name]


def test_a_long_name(path):
    long = path.with_name("ü" * 127)
    write(long)
    assert os.listdir(path.parent) == [long.name]


# ---- several files -----------------------------------------------------------------------------


def content(folder) -> dict:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in found}


def write_two(path) -> None:
    Path(path).mkdir(exist_ok=True)
    Path(path, "a").write_text("new")
    Path(path, "sub").mkdir(exist_ok=True)
    Path(path, "sub", "b").write_text("new")


@pytest.mark.parametrize("way", [whole_file.moved_in, whole_file.moved_aside])
def test_several_files_are_replaced_or_none(tmp_path, way):
    path = tmp_path / "model"
    path.mkdir()
    (path / "a").write_text("old")
    (path / "mine").write_text("mine")
    with pytest.raises(KeyboardInterrupt), way(str(path)) as unfinished:
        write_two(unfinished or path)
        raise KeyboardInterrupt
    assert content(tmp_path) == {"model/a": "old", "model/mine": "mine"}
    with way(str(path)) as unfinished:
        write_two(unfinished or path)
    assert content(tmp_path) == {"model/a": "new", "model/sub/b": "new", "model/mine": "mine"}
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_directory_that_is_moved_aside_may_go(tmp_path):
    path = tmp_path / "model"
    with whole_file.moved_aside(str(path)):  # nothing is there
        write_two(path)
    (path / "stale").write_text("old")
    with whole_file.moved_aside(str(path), keeps=False):
        write_two(path)
    assert content(tmp_path) == {"model/a": "new", "model/sub/b": "new"}


def test_a_disk_without_room_is_an_error(tmp_path):
    whole_file.check_room(str(tmp_path), 1000)
    with pytest.raises(OSError) as caught:
        whole_file.check_room(str(tmp_path), 1 << 62)
    assert caught.value.filename == str(tmp_path)
    assert list(tmp_path.iterdir()) == []
