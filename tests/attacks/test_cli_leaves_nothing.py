"""``dongui verify`` and ``dongui consent give`` as processes: no face, no name in files, output, traces."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulators.forgetting_stage import read_cases
from simulators.memory_search import Needle, derive, search_files
from simulators.warmed import warmed

KEYS = ("verified", "refused", "undetermined", "damaged")


@dataclass(frozen=True)
class Counter:
    """A desk, visits to it, a home for the processes to leave things in, and what must not be left."""

    staged: Path
    home: Path
    needles: Sequence[Needle]

    def run(self, name: str, *arguments: str) -> int:
        """Run one command with ``--debug``; its output becomes files of the home."""
        with (self.home / f"{name}.out").open("w") as out, (self.home / f"{name}.err").open("w") as err:
            return subprocess.run(
                [warmed().dongui, *arguments, "--debug", "--json"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.home,
                check=False,
                env=warmed().environment() | {"TMPDIR": str(self.home / "tmp")},
            ).returncode

    def verify(self, key: str, *more: str, session: str | None = None) -> int:
        """Verify one of the staged visits."""
        folder = self.staged / key
        frames = sorted(str(frame) for frame in (folder / "frames").iterdir())
        return self.run(
            f"verify-{key}",
            "verify",
            str(folder / "document"),
            *("--session", session or read_cases(self.staged)[1][key].session),
            *("--trust", str(self.staged / "trust"), "--desk", str(self.staged / "desk")),
            *more,
            "--capture",
            *frames,
        )

    def told(self, name: str) -> dict[str, object]:
        """The result the command wrote on standard output."""
        said: dict[str, object] = json.loads((self.home / f"{name}.out").read_text())["result"]
        return said

    def left(self) -> list[object]:
        """Needles in the desk, in the output or elsewhere in the home; anything in the temporary folder."""
        hits = search_files([self.home, self.staged / "desk"], self.needles)
        return [*hits, *(self.home / "tmp").iterdir()]


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    root = tmp_path_factory.mktemp("counter")
    for name in ("in", "home"):
        (root / name).mkdir()
    (root / "home" / "tmp").mkdir()
    needles = derive("simulators.forgetting_stage:stage", str(root / "in"), *KEYS)
    return Counter(root / "in", root / "home", needles)


@pytest.mark.slow
def test_verify_leaves_nothing(counter: Counter) -> None:
    """Verified and refused, with receipt and disclosure written: no piece of face or name is in any file."""
    files = [f"--{kind}={counter.home / kind}" for kind in ("receipt", "disclosure")]
    assert counter.verify("verified", "--accept-unassessed", *files) == 0
    assert (counter.home / "receipt").is_file()
    counter.staged.joinpath("refused", "document").write_bytes(altered(counter.staged / "refused"))
    assert counter.verify("refused", "--accept-unassessed") == 1
    reason = counter.told("verify-refused")["reason"]
    assert isinstance(reason, dict)
    assert reason["name"] == "mdoc.digest-mismatch"
    assert counter.left() == []


@pytest.mark.slow
def test_traces_hold_nothing(counter: Counter) -> None:
    """What ``--debug`` shows of a failure is files and lines: no name, no number, no byte of a picture."""
    assert counter.verify("damaged", "--accept-unassessed") == 2
    document = counter.staged / "undetermined" / "document"
    document.write_bytes(document.read_bytes()[:-1])
    assert counter.verify("undetermined", "--accept-unassessed") == 1
    trace = (counter.home / "verify-damaged.err").read_text()
    assert 'File "' in trace
    assert trace.endswith("dongui.errors.Misuse: capture.truncated\n")
    assert counter.left() == []


def test_consent_keeps_no_name(counter: Counter) -> None:
    """A consent is kept under a keyed handle: nothing of the document it was given with is written."""
    given = counter.run(
        "give",
        *("consent", "give", "--purpose", "building-access", "--notice", "ko"),
        *("--document", str(counter.staged / "verified" / "document")),
        *("--trust", str(counter.staged / "trust"), "--desk", str(counter.staged / "desk")),
        *("--receipt", str(counter.home / "consent.json")),
    )
    assert given == 0, (counter.home / "give.err").read_text()
    assert counter.run("list", "consent", "list", "--desk", str(counter.staged / "desk")) == 0
    record = str(counter.told("give")["record"])
    assert counter.run("show", "consent", "show", record, "--desk", str(counter.staged / "desk")) == 0
    assert counter.left() == []


def test_a_name_in_the_output_would_be_caught(counter: Counter) -> None:
    """The control: ``dongui document show`` is asked for the name, and the same search finds it."""
    document = counter.staged / "verified" / "document"
    assert counter.run("shown", "document", "show", str(document)) == 0
    labels = {hit.label for hit in search_files([counter.home / "shown.out"], counter.needles)}
    (counter.home / "shown.out").unlink()
    assert {"verified: family name", "verified: document number"} <= labels


def altered(folder: Path) -> bytes:
    """The document with one letter of the family name changed, which the reader is to see and not to tell."""
    shown = bytearray((folder / "document").read_bytes())
    place = shown.index(b"Name-")
    shown[place] ^= 1
    return bytes(shown)
