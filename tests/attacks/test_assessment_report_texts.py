"""A table's words are anybody's: they must not become markup, formulas, directions or a crash in a report."""

from __future__ import annotations

import re
import warnings

import pytest

from dongui.assessment.attack_rates import AttackResult, SpeciesResult
from dongui.assessment.report.files import report_files
from dongui.fonts import font_bytes, missing, spelled_out
from simulators.assessment_people import FACTS, MOMENT
from simulators.assessment_reports import result_of

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "$x^2_{$ {people} %s",
    "\u202eenorehto",
    "똠방각하 ไทย العربية 𠮷 😀",
    "]]></style><style>",
)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        species = tuple(SpeciesResult(name, 4, 1, 2, 1, {}) for name in HOSTILE[:3])
        tried = AttackResult(MOMENT, HOSTILE[0], FACTS.pipeline_sha256, 0.95, species, None)
        return report_files(result_of(HOSTILE, sizes=(6,) * len(HOSTILE)), attacks=tried)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_groups_name_is_no_markup(files: dict[str, bytes], language: str) -> None:
    """Angle brackets and quotes of a name are letters, in text, in attributes and inside drawings."""
    text = files[f"report.{language}.html"].decode()
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in text
    assert "<img" not in text
    assert text.count("<style>") == 1
    assert not re.search(r"<[^>]*\sonerror=[^>]*>", re.sub(r'"[^"]*"', '""', text))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_groups_name_turns_no_figure_round(files: dict[str, bytes], language: str) -> None:
    """A mark that reverses the reading direction is shown, not obeyed."""
    text = files[f"report.{language}.html"].decode()
    assert "\u202e" not in text
    assert "[U+202E]enorehto" in text


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_name_in_any_script_is_written_somehow(files: dict[str, bytes], language: str) -> None:
    """On the page every script stands as it is; in print what the fonts lack is a code point."""
    assert "똠방각하 ไทย العربية 𠮷 😀" in files[f"report.{language}.html"].decode()
    assert files[f"report.{language}.pdf"].startswith(b"%PDF")
    printed = spelled_out(HOSTILE[4])
    assert "[U+0E44]" in printed
    assert "[U+20BB7]" in printed
    assert not missing(printed, font_bytes())


def test_no_name_is_a_formula(files: dict[str, bytes]) -> None:
    """Dollars and braces of a name are neither mathematics nor places to put figures in."""
    assert "$x^2_{$ {people} %s" in files["report.en.html"].decode()
