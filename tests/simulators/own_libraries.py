"""A process as a user's is: without what the tests alone install."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

__all__ = ["leave_out_pandas"]


class _WithoutPandas(MetaPathFinder):
    """Finds nothing, and lets nobody after it find pandas."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("left out: no user of Dongui alone has it", name=name)


def leave_out_pandas() -> None:
    """From now on this process finds no pandas. For processes of their own; nobody who tests may call it.

    Dongui does not depend on it; a library of the tests does. Where it is, the Parquet library imports it at
    its first conversion, a quarter of a second that no user of Dongui alone waits for.
    """
    sys.meta_path.insert(0, _WithoutPandas())
