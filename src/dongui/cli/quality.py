"""``dongui quality``: what can be said of a face's picture before anybody is compared with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from dongui.cli.output import JsonValue, choose, progress, show, table

if TYPE_CHECKING:
    from dongui.biometrics.quality.iso_29794_5.measuring import MeasuredComponent

__all__ = ["app"]

app = typer.Typer(help="Quality of a face's picture, measure by measure.", no_args_is_help=True)

_TIMEOUT_SECONDS = 60.0
_MEMORY_BYTES = 2 * 2**30
# Below it the advice is shown; the standard sets no limit, and nothing is decided by this one.
_ADVISED_BELOW_DONGUI_2026_11 = 50


@app.command("show")
def show_(
    image: Annotated[Path, typer.Argument(help="Picture of a face, JPEG or PNG. It is not kept.")],
) -> None:
    """Show every measure of ISO/IEC 29794-5 that can be computed: native value, scalar 0-100, what to do.

    Nothing is decided by them, and nobody is recognised. Measures that take networks which do not ship are
    listed by name, with the reason. The picture is decoded in a process that ends with it.
    """
    from dongui.biometrics.sample import MAX_BYTES
    from dongui.confinement import Confinement
    from dongui.memory import SecretBuffer, forbid_core_dumps
    from dongui.picture_quality import PREPARE, measure_in

    forbid_core_dumps()
    with (
        SecretBuffer.read_file(image, max_bytes=MAX_BYTES, what="picture") as picture,
        progress("Loading.", "불러오고 있습니다.") as say,
        Confinement.start(
            PREPARE,
            arguments=b"",
            progress=say,
            timeout_seconds=_TIMEOUT_SECONDS,
            memory_bytes=_MEMORY_BYTES,
        ) as confined,
    ):
        found = measure_in(confined, picture)
    show(_result(found), lambda: _drawn(found))


def _result(found: tuple[MeasuredComponent, ...]) -> dict[str, JsonValue]:
    from dongui.biometrics.quality.iso_29794_5.absent import ABSENT
    from dongui.biometrics.quality.iso_29794_5.words import words

    measures: list[JsonValue] = []
    for one in found:
        said = words()[one.component.name]
        measures.append(
            {
                "name": one.component.name,
                "native": one.native,
                "unit": one.component.unit,
                "scalar": one.scalar,
                "title": choose(said.title, said.title_ko),
                "meaning": choose(said.meaning, said.meaning_ko),
                "advice": choose(said.advice, said.advice_ko) if _is_low(one) else None,
            }
        )
    absent: list[JsonValue] = [
        {"name": one.name, "reason": choose(one.reason, one.reason_ko)} for one in ABSENT
    ]
    return {"standard": "ISO/IEC 29794-5:2025", "measures": measures, "absent": absent}


def _is_low(one: MeasuredComponent) -> bool:
    return one.scalar is not None and one.scalar < _ADVISED_BELOW_DONGUI_2026_11


def _drawn(found: tuple[MeasuredComponent, ...]) -> RenderableType:
    from dongui.biometrics.quality.iso_29794_5.absent import ABSENT
    from dongui.biometrics.quality.iso_29794_5.words import words

    columns = (
        choose("measure", "측정값"),
        choose("scalar", "점수"),
        choose("native", "원값"),
        choose("unit", "단위"),
        choose("what it means, and what to do where it is low", "의미와 값이 낮을 때 할 일"),
    )
    rows = []
    for one in found:
        said = words()[one.component.name]
        meaning = choose(said.meaning, said.meaning_ko)
        advice = choose(said.advice, said.advice_ko)
        native = "-" if one.native is None else f"{one.native:.3f}"
        scalar = "-" if one.scalar is None else str(one.scalar)
        rows.append(
            (
                choose(said.title, said.title_ko),
                scalar,
                native,
                choose(one.component.unit, said.unit_ko),
                f"{meaning} {advice}" if _is_low(one) else meaning,
            )
        )
    absent = [(one.name, choose(one.reason, one.reason_ko)) for one in ABSENT]
    return Group(
        table(columns, rows),
        Text(choose("\nNot measured here:", "\n여기서 측정하지 않는 값:"), style="bold"),
        table(("", ""), absent),
        Text(
            choose(
                "\nNothing is decided by these values; some of them measure dark skin as dim light.",
                "\n이 값으로 아무것도 판단하지 않습니다. 일부는 어두운 피부를 어두운 조명처럼 측정합니다.",
            ),
            style="dim",
        ),
    )
