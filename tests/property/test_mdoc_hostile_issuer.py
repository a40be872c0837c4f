"""A trusted issuer may sign nonsense, by mistake or by malice: still every answer has a name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.errors import Refused, Undetermined, failures
from simulators.mdoc_drafting import Draft
from simulators.mdoc_issuance import CLOCK
from simulators.plain_cbor import Embedded, Pairs, Raw, Tag

ANSWERS = {"verified"} | set(failures())
STAGES = ("security-object", "issuer-auth", "device-auth", "document")

_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=12)
    | st.builds(Tag, st.sampled_from((0, 1, 18, 24, 1004)), st.text(max_size=4))
    | st.builds(Embedded, st.binary(max_size=4))
    | st.builds(Raw, st.binary(max_size=4))
    | st.just(Pairs([("a", 1), ("a", 2)]))
)
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@cache
def _anchors() -> TrustAnchors:
    return TrustAnchors.from_certificates([Draft().root.sign()])


def _outcome(draft: Draft) -> str:
    try:
        authenticate(
            draft.build(),
            trust_anchors=_anchors(),
            clock=CLOCK,
            status=StatusEvidence.none(),
            session_transcript=draft.transcript,
            reader_key=draft.reader_key,
        )
    except (Refused, Undetermined) as unanswered:
        return unanswered.name
    return "verified"


def _holders(value: object) -> Iterator[dict[object, object] | list[object]]:
    """Every map and array of a draft, outside in."""
    if isinstance(value, dict):
        yield value
        for item in list(value.values()):
            yield from _holders(item)
    elif isinstance(value, list):
        yield value
        for item in value:
            yield from _holders(item)


def test_an_untouched_draft_verifies() -> None:
    """The ground the next law stands on."""
    assert _outcome(Draft()) == "verified"


@given(st.sampled_from(STAGES), st.sampled_from(("signature", "mac")), st.data())
@settings(max_examples=400, deadline=None)
def test_nonsense_anywhere_before_signing_is_answered_by_name(
    stage: str, method: str, data: st.DataObject
) -> None:
    """Any value at any place, added or exchanged, with every digest and signature right around it."""
    draft = Draft(method=method)

    def edit(value: object) -> None:
        holders = list(_holders(value))
        holder, new = holders[data.draw(st.integers(0, len(holders) - 1))], data.draw(_values)
        if isinstance(holder, list):
            holder.insert(data.draw(st.integers(0, len(holder))), new)
        else:
            keys = [*holder, "status", "keyAuthorizations", "errors", "portrait", 7]
            holder[data.draw(st.sampled_from(keys))] = new

    draft.edits[stage] = edit
    assert _outcome(draft) in ANSWERS


@given(st.integers(0, 11), st.sampled_from(("random", "elementIdentifier", "elementValue", "other")), _values)
@settings(max_examples=200, deadline=None)
def test_nonsense_in_an_element_is_answered_by_name(number: int, key: str, value: object) -> None:
    """An element whose random, name or value is anything, or that has a field of its own."""
    draft = Draft()
    next(iter(draft.items.values()))[number][key] = value
    assert _outcome(draft) in ANSWERS


@given(st.sampled_from(("issuing_country", "issuing_jurisdiction", "portrait", "document_number")), _values)
@settings(max_examples=200, deadline=None)
def test_nonsense_in_a_field_that_is_used_is_answered_by_name(identifier: str, value: object) -> None:
    """The elements this project reads itself, holding anything."""
    draft = Draft()
    items = next(iter(draft.items.values()))
    items[:] = [item for item in items if item["elementIdentifier"] != identifier]
    items.append(
        {"digestID": 99, "random": bytes(32), "elementIdentifier": identifier, "elementValue": value}
    )
    assert _outcome(draft) in ANSWERS
