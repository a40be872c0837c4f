"""The part of a trust folder that speaks for countries: ``csca/`` beside the roots of other documents.

::

    csca/*.ml                       master lists
    csca/*.cer .crt .der .pem       single countries' certificates
    csca/*.crl                      countries' revocation lists, in DER
    csca/roots/*.cer ...            who may sign master lists
    csca/index/*.idx                what was worked out before; may be deleted at any time
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from dongui.documents.trust.country_certificate import (
    MAX_CERTIFICATE_BYTES,
    CountryCertificate,
    read_country_certificate,
)
from dongui.documents.trust.csca import CscaAnchor, CscaAnchors, require_proved
from dongui.documents.trust.master_list import MAX_MASTER_LIST_BYTES, read_master_list
from dongui.documents.trust.master_list_index import IndexedList, index_key, read_index, write_index
from dongui.documents.trust.revocation_list import MAX_REVOCATION_LIST_BYTES, RevocationLists
from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer

__all__ = [
    "COUNTRY_FOLDER",
    "ROOTS_FOLDER",
    "CountryTrust",
    "IndexStore",
    "ListFile",
    "certificates_in",
    "revocation_lists_in",
]

COUNTRY_FOLDER, ROOTS_FOLDER = "csca", "roots"
_CERTIFICATES, _LIST = frozenset({".cer", ".crt", ".der", ".pem"}), ".ml"
_REVOCATION_LIST = ".crl"
_MAX_FILES = 2_000


class IndexStore(Protocol):
    """Keeps indices between runs. Losing one costs a quarter of a second."""

    def load(self, key: bytes) -> bytes | None:
        """The index stored under 32 bytes, or ``None``."""

    def store(self, key: bytes, index: bytes) -> None:
        """Keep an index; a store that cannot stays silent."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """A master list of the folder. ``superseded``: a younger one of the same root speaks in its place."""

    path: Path
    listed: IndexedList
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class CountryTrust:
    """What the folder holds. Only :meth:`load` makes one."""

    lists: tuple[ListFile, ...]
    roots: tuple[CountryCertificate, ...] = field(repr=False)
    given: tuple[CountryCertificate, ...] = field(repr=False)

    @classmethod
    def load(cls, directory: Path, *, indices: IndexStore) -> CountryTrust:
        """Read and verify ``directory/csca``; a folder without it holds nothing.

        Raises ``Misuse``: ``trust.anchor-unreadable`` (naming the file), ``trust.too-many-anchors``,
        ``file.*``; ``Refused`` as :func:`.master_list.read_master_list` and :func:`.csca.require_proved`.
        """
        folder = directory / COUNTRY_FOLDER
        roots = _certificates(_files(folder / ROOTS_FOLDER, _CERTIFICATES))
        lists = [ListFile(path, _read_list(path, roots, indices)) for path in _files(folder, {_LIST})]
        given = _certificates(_files(folder, _CERTIFICATES))
        current = _without_superseded(lists)
        require_proved(given, trusted=_listed_certificates(current))
        return cls(tuple(current), tuple(roots), tuple(given))

    def anchors(self, *, max_list_age: timedelta) -> CscaAnchors:
        """The anchors of every list that is not superseded, and of every single certificate.

        An empty folder gives :meth:`.CscaAnchors.none_given`.
        """
        found: list[CscaAnchor] = [
            anchor for one in self.lists if not one.superseded for anchor in one.listed.anchors
        ]
        found += map(CscaAnchor.of, self.given)
        return CscaAnchors(found, max_list_age=max_list_age) if found else CscaAnchors.none_given()


def certificates_in(content: bytes, *, what: str) -> list[CountryCertificate]:
    """Every certificate of a DER or PEM file. Raises ``Misuse`` ``trust.anchor-unreadable``."""
    try:
        if b"-----BEGIN" in content:
            encoded = [one.public_bytes(Encoding.DER) for one in load_pem_x509_certificates(content)]
        else:
            encoded = [content]
        return [read_country_certificate(one) for one in encoded]
    except (ValueError, Refused) as error:
        reason = error.detail if isinstance(error, Refused) else str(error)
        raise Misuse("trust.anchor-unreadable", f"{what}: {reason}") from None


def revocation_lists_in(directory: Path, *, max_age: timedelta) -> RevocationLists:
    """The revocation lists (``*.crl``, DER) directly in a folder; else :meth:`.RevocationLists.none_given`.

    Raises ``Trouble`` (``trust.revocation-list-unreadable``); ``Misuse``: ``file.*``.
    """
    paths = _files(directory, {_REVOCATION_LIST})
    lists = [_read(path, MAX_REVOCATION_LIST_BYTES, "revocation list") for path in paths]
    return RevocationLists.from_bytes(lists, max_age=max_age) if lists else RevocationLists.none_given()


def _files(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if len(found) > _MAX_FILES:
        raise Misuse(
            "trust.too-many-anchors", f"{folder} holds {len(found)} files; the limit is {_MAX_FILES}"
        )
    return found


def _read(path: Path, limit: int, what: str) -> bytes:
    return bytes(SecretBuffer.read_file(path, max_bytes=limit, what=what).view)


def _certificates(paths: Iterable[Path]) -> list[CountryCertificate]:
    found: list[CountryCertificate] = []
    for path in paths:
        content = _read(path, 16 * MAX_CERTIFICATE_BYTES, "country certificate")
        found += certificates_in(content, what=str(path))
    return found


def _read_list(path: Path, roots: Sequence[CountryCertificate], indices: IndexStore) -> IndexedList:
    data = _read(path, MAX_MASTER_LIST_BYTES, "master list")
    key = index_key(data, roots)
    stored = indices.load(key)
    known = read_index(stored, data, key=key) if stored is not None else None
    if known is not None:
        return known
    listed = read_master_list(data, roots=roots)
    index = write_index(listed, data, key=key)
    if index is not None:
        indices.store(key, index)
    return IndexedList.of(listed)


def _without_superseded(lists: list[ListFile]) -> list[ListFile]:
    """Mark each list that a younger one of the same root replaces: what that one left out is withdrawn."""
    newest: dict[str, ListFile] = {}
    for one in lists:
        before = newest.get(one.listed.root)
        if before is None or one.listed.signed_at > before.listed.signed_at:
            newest[one.listed.root] = one
    return [ListFile(one.path, one.listed, superseded=newest[one.listed.root] is not one) for one in lists]


def _listed_certificates(lists: Iterable[ListFile]) -> Iterator[CountryCertificate]:
    return (anchor.certificate for one in lists if not one.superseded for anchor in one.listed.anchors)
