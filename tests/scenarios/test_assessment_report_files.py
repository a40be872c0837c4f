"""The files of a report: alone on any machine, the same again, readable by eye, ear and program."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from contextlib import redirect_stderr, redirect_stdout
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest

from dongui.assessment.attack_json import read_attacks, write_attacks
from dongui.assessment.report.files import RESULT, comparison_files, file_names, report_files
from dongui.assessment.report.words import LANGUAGES
from dongui.assessment.result_json import write_result
from dongui.cli.main import run
from simulators.assessment_reports import TRIED, plain_result, result_of


def dongui(*arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        run([*arguments])
    return int(str(ended.value.code)), out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return report_files(plain_result(), attacks=TRIED)


class Elements(HTMLParser):
    """Every element with its attributes, and which were left open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(files: dict[str, bytes], language: str) -> str:
    return files[f"report.{language}.html"].decode()


def test_a_report_is_five_files_and_the_same_again(files: dict[str, bytes]) -> None:
    """The same result gives the same bytes, documents and drawings included."""
    assert tuple(files) == file_names() == (RESULT, *sorted(file_names()[1:]))
    assert report_files(plain_result(), attacks=TRIED) == files
    assert files[RESULT].decode() == write_result(plain_result())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_asks_nobody_for_anything(files: dict[str, bytes], language: str) -> None:
    """No script, no link out, nothing fetched; a policy that forbids it; well-formed; in its language."""
    text = page(files, language)
    elements = Elements(text)
    assert not elements.open
    assert elements.found[0] == ("html", {"lang": language})
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "img", "image", "foreignobject"}
    for tag, attributes in elements.found:
        for name, value in attributes.items():
            assert not name.startswith("on"), tag
            assert name not in {"src", "srcset", "action"}, tag
            if name in {"href", "xlink:href"}:
                assert (value or "").startswith("#"), value
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    policy = next(a["content"] for t, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")
    assert (policy or "").startswith("default-src 'none'")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_can_be_heard_and_walked_with_the_keyboard(files: dict[str, bytes], language: str) -> None:
    """Headings step by one; each plot is told in words, its table follows; rows and columns are named."""
    elements = Elements(page(files, language)).found
    levels = [int(tag[1]) for tag, _ in elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    plots = [a for _, a in elements if a.get("role") == "img"]
    assert len(plots) >= 6
    assert all(len(a["aria-label"] or "") > 40 for a in plots)
    tags = [tag for tag, _ in elements]
    assert tags.count("table") == tags.count("caption")
    last_plot = max(place for place, (_, a) in enumerate(elements) if a.get("role") == "img")
    assert "table" in tags[last_plot:]
    assert all(a.get("scope") in {"col", "row"} for tag, a in elements if tag == "th")
    ids = [a["id"] for _, a in elements if "id" in a]
    assert len(ids) == len(set(ids))
    wanted = {(a.get("href") or a.get("xlink:href") or "#")[1:] for _, a in elements} - {""}
    assert wanted <= set(ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_suits_dark_screens_print_and_large_letters(files: dict[str, bytes], language: str) -> None:
    """Colours are names with a dark value each; letters have no size of their own but relative ones."""
    text = page(files, language)
    assert "@media (prefers-color-scheme: dark)" in text
    assert "@media print" in text
    drawings = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert not re.findall(r"#[0-9a-f]{6}\b(?![^<]*\bid=)", re.sub(r'"#[^"]*"|url\(#[^)]*\)', "", drawings))
    assert not re.search(r"font-size: [\d.]+p[xt]", text.split("</style>")[0])


COLOURS = re.compile(r"--(\w+): (#[0-9a-f]{3,6})")


@pytest.mark.parametrize(("place", "needed"), [(0, "light"), (1, "dark")])
def test_colours_stand_out_from_their_ground(files: dict[str, bytes], place: int, needed: str) -> None:
    """Letters keep 4.5:1 and marks 3:1 against the page (WCAG 2.2, 1.4.3 and 1.4.11), light and dark."""
    blocks = re.findall(r":root \{(.*?)\}", page(files, "en"), re.DOTALL)
    colours = dict(COLOURS.findall(blocks[place]))
    for ground in ("ground", "raised"):
        for name in ("ink", "muted", "accent", "warm", "green", "purple", "brown"):
            least = 3.0 if ground == "raised" and name in {"purple", "brown"} else 4.5
            assert contrast(colours[name], colours[ground]) >= least, (needed, name, ground)


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("language", "locale"), [("en", b"en-GB"), ("ko", b"ko-KR")])
def test_a_document_names_itself_and_carries_its_fonts(
    files: dict[str, bytes], language: str, locale: bytes
) -> None:
    """Title, language, bookmarks and alternatives to plots; every font embedded; no action, no attachment."""
    data = files[f"report.{language}.pdf"]
    assert data.startswith(b"%PDF-1.")
    assert b"/Lang (" + locale + b")" in data
    assert b"/Title" in data
    assert b"/Outlines" in data
    assert data.count(b"/Alt ") >= 6
    assert data.count(b"/FontFile3") == data.count(b"/FontDescriptor\n") or b"/FontFile3" in data
    for forbidden in (b"/JavaScript", b"/JS ", b"/Launch", b"/EmbeddedFile", b"/URI"):
        assert forbidden not in data


def test_attacks_come_back_as_they_were_written() -> None:
    """What is read is what was written, and nothing else is taken for it."""
    assert read_attacks(write_attacks(TRIED)) == TRIED


@pytest.mark.parametrize("change", [{"extra": 1}, {"format": 2}, {"confidence": "0.95"}, {"species": [{}]}])
def test_other_attacks_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    """An unknown field, another format or kind: nothing is shown that nobody looked at."""
    altered = json.loads(write_attacks(TRIED)) | change
    (tmp_path / "attacks.json").write_text(json.dumps(altered))
    (tmp_path / "report.json").write_text(write_result(plain_result()))
    told = ("--attacks", str(tmp_path / "attacks.json"), "--out", str(tmp_path / "out"))
    code, _, err = dongui("assess", "report", str(tmp_path / "report.json"), *told)
    assert code == 2
    assert "assessment.result-malformed" in err
    assert not (tmp_path / "out").exists()


def test_a_report_is_written_again_from_its_figures(tmp_path: Path, files: dict[str, bytes]) -> None:
    """`assess report` makes of report.json the very files `assess` made; nothing is written over."""
    (tmp_path / "report.json").write_bytes(files[RESULT])
    (tmp_path / "attacks.json").write_text(write_attacks(TRIED))
    given = ("assess", "report", str(tmp_path / "report.json"), "--attacks", str(tmp_path / "attacks.json"))
    code, out, err = dongui(*given, "--out", str(tmp_path / "out"), "--json")
    assert code == 0, err
    assert json.loads(out)["result"]["files"] == list(files)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == files
    code, _, err = dongui(*given, "--out", str(tmp_path / "out"))
    assert code == 2
    assert "file.exists" in err


def test_two_reports_are_told_apart_only_where_intervals_say_so() -> None:
    """*Differs* stands exactly where the two intervals to answer for have no value in common."""
    texts = [
        write_result(result) for result in (plain_result(), result_of(spread={"day": 0.02}, sizes=(30, 30)))
    ]
    made = comparison_files((texts[0], texts[1]))
    assert tuple(made) == file_names("comparison")
    figures = json.loads(made["comparison.json"])
    assert [one["sha256"] for one in figures["reports"]] == [
        hashlib.sha256(text.encode()).hexdigest() for text in texts
    ]
    differ = 0
    for one in figures["figures"]:
        (low, high), (other_low, other_high) = one["governing"]
        assert one["differs"] is (low > other_high or other_low > high)
        assert one["interval"] == pytest.approx([low - other_high, high - other_low])
        assert one["interval"][0] <= one["difference"] <= one["interval"][1]
        differ += one["differs"]
    assert 0 < differ < len(figures["figures"])
    assert (
        f"A and B differ in {differ} of {len(figures['figures'])} figures"
        in made["comparison.en.html"].decode()
    )


def test_a_report_does_not_differ_from_itself(tmp_path: Path) -> None:
    """The same report twice: nothing is told apart, and that is not called equality."""
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(write_result(plain_result()))
    code, _, err = dongui(
        "assess",
        "compare",
        str(tmp_path / "a.json"),
        str(tmp_path / "b.json"),
        "--out",
        str(tmp_path / "out"),
    )
    assert code == 0, err
    assert not any(
        one["differs"] for one in json.loads((tmp_path / "out/comparison.json").read_text())["figures"]
    )
    assert "does not show that they are equal" in (tmp_path / "out/comparison.en.html").read_text()
