"""Cedar rules compiled to SQL: one CASE expression over the columns of a joined row.

What does not change from record to record (the action, the moment, the ground) is filled in, and what follows
from it is folded away. Only the part of Cedar that packs need is known; anything else is refused by name
(``ground.pack-not-compilable``), never guessed at. No arithmetic is among it, so nothing can overflow, and a
rule was validated against the schema, so nothing can be absent: both have the same truth in Cedar and in SQL.

The columns: ``reach``, ``state``, ``flags``, ``counts_from_us``, ``valid_until_us``,
``consent_retained_until_us`` (never null: 0 where the reach is not MATCHED), ``traits``,
``retained_until_us``. The expression is plain SQL that DuckDB, PostgreSQL and Spark read alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from dongui.custody.rule_pack import Json, Policy
from dongui.custody.schema import REASONS, RELEASED, ConsentFlag, EventKind, Reach, RecordTrait, reason_code
from dongui.errors import Misuse

__all__ = ["STATE_WORDS", "Constants", "compile_condition", "reason_case"]

Path = tuple[str, ...]
Constants = Mapping[Path, bool | int | str]
"""What a question fixes: ``("context", "at")`` and the like, and ``("action",)``."""

STATE_WORDS = {
    "given": EventKind.GIVEN,
    "withdrawn": EventKind.WITHDRAWN,
    "expired": EventKind.EXPIRED,
    "renewed": EventKind.RENEWED,
    "given-by-guardian": EventKind.GUARDIAN_GIVEN,
    "suspended": EventKind.SUSPENDED,
    "resumed": EventKind.RESUMED,
}
"""The states as a rule writes them."""


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL that is not the same for every row."""

    text: str


@dataclass(frozen=True, slots=True)
class _State:
    """The state's column; it can only be compared with words."""


Value = bool | int | str | tuple[str, ...] | Sql | _State


def _flag(flag: ConsentFlag) -> Sql:
    return Sql(f"(flags & {flag.value}) <> 0")


def _trait(trait: int) -> Sql:
    return Sql(f"(traits & {trait}) <> 0")


_COLUMNS: Mapping[Path, Value] = {
    ("context", "person_known"): Sql(f"reach > {Reach.UNKNOWN_PERSON.value}"),
    ("context", "purpose_named"): Sql(f"reach > {Reach.OTHER_PURPOSE.value}"),
    ("context", "recipient_named"): Sql(f"reach > {Reach.OTHER_RECIPIENT.value}"),
    ("context", "consent", "state"): _State(),
    ("context", "consent", "informed"): _flag(ConsentFlag.INFORMED),
    ("context", "consent", "separate"): _flag(ConsentFlag.SEPARATE),
    ("context", "consent", "explicit"): _flag(ConsentFlag.EXPLICIT),
    ("context", "consent", "under_age"): _flag(ConsentFlag.UNDER_AGE),
    ("context", "consent", "guardian"): _flag(ConsentFlag.GUARDIAN),
    ("context", "consent", "cross_border"): _flag(ConsentFlag.CROSS_BORDER),
    ("context", "consent", "counts_from"): Sql("counts_from_us"),
    ("context", "consent", "valid_until"): Sql("valid_until_us"),
    ("context", "consent", "retained_until"): Sql("consent_retained_until_us"),
    ("context", "record", "erased"): _trait(RecordTrait.ERASED),
    ("context", "record", "pseudonymised"): _trait(RecordTrait.PSEUDONYMISED),
    ("context", "record", "retained_until"): Sql("retained_until_us"),
}
_COMPARISONS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def reason_case(policies: tuple[Policy, ...], constants: Constants) -> str:
    """Return the CASE that gives a row's code: RELEASED, or the first reason's that applies."""
    branches = []
    for reason in REASONS:
        conditions = [
            compile_condition(policy, constants)
            for policy in policies
            if policy.effect == "forbid" and policy.reason == reason
        ]
        branches.append((_any(conditions), reason_code(reason)))
    permits = [compile_condition(policy, constants) for policy in policies if policy.effect == "permit"]
    branches.append((_any(permits), RELEASED))
    whens = " ".join(f"WHEN {_text(condition)} THEN {code}" for condition, code in branches if condition)
    return f"CASE {whens} ELSE {reason_code('ground.none')} END"


def compile_condition(policy: Policy, constants: Constants) -> bool | Sql:
    """Return when a policy applies: always, never, or an SQL condition.

    Raises ``Misuse`` ``ground.pack-not-compilable``.
    """
    compiler = _Compiler(policy.id, constants)
    parts: list[bool | Sql] = [compiler.scope(policy.tree)]
    for condition in cast("list[Mapping[str, Json]]", policy.tree["conditions"]):
        truth = compiler.truth(condition["body"])
        parts.append(truth if condition["kind"] == "when" else _not(truth))
    return _all(parts)


