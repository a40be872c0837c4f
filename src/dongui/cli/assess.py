"""``dongui assess``: how often a recogniser errs, for whom, and whether that can be answered for."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from typer.core import TyperGroup

from dongui.cli import assess_inputs as inputs
from dongui.cli.assess_report import (
    AttacksFile,
    attacks_of,
    compare,
    render,
    require_no_report,
    write_report,
)
from dongui.cli.desk_option import OptionalDesk
from dongui.cli.output import choose, progress, show
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse
from dongui.extras import require_extra
from dongui.log.keys import SignerKey

if TYPE_CHECKING:
    from typer._click.core import Context

__all__ = ["app"]

ATTACK_REPORT: Final = "attacks.json"


class _RecogniserFirst(TyperGroup):
    """``dongui assess NAME`` is ``dongui assess recogniser NAME``: what is no command is a name."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["recogniser", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_RecogniserFirst,
    help="Error rates of a recogniser and of attack detection, group by group; NAME alone assesses one.",
    no_args_is_help=True,
)
app.command("report")(render)
app.command("compare")(compare)


@app.command("recogniser")
def recogniser(
    name: inputs.RecogniserName,
    people: inputs.People,
    out: inputs.ReportFolder = None,
    attacks: AttacksFile = None,
    desk: OptionalDesk = None,
    declaration: inputs.Declarations = None,
    declaration_key: inputs.DeclarationKeys = None,
    operating_point: inputs.PointByName = None,
    data_set: inputs.DataSet = None,
    max_fmr: inputs.MaxFmr = 1e-3,
    max_fnmr: inputs.MaxFnmr = 1e-2,
    confidence: inputs.Confidence = 0.95,
    draws: inputs.Draws = 1000,
    seed: inputs.Seed = None,
    quality: inputs.Quality = False,
) -> None:
    """Assess a recogniser on people who agreed to it: rates, intervals and differentials of every group.

    The report: figures for machines, and a page and a document in Korean and in English for people. Only
    figures over groups are written; no score, no pair and no file name ever is.
    """
    require_extra("assessment")
    from dongui.assessment.result_json import to_json
    from dongui.cli.assess_result import drawn
    from dongui.cli.operating_point_inputs import bounds_of, point_if_any

    method = inputs.method_of(confidence=confidence, draws=draws, seed=seed)
    point = point_if_any(name, operating_point)
    if quality and point is None:
        raise Misuse("cli.usage", f"--quality needs an operating point; {name} has none")
    tried = attacks_of(attacks)
    if out is not None:
        require_no_report(out)
    consented = inputs.read_consented(people, desk=desk, declarations=declaration, keys=declaration_key)
    limits = inputs.limits_of(max_fmr=max_fmr, max_fnmr=max_fnmr, confidence=confidence)
    bounds = None if point is None else bounds_of(point)
    result = inputs.measured(name, consented, bounds, limits, quality=quality).result(
        method=method,
        limits=limits,
        title=inputs.data_set_title(data_set, consented),
        operating_point=None if point is None else point.name,
        made_at=SystemClock().now().replace(microsecond=0),
    )
    if out is not None:
        write_report(out, result, tried)
    show(to_json(result), lambda: drawn(result))


