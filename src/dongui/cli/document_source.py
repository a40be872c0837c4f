"""Where ``dongui document`` takes a document from: a file, a folder, a picture of a code, a chip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dongui.cli.card_site import CardSite, code_of, site_at
from dongui.cli.chip_option import OnReader
from dongui.cli.document_inputs import read_document
from dongui.cli.output import progress
from dongui.cli.trust_option import trust_for
from dongui.desk.trust_folder import TrustLimits, load_trust
from dongui.documents.passport.chip_evidence import ChipEvidence
from dongui.documents.recognising import Kind
from dongui.errors import Misuse
from dongui.memory import SecretBuffer

__all__ = ["document_from", "document_to_judge"]


def document_from(source: Path | OnReader | None) -> tuple[SecretBuffer, ChipEvidence | None]:
    """Return the document, and what our own reader proved of its chip; of a file never anything.

    Raises ``Misuse`` ``document.options-incomplete`` where nothing was given; as :func:`.read_document`,
    :func:`.code_of` and :meth:`.OnReader.read`.
    """
    if source is None:
        raise Misuse("document.options-incomplete", "give a document, or --reader to read a passport's chip")
    if isinstance(source, OnReader):
        with progress("Asking the reader.", "리더를 찾는 중입니다.") as say:
            reading = source.read(say)
        return reading.document, reading.evidence
    return code_of(read_document(source)), None


@contextmanager
def document_to_judge(
    source: Path | OnReader | None, *, trust: Path, limits: TrustLimits, desk: Path | None
) -> Iterator[tuple[SecretBuffer, CardSite, ChipEvidence | None]]:
    """As :func:`document_from`, with whom to believe for its kind. The document is overwritten at the end.

    Raises what :func:`.trust_for` and :func:`.site_at` raise.
    """
    if isinstance(source, OnReader):
        # Whom to believe is settled before anybody lays a passport down.
        believed = load_trust(trust, limits=limits, kind=Kind.PASSPORT).part_for(Kind.PASSPORT)
        document, chip = document_from(source)
        with document:
            yield document, CardSite(believed, None), chip
        return
    document, chip = document_from(source)
    with document, site_at(document, trust_for(document, trust, limits), desk) as site:
        yield document, site, chip
