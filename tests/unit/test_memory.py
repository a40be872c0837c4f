"""Buffers that forget."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dongui.errors import Misuse
from dongui.memory import SecretBuffer, forgetting, require_file, wipe_all

LIMIT = 1000


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """What is in the file is in the buffer, up to the limit itself."""
    (tmp_path / "f").write_bytes(bytes(range(250)) * 4)
    buffer = SecretBuffer.read_file(tmp_path / "f", max_bytes=LIMIT, what="portrait")
    assert buffer.view == bytes(range(250)) * 4
    assert require_file(tmp_path / "f", max_bytes=LIMIT, what="portrait") == LIMIT


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda path: None, "file.not-found"),
        (lambda path: path.mkdir(), "file.is-directory"),
        (lambda path: path.write_bytes(b""), "file.empty"),
        (lambda path: path.write_bytes(bytes(LIMIT + 1)), "file.too-large"),
        (os.mkfifo, "file.not-readable"),
        (lambda path: path.symlink_to("/dev/zero"), "file.not-readable"),
        (lambda path: path.symlink_to(path), "file.not-readable"),
    ],
    ids=["missing", "directory", "empty", "large", "pipe", "device", "loop"],
)
def test_what_is_no_readable_file_is_named(tmp_path: Path, make: object, name: str) -> None:
    """Each thing a path can lead to instead of a file has its name; none hangs, none is read for ever."""
    assert callable(make)
    make(tmp_path / "f")
    with pytest.raises(Misuse) as raised:
        SecretBuffer.read_file(tmp_path / "f", max_bytes=LIMIT, what="portrait")
    assert raised.value.name == name
    assert str(tmp_path / "f") in raised.value.detail
    with pytest.raises(Misuse) as asked:
        require_file(tmp_path / "f", max_bytes=LIMIT, what="portrait")
    assert str(asked.value) == str(raised.value)


def test_a_path_that_cannot_exist_is_named() -> None:
    """A null character in a path is a named failure, not a ValueError."""
    with pytest.raises(Misuse) as raised:
        SecretBuffer.read_file(Path("a\0b"), max_bytes=LIMIT, what="portrait")
    assert raised.value.name == "file.not-readable"


def test_a_file_of_huge_size_allocates_nothing(tmp_path: Path) -> None:
    """A sparse file of a tebibyte is refused by its size alone."""
    with (tmp_path / "f").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Misuse, match="the limit is 1000"):
        SecretBuffer.read_file(tmp_path / "f", max_bytes=LIMIT, what="portrait")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_no_permission_is_named(tmp_path: Path) -> None:
    """A file that may not be read says so."""
    (tmp_path / "f").write_bytes(b"x")
    (tmp_path / "f").chmod(0)
    with pytest.raises(Misuse, match="Permission denied"):
        SecretBuffer.read_file(tmp_path / "f", max_bytes=LIMIT, what="portrait")


def test_wiping_overwrites_in_place() -> None:
    """After a wipe the very memory is zero: views made before see it, and the size is kept."""
    data = bytearray(b"secret")
    buffer = SecretBuffer(data)
    view = buffer.view[2:]
    buffer.wipe()
    buffer.wipe()
    assert data == bytes(6)
    assert view == bytes(4)


def test_wiping_needs_no_memory() -> None:
    """A buffer is overwritten even where nothing more can be allocated."""
    script = (
        "import resource; from dongui.memory import SecretBuffer\n"
        "buffer = SecretBuffer(bytearray(b'x' * (64 << 20)))\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * 4096\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 20), -1))\n"
        "buffer.wipe()\n"
        "assert not any(buffer.view[i] for i in range(0, len(buffer), 4096))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"PYTHONMALLOC": "malloc"})


def test_leaving_wipes_whatever_happened() -> None:
    """A buffer used as a context manager is overwritten on the way out of an exception too."""
    data = bytearray(b"secret")
    with pytest.raises(RuntimeError), SecretBuffer(data):
        raise RuntimeError
    assert data == bytes(6)


def test_all_are_wiped() -> None:
    """``wipe_all`` leaves no buffer out, empty ones included."""
    datas = [bytearray(b"a" * size) for size in (3, 0, 5)]
    wipe_all(SecretBuffer(data) for data in datas)
    assert datas == [bytearray(3), bytearray(0), bytearray(5)]


def test_a_buffer_shows_its_size_alone() -> None:
    """Neither ``repr`` nor ``str`` of a buffer shows what is in it."""
    assert repr(SecretBuffer(bytearray(b"secret"))) == str(SecretBuffer(bytearray(6)))
    assert "6 bytes" in repr(SecretBuffer(bytearray(6)))


def test_core_dumps_can_be_forbidden_for_good() -> None:
    """Soft and hard limit are zero afterwards, for this process and those it starts."""
    script = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    program = "import subprocess, sys; from dongui.memory import forbid_core_dumps; forbid_core_dumps();"
    program += f" print(subprocess.check_output([sys.executable, '-c', {script!r}], text=True))"
    told = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert told.strip() == "(0, 0)"


def test_a_block_forgets_on_every_way_out() -> None:
    """However it ends, the memory of every buffer is zero afterwards."""
    kept = [bytearray(b"document"), bytearray(b"frame")]
    with pytest.raises(Misuse), forgetting(*map(SecretBuffer, kept)):
        raise Misuse("file.empty", "on the way")
    assert kept == [bytes(8), bytes(5)]
