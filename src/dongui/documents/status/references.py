"""The reference to a status list inside a document: ``status`` in JSON and in CBOR."""

from __future__ import annotations

from collections.abc import Mapping

from dongui.documents.status.evidence import StatusReference
from dongui.errors import Refused, Undetermined

__all__ = ["read_status"]

_MAX_URI_CHARACTERS = 2_048
_MAX_INDEX = 2**40


def read_status(status: object) -> StatusReference:
    """Read the ``status`` of a document: ``{"status_list": {"idx": ..., "uri": ...}}``.

    Raises ``Refused`` (``status.reference-malformed``); ``Undetermined`` (``status.mechanism-unknown``) where
    the issuer points at something that is not read here: not asking would be to answer for the issuer.
    """
    if not isinstance(status, Mapping) or not status:
        raise Refused("status.reference-malformed", "status is not a map with a mechanism in it")
    if "status_list" not in status:
        raise Undetermined("status.mechanism-unknown", "status names a mechanism other than status_list")
    listed = status["status_list"]
    if not isinstance(listed, Mapping):
        raise Refused("status.reference-malformed", "status_list is not a map")
    index, uri = listed.get("idx"), listed.get("uri")
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < _MAX_INDEX:
        raise Refused("status.reference-malformed", f"idx is not an integer from 0 to {_MAX_INDEX - 1}")
    if not isinstance(uri, str) or not 1 <= len(uri) <= _MAX_URI_CHARACTERS:
        raise Refused(
            "status.reference-malformed", f"uri is not a text of 1 to {_MAX_URI_CHARACTERS} characters"
        )
    return StatusReference(uri, index)
