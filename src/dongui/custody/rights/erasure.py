"""Erasing a person wherever they are kept: step by step, each in the log before anything of it is destroyed.

The order is not arbitrary. First nothing new may begin (suspended), then what was handed out is told and
taken back, then models forget (which needs the contributions, which need keys), then the vault, then the
ledger, and the person's key at the very last: until then they can prove what was done to them. Every step
can be taken twice. Killed anywhere, :meth:`PersonErasure.carry_on` goes on with the first that is not done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dongui.custody.rights.kinds import Happening, Right
from dongui.custody.rights.requests import Request, RequestBook
from dongui.errors import Misuse, Refused

__all__ = ["ErasureStep", "PersonErasure"]


class ErasureStep(Protocol):
    """One place where a person is kept."""

    @property
    def name(self) -> str:
        """What the events call it. The same for ever: a resumed erasure finds its steps by it."""

    def run(self, person: bytes) -> Mapping[str, str]:
        """Destroy what is there, durably; return what may be told of it, of nobody in particular.

        Run again where nothing is left, it does nothing.
        """


@dataclass(frozen=True, slots=True)
class PersonErasure:
    """The steps, in their order, over the book of requests."""

    book: RequestBook
    steps: Sequence[ErasureStep]

    def carry_on(self, request: bytes) -> Request:
        """Do everything that is not done yet; return the request fulfilled.

        Raises ``Misuse`` (``rights.other-right``), ``Refused`` (``rights.identity-not-proved``), and what
        the steps raise: then everything before is done, and the same call goes on.
        """
        self.book.settle()
        found = self.book.read(request)
        if found.right is not Right.ERASURE:
            raise Misuse("rights.other-right", f"the request is for {found.right.value}")
        person = self.book.person_of(request)
        if person is None:
            if not found.is_open:
                return found
            raise Refused("rights.identity-not-proved", "nothing is done for somebody who may be another")
        if found.is_open:
            self._run(found, person)
        # Last of all: from here on the events are nobody's.
        self.book.forget(person)
        return self.book.read(request)

    def _run(self, found: Request, person: bytes) -> None:
        done = _named(found, Happening.STEP_DONE)
        begun = _named(found, Happening.STEP_BEGUN)
        for step in self.steps:
            if step.name in done:
                continue
            if step.name not in begun:
                self.book.record(found.id, Happening.STEP_BEGUN, {"step": step.name})
            told = step.run(person)
            self.book.record(found.id, Happening.STEP_DONE, {"step": step.name, **told})
        self.book.fulfil(found.id, {"steps": " ".join(step.name for step in self.steps)})


def _named(found: Request, kind: Happening) -> set[str]:
    return {event.words["step"] for event in found.events if event.kind is kind}
