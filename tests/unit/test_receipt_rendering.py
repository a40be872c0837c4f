"""A receipt for people: both languages, honest about what was checked, readable by eye, ear and camera."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise

import pytest
from PIL import Image

from dongui.biometrics.attack_detection.parallax import METHOD
from dongui.consent.fields import LANGUAGES, Localised
from dongui.consent.profile import load_profile
from dongui.documents.authenticated import HolderBinding
from dongui.errors import Misuse, failures
from dongui.log.proofs import InclusionProof
from dongui.profiles import shipped_profiles
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import LogEvidence
from dongui.receipts.description import describe_operating_point, describe_receipt, words
from dongui.receipts.qr import make_code
from dongui.receipts.rendering import render_html, render_text
from dongui.receipts.statement import Capture, Channel, Kept, Outcome, SetOperatingPoint, Statement
from simulators.phone_camera import read_codes
from simulators.receipts import NOON, OTHER_WAY, Operator, Person, refused, undetermined, verified

SOMEBODY = Person.named("somebody")
OPERATOR = Operator()
VOID = {"meta", "link", "br", "img", "input", "path"}


def statement_of() -> Statement:
    return OPERATOR.issue(verified(SOMEBODY)).statement


def text_of(statement: Statement, language: str, evidence: LogEvidence | None = None) -> str:
    return render_text(describe_receipt(statement, language=language, evidence=evidence))


def page_of(statement: Statement, language: str = "ko") -> str:
    code = make_code(OPERATOR.bundle(OPERATOR.issue(verified(SOMEBODY))))
    return render_html(statement, language=language, evidence=None, code=code)


class Outline(HTMLParser):
    """Tags in order with their attributes and direct text; refuses tags that do not nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_every_text_exists_in_both_languages() -> None:
    """No word of a receipt is missing in Korean or in English."""
    for name, text in words().items():
        assert text.missing() == [], name
        assert re.search("[가-힣]", text.ko), name
        assert not re.search("[가-힣]", text.en), name


def test_every_value_has_its_words() -> None:
    """Each outcome, evidence, binding, channel and kept code can be told."""
    names = set(words())
    assert {f"outcome.{outcome.name.lower()}" for outcome in Outcome} <= names
    assert {f"evidence.{evidence.value}" for evidence in LogEvidence} | {"evidence.unchecked"} <= names
    assert {f"holder.{binding.value}" for binding in HolderBinding} <= names
    assert {f"channel.{channel.name.lower()}" for channel in Channel} <= names
    assert len(Kept) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt_tells_everything_it_says(language: str) -> None:
    """Controller, purpose, document, model, operating point, what is not assessed, and what was kept."""
    text = text_of(statement_of(), language)
    for expected in (
        "gate.example",
        "airport-gate",
        "org.iso.18013.5.1.mDL",
        "dlib-resnet-v1",
        "london-2026-11",
        "nose-parallax",
        words()["value.not-assessed"][language],
        words()["value.kept-consent-and-log"][language],
        words()["value.no-credential"][language],
        words()["channel.untrusted"][language],
    ):
        assert expected in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unchecked_receipt_says_so_first(language: str) -> None:
    """Whoever shows a receipt without keys reads, before anything else, that nobody checked it."""
    lines = text_of(statement_of(), language).splitlines()
    assert lines[2] == words()["evidence.unchecked"][language]
    checked = text_of(statement_of(), language, LogEvidence.LOG_ALONE)
    assert words()["evidence.unchecked"][language] not in checked


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_other_way_comes_before_the_reason(language: str) -> None:
    """Undetermined names the other way at once, says it is nobody's fault, and only then why."""
    statement = OPERATOR.issue(undetermined(SOMEBODY, "clock.implausible")).statement
    text = text_of(statement, language)
    failure = failures()["clock.implausible"]
    reason = failure.meaning_ko if language == "ko" else failure.meaning
    assert text.index(words()["outcome.undetermined-text"][language]) < text.index(OTHER_WAY[language])
    assert text.index(OTHER_WAY[language]) < text.index(reason)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_is_told_in_the_words_of_the_table(language: str) -> None:
    """A refusal shows the failure's meaning, its name and what to do now; no second wording exists."""
    failure = failures()["capture.already-used"]
    text = text_of(OPERATOR.issue(refused(SOMEBODY, failure.name)).statement, language)
    assert failure.name in text
    assert (failure.meaning_ko if language == "ko" else failure.meaning) in text
    assert (failure.next_step_ko if language == "ko" else failure.next_step) in text


