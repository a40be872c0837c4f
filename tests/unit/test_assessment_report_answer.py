"""The answer comes first, says who fares worst, and never says more than the people measured can show."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dongui.assessment.error_rates import Kind
from dongui.assessment.report.answer import answer_of
from dongui.assessment.report.blocks import Answer, Heading, Plot, Table, Text
from dongui.assessment.report.content import content_of
from dongui.assessment.report.words import LANGUAGES, Language, Words, percent, upper_count
from dongui.assessment.report.worst import least_promised
from dongui.assessment.score_store import Bounds
from simulators.assessment_reports import TRIED, plain_result, result_of, without_figures

EN = Words("en")


def told(answer: Answer) -> str:
    return "\n".join(answer.sentences)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_is_the_first_thing_said(language: Language) -> None:
    """Heading, answer, then everything else; the parts come in the order figures, method, limits, words."""
    content = content_of(plain_result(), attacks=None, digest="ab" * 32, language=language)
    assert isinstance(content.blocks[1], Answer)
    parts = [block.anchor for block in content.blocks if isinstance(block, Heading) and block.level == 2]
    assert parts == ["answer", "measured", "method", "limits", "glossary"]


def test_all_sentences_take_the_same_figures_in_both_languages() -> None:
    """A figure that one language leaves out is a figure its readers are not told."""
    korean = Words("ko")
    for name in EN.names():
        one, other = (sorted(set(re.findall(r"{(\w+)}", said.raw(name)))) for said in (EN, korean))
        assert one == other, name
        assert EN.raw(name).strip(), name
        assert korean.raw(name).strip(), name


def test_no_error_is_not_zero_risk() -> None:
    """Where nobody passed, the upper limit is named with the people behind it, in the worst group too."""
    result = plain_result()
    fmr = result.everyone.rates[Kind.FMR]
    assert fmr.hits == 0
    worst = least_promised(result, Kind.FMR)
    assert worst is not None
    said = told(answer_of(result, EN))
    count, base = upper_count(fmr.governing.high)
    promised, _ = upper_count(worst.rate.governing.high)
    assert f"of {base:,} strangers' attempts at most {count:,} pass" in said
    assert (
        f"in the worst group, {worst.group.name} ({worst.group.people} people), at most {promised:,}" in said
    )
    assert "not what is certain" in said


def test_errors_that_were_seen_are_told_with_their_group() -> None:
    """The group in which most passed is named with its rate and its size."""
    result = result_of(bounds=Bounds(1.0, 1.4))
    assert result.everyone.rates[Kind.FMR].hits
    said = told(answer_of(result, EN))
    assert re.search(r"comparisons of different people [\d,]+ passed; most often in (day|night) \(", said)
    assert "No stranger passed" not in said


def test_what_was_not_measured_is_said_to_be_unknown() -> None:
    """Without comparisons there is no number, and the groups nothing is known of are named."""
    content = content_of(without_figures(plain_result()), attacks=None, digest="ab" * 32, language="en")
    answer = content.blocks[1]
    assert isinstance(answer, Answer)
    assert "How many strangers pass is not known" in told(answer)
    assert "Nothing is known of: everyone; day; night" in told(answer)
    assert not any(isinstance(block, Plot) for block in content.blocks)


def test_the_verdict_is_the_results_own() -> None:
    """Assessed for use only where every group holds both limits."""
    result = plain_result()
    assert answer_of(result, EN).good is result.assessed_for_use is False
    held = tuple(replace(need, fmr_holds=True, fnmr_holds=True, more_people=0) for need in result.needs)
    kept = answer_of(replace(result, needs=held), EN)
    assert kept.good
    assert kept.verdict.startswith("Assessed for use")


def test_suppressed_figures_are_absent() -> None:
    """One person alone is a group without rates, bars or curve, and is named as not known."""
    result = result_of(("day", "night"), sizes=(12, 1))
    content = content_of(result, attacks=None, digest="ab" * 32, language="en")
    (fmr,) = (block for block in content.blocks if isinstance(block, Table) and "(FMR): " in block.caption)
    (row,) = (row for row in fmr.rows if row[0] == "night")
    assert row[2:] == ("not given", "", "", "", "")
    plots = [block for block in content.blocks if isinstance(block, Plot)]
    assert plots
    assert not any("night" in plot.alternative or "night" in plot.screen for plot in plots)


def test_attacks_stand_by_species_and_are_never_pooled() -> None:
    """Each species has its own bar and row; no row, and no sentence, adds two species up."""
    content = content_of(plain_result(), attacks=TRIED, digest="ab" * 32, language="en")
    (table,) = (b for b in content.blocks if isinstance(b, Table) and "(APCER)" in b.caption)
    assert [row[0] for row in table.rows] == ["bent-print", "flat-print"]
    everything = " ".join(
        cell for b in content.blocks if isinstance(b, Table) for row in b.rows for cell in row
    )
    assert not re.search(r"(?<!\d)3/50|(?<!\d)50(?!\d)", everything.split("bona fide")[0])
    other = replace(TRIED, pipeline_sha256="99" * 32)
    notes = [
        b.text
        for b in content_of(plain_result(), attacks=other, digest="ab" * 32, language="en").blocks
        if isinstance(b, Text) and b.note
    ]
    assert any("another pipeline" in note for note in notes)


@pytest.mark.parametrize(
    ("rate", "count", "base"),
    [
        (0.0, 0, 10_000),
        (0.0003, 3, 10_000),
        (0.00031, 4, 10_000),
        (0.00001, 10, 1_000_000),
        (1.0, 10_000, 10_000),
    ],
)
def test_at_most_is_rounded_up(rate: float, count: int, base: int) -> None:
    """What is promised as "at most" is never less than the interval's end."""
    assert upper_count(rate) == (count, base)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.999999, "99.99 %"),
        (0.975, "97.5 %"),
        (0.00084, "0.084 %"),
        (0.07, "7.0 %"),
        (1e-9, "< 0.0001 %"),
    ],
)
def test_percent_is_read_as_it_is(value: float, shown: str) -> None:
    """Small rates keep two digits that count, and none reads as zero that is not."""
    assert percent(value) == shown
