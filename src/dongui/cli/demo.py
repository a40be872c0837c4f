"""``dongui demo``: the whole story on people who do not exist."""

from __future__ import annotations

import shutil
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from dongui.cli.demo_report import VisitsTable, report_story
from dongui.cli.output import progress, settings
from dongui.cli.writing import naming
from dongui.confinement import Confinement
from dongui.demo.cast import portrait
from dongui.demo.disk import holds_a_picture, kept_files
from dongui.demo.page import Ending, render_page
from dongui.demo.scenarios import SCENARIOS
from dongui.demo.story import CONTROLLER, Scene, Story
from dongui.desk import Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse
from dongui.memory import forbid_core_dumps
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import VerifiedReceipt, check_receipt
from dongui.receipts.keys import OperatorKeys
from dongui.receipts.qr import make_code
from dongui.receipts.rendering import render_html
from dongui.receipts.trusting import read_trusted, write_trusted

__all__ = ["demo"]

_PAGES = {"en": "index.html", "ko": "index.ko.html"}


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the page, a receipt and the desk.")] = Path(
        "demo-story"
    ),
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser at the end.")] = False,
) -> None:
    """Tell the whole story on people who do not exist: their visits, their receipts, and what is left.

    Authorities issue licences, credentials, passports and staff cards; people consent, hold them out and
    stand before a camera. Exit code 1 if any visit ends otherwise than promised, or a piece of a picture is
    found on disk.
    """
    forbid_core_dumps()
    with naming(out):
        _tell(out, open_page=open_)


def _tell(out: Path, *, open_page: bool) -> None:
    folder = _fresh(out)
    create_desk(folder, CONTROLLER, entropy=SystemEntropy())
    with Desk(folder, clock=SystemClock(), entropy=SystemEntropy()) as desk:
        with progress("Starting the confined process.", "격리된 프로세스를 시작합니다.") as say:
            examiner = desk.start_examiner(progress=say)
        with examiner:
            scenes = _play(Story(desk, examiner, entropy=SystemEntropy()))
        ending = _end(out, desk, examiner, scenes)
    for language, name in _PAGES.items():
        (out / name).write_text(render_page(scenes, ending, language=language), encoding="utf-8")
    page = (out / _PAGES[settings().language.value]).resolve()
    report_story(scenes, ending, page)
    if open_page:
        webbrowser.open(page.as_uri())
    if ending.pictures or not all(scene.kept for scene in scenes):
        raise typer.Exit(1)


def _fresh(out: Path) -> Path:
    """Return where the desk goes; an earlier story's desk is taken away, anything else is left alone."""
    desk = out / "desk"
    if desk.exists():
        if not (desk / "desk.json").is_file() or CONTROLLER.id not in (desk / "desk.json").read_text("utf-8"):
            raise Misuse("desk.exists", f"{desk} is there and is not an earlier demonstration's")
        shutil.rmtree(desk)
    out.mkdir(parents=True, exist_ok=True)
    return desk


def _play(story: Story) -> list[Scene]:
    scenes: list[Scene] = []
    console = Console(stderr=True)
    live = console.is_terminal and not settings().json
    with Live(VisitsTable(scenes, brief=True), console=console, transient=True, auto_refresh=live) as shown:
        for scene in story.play(SCENARIOS):
            scenes.append(scene)
            if live:
                shown.update(VisitsTable(scenes, brief=True), refresh=True)
    return scenes


def _end(out: Path, desk: Desk, examiner: Confinement, scenes: Sequence[Scene]) -> Ending:
    """Hand out the first receipt, check it from its file, and look at the disk."""
    bundle = scenes[0].verification.receipt
    (out / "receipt.cbor").write_bytes(bundle.to_bytes())
    last = desk.log.checkpoint()
    (out / "checkpoint").write_bytes(write_trusted(last, desk.log.consistency(bundle.proof.size, last.size)))
    checked = _check_offline(out, desk.path / "operator.keys")
    language = settings().language.value
    page = render_html(
        checked.statement, language=language, evidence=checked.evidence, code=make_code(bundle)
    )
    (out / "receipt.html").write_text(page, encoding="utf-8")
    pictures = [portrait(scene.scenario.holder) for scene in scenes]
    pictures += [frame for scene in scenes for frame in scene.frames]
    return Ending(
        receipt_id=checked.statement.receipt_id.hex(),
        receipt_log_size=checked.checkpoint.size,
        log_size=last.size,
        files=tuple(kept_files(desk.path)),
        pictures=tuple(holds_a_picture(desk.path, pictures)),
        warm_up_seconds=examiner.warm_up_seconds,
    )


def _check_offline(out: Path, operator_keys: Path) -> VerifiedReceipt:
    """Check the receipt as its holder would: from files, against the log as the story left it.

    Had the log been rewritten after the first visit, no proof would lead from the receipt to its last state.
    """
    keys = OperatorKeys.parse(operator_keys.read_text("utf-8"))
    trusted = read_trusted((out / "checkpoint").read_bytes(), log_key=keys.log)
    bundle = ReceiptBundle.read((out / "receipt.cbor").read_bytes())
    return check_receipt(bundle, operator=keys, trusted=trusted)
