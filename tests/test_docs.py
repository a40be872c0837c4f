"""The documentation is kept true: examples run, links lead somewhere, tables match the project."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dongui
from dongui.demo.scenarios import SCENARIOS
from simulators.shown_output import WILD, columns, matches
from simulators.warmed import warmed

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "spec").rglob("*.md")])
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WITH_EXAMPLES = [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]
COMMAND = re.compile(r"(?:[A-Z_]+=\S+ )*(?:\$|make|python3?|pip|cd|dongui) ")
LEARNED_FROM = sorted([*(ROOT / "docs/tutorial").glob("*.md"), *(ROOT / "docs/how-to").glob("*.md")])
_HOURS = "needs pictures that are not in the repository, and many minutes; a test compares the page's figures"
# Every block of a page that is no run example, by its first line, with the reason. Nothing else goes unrun.
NOT_RUN = {
    ("README.md", "$ make demo"): "run by tests/scenarios/test_demo.py, which compares what it prints",
    ("README.md", "$ make test"): "this suite runs inside it",
    (
        "CONTRIBUTING.md",
        "make test        # installs what is locked, then formatting, types, every test",
    ): "as on the front page",
    ("docs/explanation/architecture.md", "                         cli   demo"): "a drawing",
    (
        "docs/explanation/counterfactuals.md",
        "    DONGUI_TEST_DATA=... python benchmarks/counterfactual.py --write",
    ): _HOURS,
    (
        "docs/explanation/error-rates.md",
        "    DONGUI_TEST_DATA=... python benchmarks/london.py --write",
    ): _HOURS,
    ("docs/explanation/fuzzing.md", "make fuzz FUZZ_SECONDS=600"): "ten minutes for each of its harnesses",
    (
        "docs/explanation/landmarker.md",
        "    cd training/landmarker",
    ): "ten minutes, and torch, which is not locked",
    ("docs/explanation/performance.md", "make bench"): "half an hour, of a machine with nothing else to do",
    ("docs/explanation/quality.md", "    DONGUI_TEST_DATA=... python benchmarks/quality.py --write"): _HOURS,
    ("docs/explanation/rule-packs.md", '    @id("guardian")'): "a rule, no command",
    (
        "docs/explanation/score-fairness.md",
        "    DONGUI_TEST_DATA=... python -m benchmarks.score_fairness --write",
    ): _HOURS,
}
OPTIONS = {"DONGUI_DESK", "DONGUI_VAULT_KEYS", "DONGUI_VAULT_MASTER"}  # a reader has set none of them
TERMINAL = 80  # columns of the terminal the front page is read and was made in
TWO_SCREENS = 100  # lines of two ordinary windows


def readme_block(command: str) -> list[str]:
    """Return what the README shows of a command, by line."""
    block = re.search(rf"^\$ {command}\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert block, command
    return block[1].splitlines()


def run_console(block: str, folder: Path, environment: dict[str, str]) -> None:
    """Run each ``$ command`` of a block and compare what it prints with what the page shows."""
    commands: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif line.startswith("> ") and commands and not commands[-1][1]:
            commands[-1] = (f"{commands[-1][0]}\n{line[2:]}", [])
        elif commands:
            commands[-1][1].append(line)
    for command, shown in commands:
        expected = re.search(r"\s# exit (\d)$", command)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == (int(expected[1]) if expected else 0), f"$ {command}\n{printed}"
        if shown:
            assert matches(shown, printed.splitlines()), f"$ {command}\nshown:\n{shown}\nprinted:\n{printed}"


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_example_runs(page: Path, tmp_path: Path) -> None:
    """Every ``python`` and ``console`` block of a page runs, in the page's order, in one empty folder.

    Each command and each ``python`` block is a process, forked from a Python that has the libraries loaded.
    """
    commands = warmed()
    environment = {
        **{name: value for name, value in commands.environment().items() if name not in OPTIONS},
        "PATH": f"{commands.folder}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
        "COLUMNS": "110",
    }
    for index, match in enumerate(BLOCK.finditer(page.read_text(encoding="utf-8"))):
        kind, block = match.groups()
        if kind == "console":
            if (str(page.relative_to(ROOT)), block.splitlines()[0]) in NOT_RUN:
                continue
            run_console(block, tmp_path, environment)
            continue
        script = tmp_path / f"example-{index}.py"
        script.write_text(block, encoding="utf-8")
        done = subprocess.run(
            [commands.python, str(script)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{page.name}:\n{block}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", LEARNED_FROM, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_command_is_shown_that_is_not_run(page: Path) -> None:
    """Tutorial and how-to pages show commands in blocks that are run, and in no other kind of block."""
    fences = re.findall(r"^ *```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(fences[::2]) <= {"console", "python"}
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"^(?: {4}|\t) *\S", prose, re.MULTILINE), "an indented block is never run"


def blocks_not_run(page: Path) -> list[list[str]]:
    """Return a page's blocks that nobody runs, by line: other fences, and what is indented as code."""
    text = page.read_text(encoding="utf-8")
    fence = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)
    fenced = [
        found[3].splitlines() for found in fence.finditer(text) if found[2] not in {"python", "console"}
    ]
    indented = re.findall(r"(?<=\n\n)(?:(?: {4}|\t).*\n)+", fence.sub("", text))
    return [*fenced, *(block.splitlines() for block in indented)]


