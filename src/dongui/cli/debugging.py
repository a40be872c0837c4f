"""Where a failure arose, told without a single value of the program."""

from __future__ import annotations

import traceback

from dongui.errors import DonguiError

__all__ = ["trace"]


def trace(error: BaseException) -> str:
    """Return the frames of ``error`` and of what it came from, oldest first.

    Python's own traceback ends in the exception's text, and that text may quote what it choked on: a field
    of a document, bytes of an image. Here a failure of this project shows its name, everything else its type.
    """
    lines: list[str] = []
    for link in reversed(_chain(error)):
        lines += traceback.format_tb(link.__traceback__)
        lines.append(f"{_label(link)}\n")
    return "".join(lines)


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in links:
        links.append(current)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return links


def _label(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return f"{kind}: {error.name}" if isinstance(error, DonguiError) else kind
