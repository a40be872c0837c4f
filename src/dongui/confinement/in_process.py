"""The same interface without a process of its own: for tests, and for programs that accept what it means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from dongui.confinement.task import Caught, failure_of, load_prepare, load_task
from dongui.confinement.wire import require_bounded
from dongui.memory import SecretBuffer

__all__ = ["InProcess"]


class InProcess:
    """Runs tasks in this process. **Weaker**: copies that libraries keep stay here until they are reused.

    There is no limit of time or memory, and a decoder that crashes takes this process with it.
    """

    def __init__(self, prepared: object) -> None:
        """Use :meth:`start`."""
        self._prepared = prepared

    @classmethod
    def start(cls, prepare: str, *, arguments: bytes, progress: Callable[[str], None]) -> Self:
        """Prepare in this process. Raises what the preparing function raises."""
        return cls(load_prepare(prepare)(arguments, progress))

    def run(self, task: str, *, order: bytes, buffers: Sequence[SecretBuffer]) -> bytes:
        """Answer one order, as :meth:`dongui.confinement.Confinement.run` does, failures included."""
        require_bounded(order, buffers)
        answer = b""
        with Caught() as caught:
            answer = load_task(task)(self._prepared, order, list(buffers))
        if caught.error is None:
            return answer
        if isinstance(caught.error, KeyboardInterrupt | SystemExit):
            raise caught.error
        raise failure_of(caught.error)

    def close(self) -> None:
        """Do nothing: there is nothing to end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self.close()
