"""``dongui receipt``: show what a receipt says, check it without any network, redeem it where it counts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dongui.cli import receipt_inputs as inputs
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, choose, settings, show, table
from dongui.cli.receipt_result import statement_result
from dongui.cli.session_id import parse_session_id
from dongui.cli.writing import NewFile, require_absent, write_together
from dongui.errors import Misuse
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import LogEvidence, check_consent, check_document, check_receipt
from dongui.receipts.description import describe_operating_point, describe_receipt, words
from dongui.receipts.qr import make_code
from dongui.receipts.rendering import render_html, render_text
from dongui.receipts.statement import Statement

__all__ = ["app"]

app = typer.Typer(
    help="Show and check receipts, offline; redeem one at the desk that issued it.", no_args_is_help=True
)

_Receipt = Annotated[
    Path, typer.Argument(help="The receipt: its file, or the text of its QR code in a file.")
]
_Html = Annotated[Path | None, typer.Option("--html", help="Also write a page in both languages here.")]
_Qr = Annotated[
    Path | None, typer.Option("--qr", help="Also write the QR code here; the name ends in .svg or .png.")
]
_CODES = (".svg", ".png")


@app.command("show")
def show_receipt(
    receipt: _Receipt,
    html: _Html = None,
    qr: _Qr = None,
    code: Annotated[bool, typer.Option("--code", help="Also draw the QR code in the terminal.")] = False,
) -> None:
    """Show what a receipt says, unchecked."""
    _require_writable(html, qr)
    bundle = inputs.read_bundle(receipt)
    statement = bundle.statement()
    files = _write(bundle, statement, None, html=html, qr=qr)
    drawn = f"\n{make_code(bundle).terminal()}" if code else ""
    _show(bundle, statement, None, files=files, behind=drawn)


@app.command("check")
def check(
    receipt: _Receipt,
    operator_key: Annotated[Path, typer.Option(help="The operator's public keys, for receipts and log.")],
    checkpoint: Annotated[
        Path | None, typer.Option(help="A log state you trust: a signed note, with or without its proof.")
    ] = None,
    log_alone: Annotated[
        bool, typer.Option("--log-alone", help="Instead of a checkpoint: take the log's own word.")
    ] = False,
    salts: Annotated[
        Path | None, typer.Option(help="The salts handed over with the receipt, to show what it is about.")
    ] = None,
    consent: Annotated[
        str | None, typer.Option(help="With --salts: the consent record it must stand on.")
    ] = None,
    document: Annotated[
        Path | None, typer.Option(help="With --salts and --trust: the document it must be about.")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(help="With --document: folder of the certificates trusted to issue it.")
    ] = None,
    html: _Html = None,
    qr: _Qr = None,
) -> None:
    """Check a receipt's signature and its place in the log."""
    _require_options(checkpoint, log_alone=log_alone, salts=salts, about=(consent, document), trust=trust)
    _require_writable(html, qr)
    bundle = inputs.read_bundle(receipt)
    keys = inputs.read_keys(operator_key)
    trusted = None if checkpoint is None else inputs.read_checkpoint(checkpoint, log_key=keys.log)
    found = check_receipt(bundle, operator=keys, trusted=trusted)
    if salts is not None:
        _check_about(found.statement, salts, consent=consent, document=document, trust=trust)
    files = _write(bundle, found.statement, found.evidence, html=html, qr=qr)
    _show(bundle, found.statement, found.evidence, files=files, behind="")


@app.command("redeem")
def redeem(
    receipt: _Receipt,
    session: Annotated[
        str, typer.Option(help="Id of the session you opened yourself; never one that came with the receipt.")
    ],
    desk: RequiredDesk,
) -> None:
    """Act on a receipt of this desk: it says verified, belongs to the session, and counts once.

    Works until five minutes after the session's expiry. What is refused spends nothing.
    """
    bundle = inputs.read_bundle(receipt)
    with open_desk(desk) as opened:
        found = opened.redeem(bundle, parse_session_id(session))
    result: dict[str, JsonValue] = {
        "redeemed": True,
        "evidence": found.evidence.value,
        "statement": statement_result(found.statement),
    }
    rows = [
        (choose("redeemed", "사용 처리됨"), choose("now, and never again", "지금, 다시는 쓸 수 없음")),
        (choose("receipt", "영수증"), found.statement.receipt_id.hex()),
        (choose("outcome", "결과"), words()["outcome.verified"][settings().language.value]),
        (choose("purpose", "목적"), found.statement.purpose),
        (
            choose("operating point", "판정 기준"),
            describe_operating_point(found.statement, language=settings().language.value),
        ),
    ]
    show(result, lambda: table(("", ""), rows))


def _require_options(
    checkpoint: Path | None,
    *,
    log_alone: bool,
    salts: Path | None,
    about: tuple[str | None, Path | None],
    trust: Path | None,
) -> None:
    """Nothing has a silent default: how far the log is believed is said, and so is what salts are for."""
    if (checkpoint is None) is not log_alone:
        raise Misuse("receipt.evidence-not-chosen", "give either --checkpoint FILE or --log-alone")
    consent, document = about
    if (salts is None) is not (consent is None and document is None):
        raise Misuse("receipt.options-incomplete", "--salts goes with --consent, --document or both")
    if (document is None) is not (trust is None):
        raise Misuse("receipt.options-incomplete", "--document and --trust go together")


def _require_writable(html: Path | None, qr: Path | None) -> None:
    if qr is not None and qr.suffix not in _CODES:
        raise Misuse("receipt.options-incomplete", f"--qr {qr.name} ends in none of {', '.join(_CODES)}")
    require_absent(*(path for path in (html, qr) if path is not None))


def _check_about(
    statement: Statement, salts: Path, *, consent: str | None, document: Path | None, trust: Path | None
) -> None:
    disclosure = inputs.read_disclosure(salts)
    if consent is not None:
        check_consent(statement, disclosure=disclosure, consent_record=consent)
    if document is not None and trust is not None:
        issuer_signed = inputs.read_issuer_signed(document, trust=trust, statement=statement)
        check_document(statement, disclosure=disclosure, issuer_signed=issuer_signed)


def _write(
    bundle: ReceiptBundle,
    statement: Statement,
    evidence: LogEvidence | None,
    *,
    html: Path | None,
    qr: Path | None,
) -> list[str]:
    language = settings().language.value
    files: list[NewFile] = []
    if html is not None:
        page = render_html(statement, language=language, evidence=evidence, code=make_code(bundle))
        files.append(NewFile(html, page.encode(), private=True))
    if qr is not None:
        code = make_code(bundle)
        title = words()["code.alternative"][language]
        drawn = code.png() if qr.suffix == ".png" else code.svg_file(title=title).encode()
        files.append(NewFile(qr, drawn, private=True))
    write_together(files)
    return [str(file.path) for file in files]


def _show(
    bundle: ReceiptBundle,
    statement: Statement,
    evidence: LogEvidence | None,
    *,
    files: list[str],
    behind: str,
) -> None:
    description = describe_receipt(statement, language=settings().language.value, evidence=evidence)
    result: dict[str, JsonValue] = {
        "checked": description.checked,
        "evidence": None if evidence is None else evidence.value,
        "log_index": bundle.proof.index,
        "log_size": bundle.proof.size,
        "statement": statement_result(statement),
        "files": files,
    }
    written = "".join(choose(f"\nWritten: {file}", f"\n저장함: {file}") for file in files)
    show(result, render_text(description) + written + behind)
