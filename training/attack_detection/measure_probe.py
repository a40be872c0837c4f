"""Measure attacks that only the whole probe answers: lent turns and stills. Rendered people only.

    DONGUI_TEST_DATA=... python training/attack_detection/measure_probe.py > figures.md

Every clip goes through :func:`take_probe`, recogniser included. A lent turn: somebody holds the picture of
the document's holder up before and after, and turns their own head between. Stills: pictures of the holder
from several sides, shown one after another. Species are never pooled (ISO/IEC 30107-3).
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.intervals import Proportion
from dongui.biometrics.probe import take_probe
from dongui.demo.cast import recording
from dongui.demo.staging import still_clip
from dongui.errors import Refused, Undetermined

_LEFT_FIRST = Challenge(Side.PICTURE_LEFT)
_RIGHT_FIRST = Challenge(Side.PICTURE_RIGHT)
_TAKES = (1, 2, 3, 4)
# Frames of the recorded turn that are shown as stills: (0, 4, 0, 11, 0) is front, left, front, right, front.
_STILLS = {
    "three stills, 3 frames each": [number for number in (0, 4, 0, 11, 0) for _ in range(3)],
    "three stills, 5 frames each": [number for number in (0, 4, 0, 11, 0) for _ in range(5)],
    "four stills (-26, -8, 12, 32 degrees), 3 frames each": [
        number for number in (1, 3, 1, 8, 10, 8, 1) for _ in range(3)
    ],
    "five stills, 3 frames each": [number for number in (0, 2, 4, 2, 0, 9, 11, 9, 0) for _ in range(3)],
    "seven stills, 3 frames each": [
        number for number in (0, 2, 3, 4, 3, 2, 0, 8, 9, 11, 9, 8, 0) for _ in range(3)
    ],
}

Clip = Sequence[bytes]
Attempt = tuple[Clip, Challenge]


def bona_fide(turns: Mapping[str, Clip]) -> Iterator[Attempt]:
    """Each turn recorded four times, as it is and reversed."""
    for clip in turns.values():
        for take in _TAKES:
            film = recording(clip, take=take)
            yield film, _LEFT_FIRST
            yield film[::-1], _RIGHT_FIRST


def lent_turns(turns: Mapping[str, Clip], portraits: Mapping[str, bytes], shown: int) -> Iterator[Attempt]:
    """Every ordered pair of people: the holder's picture in the first and last ``shown`` frames."""
    for holder, portrait in portraits.items():
        picture = list(still_clip(portrait, frames=shown))
        for thief, clip in turns.items():
            if thief != holder:
                yield [*picture, *clip[shown : len(clip) - shown], *picture], _LEFT_FIRST


def stills(turns: Mapping[str, Clip], order: Sequence[int]) -> Iterator[Attempt]:
    """Each person's stills in this order, recorded twice."""
    for clip in turns.values():
        for take in _TAKES[:2]:
            yield recording([clip[number] for number in order], take=take), _LEFT_FIRST


def answer(attempt: Attempt, instruments: Instruments) -> str:
    """How the probe answered: ``probe`` or the failure's name without its area."""
    frames, challenge = attempt
    try:
        with take_probe([memoryview(one) for one in frames], challenge=challenge, instruments=instruments):
            return "probe"
    except (Refused, Undetermined) as error:
        return error.name.split(".")[1]


def _print_row(title: str, attempts: Iterator[Attempt], instruments: Instruments) -> None:
    answers = Counter(answer(attempt, instruments) for attempt in attempts)
    passed = Proportion(answers["probe"], answers.total())
    low, high = passed.interval()
    others = ", ".join(f"{name} {count}" for name, count in sorted(answers.items()) if name != "probe")
    print(
        f"| {title} | {answers.total()} | {passed.hits} ({100 * low:.1f} to {100 * high:.1f}%) "
        f"| {others or 'none'} |",
        flush=True,
    )


def main() -> None:
    folders = sorted((Path(os.environ["DONGUI_TEST_DATA"]) / "faces" / "rendered").iterdir())
    people = [folder for folder in folders if folder.is_dir()]
    turns = {
        person.name: [file.read_bytes() for file in sorted(person.glob("turn-*.jpg"))] for person in people
    }
    portraits = {person.name: (person / "portrait.jpg").read_bytes() for person in people}
    with tempfile.TemporaryDirectory() as cache:
        instruments = Instruments.load(cache=Path(cache), progress=lambda _message: None)
    print("| species | attempts | gave a probe | otherwise |\n|---|---|---|---|")
    _print_row("bona fide: one person's turn", bona_fide(turns), instruments)
    for title, order in _STILLS.items():
        _print_row(title, stills(turns, order), instruments)
    for shown in (1, 3):
        title = f"lent turn, picture in the first and last {shown} frame{'s' if shown > 1 else ''}"
        _print_row(title, lent_turns(turns, portraits, shown), instruments)


if __name__ == "__main__":
    main()
