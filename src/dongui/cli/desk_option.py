"""The option by which a command finds the operator's desk, and the desk it opens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.environment import SystemClock, SystemEntropy

if TYPE_CHECKING:
    from dongui.desk import Desk

__all__ = ["OptionalDesk", "RequiredDesk", "open_desk"]

_HELP = "The operator's desk: a folder `dongui desk create` made."

RequiredDesk = Annotated[Path, typer.Option("--desk", envvar="DONGUI_DESK", help=_HELP)]
OptionalDesk = Annotated[Path | None, typer.Option("--desk", envvar="DONGUI_DESK", help=_HELP)]


def open_desk(path: Path) -> Desk:
    """Open the desk with the system's clock and entropy. Raises what ``Desk`` raises."""
    from dongui.desk import Desk

    return Desk(path, clock=SystemClock(), entropy=SystemEntropy())