def test_a_reason_of_a_later_version_is_still_shown() -> None:
    """A receipt outlives the version that reads it: an unknown reason is shown by its name."""
    later = replace(OPERATOR.issue(refused(SOMEBODY, "session.consumed")).statement, reason="later.reason")
    assert "later.reason" in text_of(later, "en")


def test_what_was_not_reached_is_called_so() -> None:
    """A verification that ended early does not leave empty places that could be read as passed."""
    early = replace(refused(SOMEBODY, "session.consumed"), document=None, comparison=None, capture=None)
    text = text_of(OPERATOR.issue(early).statement, "en")
    assert text.count(words()["value.not-reached"].en) == 2
    assert text.count(words()["value.not-compared"].en) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("assessed", [False, True])
def test_every_receipt_names_its_operating_point(language: str, assessed: bool) -> None:
    """Which was set and whether it was assessed, as text and page; where nothing was compared, that too."""
    point = SetOperatingPoint("my-point", assessed=assessed)
    said = words()["value.assessed" if assessed else "value.not-assessed"][language]
    unused = words()["value.set-but-not-used"][language]
    compared = replace(statement_of(), operating_point=point)
    early = replace(refused(SOMEBODY, "session.consumed"), operating_point=point, comparison=None)
    ended = OPERATOR.issue(early).statement
    label = words()["label.operating-point"][language]
    assert f"{label}: my-point: {said}\n" in text_of(compared, language)
    assert f"{label}: my-point: {said}. {unused}\n" in text_of(ended, language)
    assert f"<dt>{label}</dt><dd>my-point: {said}. {unused}</dd>" in page_of(ended)
    assert f"<dd>my-point: {said}</dd>" in page_of(compared)
    assert describe_operating_point(ended, language=language) == f"my-point: {said}. {unused}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_older_receipt_is_not_made_to_say_more(language: str) -> None:
    """Of a receipt of form 1 that ended early nobody knows what was set: that is told."""
    early = OPERATOR.issue(replace(refused(SOMEBODY, "session.consumed"), comparison=None)).statement
    older = replace(early, format=1, operating_point=None)
    text = text_of(older, language)
    assert words()["value.no-operating-point"][language] in text
    assert words()["value.not-assessed"][language] not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", shipped_profiles())
