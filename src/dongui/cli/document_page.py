"""A document as one page: its fields and their treatment, and the path of trust, drawn and told.

Self-contained: no script, no font, nothing fetched. No portrait: of pictures only kind and size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dongui.cli.output import choose, settings
from dongui.documents.authenticated import AuthenticatedDocument, TrustStep

__all__ = ["authentic_steps", "claimed_steps", "render_page"]


@dataclass(frozen=True, slots=True)
class Step:
    """One box of the drawing; ``holds`` is whether what it stands for was proved."""

    role: str
    name: str
    validity: str
    status: str
    holds: bool


@dataclass(frozen=True, slots=True)
class _Page:
    language: str
    title: str
    outcome: str
    path_heading: str
    path_told: str
    steps: tuple[Step, ...]
    facts_heading: str
    facts: Sequence[tuple[str, str]]
    fields_heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def authentic_steps(document: AuthenticatedDocument) -> tuple[Step, ...]:
    """The path of a document that was authenticated: anchor, signer, document; or the key on file."""
    proved = choose("its signature holds", "서명이 맞음")
    given = choose("trusted because it was given", "지정되었기 때문에 신뢰함")
    on_file = choose("a key on file; it has no period of its own", "등록된 키이며 자체 유효 기간이 없음")
    path = [
        Step(_role(number), step.name, _period(step), proved if number else given, True)
        for number, step in enumerate(document.trust_path)
    ] or [Step(_role(0), document.issuer, on_file, given, True)]
    whole = TrustStep(f"{document.kind}, {document.document_type}", document.valid_from, document.valid_until)
    return (*path, Step(choose("Document", "문서"), whole.name, _period(whole), proved, True))


def claimed_steps(document_type: str | None, status: str) -> tuple[Step, ...]:
    """What there is to draw of a document that was not authenticated: no path was proved to it."""
    unproved = choose("not proved", "입증되지 않음")
    unknown = choose("unknown", "알 수 없음")
    return (
        Step(_role(0), unproved, unproved, unproved, False),
        Step(choose("Document", "문서"), document_type or unknown, unproved, status, False),
    )


def render_page(
    *,
    outcome: str,
    steps: tuple[Step, ...],
    facts: Sequence[tuple[str, str]],
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> str:
    """Return the page in the language of this run."""
    # Imported here: only a command that is asked for a page needs it.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("dongui.cli"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = _Page(
        language=settings().language.value,
        title=choose("A document, looked at", "문서 살펴보기"),
        outcome=outcome,
        path_heading=choose("Path of trust", "신뢰 경로"),
        path_told=" → ".join(f"{step.role}: {step.name} ({step.status})" for step in steps),
        steps=steps,
        facts_heading=choose("What was judged", "판단한 내용"),
        facts=facts,
        fields_heading=choose("Every field, and how it was treated", "모든 항목과 처리"),
        columns=columns,
        rows=rows,
    )
    return environment.get_template("document.html.j2").render(page=page)


def _role(number: int) -> str:
    return (
        choose("Signer", "서명자")
        if number
        else choose("Anchor, trusted by the verifier", "검증자가 신뢰하는 앵커")
    )


def _period(step: TrustStep) -> str:
    return choose(
        f"valid {step.valid_from:%Y-%m-%d} to {step.valid_until:%Y-%m-%d}",
        f"{step.valid_from:%Y-%m-%d}부터 {step.valid_until:%Y-%m-%d}까지 유효",
    )