@dataclass(frozen=True, slots=True)
class _Compiler:
    policy: str
    constants: Constants

    def scope(self, tree: Mapping[str, Json]) -> bool:
        for part in ("principal", "resource"):
            if cast("Mapping[str, Json]", tree[part])["op"] != "All":
                raise self.fault(f"it names a {part}")
        action = cast("Mapping[str, Json]", tree["action"])
        if action["op"] == "All":
            return True
        single = action.get("entity")
        entities = cast("list[Mapping[str, Json]]", action.get("entities") or [single])
        return self.constants["action",] in [entity["id"] for entity in entities]

    def truth(self, node: Json) -> bool | Sql:
        value = self.value(node)
        if not isinstance(value, bool | Sql):
            raise self.fault("a condition is neither true nor false")
        return value

    def value(self, node: Json) -> Value:
        if not isinstance(node, Mapping) or len(node) != 1:
            raise self.fault("an expression is not one operation")
        ((operation, argument),) = node.items()
        if operation == "Value" and isinstance(argument, bool | int | str):
            return argument
        if operation == "Set" and isinstance(argument, list):
            return tuple(self.word(item) for item in argument)
        if operation == ".":
            return self.attribute(_path(node))
        return self.operation(operation, cast("Mapping[str, Json]", argument))

    def operation(self, operation: str, argument: Mapping[str, Json]) -> Value:
        if operation == "!":
            return _not(self.truth(argument["arg"]))
        if operation == "&&":
            return _all([self.truth(argument["left"]), self.truth(argument["right"])])
        if operation == "||":
            return _any([self.truth(argument["left"]), self.truth(argument["right"])])
        if operation in _COMPARISONS:
            left, right = self.value(argument["left"]), self.value(argument["right"])
            return self.comparison(operation, left, right)
        if operation == "contains":
            return self.membership(self.value(argument["left"]), self.value(argument["right"]))
        if operation == "has":
            return self.presence((*_path(argument["left"]), str(argument["attr"])))
        raise self.fault(f"the operation {operation!r} is not among those packs may use")

    def word(self, node: Json) -> str:
        value = self.value(node)
        if not isinstance(value, str):
            raise self.fault("a set may hold texts alone")
        return value

    def attribute(self, path: Path) -> Value:
        found = self.constants.get(path, _COLUMNS.get(path))
        if path == ("context", "record", "holds_what_is_asked"):
            return _trait(1 if self.constants["context", "artefact"] == "image" else 2)
        if found is None:
            raise self.fault(f"there is no {'.'.join(path)}")
        return found

    def presence(self, path: Path) -> bool | Sql:
        if path == ("context", "consent"):
            return Sql(f"reach = {Reach.MATCHED.value}")
        if path in _COLUMNS or path in self.constants:
            return True
        raise self.fault(f"there is no {'.'.join(path)}")

    def comparison(self, operation: str, left: Value, right: Value) -> bool | Sql:
        if isinstance(left, _State) or isinstance(right, _State):
            word = right if isinstance(left, _State) else left
            found = self.membership((word,), _State()) if isinstance(word, str) else None
            if found is None or operation not in {"==", "!="}:
                raise self.fault("a state is compared with a word, for being it or not")
            return found if operation == "==" else _not(found)
        if isinstance(left, Sql) or isinstance(right, Sql):
            return Sql(f"{_operand(left)} {_COMPARISONS[operation]} {_operand(right)}")
        return _compare(operation, left, right)

    def membership(self, members: Value, wanted: Value) -> bool | Sql:
        if not isinstance(members, tuple):
            raise self.fault("contains is asked of a set that is written out")
        if isinstance(wanted, str):
            return wanted in members
        if not isinstance(wanted, _State):
            raise self.fault("a set holds words")
        codes = sorted(STATE_WORDS[word].value for word in members if word in STATE_WORDS)
        return Sql(f"state IN ({', '.join(map(str, codes))})") if codes else False

    def fault(self, detail: str) -> Misuse:
        return Misuse("ground.pack-not-compilable", f"rule {self.policy}: {detail}")


def _path(node: Json) -> Path:
    """Return ``context.consent.state`` as its parts; () for what is no chain of attributes."""
    if isinstance(node, Mapping) and "Var" in node:
        return (str(node["Var"]),)
    if isinstance(node, Mapping) and "." in node:
        step = cast("Mapping[str, Json]", node["."])
        return (*_path(step["left"]), str(step["attr"]))
    return ()


def _compare(operation: str, left: Value, right: Value) -> bool:
    if operation in {"==", "!="}:
        return (left == right) is (operation == "==")
    if not isinstance(left, int) or not isinstance(right, int):
        raise TypeError("validated rules order numbers alone")
    outcomes = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}
    return outcomes[operation]


def _operand(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Sql):
        return f"({value.text})" if " " in value.text else value.text
    raise TypeError("validated rules compare columns with numbers or truths")


def _not(value: bool | Sql) -> bool | Sql:
    return Sql(f"NOT ({value.text})") if isinstance(value, Sql) else not value


def _all(values: list[bool | Sql]) -> bool | Sql:
    return _joined(values, "AND", neutral=True)


def _any(values: list[bool | Sql]) -> bool | Sql:
    return _joined(values, "OR", neutral=False)


def _joined(values: list[bool | Sql], word: str, *, neutral: bool) -> bool | Sql:
    if (not neutral) in [value for value in values if isinstance(value, bool)]:
        return not neutral
    open_ones = [value.text for value in values if isinstance(value, Sql)]
    if not open_ones:
        return neutral
    return Sql(f" {word} ".join(f"({text})" for text in open_ones) if len(open_ones) > 1 else open_ones[0])


def _text(condition: bool | Sql) -> str:
    return condition.text if isinstance(condition, Sql) else "TRUE"