@app.command("declare")
def declare(
    people: Annotated[
        Path, typer.Option("--people", help="Table of people, or a folder of clips with its consent.csv.")
    ],
    name: Annotated[str, typer.Option(help="What the consent column calls it, behind `declaration:`.")],
    holder: Annotated[str, typer.Option(help="Who holds the data set and answers for this.")],
    data_set: Annotated[str, typer.Option(help="Title of the data set.")],
    agreement: Annotated[str, typer.Option(help="How, when and to what its people agreed.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day on which it holds.")],
    key: Annotated[Path, typer.Option(help="The holder's private key, as make-key wrote it.")],
    out: Annotated[Path, typer.Option(help="File to write; it must not exist yet.")],
) -> None:
    """Sign, as a data set's holder, that its people agreed to be measured: these people, these pictures."""
    require_extra("assessment")
    from dongui.assessment.clips import declare_clips, read_clips
    from dongui.assessment.consent_ground import DECLARED, declare_pictures
    from dongui.assessment.declaration import Declaration, sign_declaration
    from dongui.assessment.people_table import read_people_table
    from dongui.cli.writing import require_absent, write_once

    require_absent(out)
    if people.is_dir():
        digest, count = declare_clips(read_clips(people), name)
    else:
        digest, count = declare_pictures(read_people_table(people), name)
    made = Declaration(name, holder, data_set, agreement, SystemClock().now().date(), until.date(), digest)
    write_once(out, sign_declaration(made, key=inputs.read_signer(key)), private=False)
    said = choose(
        f"{out} declares {count} pictures or clips. Tables name it {DECLARED}{name}.",
        f"{out}: 사진 또는 영상 {count}건에 대한 선언입니다. 표에는 {DECLARED}{name}(으)로 적습니다.",
    )
    show({"declaration": name, "pictures": count, "until": date.isoformat(made.ends)}, said)


@app.command("attacks")
def attacks(
    folder: Annotated[
        Path, typer.Argument(help="Folder with attacks/SPECIES/ATTEMPT/, bona-fide/ATTEMPT/ and consent.csv.")
    ],
    out: inputs.ReportFolder = None,
    desk: OptionalDesk = None,
    declaration: inputs.Declarations = None,
    declaration_key: inputs.DeclarationKeys = None,
    confidence: inputs.Confidence = 0.95,
) -> None:
    """Assess attack detection on clips: APCER of each species, BPCER, with attempts and intervals."""
    require_extra("assessment")
    from dongui.assessment.attack_json import attack_json, write_attacks
    from dongui.assessment.attack_rates import assess_attacks
    from dongui.assessment.clips import consented_clips, read_clips
    from dongui.biometrics.instruments import Instruments
    from dongui.cli.attack_result import drawn_attacks
    from dongui.cli.writing import make_folder, require_absent, write_once
    from dongui.desk.desk import models_cache

    if out is not None:
        require_absent(out / ATTACK_REPORT)
    signed = inputs.read_declarations(declaration, declaration_key)
    moment = SystemClock().now()
    with inputs.consent_office(desk) as office:
        clips = consented_clips(read_clips(folder), office=office, declarations=signed, at=moment)
    with progress("Measuring.", "측정하고 있습니다.") as say:
        result = assess_attacks(
            clips,
            instruments=Instruments.load(cache=models_cache(), progress=say),
            confidence=confidence,
            made_at=moment.replace(microsecond=0),
            progress=say,
        )
    if out is not None:
        make_folder(out)
        write_once(out / ATTACK_REPORT, write_attacks(result).encode(), private=False)
    show(attack_json(result), lambda: drawn_attacks(result))


@app.command("make-key")
def make_key(
    name: Annotated[str, typer.Argument(help="Name of the holder as a key carries it: no white space.")],
    out: Annotated[Path, typer.Option(help="File for the private key; the public one is written beside it.")],
) -> None:
    """Make the key with which a data set's holder signs declarations: FILE, and FILE.pub to hand out."""
    from dongui.cli.writing import NewFile, write_together

    key = SignerKey.generate(name, entropy=SystemEntropy())
    public = out.with_name(f"{out.name}.pub")
    write_together(
        [
            NewFile(out, f"{key.text()}\n".encode(), private=True),
            NewFile(public, f"{key.verifier.text()}\n".encode(), private=False),
        ]
    )
    said = choose(
        f"{out} is yours alone; hand out {public}.", f"{out}는 본인만 보관하고 {public}를 나누어 주십시오."
    )
    show({"name": name, "public_key": key.verifier.text()}, said)
