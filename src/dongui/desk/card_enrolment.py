"""From an employee's portrait to a protected template, in a process that ends with the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from dongui.memory import SecretBuffer, forbid_core_dumps, wipe_all

if TYPE_CHECKING:
    from dongui.biometrics.instruments import Instruments

__all__ = ["ENROL", "PREPARE", "enrol", "prepare"]

PREPARE = "dongui.desk.card_enrolment:prepare"
ENROL = "dongui.desk.card_enrolment:enrol"


def prepare(arguments: bytes, progress: Callable[[str], None]) -> Instruments:
    """Load the models; ``arguments`` is the path of their cache."""
    # Loaded here: a desk that is opened for a consent needs no model.
    from dongui.biometrics.instruments import Instruments

    forbid_core_dumps()
    return Instruments.load(cache=Path(arguments.decode()), progress=progress)


def enrol(instruments: Instruments, order: bytes, buffers: Sequence[SecretBuffer]) -> bytes:
    """Return the protected template of the portrait, the first buffer, under the secret, the second.

    ``order`` is empty. Raises ``Undetermined``: ``portrait.*``, ``quality.*``, ``protected-template.*``.
    """
    from dongui.biometrics.protected_templates import protect
    from dongui.biometrics.reference import take_reference

    del order
    portrait, secret = buffers
    with ExitStack() as forgotten:
        forgotten.callback(wipe_all, buffers)
        reference = forgotten.enter_context(take_reference(portrait.view, instruments=instruments))
        return protect(reference.template, secret=secret.view, pipeline_digest=instruments.pipeline_digest)
