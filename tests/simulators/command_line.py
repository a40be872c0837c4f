"""An operator and a holder at their terminal: every step a command, every file on a real disk.

    desk = Terminal(folder)
    desk.prepare()                              # authority, licence of person 05, desk, consent
    visit = desk.visit("first")                 # session open, presentation made, clip filmed in its order
    desk.verify(visit).code                     # 0

A command is a process of its own, or, where that proves nothing more, a call of the same entry in this one,
which saves the second it takes to load the libraries.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from dongui.cli.main import run
from dongui.demo.cast import portrait, recording, turn
from simulators.warmed import Warmed, warmed

__all__ = ["PERSON", "Ended", "Terminal", "Visit"]

PERSON = "05"
_LICENCE = {
    "family_name": "Nobody",
    "given_name": "Marigold",
    "birth_date": "1990-01-01",
    "issue_date": "2026-11-01",
    "expiry_date": "2090-11-01",
    "issuing_country": "UT",
    "issuing_authority": "Licensing Office",
    "document_number": "UT-7654321",
    "un_distinguishing_sign": "UTO",
    "driving_privileges": [{"vehicle_category_code": "B"}],
}
_CONTROLLER = {
    "id": "port.example",
    "name-ko": "우리항만",
    "name-en": "Our Port",
    "address-ko": "부산",
    "address-en": "Busan",
    "contact": "privacy@port.example",
}


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON object it must be."""
        return json.loads(self.out)

    @property
    def result(self) -> Any:
        """The result of a command that had one."""
        assert "result" in self.json, self.out + self.err
        return self.json["result"]

    @property
    def failure(self) -> str:
        """The name of the failure."""
        assert "failure" in self.json, self.out + self.err
        return str(self.json["failure"]["name"])


@dataclass(frozen=True)
class Visit:
    """An open session, the presentation made in it, and the clip's files in the order it asks for."""

    session: str
    presentation: Path
    frames: Sequence[Path]


class Terminal:
    """One folder and the commands given in it: processes, or calls where ``processes`` is false."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk = folder / "desk"
        self.record = ""
        self.processes = True

    def run(self, *arguments: object, before: Sequence[str] = (), **environment: str) -> Ended:
        """Give a command as a user does, in English unless ``environment`` says otherwise.

        ``before`` stands before the command, as ``setpriv`` would, and makes it a process whatever
        ``processes`` says.
        """
        given = list(map(str, arguments))
        surroundings = {"LC_ALL": "C.UTF-8", "COLUMNS": "100", "DONGUI_DESK": str(self.desk), **environment}
        if before or self.processes:
            ended = self._process([*before, warmed().dongui, *given], surroundings)
        else:
            ended = self._call(given, surroundings)
        assert "Traceback" not in ended.out + ended.err, ended.err
        return ended

    def _process(self, command: list[str], surroundings: dict[str, str]) -> Ended:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**Warmed.environment(), **surroundings},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def _call(self, given: list[str], surroundings: dict[str, str]) -> Ended:
        out, err = io.StringIO(), io.StringIO()
        with (
            chdir(self.folder),
            patch.dict(os.environ, surroundings),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            run(given)
        assert isinstance(end.value.code, int)
        return Ended(end.value.code, out.getvalue(), err.getvalue())

    def prepare(self) -> None:
        """Found an authority, license person 05, make a desk and give its first consent."""
        self.found_authority("authority")
        (self.folder / "data.json").write_text(json.dumps(_LICENCE), encoding="utf-8")
        (self.folder / "portrait.jpg").write_bytes(portrait(PERSON))
        issued = self.run(
            *("issue", "mdoc", "--authority", "authority", "--data", "data.json"),
            *("--portrait", "portrait.jpg", "--out", "holder"),
        )
        assert issued.code == 0, issued.err
        options = [part for name, value in _CONTROLLER.items() for part in (f"--{name}", value)]
        made = self.run("desk", "create", self.desk, *options)
        assert made.code == 0, made.err
        given = self.run(
            *("consent", "give", "--purpose", "airport-gate", "--notice", "en", "--trust", "authority"),
            *("--document", "holder/issuer-signed.cbor", "--json"),
        )
        assert given.code == 0, given.out
        self.record = given.result["record"]

    def found_authority(self, name: str) -> None:
        """Make an issuing authority in a folder of that name."""
        founded = self.run(
            *("issue", "authority", "--out", name, "--country", "UT", "--organisation", "Licensing Office"),
            *("--contact", "a@office.example", "--crl-uri", "https://office.example/crl"),
        )
        assert founded.code == 0, founded.err

    def visit(self, name: str, *, take: int = 0) -> Visit:
        """Open a session, present the licence in it, and film person 05 in a folder ``name``.

        Each ``take`` is another recording: the same frames twice would be a replay.
        """
        folder = self.folder / name
        folder.mkdir()
        opened = self.run(
            *("session", "open", "--purpose", "airport-gate", "--consent", self.record),
            *("--client-id", "x509_san_dns:port.example", "--response-uri", "https://port.example/present"),
            *("--transcript", folder / "transcript", "--json"),
        )
        assert opened.code == 0, opened.out
        presented = self.run(
            *("issue", "presentation", "--holder", "holder", "--out", folder / "shown.cbor"),
            *("--session-transcript", folder / "transcript"),
        )
        assert presented.code == 0, presented.err
        left_first = opened.result["challenge"] == "picture-left first"
        film = recording(turn(PERSON), take=take)
        frames = []
        for number, frame in enumerate(film if left_first else reversed(film)):
            frames.append(folder / f"frame-{number:02d}.jpg")
            frames[-1].write_bytes(frame)
        return Visit(opened.result["session"], folder / "shown.cbor", frames)

    def verify(
        self,
        visit: Visit,
        *more: object,
        frames: Sequence[object] | None = None,
        trust: str = "authority",
        before: Sequence[str] = (),
        **environment: str,
    ) -> Ended:
        """Verify a visit, with its own frames or others."""
        return self.run(
            *("verify", visit.presentation, "--session", visit.session),
            *("--capture", *(visit.frames if frames is None else frames)),
            *("--trust", trust, "--accept-unassessed", *more),
            before=before,
            **environment,
        )

    def session_is_open(self, visit: Visit) -> bool:
        """Whether the session can still be used."""
        return self.run("session", "show", visit.session, "--json").code == 0

    def log_size(self) -> int:
        """Check the whole log, and return how many entries it has."""
        checked = self.run("log", "check", "--json")
        assert checked.code == 0, checked.out
        return int(checked.result["size"])
