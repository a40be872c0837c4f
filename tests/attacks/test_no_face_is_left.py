"""After a verification, however it ended, nothing of the face or the person is left: memory, disk, output.

Looked for are every frame and the portrait as encoded and as decoded, every aligned crop, every template,
family name and document number; in the verifying program, in the process that forks, in the desk's files, in
whatever else the program wrote. No needle was ever held by this process or by the one searched before it
verified: see ``simulators.forgetting_stage`` and ``simulators.memory_search``.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dongui.desk.desk import models_cache
from simulators.forgetting_stage import CASES
from simulators.memory_search import Needle, derive, search_files, search_process_memory
from simulators.process_table import processes_named

TESTS = Path(__file__).parents[1]
VICTIM = TESTS / "simulators" / "forgetting_victim.py"
ENDINGS = {
    "verified": "verified",
    "refused": "refused comparison.non-mated",
    "undetermined": "undetermined attack-detection.turn-not-made",
    "misused": "raised operating-point.not-assessed",
    "damaged": "raised capture.truncated",
    "unreadable": "undetermined capture.frame-unreadable",
    "crashed": "undetermined confinement.crashed",
    "timed-out": "undetermined confinement.timed-out",
    "unexpected": "undetermined confinement.crashed",
    "unlogged": "raised storage.full",
}
SHARED = [Path(name) for name in ("/tmp", "/var/tmp", "/dev/shm") if Path(name).is_dir()]


@dataclass(frozen=True)
class Staged:
    """A folder with visits, and what must be forgotten of each, by the case's key."""

    folder: Path
    needles: Mapping[str, Sequence[Needle]]

    def copy(self, folder: Path, *keys: str) -> Staged:
        """Copy what is staged for the cases of these keys."""
        others = shutil.ignore_patterns(*(self.needles.keys() - set(keys)))
        return Staged(
            shutil.copytree(self.folder, folder, ignore=others), {key: self.needles[key] for key in keys}
        )

    @property
    def all(self) -> list[Needle]:
        return [needle for needles in self.needles.values() for needle in needles]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """Every case once; what is done to them is done to copies."""
    folder = tmp_path_factory.mktemp("staged") / "in"
    folder.mkdir()
    needles: dict[str, list[Needle]] = {}
    for needle in derive("simulators.forgetting_stage:stage", str(folder)):
        needles.setdefault(needle.label.partition(":")[0], []).append(needle)
    return Staged(folder, needles)


