"""The profiles that come with Dongui: one folder a purpose, to be used as they are or copied and adapted."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

__all__ = ["shipped_profiles"]


def shipped_profiles() -> dict[str, Traversable]:
    """Return the folder of every shipped profile by its id, sorted."""
    folders = (entry for entry in resources.files("dongui.profiles").iterdir())
    found = {entry.name: entry for entry in folders if entry.joinpath("purpose.toml").is_file()}
    return dict(sorted(found.items()))
