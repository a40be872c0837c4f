"""The rules as Cedar itself evaluates them: slow, record by record, and what every engine is held against."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import cedarpy

from dongui.custody.rules import Rules
from dongui.custody.schema import REASONS, ConsentFacts, ConsentFlag, Reach, RecordFacts, RecordTrait
from dongui.custody.sql_compilation import STATE_WORDS
from dongui.errors import Trouble

__all__ = ["CedarOracle"]

_WORDS = {kind: word for word, kind in STATE_WORDS.items()}
# Plain numbers: members of an enumeration take several times as long to combine, a million times a run.
_ERASED, _PSEUDONYMISED = int(RecordTrait.ERASED), int(RecordTrait.PSEUDONYMISED)
_FLAGS = tuple((flag.name.lower(), int(flag)) for flag in ConsentFlag if flag.name)
_BATCH = 2_000
Context = dict[str, "Context | str | int | bool"]


class CedarOracle:
    """Asks the policy engine about records, one by one."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._policies = cedarpy.PolicySet.from_str(rules.pack.whole_text)
        parsed = json.loads(cedarpy.policies_to_json_str(rules.pack.whole_text))["staticPolicies"]
        # The engine names policies by their place; these are the reasons they were annotated with.
        self._reasons = {name: tree.get("annotations", {}).get("reason") for name, tree in parsed.items()}
        self._fixed = _fixed_context(rules)

    def decide(self, record: RecordFacts, consent: ConsentFacts) -> str | None:
        """Return the first reason against releasing one record, or None."""
        return next(self.decide_all([(record, consent)]))

    def decide_all(self, cases: Sequence[tuple[RecordFacts, ConsentFacts]]) -> Iterator[str | None]:
        """Return the same for each case, in their order.

        Raises ``Trouble`` ``ground.rules-not-evaluated`` if the engine reports an error: it passes over a
        rule that fails, and a refusal passed over would be a release.
        """
        for start in range(0, len(cases), _BATCH):
            requests = [self._request(*case) for case in cases[start : start + _BATCH]]
            answers = cedarpy.is_authorized_batch(requests, self._policies, "[]")
            yield from map(self._reason, answers)

    def _reason(self, answer: cedarpy.AuthzResult) -> str | None:
        if answer.diagnostics.errors:
            raise Trouble("ground.rules-not-evaluated", "; ".join(answer.diagnostics.errors)[:400])
        if answer.decision is cedarpy.Decision.Allow:
            return None
        applying = [self._reasons[name] for name in answer.diagnostics.reasons]
        return min((name for name in applying if name), key=REASONS.index, default="ground.none")

    def _request(self, record: RecordFacts, consent: ConsentFacts) -> dict[str, object]:
        use, recipient = self._rules.inquiry.use, self._rules.inquiry.recipient
        return {
            "principal": {"type": "Recipient", "id": recipient},
            "action": {"type": "Action", "id": use.value},
            "resource": {"type": "Record", "id": "record"},
            "context": json.dumps(self._context(record, consent)),
        }

    def _context(self, record: RecordFacts, consent: ConsentFacts) -> Context:
        traits, holds = record.traits, self._rules.question.artefact.value
        context: Context = {
            **self._fixed,
            "person_known": consent.reach > Reach.UNKNOWN_PERSON,
            "purpose_named": consent.reach > Reach.OTHER_PURPOSE,
            "recipient_named": consent.reach > Reach.OTHER_RECIPIENT,
            "record": {
                "erased": traits & _ERASED != 0,
                "holds_what_is_asked": traits & holds == holds,
                "pseudonymised": traits & _PSEUDONYMISED != 0,
                "retained_until": record.retained_until_us,
            },
        }
        if consent.reach is Reach.MATCHED:
            context["consent"] = _consent(consent)
        return context


def _fixed_context(rules: Rules) -> Context:
    names = ("at", "artefact", "ground", "transfer_needs_consent")
    return {name: rules.constants["context", name] for name in names}


def _consent(consent: ConsentFacts) -> Context:
    return {
        "state": _WORDS[consent.state],
        **{word: consent.flags & bit != 0 for word, bit in _FLAGS},
        "counts_from": consent.counts_from_us,
        "valid_until": consent.valid_until_us,
        "retained_until": consent.retained_until_us,
    }
