"""The options that say whom a command believes, and how old the lists behind that may be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.trust import MASTER_LIST_MAX_AGE_DAYS_2026_11
from dongui.desk.trust_folder import TrustLimits, load_trust
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.recognising import recognise
from dongui.memory import SecretBuffer

__all__ = [
    "REVOCATION_LIST_MAX_AGE_DAYS_2026_11",
    "STATUS_LIST_MAX_AGE_HOURS_2026_11",
    "MasterListMaxAge",
    "OptionalTrust",
    "RequiredTrust",
    "RevocationListMaxAge",
    "StatusListMaxAge",
    "default_limits",
    "limits_of",
    "trust_for",
]

# ICAO 9303-12, 4.2: a country issues its list at least every 90 days. Taken for other kinds, too.
REVOCATION_LIST_MAX_AGE_DAYS_2026_11 = 90
# A day: long enough for a nightly fetch, short enough that what was lost yesterday is refused today.
STATUS_LIST_MAX_AGE_HOURS_2026_11 = 24

_HELP = (
    "Folder of who is believed: roots of mobile documents' issuers (single signers in its "
    "pinned-document-signers/), csca/ for passports, sd-jwt/ for credentials, staff-card/ for cards, "
    "status/ for status lists."
)

RequiredTrust = Annotated[Path, typer.Option("--trust", help=_HELP)]
OptionalTrust = Annotated[
    Path | None, typer.Option("--trust", help=f"{_HELP} Without it every field is unverified.")
]
MasterListMaxAge = Annotated[
    int, typer.Option(min=1, max=3650, help="Days after its signing for which a master list counts.")
]
RevocationListMaxAge = Annotated[
    int, typer.Option(min=1, max=3650, help="Days after its making for which a revocation list counts.")
]
StatusListMaxAge = Annotated[
    int, typer.Option(min=1, max=8784, help="Hours after its issuing for which a status list counts.")
]


def limits_of(master_list: int, revocation_list: int, status_list: int) -> TrustLimits:
    """Return the limits given in days, days and hours."""
    return TrustLimits(
        master_list=timedelta(days=master_list),
        revocation_list=timedelta(days=revocation_list),
        status_list=timedelta(hours=status_list),
    )


def default_limits() -> TrustLimits:
    """Return the limits that hold where nothing else is asked for."""
    return limits_of(
        MASTER_LIST_MAX_AGE_DAYS_2026_11,
        REVOCATION_LIST_MAX_AGE_DAYS_2026_11,
        STATUS_LIST_MAX_AGE_HOURS_2026_11,
    )


def trust_for(document: SecretBuffer, folder: Path, limits: TrustLimits) -> DocumentTrust:
    """Return the part of a trust folder that a document of this kind needs.

    Raises what :func:`.load_trust` and :meth:`.DocumentTrust.part_for` raise.
    """
    kind = recognise(document.view)
    return load_trust(folder, limits=limits, kind=kind).part_for(kind)