def test_a_purpose_that_ships_is_told_by_its_name(purpose: str, language: str) -> None:
    """The name is the profile's own, its identifier stands beside it."""
    name = load_profile(shipped_profiles()[purpose]).name[language]
    assert f": {name} ({purpose})\n" in text_of(replace(statement_of(), purpose=purpose), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_attack_detection_is_told_in_words(language: str) -> None:
    """The one method there is has words, beside its identifier."""
    assert f"{words()[f'attack-detection.{METHOD}'][language]} ({METHOD})" in text_of(
        statement_of(), language
    )


def test_what_does_not_ship_is_told_by_its_identifier() -> None:
    """A controller's own purpose and a later version's method are shown as they stand in the receipt."""
    own = replace(statement_of(), purpose="my-own", capture=Capture(Channel.TRUSTED, "later-method"))
    text = text_of(own, "ko")
    assert ": my-own\n" in text
    assert ": later-method\n" in text


def test_judging_at_another_time_is_told() -> None:
    """``--at`` shows in the receipt, with the time."""
    findings = replace(verified(SOMEBODY), judged_at=NOON.replace(year=2020))
    assert "2020-11-22 12:00" in text_of(OPERATOR.issue(findings).statement, "en")
    assert words()["label.judged"].en not in text_of(statement_of(), "en")


def test_times_carry_their_zone() -> None:
    """The same minute reads as UTC in English and as Korean time in Korean."""
    assert "2026-11-22 12:00 (UTC)" in text_of(statement_of(), "en")
    assert "2026-11-22 21:00 (한국 시각)" in text_of(statement_of(), "ko")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_accessible(language: str) -> None:
    """One title, headings without gaps, both languages marked as such, landmarks named, the code described,
    zoom not prevented.
    """
    outline = Outline(page_of(statement_of(), language))
    assert outline.all("html") == [{"lang": language}]
    assert outline.all("article")[0]["lang"] == language
    assert {article["lang"] for article in outline.all("article")} == set(LANGUAGES)
    levels = [int(tag[1]) for tag, _ in outline.found if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 2
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in outline.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = {
        attributes["aria-labelledby"] for _, attributes in outline.found if "aria-labelledby" in attributes
    }
    assert labels <= set(ids)
    (drawing,) = outline.all("svg")
    assert drawing["role"] == "img"
    assert drawing["aria-label"] == words()["code.alternative"][language]
    viewport = [meta["content"] for meta in outline.all("meta") if meta.get("name") == "viewport"]
    assert viewport == ["width=device-width, initial-scale=1"]


def test_the_page_needs_nothing_but_itself() -> None:
    """No script, no frame, no form; nothing is loaded; links stay on the page."""
    page = page_of(statement_of())
    outline = Outline(page)
    tags = {tag for tag, _ in outline.found}
    assert tags.isdisjoint({"script", "iframe", "form", "object", "embed", "link", "img"})
    for _, attributes in outline.found:
        assert not any(name.startswith("on") for name in attributes)
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in page
    assert "@import" not in page


def test_a_hostile_name_stays_text() -> None:
    """What a receipt says about itself cannot become part of the page."""
    hostile = '<script>alert("x")</script><img src=x onerror=y>'
    statement = statement_of()
    controller = replace(statement.controller, name=Localised(hostile, "'\"><b>{{ 7*7 }}</b>"))
    page = page_of(replace(statement, controller=controller, purpose="</title><b>"))
    tags = {tag for tag, _ in Outline(page).found}
    assert tags.isdisjoint({"script", "img", "b"})
    assert "{{ 7*7 }}" in page


def test_a_camera_reads_the_receipt_back() -> None:
    """The picture of the code, read by an independent reader, gives the very receipt."""
    bundle = OPERATOR.bundle(OPERATOR.issue(undetermined(SOMEBODY, "clock.implausible")))
    code = make_code(bundle)
    (found,) = read_codes(Image.open(BytesIO(code.png())))
    assert ReceiptBundle.from_text(found) == bundle


def big_log(index: int, size: int, hashes: int) -> ReceiptBundle:
    """A bundle as a log of ``size`` entries would make it; its proof is of the right length, not true."""
    bundle = OPERATOR.bundle(OPERATOR.issue(verified(SOMEBODY)))
    return replace(bundle, proof=InclusionProof(index, size, tuple(bytes(32) for _ in range(hashes))))


@pytest.mark.parametrize(("size", "hashes"), [(10**6, 11), (10**6, 20), (10**9, 30)])
def test_a_receipt_of_a_great_log_still_fits_one_code(size: int, hashes: int) -> None:
    """A million entries, a thousand million entries: one symbol, and the reader gets every byte."""
    bundle = big_log(size - 1, size, hashes)
    (found,) = read_codes(Image.open(BytesIO(make_code(bundle).png())))
    assert ReceiptBundle.from_text(found) == bundle


def test_a_fresh_receipt_in_a_log_of_a_million_is_a_code_a_phone_reads() -> None:
    """At most version 25 at level M for a proof of the usual length at the log's end, 11 hashes."""
    code = make_code(big_log(10**6 - 1, 10**6, 11))
    assert code.level == "M"
    assert code.version <= 25


def test_what_fits_no_code_is_misuse() -> None:
    """A receipt too long for any symbol is handed over as a file, and the failure says so."""
    bundle = replace(big_log(0, 2**62, 63), receipt=bytes(2000))
    with pytest.raises(Misuse, match=r"receipt\.no-code"):
        make_code(bundle)


def test_a_terminal_shows_the_code() -> None:
    """Every line has the same width, so that the modules line up."""
    lines = make_code(OPERATOR.bundle(OPERATOR.issue(verified(SOMEBODY)))).terminal().splitlines()
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    assert len({len(line) for line in plain if line}) == 1


def test_a_vector_file_carries_its_title() -> None:
    """The drawing as a file of its own is named for who cannot see it."""
    drawn = make_code(OPERATOR.bundle(OPERATOR.issue(verified(SOMEBODY)))).svg_file(title="A receipt")
    assert "<title>A receipt</title>" in drawn
