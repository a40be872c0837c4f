"""An office whose people are in a release handed to a laboratory and in its own model, by commands alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dongui.cli.model_inputs import open_models, open_training
from dongui.consent.moments import write_moment
from dongui.custody.training import train
from dongui.desk import Desk
from dongui.environment import SystemClock, SystemEntropy
from simulators.command_line import Ended, Terminal
from simulators.model_office import SyntheticFeatures

__all__ = ["LABORATORY", "OFFICE", "PURPOSE", "WithdrawalOffice", "name_of"]

OFFICE, LABORATORY, PURPOSE = "port.example", "laboratory.example", "gate-model"
_HEAD = "person,purpose,recipient,artefact,kind,claimed_at,flags,valid_until\n"
_DESK = {"id": OFFICE, "name-ko": "항만", "name-en": "Port", "address-ko": "부산"}
_MORE = {"address-en": "Busan", "contact": "privacy@port.example"}
_UNTIL = "2036-01-01T00:00:00Z"


def name_of(number: int) -> str:
    """Return somebody's id."""
    return f"{number + 1:032x}"


@dataclass
class WithdrawalOffice:
    """Everything in one folder: ``pictures`` handed to a laboratory, ``templates`` the office trains on."""

    terminal: Terminal
    people: int

    @classmethod
    def open(
        cls, folder: Path, *, people: int, layout: str = "sorted", model: bool = True
    ) -> WithdrawalOffice:
        """Begin one: everybody consents to both, has a key, is in both releases and, if so, in the model."""
        folder.mkdir(exist_ok=True)
        terminal = Terminal(folder)
        terminal.processes = False
        office = cls(terminal, people)
        office.found()
        office.done("custody", "register", *map(name_of, range(people)))
        office.consent(range(people), LABORATORY, "image")
        office.consent(range(people), OFFICE, "template")
        numbers = [str(2 * one) if layout == "sorted" else f"{2 * one:032x}" for one in range(people)]
        rows = [f"{name_of(one)},{number},image template,\n" for one, number in enumerate(numbers)]
        (folder / "records.csv").write_text("person,record,traits,retained_until\n" + "".join(rows))
        office.done("custody", "index", "records.csv", "--out", "R.parquet", "--layout", layout)
        office.done("custody", "export", "--out", "C.parquet", "--layout", layout)
        # Nobody reads these copies: drawing a page for each would take longer than all the rest.
        office.done("rights", "give-keys", "--out", "keys", "--form", "text")
        office.decide("pictures", LABORATORY, "image")
        office.decide("templates", OFFICE, "template")
        for release in ("pictures", "templates"):
            office.done("proof", "seal", release, "--until", _UNTIL)
        if model:
            office.train("templates")
        return office

    def found(self) -> None:
        """Create the desk."""
        words = [part for name, value in {**_DESK, **_MORE}.items() for part in (f"--{name}", value)]
        self.done("desk", "create", self.terminal.desk, *words)

    def done(self, *command: object) -> Ended:
        """Give a command that must succeed."""
        ended = self.terminal.run(*command)
        assert ended.code == 0, ended.out + ended.err
        return ended

    def consent(
        self,
        people: Sequence[int],
        recipient: str,
        artefact: str,
        kind: str = "given",
        purpose: str = PURPOSE,
    ) -> Ended:
        """Import what several people say."""
        flags, until = ("informed separate explicit", _UNTIL) if kind == "given" else ("", "")
        now = write_moment(SystemClock().now())
        rows = [
            f"{name_of(one)},{purpose},{recipient},{artefact},{kind},{now},{flags},{until}\n"
            for one in people
        ]
        file = self.terminal.folder / "acts.csv"
        file.write_text(_HEAD + "".join(rows))
        return self.done("custody", "import", "acts.csv", "--json")

    def decide(
        self, out: str, recipient: str, artefact: str, purpose: str = PURPOSE, consents: str = "C.parquet"
    ) -> Ended:
        """Decide a release for training at this moment."""
        return self.done(
            *("release", "decide", "--records", "R.parquet", "--consents", consents, "--out", out),
            *("--purpose", purpose, "--recipient", recipient, "--artefact", artefact),
            *("--pack", "PIPA_2025_10", "--at", write_moment(SystemClock().now()), "--json"),
        )

    def train(self, release: str) -> str:
        """Train over a release on features that are drawn; return the model's id."""
        with self.desk() as desk, open_models(desk) as kept:
            return train(
                open_training(desk, self.terminal.folder / release, None),
                SyntheticFeatures(),
                store=kept.store,
                keys=kept.keys,
                log=desk.log,
                controller=desk.entry.id,
                clock=desk.clock,
                entropy=desk.entropy,
            ).model.id.hex()

    def desk(self) -> Desk:
        """Open the desk."""
        return Desk(self.terminal.desk, clock=SystemClock(), entropy=SystemEntropy())

    def contributors(self) -> list[int]:
        """Return who is in a model, by number."""
        with self.desk() as desk, open_models(desk) as kept:
            ids = [(one, [bytes.fromhex(name_of(one)), one.to_bytes(4, "big")]) for one in range(self.people)]
            return [one for one, names in ids if kept.store.contributions(names)]

    def given_out(self, release: str) -> int:
        """Return how many records of a release may be used now."""
        return int(self.done("release", "show", release, "--json").result["may_be_used"])
