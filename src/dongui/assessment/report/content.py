"""A whole report, put together: the answer first, then figures, method, limits, words."""

from __future__ import annotations

from dongui.assessment.attack_rates import AttackResult
from dongui.assessment.report.answer import answer_of
from dongui.assessment.report.attacks import attacks_of
from dongui.assessment.report.blocks import Content, Heading
from dongui.assessment.report.discard import discard_of
from dongui.assessment.report.figures import figures_of
from dongui.assessment.report.groups_between import between_groups
from dongui.assessment.report.surroundings import facts_of, glossary_of, limits_of, method_of
from dongui.assessment.report.words import Language, Words
from dongui.assessment.result import AssessmentResult

__all__ = ["content_of"]


def content_of(
    result: AssessmentResult, *, attacks: AttackResult | None, digest: str, language: Language
) -> Content:
    """Return the report in ``language``. ``digest``: SHA-256 of the JSON beside it, in hexadecimal."""
    words = Words(language)
    return Content(
        words("title", recogniser=result.recogniser.name),
        words("made", date=f"{result.made_at:%Y-%m-%d}"),
        language,
        result.made_at,
        (
            Heading(2, words("answer"), "answer"),
            answer_of(result, words),
            facts_of(result, digest, words),
            *figures_of(result, words),
            *between_groups(result, words),
            *discard_of(result, words),
            *attacks_of(attacks, result.recogniser.pipeline_sha256, words),
            *method_of(result, words),
            *limits_of(result, words),
            *glossary_of(words),
        ),
    )
