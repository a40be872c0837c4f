"""What runs in confinement, how it is named across the border, and how its end is caught."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Literal, Self, TypeAlias, cast

from dongui.errors import DonguiError, Trouble
from dongui.memory import SecretBuffer

__all__ = ["Caught", "Prepare", "Task", "failure_of", "load_prepare", "load_task", "type_name"]

Prepare: TypeAlias = Callable[[bytes, Callable[[str], None]], object]
"""``prepare(arguments, progress)`` returns what every task needs. It leaves no thread running."""

Task: TypeAlias = Callable[[object, bytes, list[SecretBuffer]], bytes]
"""``task(prepared, order, buffers)`` answers one order; nothing in its answer has to be forgotten."""


def load_prepare(reference: str) -> Prepare:
    """Import the preparing function that ``"package.module:function"`` names."""
    return cast(Prepare, _load(reference))


def load_task(reference: str) -> Task:
    """Import the task that ``"package.module:function"`` names."""
    return cast(Task, _load(reference))


def _load(reference: str) -> object:
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


class Caught:
    """A context manager that lets nothing out and keeps what was raised in ``error``.

    Here the border is: past it goes a failure's name or a type's name, never an object that came from inside.
    """

    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> Literal[True]:
        self.error = error
        if frames is not None:
            # The frames hold the task's variables: pictures, templates.
            traceback.clear_frames(frames)
        return True


def type_name(error: BaseException) -> str:
    """Return the type of an unforeseen exception. Its text is left out: it may quote what it choked on."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def failure_of(error: BaseException) -> DonguiError:
    """Return a failure to raise outside, made anew: it holds no frame and no cause from inside."""
    if isinstance(error, DonguiError):
        return type(error)(error.name, error.detail)
    if isinstance(error, MemoryError):
        return Trouble("confinement.out-of-memory", "the task asked for more memory than there is")
    return Trouble("confinement.crashed", f"the task ended with {type_name(error)}")
