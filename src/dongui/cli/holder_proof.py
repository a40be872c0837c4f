"""A document somebody asks with in their own name: authentic, and in its holder's hands beyond copying."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli.chip_option import on_reader
from dongui.errors import Misuse, Refused, Undetermined

if TYPE_CHECKING:
    from dongui.documents.authenticated import AuthenticatedDocument
    from dongui.environment import Clock

__all__ = [
    "DocumentAudience",
    "DocumentFile",
    "DocumentNonce",
    "DocumentTrust",
    "HolderProof",
    "PassportReader",
    "PassportZone",
    "ReaderKeyFile",
    "TranscriptFile",
]

DocumentFile = Annotated[
    Path | None,
    typer.Option(
        help="The person's document as presented now, at most 2 MiB: a mobile document with "
        "--session-transcript, or an SD-JWT credential with --nonce and --audience."
    ),
]
DocumentTrust = Annotated[
    Path | None,
    typer.Option("--trust", help="With --document or --reader: the folder of who is believed for its kind."),
]
TranscriptFile = Annotated[
    Path | None, typer.Option(help="With --document: the session's transcript the holder's device answered.")
]
ReaderKeyFile = Annotated[Path | None, typer.Option(help="With --document: the reader's key, for a MAC.")]
DocumentNonce = Annotated[
    str | None, typer.Option(help="With --document: the request's nonce the holder's key answered.")
]
DocumentAudience = Annotated[
    str | None, typer.Option(help="With --nonce: the request's client_id the presentation was made for.")
]
PassportReader = Annotated[
    str | None,
    typer.Option("--reader", help="In place of --document: a passport's chip on this card reader; any: one."),
]
PassportZone = Annotated[
    Path | None,
    typer.Option("--mrz", help="With --reader: file with the passport's machine readable zone."),
]


@dataclass(frozen=True, slots=True)
class HolderProof:
    """A document, and what shows that its holder is there. All ``None``: none was brought."""

    document: Path | None
    trust: Path | None
    session_transcript: Path | None
    reader_key: Path | None
    nonce: str | None
    audience: str | None
    reader: str | None
    mrz: Path | None

    @property
    def is_there(self) -> bool:
        """Whether a document was brought, as a file or on a reader."""
        return self.document is not None or self.reader is not None

    def subject(self, *, clock: Clock) -> tuple[bytes, bytes]:
        """Return whom the document speaks for, and the SHA-256 of what was presented.

        Raises ``Refused`` (``document.copyable``) where a copy does as well: for a staff card, a passport's
        files without its chip, or with a chip that cannot prove itself; ``Misuse``
        (``document.options-incomplete``) without ``--trust``; ``Undetermined``
        (``document.subject-missing``); what reading, authenticating and :func:`.require_bound` raise.
        """
        from dongui.documents.authenticating import require_bound

        if self.trust is None:
            raise Misuse("document.options-incomplete", "a document needs --trust")
        found, presented = self._authenticated(self.trust, clock)
        # A copied file must not be able to ask in somebody else's name.
        require_bound(found)
        _require_uncopied(found)
        if found.subject is None:
            raise Undetermined("document.subject-missing", "country, authority and number were not disclosed")
        return found.subject, presented

    def _authenticated(self, trust: Path, clock: Clock) -> tuple[AuthenticatedDocument, bytes]:
        from dongui.cli.document_inputs import read_evidence
        from dongui.cli.document_source import document_to_judge
        from dongui.cli.trust_option import default_limits
        from dongui.documents.authenticating import authenticate
        from dongui.documents.recognising import Kind, recognise

        laid = on_reader(self.reader, self.document, self.mrz, None, None, None, None)
        evidence = read_evidence(self.session_transcript, self.reader_key, self.nonce, self.audience)
        source = laid or self.document
        with document_to_judge(source, trust=trust, limits=default_limits(), desk=None) as (held, site, chip):
            if recognise(held.view) is Kind.STAFF_CARD:
                raise _copyable("a card's code is paper or a picture of it")
            found = authenticate(
                held.view, trust=site.trust, clock=clock, holder=replace(evidence, chip=chip), cards=None
            )
            return found, sha256(held.view).digest()


def _require_uncopied(found: AuthenticatedDocument) -> None:
    from dongui.consent.purpose import DEFAULT_HOLDER_BINDINGS

    if found.holder_binding not in DEFAULT_HOLDER_BINDINGS:
        raise _copyable(f"the holder is {found.holder_binding.value}")


def _copyable(why: str) -> Refused:
    return Refused("document.copyable", f"{why}: whoever has a copy could ask in this person's name")
