"""Undoing what was begun, where it does not come to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["on_failure"]


@contextmanager
def on_failure(undo: Callable[[], object]) -> Iterator[None]:
    """Call ``undo`` where the block is left by an exception, and let the exception go on.

    By any: a face, a lock or an open file must not outlive an interrupt from the keyboard either. What is in
    hand only after a block that ended well is its caller's to hand on.
    """
    try:
        yield
    except BaseException:
        undo()
        raise
