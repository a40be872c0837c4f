"""Optional parts of the package: whether what a command needs is installed, said before it is needed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from dongui.errors import Misuse

__all__ = ["Extra", "require_extra"]

Extra = Literal["assessment", "chip", "custody", "spark"]

_MODULES: dict[Extra, tuple[str, ...]] = {
    "assessment": ("matplotlib", "scipy"),
    "chip": ("smartcard",),
    "custody": ("cedarpy", "duckdb", "pkcs11", "psycopg", "pyarrow", "pyroaring"),
    "spark": ("pyspark",),
}


def require_extra(extra: Extra) -> None:
    """Return if every package of ``dongui[extra]`` is there.

    Raises ``Misuse`` ``environment.extra-missing``.
    """
    missing = [module for module in _MODULES[extra] if find_spec(module) is None]
    if missing:
        detail = f"{', '.join(missing)} not installed; install dongui[{extra}]"
        raise Misuse("environment.extra-missing", detail)
