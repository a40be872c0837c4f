"""``dongui assess report`` and ``dongui assess compare``: an assessment's figures for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli.output import JsonValue, choose, progress, show
from dongui.extras import require_extra
from dongui.memory import SecretBuffer

if TYPE_CHECKING:
    from dongui.assessment.attack_rates import AttackResult
    from dongui.assessment.result import AssessmentResult
    from dongui.biometrics.operating_points import OperatingPoint

__all__ = [
    "AttacksFile",
    "attacks_of",
    "compare",
    "render",
    "require_no_report",
    "with_assessment",
    "write_files",
    "write_report",
]

AttacksFile = Annotated[
    Path | None, typer.Option(help="The attacks.json of `assess attacks`, for the report to show.")
]
_Out = Annotated[Path, typer.Option(help="Folder for the files; made if need be, nothing is replaced.")]


def render(
    result: Annotated[Path, typer.Argument(help="The report.json of an assessment.")],
    out: _Out,
    attacks: AttacksFile = None,
) -> None:
    """Write an assessment's page and document again, in Korean and in English, its figures beside them."""
    require_extra("assessment")
    from dongui.assessment.result_reading import read_result

    found = read_result(_text(result))
    tried = attacks_of(attacks)
    require_no_report(out)
    files = write_report(out, found, tried)
    _said(out, files)


def compare(
    one: Annotated[Path, typer.Argument(metavar="A", help="The report.json of an assessment.")],
    other: Annotated[Path, typer.Argument(metavar="B", help="That of another.")],
    out: _Out,
) -> None:
    """Compare two assessments: what differs as far as their intervals say, in Korean and in English."""
    require_extra("assessment")
    from dongui.assessment.report.files import comparison_files, file_names
    from dongui.cli.writing import require_absent

    texts = (_text(one), _text(other))
    require_absent(*(out / name for name in file_names("comparison")))
    with progress("Drawing.", "보고서를 그리고 있습니다."):
        files = comparison_files(texts)
    write_files(out, files)
    _said(out, files)


def attacks_of(path: Path | None) -> AttackResult | None:
    """Read attacks, where a file is given. Raises ``Misuse``: ``file.*``, ``assessment.result-malformed``."""
    if path is None:
        return None
    require_extra("assessment")
    from dongui.assessment.attack_json import read_attacks

    return read_attacks(_text(path))


def require_no_report(out: Path) -> None:
    """Raise ``Misuse`` ``file.exists`` where one of a report's files is there."""
    from dongui.assessment.report.files import file_names
    from dongui.cli.writing import require_absent

    require_absent(*(out / name for name in file_names()))


def write_report(out: Path, result: AssessmentResult, attacks: AttackResult | None) -> dict[str, bytes]:
    """Write every file of a report and return them. Raises as :func:`write_together`."""
    from dongui.assessment.report.files import report_files

    with progress("Drawing.", "보고서를 그리고 있습니다."):
        files = report_files(result, attacks=attacks)
    write_files(out, files)
    return files


def write_files(out: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, all or none. Raises as :func:`write_together`."""
    from dongui.cli.writing import NewFile, make_folder, write_together

    make_folder(out)
    write_together([NewFile(out / name, data, private=False) for name, data in files.items()])


def with_assessment(point: OperatingPoint, path: Path) -> OperatingPoint:
    """Return ``point`` with the assessment at ``path``, which must be of it.

    Raises ``Misuse``: ``file.*``, ``assessment.result-malformed``, ``operating-point.other-assessment``.
    """
    require_extra("assessment")
    from dongui.assessment.point import require_same_measurement
    from dongui.assessment.report.card import assessed_of
    from dongui.assessment.result_reading import read_result

    result = read_result(_text(path))
    require_same_measurement(point, result)
    return replace(point, assessment=assessed_of(result))


def _said(out: Path, files: Mapping[str, bytes]) -> None:
    names: list[JsonValue] = list(files)
    listed = ", ".join(files)
    show({"folder": str(out), "files": names}, choose(f"{out}: {listed}", f"{out}: {listed}"))


def _text(path: Path) -> str:
    from dongui.assessment.result_reading import MAX_RESULT_BYTES
    from dongui.errors import Misuse

    with SecretBuffer.read_file(path, max_bytes=MAX_RESULT_BYTES, what="report") as content:
        try:
            return bytes(content.view).decode()
        except UnicodeDecodeError:
            raise Misuse("assessment.result-malformed", f"{path} is not UTF-8") from None
