"""``dongui operating-point``: bounds with what was measured at them; choosing those that hold for all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group

from dongui.biometrics.operating_points import OperatingPoint, operating_points, read_operating_point
from dongui.cli import assess_inputs as inputs
from dongui.cli import output
from dongui.cli.assess_report import require_no_report, with_assessment, write_report
from dongui.cli.desk_option import OptionalDesk, RequiredDesk, open_desk
from dongui.cli.operating_point_inputs import point_for, point_from_file
from dongui.cli.output import choose as say
from dongui.cli.output import show, table
from dongui.cli.recogniser import drawn_point, point_json
from dongui.environment import SystemClock
from dongui.extras import require_extra

if TYPE_CHECKING:
    from dongui.assessment.consent_ground import ConsentedTable
    from dongui.assessment.limits import Limits
    from dongui.assessment.measurement import Measurement
    from dongui.assessment.result import Method

__all__ = ["app"]

app = typer.Typer(
    help="Bounds with what was measured at them, and bounds that hold in every group.", no_args_is_help=True
)


_Report = Annotated[
    Path | None, typer.Option(help="Folder for the report, which the point then names by its digest.")
]


@app.command("list")
def list_(desk: OptionalDesk = None) -> None:
    """List the operating points that ship and, with --desk, the desk's own."""
    _know(desk)
    points = list(operating_points().values())
    columns = (
        "ID",
        say("recogniser", "인식기"),
        say("mated up to", "일치"),
        say("non-mated from", "불일치"),
        say("people", "사람 수"),
        say("assessed for use", "사용 평가"),
    )
    rows = [
        (
            point.name,
            point.recogniser,
            f"{point.mated_at_most:g}",
            f"{point.non_mated_from:g}",
            str(point.everyone.people),
            say("yes", "예") if point.assessed_for_use else say("no", "아니요"),
        )
        for point in points
    ]
    show({"operating_points": [point_json(point) for point in points]}, lambda: table(columns, rows))


@app.command("show")
def show_(
    name: Annotated[str, typer.Argument(help="Name of the point, or its file.")], desk: OptionalDesk = None
) -> None:
    """Show a point: its set, its day, its pipeline, and each group's rates with the share undetermined."""
    _know(desk)
    point = point_for("", name)
    show(point_json(point), lambda: Group(*drawn_point(point)))


@app.command("choose")
def choose(
    recogniser: inputs.RecogniserName,
    people: inputs.People,
    name: Annotated[str, typer.Option(help="Name of the point to be: a-z, 0-9 and hyphens.")],
    out: Annotated[Path, typer.Option(help="File to write; it must not exist yet.")],
    max_fmr: inputs.MaxFmr = 1e-3,
    max_fnmr: inputs.MaxFnmr = 1e-2,
    confidence: inputs.Confidence = 0.95,
    desk: OptionalDesk = None,
    declaration: inputs.Declarations = None,
    declaration_key: inputs.DeclarationKeys = None,
    data_set: inputs.DataSet = None,
    draws: inputs.Draws = 1000,
    seed: inputs.Seed = None,
    report: _Report = None,
) -> None:
    """Choose bounds that keep both limits in every group, intersections included, or say what it takes.

    Exit code 1 where there are none: then the message says how many more people of which group are needed.
    """
    require_extra("assessment")
    from dongui.assessment.point import point_of
    from dongui.assessment.report.card import assessed_of
    from dongui.cli.writing import require_absent, write_once

    require_absent(out)
    if report is not None:
        require_no_report(report)
    method = inputs.method_of(confidence=confidence, draws=draws, seed=seed)
    limits = inputs.limits_of(max_fmr=max_fmr, max_fnmr=max_fnmr, confidence=confidence)
    consented = inputs.read_consented(people, desk=desk, declarations=declaration, keys=declaration_key)
    measurement = _measured_and_chosen(recogniser, consented, limits, method)
    moment = SystemClock().now()
    result = measurement.result(
        method=method,
        limits=limits,
        title=inputs.data_set_title(data_set, consented),
        operating_point=name,
        made_at=moment.replace(microsecond=0),
    )
    point = point_of(measurement, result, name=name, method=method, limits=limits, measured_on=moment.date())
    if report is not None:
        write_report(report, result, None)
        point = replace(point, assessment=assessed_of(result))
    write_once(out, point.to_toml().encode(), private=False)
    show(point_json(point), lambda: Group(*drawn_point(point)))


def _measured_and_chosen(
    recogniser: str, consented: ConsentedTable, limits: Limits, method: Method
) -> Measurement:
    from dongui.assessment.measurement import measure_and_choose
    from dongui.assessment.recogniser_choice import load_instruments
    from dongui.desk.desk import models_cache

    with output.progress("Measuring.", "측정하고 있습니다.") as told:
        instruments = load_instruments(recogniser, cache=models_cache(), progress=told)
        return measure_and_choose(
            consented, instruments=instruments, limits=limits, method=method, progress=told
        )


@app.command("install")
def install(
    file: Annotated[Path, typer.Argument(help="Operating point, as choose wrote it.")],
    desk: RequiredDesk,
    assessment: Annotated[
        Path | None,
        typer.Option(help="The report.json of its assessment, which receipts then name by its digest."),
    ] = None,
) -> None:
    """Keep a point in the desk, for its purposes to name.

    Refused where it was measured with other instruments than this desk runs, or with another recogniser than
    the desk's other points: with such a point nobody could be verified any more.
    """
    from dongui.desk.folder import install_point

    point = point_from_file(file)
    if assessment is not None:
        point = with_assessment(point, assessment)
    _know(desk)
    _require_fit(desk, point)
    install_point(desk, point)
    said = say(
        f'{point.name} is in the desk. A purpose uses it by operating_point = "{point.name}".',
        f"판정 기준 {point.name}을(를) 창구에 넣었습니다. 목적에서 operating_point로 지정합니다.",
    )
    show({"operating_point": point.name, "assessed_for_use": point.assessed_for_use}, said)


def _know(desk: Path | None) -> None:
    """Open the desk, where one is given, so that its points are known by name."""
    if desk is not None:
        with open_desk(desk):
            pass


def _require_fit(desk: Path, point: OperatingPoint) -> None:
    """Load what the desk would run with its points and this one, as its examiner will when it starts."""
    from dongui.biometrics.recognisers.catalogue import load_for_points
    from dongui.desk.desk import models_cache
    from dongui.desk.folder import operating_point_files

    kept = [read_operating_point(data) for data in operating_point_files(desk)]
    with output.progress("Comparing pipelines.", "장치 구성을 비교하고 있습니다.") as told:
        load_for_points([*kept, point], cache=models_cache(), progress=told)
