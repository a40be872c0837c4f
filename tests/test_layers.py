"""Imports point one way. The house is only as readable as this stays true."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "dongui"

# The floor on which each room stands; a room may import from floors strictly below its own, and from itself.
FLOORS: dict[str, int] = {
    "errors": 0,
    "extras": 1,
    "fonts": 1,
    "failures": 0,
    "environment": 1,
    "memory": 1,
    "stopwatch": 1,
    "undoing": 1,
    "encoding": 2,
    "documents": 3,
    "biometrics": 3,
    "consent": 3,
    "log": 3,
    "profiles": 3,
    "session": 4,
    "receipts": 4,
    "confinement": 4,
    "capture": 5,
    "examination": 5,
    "picture_quality": 5,
    "rehearsal": 6,
    "verification": 7,
    "assessment": 7,
    "custody": 7,
    "readers": 8,
    "storage": 8,
    "desk": 9,
    "demo": 10,
    "cli": 11,
    "__main__": 12,
}
# The package's front door re-exports from every room, so it is imported by none.
FRONT_DOOR = {"__init__"}
# Rooms that only compute: rules are functions over bytes and records, so each can be read and fuzzed alone.
WITHOUT_STORAGE = (
    "encoding",
    "documents",
    "biometrics",
    "consent",
    "log",
    "session",
    "receipts",
    "verification",
)
FORBIDDEN_IN_CORE = {"sqlite3", "socket", "subprocess", "requests", "urllib", "http", "tempfile", "shelve"}


def room_of(path: Path) -> str:
    part = path.relative_to(SOURCE).parts[0]
    return part.removesuffix(".py")


@cache
def nodes_of(path: Path) -> tuple[ast.Import | ast.ImportFrom | ast.Attribute, ...]:
    """What these laws ask about in a file: each is parsed once."""
    whole = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return tuple(node for node in whole if isinstance(node, ast.Import | ast.ImportFrom | ast.Attribute))


def imports_of(path: Path) -> list[tuple[int, str]]:
    """Every module a file imports, wherever in the file, with its line."""
    found: list[tuple[int, str]] = []
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found.extend((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively; write the whole name"
            module = node.module or ""
            if module == "dongui":
                found.extend((node.lineno, f"dongui.{alias.name}") for alias in node.names)
            else:
                found.append((node.lineno, module))
    return found


def imported_from_above(path: Path) -> list[str]:
    """What a file imports of rooms that do not lie below its own."""
    room = room_of(path)
    if room in FRONT_DOOR:
        return []
    targets = [
        (line, module.split(".")[1])
        for line, module in imports_of(path)
        if module.startswith("dongui.") and module != "dongui.__version__"
    ]
    return [
        f"{path}:{line}: {room} must not know of {target}"
        for line, target in targets
        if target != room and FLOORS[target] >= FLOORS[room]
    ]


FILES = sorted(SOURCE.rglob("*.py"))


def test_every_room_has_a_floor() -> None:
    """A new room must be given its place before anything can be built in it."""
    rooms = {room_of(path) for path in FILES} - FRONT_DOOR
    assert rooms <= FLOORS.keys()


def test_imports_point_down() -> None:
    """A file imports only rooms on lower floors, or its own room."""
    above = [found for path in FILES for found in imported_from_above(path)]
    assert not above, "\n".join(above)


def test_the_core_does_no_io() -> None:
    """Rules reach no database, network or temporary file by themselves."""
    reached = [
        f"{path}:{line} reaches {module}"
        for path in FILES
        if room_of(path) in WITHOUT_STORAGE
        for line, module in imports_of(path)
        if module.split(".")[0] in FORBIDDEN_IN_CORE
    ]
    assert not reached, "\n".join(reached)


def test_time_and_chance_have_one_source() -> None:
    """Nothing asks the clock or the random generator behind the back of ``environment``."""
    calls = {("datetime", "now"), ("datetime", "utcnow"), ("time", "time"), ("os", "urandom")}
    for path in FILES:
        if room_of(path) in {"environment", "demo", "cli"}:
            continue
        for node in nodes_of(path):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and (node.value.id, node.attr) in calls
            ):
                raise AssertionError(f"{path}:{node.lineno} asks {node.value.id}.{node.attr} by itself")
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & {"random", "secrets"}, f"{path}:{node.lineno} draws its own chance"