def test_what_is_not_run_is_listed_with_its_reason() -> None:
    """A block that is no run example is one of those known, and each of those is still there.

    Left out are the reference, which is made from the program, and ``spec/``, which shows forms of bytes: a
    command has no place there.
    """
    found = {
        key for key in NOT_RUN if key[1].startswith("$ ") and f"\n{key[1]}\n" in (ROOT / key[0]).read_text()
    }
    for page in PAGES:
        name = str(page.relative_to(ROOT))
        blocks = [] if name.startswith("docs/reference/") else blocks_not_run(page)
        if name.startswith("spec/"):
            lines = [line.strip() for block in blocks for line in block]
            assert not [line for line in lines if COMMAND.match(line)], name
        else:
            found |= {(name, block[0]) for block in blocks}
    assert found == NOT_RUN.keys()


def test_a_command_that_is_not_run_can_be_given() -> None:
    """The scripts and make targets in blocks that are not run exist, and so do the scripts' options."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [line for page in PAGES for block in blocks_not_run(page) for line in block]
    targets = {found[1] for line in lines if (found := re.match(r"make (\w+)", line))}
    scripts = {found[0]: found for line in lines if (found := re.search(r"python (-m )?(\S+)(.*)", line))}
    assert {"bench", "fuzz"} <= targets
    assert not [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)]
    assert len(scripts) > 5
    for module, name, options in (found.groups() for found in scripts.values()):
        path = f"{name.replace('.', '/')}.py" if module else name
        (script,) = (one for one in (ROOT / path, ROOT / "training/landmarker" / path) if one.is_file())
        text = script.read_text(encoding="utf-8")
        assert not [option for option in re.findall(r"--[a-z-]+", options) if f'"{option}"' not in text], name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link points at a file of the repository."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_linked_name_is_defined_where_the_link_leads(page: Path) -> None:
    """A link from a name in code to a source file leads to the file that defines it."""
    for name, target in re.findall(r"\[`(\w+)`\]\(([^)#\s]+\.py)\)", page.read_text(encoding="utf-8")):
        text = (page.parent / target).read_text(encoding="utf-8")
        assert re.search(rf"^ *(?:def|class) {name}\b|^{name}\b.* = ", text, re.MULTILINE), (
            f"{target}: {name}"
        )


def test_the_readme_shows_the_visits_as_they_end() -> None:
    """Each row of the README's demo is a visit of the story, with its promised outcome and reason.

    That the whole block is what the command prints is proved where the command runs, in ``test_demo.py``.
    """
    head, *rows = readme_block("make demo")
    places = [head.index(word) for word in ("outcome", "reason", "all, ms")]
    shown: list[tuple[str, str, str]] = []
    for row in rows:
        if row.startswith(("Receipt", "On disk")):
            break
        title, outcome, reason = (
            row[start:end].strip() for start, end in zip([0, *places], places, strict=False)
        )
        if row == WILD or row.startswith("  "):
            continue  # visits left out, and the stages of one
        if outcome:
            shown.append((title, outcome, reason))
        else:  # a title on two lines
            shown[-1] = (f"{shown[-1][0]} {title}", *shown[-1][1:])
    promised = {
        (visit.title.en, visit.outcome.name.lower(), visit.reason or "")
        for visit in SCENARIOS
        if visit.outcome is not None
    }
    assert len(shown) > 4
    assert set(shown) <= promised


def test_the_readme_shows_how_the_suite_ends() -> None:
    """Its last line is the one pytest ends with, counts and time of one run, and no failure beside them."""
    first, *_, last = readme_block("make test")
    assert first == "All checks passed!"
    assert re.fullmatch(r"=+ \S+ passed(, \d+ skipped)? in \S+s(?: \(\S+\))? =+", last)


def test_the_readme_fits_two_screens() -> None:
    """Read in a terminal of eighty columns it takes a hundred lines, and no line of it is folded."""
    lines = README.read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if columns(line) > TERMINAL]
    assert len(lines) <= TWO_SCREENS


def test_what_the_checks_install_is_said() -> None:
    """The page for contributors names each package that ``make test`` installs into the system."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    services = re.search(r"^SERVICES := (.+)$", makefile, re.MULTILINE)
    assert services
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in services[1].split() if f"`{name}`" not in page] == []


def test_every_dependency_earns_its_line() -> None:
    """The dependency page and pyproject.toml name the same packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"]]
    for group in [
        *project["dependency-groups"].values(),
        *project["project"]["optional-dependencies"].values(),
    ]:
        asked.extend(entry for entry in group if isinstance(entry, str))
    named = {re.split(r"[<>=; \[]", entry)[0] for entry in asked}
    page = (ROOT / "docs/explanation/dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z0-9_-]+)` \|", page, re.MULTILINE)) == named


def test_every_public_name_is_documented() -> None:
    """Each name of ``import dongui`` has a docstring and stands in the API reference."""
    reference = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    for name in dongui.__all__:
        assert getattr(dongui, name).__doc__, name
        assert f"`{name}`" in reference, name


def test_the_version_is_said_once() -> None:
    """Changelog, package and project agree on the version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == dongui.__version__
    assert f"## {dongui.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_word_of_the_workshop() -> None:
    """The repository speaks of the project alone: no path of a developer's machine stands in it."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout: the list of files is not known")
    for name in shlex.split(listing.stdout):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".html", ".txt"} and path != Path(__file__):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"/(work|root|home)/[a-z]", text), f"{name} names a path of a machine"
