"""After a task nothing of what it was shown is left: not in the program, not in the zygote, not on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dongui.confinement import Confinement
from dongui.errors import Trouble
from dongui.memory import SecretBuffer
from simulators.memory_search import Needle, derive, search_files, search_process_memory

SIMULATORS = Path(__file__).parent.parent / "simulators"
TASKS = "simulators.confined_tasks"
MARKERS = "simulators.confinement_markers"


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Needle]]:
    """A picture this process never reads, and what looking at it brings about."""
    path = tmp_path_factory.mktemp("picture") / "face.jpg"
    return path, derive(f"{MARKERS}:noisy_face", str(path))


@contextmanager
def victim(picture: Path, place: str, order: str, home: Path) -> Iterator[list[int]]:
    """A program that had the picture looked at and forgot it; yields its processes' numbers."""
    path = os.pathsep.join([*sys.path, str(SIMULATORS.parent)])
    process = subprocess.Popen(
        [sys.executable, str(SIMULATORS / "confinement_victim.py"), str(picture), place, order],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=home,
        env=os.environ | {"PYTHONPATH": path, "HOME": str(home), "TMPDIR": str(home)},
    )
    with process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["answer"] == "seen"
        yield told["pids"]
        assert process.stdin is not None
        process.stdin.close()


def searched(pid: int, needles: list[Needle]) -> set[str]:
    """The labels of the needles found in a process."""
    try:
        return {hit.label for hit in search_process_memory(pid, needles)}
    except PermissionError:
        pytest.skip("this system lets no process read another's memory (ptrace_scope): nothing was searched")


def test_libraries_keep_copies_that_nobody_can_overwrite(
    picture: tuple[Path, list[Needle]], tmp_path: Path
) -> None:
    """The attack: in one process the picture, the crop and the template outlive a wiped buffer."""
    path, needles = picture
    with victim(path, "in-process", "forget", tmp_path) as pids:
        left = searched(pids[0], needles)
    assert {"pixels", "crop", "tensor", "features"} & left
    assert {"template", "template in single precision"} & left


@pytest.mark.parametrize("order", ["forget", "keep"])
def test_nothing_outlives_its_process(picture: tuple[Path, list[Needle]], tmp_path: Path, order: str) -> None:
    """The defence: confined, neither program nor zygote holds any of it, even if the task kept everything."""
    path, needles = picture
    with victim(path, "confined", order, tmp_path) as pids:
        assert len(pids) == 2
        for pid in pids:
            assert searched(pid, needles) == set()
    assert search_files([tmp_path, Path("/dev/shm")], needles) == []


@pytest.mark.parametrize(
    ("order", "name"),
    [
        ("answer", None),
        ("quote", "confinement.crashed"),
        ("fault", "confinement.crashed"),
        ("sleep", "confinement.timed-out"),
        ("allocate", "confinement.out-of-memory"),
    ],
)
def test_every_way_out_forgets(tmp_path: Path, order: str, name: str | None) -> None:
    """However a task ends, its copies end with it: a crash writes no dump, an exception carries no bytes."""
    (tmp_path / "secret").mkdir()
    needles = derive(f"{MARKERS}:random_secret", str(tmp_path / "secret" / "f"), "4096")
    confinement = Confinement.start(
        f"{TASKS}:prepare",
        arguments=b"",
        progress=lambda _message: None,
        timeout_seconds=1.0 if order == "sleep" else 20.0,
        memory_bytes=64 << 20,
    )
    with confinement:
        buffer = SecretBuffer.read_file(tmp_path / "secret" / "f", max_bytes=4096, what="secret")
        error: Trouble | None = None
        with buffer:
            try:
                confinement.run(f"{TASKS}:keep_then", order=order.encode(), buffers=[buffer])
            except Trouble as raised:
                error = raised
        assert (error.name if error else None) == name
        # The failure itself is still held here, and must hold nothing.
        for pid in (os.getpid(), confinement.zygote_pid):
            assert searched(pid, needles) == set()
    assert search_files([Path("/dev/shm")], needles) == []
    assert list(tmp_path.iterdir()) == [tmp_path / "secret"]


def test_an_unwiped_buffer_would_be_found(tmp_path: Path) -> None:
    """The control of the test before: the same search in the same process finds a buffer not wiped yet."""
    needles = derive(f"{MARKERS}:random_secret", str(tmp_path / "f"), "4096")
    with SecretBuffer.read_file(tmp_path / "f", max_bytes=4096, what="secret"):
        assert searched(os.getpid(), needles) == {"secret"}
    assert searched(os.getpid(), needles) == set()
