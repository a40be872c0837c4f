"""Which certificates' country an issuing state in the machine readable zone stands for."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

__all__ = ["certificate_countries"]


def certificate_countries(issuing_state: str) -> tuple[str, ...]:
    """The two-letter countries whose authority may sign for ``issuing_state`` (one to three letters).

    Empty for a state nobody is known to sign for.
    """
    return _table().get(issuing_state, ())


@cache
def _table() -> dict[str, tuple[str, ...]]:
    listed = tomllib.loads((files("dongui.documents.passport") / "issuing_states.toml").read_text("ascii"))
    return {state: tuple(countries) for part in listed.values() for state, countries in part.items()}