class Victim:
    """The verifying program, its folder, and what it says."""

    def __init__(self, process: subprocess.Popen[str], home: Path) -> None:
        self._process = process
        self.home = home
        self.pids: list[int] = []

    def ask(self, key: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{key}\n")
        self._process.stdin.flush()

    def told(self) -> str:
        """How the visit ended; the program now holds still."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (self.home / "stderr").read_text()
        said = json.loads(line)
        self.pids = said["pids"]
        return str(said["ended"])

    def kill(self, number: signal.Signals) -> int:
        os.kill(self._process.pid, number)
        return self._process.wait()


@contextmanager
def victim(staged: Staged, place: str, home: Path) -> Iterator[Victim]:
    """A program with a home of its own: working folder, temporary files, cache, errors; cores allowed."""
    (home / "tmp").mkdir(parents=True)
    if models_cache().is_dir():  # saves exporting the model again
        shutil.copytree(models_cache(), home / "cache" / "dongui")
    with (
        (home / "stderr").open("w") as errors,
        subprocess.Popen(
            [sys.executable, str(VICTIM), str(staged.folder), place],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=home,
            env=os.environ | surroundings(home),
        ) as process,
    ):
        yield Victim(process, home)
        assert process.stdin is not None
        process.stdin.close()


def surroundings(home: Path) -> dict[str, str]:
    # The home at its end imports nothing; it marks every process of this program.
    path = os.pathsep.join([*(entry for entry in sys.path if entry), str(TESTS), str(home)])
    return {
        "PYTHONPATH": path,
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "XDG_CACHE_HOME": str(home / "cache"),
    }


def found_in(pid: int, needles: Sequence[Needle]) -> set[str]:
    """The labels of the needles found in a process."""
    try:
        return {hit.label for hit in search_process_memory(pid, needles)}
    except PermissionError:
        pytest.skip("this system lets no process read another's memory (ptrace_scope): nothing was searched")


def shared_entries() -> set[Path]:
    """What this user has in the folders every program may write to."""
    entries = (entry for folder in SHARED for entry in os.scandir(folder))
    return {Path(entry) for entry in entries if entry.stat(follow_symlinks=False).st_uid == os.geteuid()}


def kinds(labels: set[str]) -> set[str]:
    """Labels without case and number: "decoded picture"."""
    return {re.sub(r"^[^:]*: | \d\d", "", label) for label in labels}


def cores_go_to_the_working_folder() -> bool:
    """Whether this system writes a crashed process's memory to a file where it ran, if it may."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    return not pattern.startswith(("|", "/")) and most == resource.RLIM_INFINITY


@pytest.mark.slow
def test_nothing_is_left_however_it_ended(everything: Staged, tmp_path: Path) -> None:
    """Verified, refused, undetermined, misuse, a crash, a time-out, a full log: memory and disk are clean.

    The answer or the failure, with its traceback, is still held by the program while it is searched.
    """
    assert set(ENDINGS) == {case.key for case in CASES}
    staged, home, before = everything.copy(tmp_path / "in", *ENDINGS), tmp_path / "home", shared_entries()
    with victim(staged, "confined", home) as program:
        program.ask("wait")
        assert program.told() == "waiting"
        for pid in program.pids:  # what chance puts there was not left by a visit
            assert found_in(pid, staged.all) == set()
        for case in CASES:
            program.ask(case.key)
            assert program.told() == ENDINGS[case.key]
            assert found_in(program.pids[0], staged.needles[case.key]) == set(), case.key
        for pid in program.pids:
            assert found_in(pid, staged.all) == set()
    new = shared_entries() - before
    assert search_files([home, staged.folder / "desk", *new], staged.all) == []
    assert list((home / "tmp").iterdir()) == []
    assert {entry.name for entry in home.iterdir()} == {"tmp", "cache", "stderr", "log.txt"}
    assert (home / "stderr").read_bytes() == b""


@pytest.mark.slow
def test_a_careless_verification_would_be_caught(everything: Staged, tmp_path: Path) -> None:
    """The control: the same search, of a program that keeps what it sees, finds each kind of secret in it."""
    staged = everything.copy(tmp_path / "in", "refused")
    with victim(staged, "careless", tmp_path / "home") as program:
        program.ask("refused")
        assert program.told() == ENDINGS["refused"]
        found = found_in(program.pids[0], staged.all)
    assert found == {needle.label for needle in staged.all}
    assert kinds(found) == {
        "family name",
        "document number",
        "portrait as encoded",
        "frame as encoded",
        "decoded picture",
        "aligned crop",
        "template",
    }
    # And on disk: the frames and the document, where the camera and the phone left them.
    on_disk = {hit.label for hit in search_files([staged.folder], staged.all)}
    assert kinds(on_disk) == {"family name", "document number", "portrait as encoded", "frame as encoded"}


@pytest.mark.slow
def test_a_crash_of_the_program_itself_writes_no_face(everything: Staged, tmp_path: Path) -> None:
    """Struck while document and frames are in its memory, the program leaves no core dump and no process.

    The program has turned core dumps on; verifying turns them off. The process that holds the pictures as
    well, decoded, and the one that forks end by themselves.
    """
    staged, home = everything.copy(tmp_path / "in", "timed-out"), tmp_path / "home"
    with victim(staged, "confined", home) as program:
        program.ask("timed-out")
        pid, needles = program._process.pid, staged.all
        begun = time.monotonic()
        while not {"frame as encoded", "family name"} <= kinds(found_in(pid, needles)):
            assert time.monotonic() - begun < 60
        assert len(processes_named(str(home))) == 2
        assert program.kill(signal.SIGABRT) == -signal.SIGABRT
        begun = time.monotonic()
        while processes_named(str(home)):
            assert time.monotonic() - begun < 60
            time.sleep(0.01)
    assert search_files([home, staged.folder / "desk"], needles) == []
    assert {entry.name for entry in home.iterdir()} == {"tmp", "cache", "stderr", "log.txt"}


@pytest.mark.slow
def test_one_face_raced_by_two_programs_is_verified_once(everything: Staged, tmp_path: Path) -> None:
    """Two programs with confined processes of their own verify one presentation at one instant: one answers.

    Neither keeps anything of it, the loser included.
    """
    staged = everything.copy(tmp_path / "in", "verified")
    with (
        victim(staged, "confined", tmp_path / "one") as one,
        victim(staged, "confined", tmp_path / "other") as other,
    ):
        racers = (one, other)
        for program in racers:
            program.ask("wait")
            assert program.told() == "waiting"
        for program in racers:
            program.ask("verified")
        assert sorted(program.told() for program in racers) == ["raised session.consumed", "verified"]
        for pid in (pid for program in racers for pid in program.pids):
            assert found_in(pid, staged.all) == set()


def test_a_core_dump_would_be_caught(tmp_path: Path) -> None:
    """The control: a program that crashes with a secret in memory, dumps allowed, is found out on disk."""
    if not cores_go_to_the_working_folder():
        pytest.skip("this system hands core dumps to a program or forbids them: none can be looked for")
    secret = tmp_path / "in"
    needles = derive("simulators.confinement_markers:random_secret", str(secret), "4096")
    home = tmp_path / "home"
    home.mkdir()
    script = (
        "import os, resource, sys; kept = open(sys.argv[1], 'rb').read(); "
        "resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2); os.abort()"
    )
    subprocess.run([sys.executable, "-c", script, str(secret)], cwd=home, check=False)
    assert {hit.label for hit in search_files([home], needles)} == {"secret"}
