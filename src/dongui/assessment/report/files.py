"""The files of a report: figures for machines, a page and a document in each language for people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Final

from dongui.assessment.attack_rates import AttackResult
from dongui.assessment.report.blocks import Content
from dongui.assessment.report.comparison import comparison_content, comparison_json
from dongui.assessment.report.content import content_of
from dongui.assessment.report.document import write_document
from dongui.assessment.report.page import write_page
from dongui.assessment.report.words import LANGUAGES
from dongui.assessment.result import AssessmentResult
from dongui.assessment.result_json import write_result
from dongui.assessment.result_reading import read_result

__all__ = ["COMPARISON", "RESULT", "comparison_files", "file_names", "report_files", "side_by_side_pages"]

RESULT: Final = "report.json"
COMPARISON: Final = "comparison.json"


def file_names(stem: str = "report") -> tuple[str, ...]:
    """Return the names of all files of a report, or of a comparison."""
    rendered = (f"{stem}.{language}.{kind}" for language in LANGUAGES for kind in ("html", "pdf"))
    return f"{stem}.json", *rendered


def report_files(result: AssessmentResult, *, attacks: AttackResult | None) -> dict[str, bytes]:
    """Return every file by its name, the figures first; the same result gives the same bytes."""
    figures = write_result(result).encode()
    digest = hashlib.sha256(figures).hexdigest()
    contents = (content_of(result, attacks=attacks, digest=digest, language=one) for one in LANGUAGES)
    return {RESULT: figures} | _rendered("report", contents)


def comparison_files(texts: tuple[str, str]) -> dict[str, bytes]:
    """Return the comparison of two reports' JSON, as :func:`report_files`. Raises as :func:`read_result`."""
    a, b = (read_result(text) for text in texts)
    one, other = (hashlib.sha256(text.encode()).hexdigest() for text in texts)
    figures = json.dumps(comparison_json(a, b, digests=(one, other)), ensure_ascii=False, indent=2) + "\n"
    contents = (comparison_content(a, b, digests=(one, other), language=language) for language in LANGUAGES)
    return {COMPARISON: figures.encode()} | _rendered("comparison", contents)


def side_by_side_pages(a: AssessmentResult, b: AssessmentResult) -> dict[str, bytes]:
    """Return the pages and documents of two recognisers' comparison, by their names."""
    contents = (comparison_content(a, b, digests=None, language=language) for language in LANGUAGES)
    return _rendered("comparison", contents)


def _rendered(stem: str, contents: Iterable[Content]) -> dict[str, bytes]:
    files = {}
    for content in contents:
        files[f"{stem}.{content.language}.html"] = write_page(content).encode()
        files[f"{stem}.{content.language}.pdf"] = write_document(content)
    return files
