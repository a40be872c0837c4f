"""What Dongui refuses to be. A change that trips one of these needs another project, not another test."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "dongui"
FILES = sorted(SOURCE.rglob("*.py"))

# Words that name what the charter forbids. They may stand in prose that forbids them (docstrings, data),
# never in a name that does something.
FORBIDDEN_NAMES = re.compile(
    r"watch_?list|gallery|one_to_many|identify_face|search_faces?|find_faces?_in|nearest|k_?nn|re_?identif"
    r"|gait|emotion|ethnicity|track_person|follow_person|cluster_faces|age_of|gender_of",
    re.IGNORECASE,
)
MANY = re.compile(
    r"\b(Sequence|Iterable|Iterator|list|tuple|set|frozenset|dict|Mapping|Collection|ndarray)\b"
)
# Biometric data types whose plural beside a probe would make one-to-many.
REFERENCE_TYPES = re.compile(r"\b(Reference|Template)\b")


@cache
def text_of(path: Path) -> str:
    """A file's text, its letters as the language reads names."""
    return unicodedata.normalize("NFKC", path.read_text(encoding="utf-8"))


def nodes_where(word: re.Pattern[str]) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of the files in which the word stands at all: the others need no parsing."""
    for path in FILES:
        if word.search(text_of(path)):
            for node in ast.walk(ast.parse(text_of(path))):
                yield path.relative_to(SOURCE), node


def name_given(node: ast.AST) -> str:
    """The name a node gives to something, or nothing."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.arg):
        return node.arg
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else ""


def taken_in_plural(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """The types of a function's arguments that may hold more than one thing."""
    for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg):
        note = ast.unparse(argument.annotation) if argument and argument.annotation else ""
        if MANY.search(note) or argument is node.args.vararg:
            yield note


def test_nothing_is_named_for_what_the_charter_forbids() -> None:
    """No function, class, argument or variable bears the name of a forbidden use."""
    named = [
        f"{path}:{getattr(node, 'lineno', 0)}: {name_given(node)}"
        for path, node in nodes_where(FORBIDDEN_NAMES)
        if FORBIDDEN_NAMES.search(name_given(node))
    ]
    assert not named, "\n".join(named)


def test_no_function_takes_several_references() -> None:
    """One probe, one reference: no argument anywhere holds several references or templates."""
    taking = [
        f"{path}:{node.lineno} {node.name}({note})"
        for path, node in nodes_where(REFERENCE_TYPES)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for note in taken_in_plural(node)
        if REFERENCE_TYPES.search(note)
    ]
    assert not taking, "\n".join(taking)


def test_no_template_is_kept() -> None:
    """No table has a column for a face: storage knows no image, template or comparison score."""
    for path in (SOURCE / "storage").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "CREATE" in node.value:
                column = re.search(
                    r"\b(face|image|portrait|template|embedding|score)\w*\s+(BLOB|TEXT|REAL|INTEGER)",
                    node.value,
                    re.IGNORECASE,
                )
                assert column is None, f"{path}:{node.lineno}: {column}"


def test_the_charter_is_written_down_whole() -> None:
    """The nine points and the two honest limits stand in CHARTER.md, numbered."""
    text = (ROOT / "CHARTER.md").read_text(encoding="utf-8")
    assert [int(number) for number in re.findall(r"^(\d)\. ", text, re.MULTILINE)] == list(range(1, 10))
    assert "independent witnesses" in text
    assert "cannot be detected" in text


def test_scores_are_visible_to_the_assessment_alone() -> None:
    """Only the room that measures error rates asks for comparison scores, pair by pair of labels."""
    asking = {
        path.relative_to(SOURCE).parts[0]
        for path in FILES
        if "pair_distances" in path.read_text(encoding="utf-8")
    }
    assert asking == {"assessment", "biometrics"}
    within = [
        path.name for path in (SOURCE / "biometrics").rglob("*.py") if "pair_distances" in path.read_text()
    ]
    assert within == ["comparison.py"]
    asked = [
        path.name for path in (SOURCE / "assessment").rglob("*.py") if "pair_distances" in path.read_text()
    ]
    assert asked == ["acquisition.py"]
