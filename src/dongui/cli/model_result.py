"""What the commands about models show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import RenderableType

from dongui.cli.output import JsonValue, choose, table
from dongui.custody.model_register import Model
from dongui.custody.publication import Outcome, Publication
from dongui.errors import Undetermined

__all__ = ["draw_models", "draw_publication", "model_json", "publication_json", "require_published"]


def model_json(model: Model) -> dict[str, JsonValue]:
    """Return a model for machines."""
    return {
        "model": model.id.hex(),
        "recogniser": model.recogniser,
        "release": model.release.hex(),
        "release_log_index": model.release_entry,
        "version": model.version,
        "published": model.published,
        "changed_since": model.changed,
        "due": model.due,
        "taken_back": model.withdrawn,
    }


def draw_models(models: Sequence[Model]) -> RenderableType:
    """Return the table of models."""
    columns = (
        choose("model", "모델"),
        choose("release", "제공"),
        choose("version", "판"),
        choose("published", "공개된 판"),
        choose("due", "기한"),
    )
    rows = [
        (
            model.id.hex(),
            str(model.release_entry),
            str(model.version),
            choose("taken back", "회수됨") if model.withdrawn else str(model.published or "-"),
            model.due[:10] or "-",
        )
        for model in models
    ]
    return table(columns, rows)


def publication_json(answer: Publication) -> dict[str, JsonValue]:
    """Return an answer for machines."""
    return {
        "outcome": answer.outcome.value,
        "version": answer.version,
        "changed": answer.changed,
        "least": answer.least,
        "due": answer.due,
    }


def require_published(answer: Publication) -> None:
    """Pass unless it waits. Raises ``Undetermined`` (``model.publication-waits``)."""
    if answer.outcome is Outcome.WAITS:
        what = (
            f"{answer.changed} of {answer.least} people changed" if answer.enough_people else "too few people"
        )
        due = f"; taken back on {answer.due[:10]} if it stays so" if answer.due else ""
        raise Undetermined("model.publication-waits", f"{what}{due}")


def draw_publication(answer: Publication, out: Path) -> str:
    """Return the answer in words."""
    if answer.outcome is Outcome.WITHDRAWN:
        return choose(
            "The due date is over: the published version is taken back. Send the notices.",
            "기한이 지나 공개된 판을 회수합니다. 통지를 보내십시오.",
        )
    return choose(f"Version {answer.version} is in {out}.", f"{answer.version}판을 {out}에 두었습니다.")
