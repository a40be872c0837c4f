"""The story as one page: pictures, outcomes, reasons, times; no script, nothing fetched."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from dongui.demo.cast import portrait
from dongui.demo.disk import KeptFile
from dongui.demo.stages import STAGES
from dongui.demo.story import Scene
from dongui.errors import failures
from dongui.receipts.description import describe_operating_point

__all__ = ["Ending", "render_page"]

_SHOWN_FRAMES = (0, 4, 11)


@dataclass(frozen=True, slots=True)
class Ending:
    """How the story ends: the receipt that was checked, and what is on disk.

    The receipt was proved in the log's first ``receipt_log_size`` entries, which ``log_size`` extend.
    ``pictures`` are the files in which a piece of one was found; ``warm_up_seconds`` went into the models.
    """

    receipt_id: str
    receipt_log_size: int
    log_size: int
    files: tuple[KeptFile, ...]
    pictures: tuple[str, ...]
    warm_up_seconds: float


def render_page(scenes: Sequence[Scene], ending: Ending, *, language: str) -> str:
    """Return the whole page in ``language``, "ko" or "en"."""
    environment = Environment(
        loader=PackageLoader("dongui.demo"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("story.html.j2").render(
        language=language,
        say=lambda en, ko: ko if language == "ko" else en,
        scenes=scenes,
        ending=ending,
        failures=failures(),
        portrait=lambda scene: _data_uri(portrait(scene.scenario.holder)),
        frames=lambda scene: [_data_uri(frame) for frame in _shown(scene.frames)],
        stages=[stage.title[language] for stage in STAGES],
        spent=_spent,
        point=lambda scene: describe_operating_point(
            scene.verification.receipt.statement(), language=language
        ),
        times=lambda scene: _times(scene, language),
        longest=max((sum(_spent(scene)) for scene in scenes), default=1.0),
    )


def _spent(scene: Scene) -> list[float]:
    return [stage.spent(scene.verification.milliseconds) for stage in STAGES]


def _times(scene: Scene, language: str) -> str:
    """What the bar shows, for whoever hears the page instead of seeing it."""
    parts = zip(STAGES, _spent(scene), strict=True)
    return ", ".join(f"{stage.title[language]} {part:.0f} ms" for stage, part in parts if part)


def _shown(frames: Sequence[bytes]) -> list[bytes]:
    return [frames[number % len(frames)] for number in _SHOWN_FRAMES]


def _data_uri(picture: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
