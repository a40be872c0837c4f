"""The rehearsal goes the main path's whole way, with somebody who does not exist."""

from __future__ import annotations

from collections.abc import Sequence

from dongui.biometrics.operating_points import operating_points
from dongui.desk.desk import models_cache
from dongui.examination import Examination
from dongui.memory import SecretBuffer
from dongui.rehearsal import rehearse
from dongui.verification import examine, prepare


def test_the_rehearsal_reaches_the_face() -> None:
    """Document, binding, reference and probe are gone through: nobody pays for their first use."""
    instruments = prepare(str(models_cache()).encode(), lambda _message: None)
    answers: list[Examination] = []

    def listening(order: bytes, buffers: Sequence[SecretBuffer]) -> bytes:
        answer = examine(instruments, order, buffers)
        answers.append(Examination.from_bytes(answer))
        assert not any(any(buffer.view) for buffer in buffers)
        return answer

    rehearse(listening, operating_point=next(iter(operating_points())))
    for found in answers:
        assert {"document", "binding", "reference", "probe"} <= found.milliseconds.keys()
    # One clip is long enough for its turn to be judged; the others begin to be looked at.
    told = [found.failure.name if found.failure else None for found in answers]
    assert told == ["attack-detection.turn-not-made", *["attack-detection.turn-not-measurable"] * 3]
