"""An assessment in a few lines of plain text, for the operating point that came of it."""

from __future__ import annotations

import hashlib
from typing import Final

from dongui.assessment.error_rates import Kind
from dongui.assessment.report.answer import at_most, verdict_of
from dongui.assessment.report.surroundings import bounds_told
from dongui.assessment.report.words import Words
from dongui.assessment.result import AssessmentResult
from dongui.assessment.result_json import write_result
from dongui.biometrics.assessed import Assessed

__all__ = ["assessed_of", "card_text"]

_LINE: Final = 500  # a title or a group's name may be long


def assessed_of(result: AssessmentResult) -> Assessed:
    """Return what an operating point carries of ``result``: the digest of its report.json and both cards."""
    digest = hashlib.sha256(write_result(result).encode()).hexdigest()
    return Assessed(digest, card_text(result, digest, Words("en")), card_text(result, digest, Words("ko")))


def card_text(result: AssessmentResult, digest: str, words: Words) -> str:
    """Return the card: what was measured on whom, the answer for the worst group, the verdict."""
    trials = result.trials
    lines = (
        words("card-title", recogniser=result.recogniser.name, date=f"{result.made_at:%Y-%m-%d}"),
        verdict_of(result, words),
        at_most(result, Kind.FMR, words),
        at_most(result, Kind.FNMR, words),
        words("card-bounds", bounds=bounds_told(result, words)),
        words("card-set", data_set=result.data_set.title, people=trials.people, pictures=trials.pictures),
        words("card-digest-line", digest=digest),
    )
    return "\n".join(line if len(line) <= _LINE else f"{line[: _LINE - 1]}…" for line in lines)
