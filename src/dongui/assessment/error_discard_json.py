"""Error versus discard as spec/assessment-report.md has it, written and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dongui.assessment.error_discard import DiscardCurve, DiscardPoint, ErrorDiscard, ErrorDiscardAt

if TYPE_CHECKING:
    from dongui.assessment.result_json import JsonValue

__all__ = ["error_discard_json", "read_error_discard"]


def error_discard_json(found: ErrorDiscard) -> JsonValue:
    """Return the list that stands in an assessment's JSON."""
    return [{"beyond": one.beyond, "curves": [_curve(curve) for curve in one.curves]} for one in found.at]


def _curve(curve: DiscardCurve) -> dict[str, JsonValue]:
    points: list[JsonValue] = [
        {
            "discarded": _twelve_digits(point.discarded),
            "comparisons": point.comparisons,
            "missed": point.missed,
            "fnmr": _twelve_digits(point.fnmr),
        }
        for point in curve.points
    ]
    return {"measure": curve.measure, "points": points}


def _twelve_digits(value: float) -> float:
    return float(f"{value:.12g}")


def read_error_discard(content: object) -> ErrorDiscard | None:
    """Read what :func:`error_discard_json` wrote, ``None`` where it is absent.

    Raises ``KeyError``, ``TypeError`` or ``ValueError``; what is there besides is caught by writing it again.
    """
    if content is None:
        return None
    return ErrorDiscard(
        tuple(
            ErrorDiscardAt(_number(one["beyond"]), tuple(_read_curve(item) for item in _list(one["curves"])))
            for one in map(_object, _list(content))
        )
    )


def _read_curve(content: object) -> DiscardCurve:
    fields = _object(content)
    points = (_read_point(_object(item)) for item in _list(fields["points"]))
    name = fields["measure"]
    if not isinstance(name, str):
        raise TypeError
    return DiscardCurve(name, tuple(points))


def _read_point(fields: Mapping[str, object]) -> DiscardPoint:
    comparisons = _whole(fields["comparisons"])
    if comparisons < 1:
        raise ValueError
    return DiscardPoint(_number(fields["discarded"]), comparisons, _whole(fields["missed"]))


def _object(content: object) -> Mapping[str, object]:
    if not isinstance(content, dict):
        raise TypeError
    return content


def _list(content: object) -> Sequence[object]:
    if not isinstance(content, list):
        raise TypeError
    return content


def _whole(content: object) -> int:
    if isinstance(content, bool) or not isinstance(content, int):
        raise TypeError
    return content


def _number(content: object) -> float:
    if isinstance(content, bool) or not isinstance(content, int | float):
        raise TypeError
    return float(content)
