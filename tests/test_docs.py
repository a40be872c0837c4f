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
LEARNED_FROM = sorted([*(ROOT / "docs/tutorial").glob("*.md"), *(ROOT / "docs/how-to").glob("*.md")])
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
            if page == README and block.startswith(("$ make demo\n", "$ make test\n")):
                continue  # the front page's two commands; this suite runs inside one of them
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
