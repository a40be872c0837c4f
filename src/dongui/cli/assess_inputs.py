"""What ``dongui assess`` and ``dongui operating-point choose`` are given: people, grounds, limits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli.desk_option import open_desk
from dongui.errors import Misuse
from dongui.extras import require_extra
from dongui.log.keys import SignerKey, VerifierKey
from dongui.memory import SecretBuffer

if TYPE_CHECKING:
    from dongui.assessment.consent_ground import ConsentedTable, ConsentOffice, SignedDeclaration
    from dongui.assessment.limits import Limits
    from dongui.assessment.measurement import Measurement
    from dongui.assessment.result import Method
    from dongui.assessment.score_store import Bounds

__all__ = [
    "Confidence",
    "DataSet",
    "DeclarationKeys",
    "Declarations",
    "Draws",
    "MaxFmr",
    "MaxFnmr",
    "People",
    "PointByName",
    "Quality",
    "RecogniserName",
    "ReportFolder",
    "Seed",
    "consent_office",
    "data_set_title",
    "limits_of",
    "measured",
    "method_of",
    "read_consented",
    "read_declarations",
    "read_signer",
]

_MAX_KEY_BYTES = 4096
_SEED_BYTES = 16

RecogniserName = Annotated[str, typer.Argument(help="Name of the recogniser, as `recogniser list` shows it.")]
People = Annotated[
    Path, typer.Option("--people", help="Table of people: person, file, consent, and columns of groups.")
]
ReportFolder = Annotated[
    Path | None, typer.Option("--out", help="Folder for the report; made if need be, nothing is replaced.")
]
PointByName = Annotated[
    str | None,
    typer.Option(
        help="Operating point, by name or file; the recogniser's own by default. One that has none is "
        "measured at bounds chosen on these very people."
    ),
]
Quality = Annotated[
    bool,
    typer.Option("--quality", help="Also tell how errors fall as pictures of low quality are left out."),
]
Declarations = Annotated[
    list[Path] | None,
    typer.Option("--declaration", help="Signed declaration of a data set's holder; may be given again."),
]
DeclarationKeys = Annotated[
    list[Path] | None,
    typer.Option(
        "--declaration-key", help="A declaration's public key; as many as declarations, in their order."
    ),
]
DataSet = Annotated[str | None, typer.Option(help="Title of the data set; by default as it was declared.")]
Seed = Annotated[
    str | None, typer.Option(help="32 hexadecimal digits that repeat another run's draws; drawn by default.")
]
Draws = Annotated[int, typer.Option(min=100, max=100_000, help="Draws of the bootstrap over people.")]
MaxFmr = Annotated[
    float, typer.Option(min=1e-7, max=0.5, help="Largest FMR that any group's interval may reach.")
]
MaxFnmr = Annotated[
    float, typer.Option(min=1e-7, max=0.5, help="Largest FNMR that any group's interval may reach.")
]
Confidence = Annotated[float, typer.Option(min=0.5, max=0.9999, help="Confidence of every interval.")]


@contextmanager
def consent_office(desk: Path | None) -> Iterator[ConsentOffice | None]:
    """Open the desk, where one is given, to look consents up. Raises what ``Desk`` raises."""
    from dongui.assessment.consent_ground import ConsentOffice

    if desk is None:
        yield None
        return
    with open_desk(desk) as opened:
        yield ConsentOffice(opened.ledger.history, opened.purpose, opened.entry.id)


def read_declarations(
    given: Sequence[Path] | None, given_keys: Sequence[Path] | None
) -> list[SignedDeclaration]:
    """Read and verify declarations; ``None`` is none.

    Raises ``Misuse``: ``file.*``, ``assessment.declaration-unfit``, ``log.key-malformed``; ``Refused``:
    ``log.note-*``, ``assessment.declaration-*``.
    """
    from dongui.assessment.consent_ground import SignedDeclaration
    from dongui.assessment.declaration import MAX_DECLARATION_BYTES, read_declaration

    paths, keys = given or (), given_keys or ()
    if len(paths) != len(keys):
        detail = f"{len(paths)} declarations and {len(keys)} keys were given; each needs its own"
        raise Misuse("assessment.declaration-unfit", detail)
    found = []
    for path, key_path in zip(paths, keys, strict=True):
        data = _read(path, MAX_DECLARATION_BYTES, "declaration")
        key = VerifierKey.parse(_text(_read(key_path, _MAX_KEY_BYTES, "public key")))
        found.append(
            SignedDeclaration(read_declaration(data, key=key), key.name, hashlib.sha256(data).hexdigest())
        )
    return found


def read_signer(path: Path) -> SignerKey:
    """Read a private key. Raises ``Misuse``: ``file.*``, ``log.key-malformed``."""
    return SignerKey.parse(_text(_read(path, _MAX_KEY_BYTES, "private key")))


def read_consented(
    people: Path, *, desk: Path | None, declarations: Sequence[Path] | None, keys: Sequence[Path] | None
) -> ConsentedTable:
    """Read the table and check every row's consent.

    Raises as :func:`read_declarations` and :func:`.require_consent`.
    """
    require_extra("assessment")
    from dongui.assessment.consent_ground import require_consent
    from dongui.assessment.people_table import read_people_table
    from dongui.environment import SystemClock

    table = read_people_table(people)
    signed = read_declarations(declarations, keys)
    with consent_office(desk) as office:
        return require_consent(table, office=office, declarations=signed, at=SystemClock().now())


def measured(
    recogniser: str,
    consented: ConsentedTable,
    bounds: Bounds | None,
    limits: Limits,
    *,
    quality: bool = False,
) -> Measurement:
    """Load the instruments and measure, telling how far it is on the terminal.

    Without ``bounds`` at those that keep ``limits`` over everyone, as when two recognisers are compared;
    ``quality`` is then not measured.
    """
    from dongui.assessment.measurement import measure, measure_at
    from dongui.assessment.picture_components import quality_by_component
    from dongui.assessment.recogniser_choice import load_instruments
    from dongui.assessment.side_by_side import chosen_alike
    from dongui.cli import output
    from dongui.desk.desk import models_cache

    with output.progress("Measuring.", "측정하고 있습니다.") as say:
        instruments = load_instruments(recogniser, cache=models_cache(), progress=say)
        if bounds is None:
            choose = chosen_alike(limits)
            return measure_at(consented, instruments=instruments, choose=choose, progress=say)
        return measure(
            consented,
            instruments=instruments,
            bounds=bounds,
            progress=say,
            quality=quality_by_component(instruments.landmarker) if quality else None,
        )


def method_of(*, confidence: float, draws: int, seed: str | None) -> Method:
    """Return the method; a seed is drawn where none is given. Raises ``Misuse`` (``cli.usage``)."""
    from dongui.assessment.result import Method
    from dongui.environment import SystemEntropy

    if seed is None:
        seed = SystemEntropy().draw(_SEED_BYTES).hex()
    if len(seed) != 2 * _SEED_BYTES or not set(seed) <= set("0123456789abcdef"):
        raise Misuse("cli.usage", f"--seed is {2 * _SEED_BYTES} of 0-9 and a-f")
    return Method(confidence, draws, seed)


def limits_of(*, max_fmr: float, max_fnmr: float, confidence: float) -> Limits:
    """Return the limits every group is held to."""
    from dongui.assessment.limits import Limits

    return Limits(max_fmr, max_fnmr, confidence)


def data_set_title(given: str | None, consented: ConsentedTable) -> str:
    """Return the title given, else those declared, else what can be said without either."""
    if given:
        return given
    declared = [one.declaration.data_set for one in consented.used]
    return "; ".join(declared) or f"{consented.table.people} people of the operator's own"


def _read(path: Path, max_bytes: int, what: str) -> bytes:
    with SecretBuffer.read_file(path, max_bytes=max_bytes, what=what) as content:
        return bytes(content.view)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip()
