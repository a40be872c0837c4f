"""The two public keys whoever checks an operator's receipts needs, in one small text file.

::

    receipts gate.example+1a2b3c4d+AQ...
    log log.example+5e6f7a8b+AQ...

Each key is in the text form of signed notes (c2sp.org/signed-note). They differ: a log that somebody else
keeps one day must not be able to sign receipts.
"""

from __future__ import annotations

from dataclasses import dataclass

from dongui.errors import Misuse
from dongui.log.keys import VerifierKey

__all__ = ["MAX_KEYS_BYTES", "OperatorKeys"]

MAX_KEYS_BYTES = 2_048
_LABELS = ("receipts", "log")


@dataclass(frozen=True, slots=True)
class OperatorKeys:
    """The key that signs receipts and the key that signs log states."""

    receipts: VerifierKey
    log: VerifierKey

    @classmethod
    def parse(cls, text: str) -> OperatorKeys:
        """Read the text form. Raises ``Misuse``: ``receipt.keys-malformed``, ``log.key-malformed``."""
        lines = [line.split(" ") for line in text.splitlines() if line]
        if [line[0] for line in lines] != list(_LABELS) or any(len(line) != 2 for line in lines):
            raise Misuse(
                "receipt.keys-malformed", "it is not two lines, 'receipts KEY' and 'log KEY', in this order"
            )
        receipts, log = (VerifierKey.parse(line[1]) for line in lines)
        return cls(receipts, log)

    def text(self) -> str:
        """Return the text form."""
        return f"receipts {self.receipts.text()}\nlog {self.log.text()}\n"
