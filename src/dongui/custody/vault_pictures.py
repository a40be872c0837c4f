"""A release's pictures out of the vault, one at a time, for a training."""

from __future__ import annotations

from dongui.custody.question import Artefact
from dongui.custody.vault.vault import Vault
from dongui.errors import Misuse
from dongui.memory import SecretBuffer

__all__ = ["VaultPictures"]


class VaultPictures:
    """The :class:`dongui.custody.features.RecordPictures` over an open vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def open_picture(self, person: bytes, record: bytes) -> SecretBuffer:
        """Return the latest version of a record's picture, decrypted into a buffer the caller wipes.

        ``record``: 16 bytes, or 4 (its number in the sorted layout, big-endian). Raises ``Misuse``
        (``vault.no-such-record``: also a record of somebody else, or that is no picture) and what
        :meth:`Vault.get` raises.
        """
        index = self._vault.index
        if len(record) == 4:
            number = int.from_bytes(record, "big")
            kept = index.latest_numbered((number,)).get(number)
        else:
            kept = index.latest((record,)).get(record)
        if kept is None or kept.artefact != Artefact.IMAGE:
            raise Misuse("vault.no-such-record", "no picture is kept under this id")
        # Whose it is, release and vault must agree on: under another person's name it would be forgotten with
        # the wrong one.
        owner = kept.name.person if len(person) == 16 else kept.person_number.to_bytes(4, "big")
        if owner != person:
            raise Misuse("vault.no-such-record", "the vault keeps it of another person")
        return self._vault.open(kept, self._vault.keys.cipher(kept.name.person))
