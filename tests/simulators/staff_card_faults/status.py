"""Cards that refer to their issuer's status list, beside every state that list can be in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from simulators.staff_card_drafting import NOW, Draft, issuer_key
from simulators.staff_card_faults.vectors import STATUS_URI, Judging, Vector, one
from simulators.status_drafting import ListDraft

__all__ = ["listed_cards"]

_DAY = 86_400
_INDEX = 7


def listed_cards() -> Iterator[Vector]:
    """The card is the same throughout; what is on file beside it decides. Lists count for 24 hours."""
    own = _list()
    for name, expect, lists in (
        ("valid", "verified", (own,)),
        ("valid-on-a-cwt", "verified", (replace(own, form="cwt"),)),
        ("others-revoked", "verified", (replace(own, statuses={6: 1, 8: 2}),)),
        ("revoked", "status.revoked", (replace(own, statuses={_INDEX: 1}),)),
        ("revoked-on-a-cwt", "status.revoked", (replace(own, form="cwt", statuses={_INDEX: 1}),)),
        ("suspended", "status.suspended", (replace(own, statuses={_INDEX: 2}),)),
        ("value-nobody-defined", "status.value-unknown", (replace(own, statuses={_INDEX: 3}),)),
        ("beyond-the-end", "status.index-out-of-range", (replace(own, count=4),)),
        ("list-stale", "status.list-stale", (replace(own, issued=NOW - 2 * _DAY, ttl=None),)),
        ("list-older-than-its-ttl", "status.list-stale", (replace(own, ttl=1_800),)),
        ("list-over", "status.list-expired", (replace(own, expires=NOW),)),
        ("list-from-tomorrow", "status.list-from-future", (replace(own, issued=NOW + _DAY),)),
        ("list-of-a-stranger", "status.list-signature-invalid", (replace(own, key=issuer_key("stranger")),)),
        ("list-of-another-address", "status.list-missing", (replace(own, uri=f"{STATUS_URI}0"),)),
        # The newest authentic list speaks; an older one must not keep a revoked card alive, nor a stale one.
        (
            "revoked-since-the-older-list",
            "status.revoked",
            (replace(own, issued=NOW - 7_200), replace(own, statuses={_INDEX: 1})),
        ),
        (
            "strangers-list-beside-it",
            "verified",
            (own, replace(own, issued=NOW - 60, key=issuer_key("stranger"), statuses={_INDEX: 1})),
        ),
    ):
        draft = Draft(claims={65535: {"status_list": {"idx": _INDEX, "uri": STATUS_URI}}})
        judging = Judging(status_lists=tuple(made.build() for made in lists))
        stage = "sound" if expect == "verified" else "status"
        yield one(f"listed-{name}", expect, stage, draft, judging=judging)


def _list() -> ListDraft:
    return ListDraft(bits=2, count=64, statuses={}, uri=STATUS_URI, key=issuer_key())
