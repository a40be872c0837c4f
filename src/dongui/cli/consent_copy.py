"""The person's copy of a consent: their receipt, and what opens its log entry. The desk keeps neither."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from dongui.cli.handing_out import (
    Theirs,
    hand_out,
    readable_json,
    show_at_hand,
    tell_unwritten,
    unwritten_rows,
)
from dongui.cli.output import JsonValue, choose, show, writing
from dongui.desk import LoggedConsent

__all__ = ["hand_out_copy"]


def hand_out_copy(
    logged: LoggedConsent, file: Path | None, *, result: Mapping[str, JsonValue], said: str
) -> None:
    """Write the copy to ``file``, or show it; ``result`` and ``said`` are what else is told, in front.

    What was recorded stands: where the file cannot be written, that is told beside the copy.
    """
    copy: dict[str, JsonValue] = {
        "receipt": logged.receipt.to_fields(),
        "log": {"index": logged.index, "blind": logged.blind.hex()},
    }
    data = (json.dumps(copy, ensure_ascii=False, indent=2) + "\n").encode()
    name = choose("The copy of the consent, as JSON", "동의 사본(JSON)")
    left, unwritten = hand_out([Theirs(name, file, data, readable_json(copy), private=True)])
    if unwritten is not None:
        rows = unwritten_rows(unwritten)
        said = "\n".join([said, *(f"{title}: {text}" if title else text for title, text in rows)])
    told = None if unwritten is None else {"failure": tell_unwritten(unwritten)}
    show({**result, **copy, "unwritten": told}, said)
    show_at_hand(left)
    # Its caller notes next that it was handed out: it must have left this process, not wait in its buffer.
    with writing():
        sys.stdout.flush()
