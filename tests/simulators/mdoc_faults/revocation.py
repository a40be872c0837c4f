"""Revocation lists of the signer's authority on file, beside documents that are sound but for the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from simulators.mdoc_certificates import name_of, root_plan, signer_plan
from simulators.mdoc_drafting import Draft
from simulators.mdoc_faults.vector import AT, Judging, Vector, shown
from simulators.revocation_drafting import revocation_faults, revocation_list

__all__ = ["revocation_lists"]

_STAGE = "revocation"
_WEEK = timedelta(weeks=1)


def revocation_lists() -> Iterator[Vector]:
    """What is on file beside the document decides."""
    root = root_plan()
    for fault in revocation_faults(root, signer_plan(root), at=AT):
        yield shown(f"list-{fault.name}", fault.expect, _STAGE, judge=_on_file(fault.data))
    another = root_plan("another")
    another.subject = name_of("Another IACA")
    serial = signer_plan(root).serial_number
    others = revocation_list(another, {serial: 1}, this_update=AT - _WEEK, next_update=AT + _WEEK)
    yield shown("list-of-another-authority", "verified", _STAGE, judge=_on_file(others))
    # What is wrong with the document itself is told first: a stale list does not make it undetermined.
    stale = revocation_list(root, {}, this_update=AT - 20 * _WEEK, next_update=AT - 8 * _WEEK)
    yield shown("forged-beside-a-stale-list", "mdoc.digest-mismatch", _STAGE, _forged, judge=_on_file(stale))


def _on_file(data: bytes) -> Callable[[Draft, Judging], Judging]:
    return lambda _draft, judging: replace(judging, revocation_lists=(data,))


def _forged(draft: Draft) -> None:
    """One digest that is no element's."""

    def change(security_object: dict[str, object]) -> None:
        digests = security_object["valueDigests"]
        assert isinstance(digests, dict)
        for listed in digests.values():
            listed.update({number: bytes(32) for number in listed})

    draft.edits["security-object"] = change
