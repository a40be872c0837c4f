"""The four shipped profiles, and what happens to a folder that is not one."""

from __future__ import annotations

import re
import shutil
from importlib import resources
from pathlib import Path

import pytest

from dongui.consent.fields import Localised
from dongui.consent.notice import SECTIONS
from dongui.consent.profile import MOST_BYTES, load_profile, load_profiles
from dongui.consent.purpose import ArtefactClass, Party
from dongui.consent.registration import faults, register
from dongui.errors import Misuse
from dongui.profiles import shipped_profiles
from simulators.consent_office import declared

NAMES = ["airport-gate", "building-access", "phone-activation", "staff-entrance"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a shipped profile, to spoil."""
    with resources.as_file(shipped_profiles()["airport-gate"]) as original:
        shutil.copytree(original, tmp_path / "airport-gate")
    return tmp_path / "airport-gate"


def test_the_four_profiles_come_with_the_package() -> None:
    """Whoever installs Dongui has them, registered as they are."""
    assert list(shipped_profiles()) == NAMES
    assert list(load_profiles(shipped_profiles().values())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_has_no_fault(name: str) -> None:
    """One use, every artefact class of a verification, nobody receives anything, no face is kept."""
    purpose = declared(name)
    assert faults(purpose) == []
    registered = register(purpose)
    assert purpose.id == name
    assert purpose.uses == ("verify-document-holder",)
    assert purpose.artefact_classes == frozenset(ArtefactClass)
    assert registered.recipients == ()
    assert not registered.retention.face


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_notice_says_what_the_declaration_says(name: str, language: str) -> None:
    """Who, how to reach them, how long and for how many days: the notice and the declaration agree."""
    purpose = register(declared(name))
    notice = purpose.notice(language)
    assert notice.sections == SECTIONS
    for said in (
        purpose.controller.name[language],
        purpose.controller.address[language],
        purpose.controller.contact,
        str(purpose.consent_validity.days),
        str(purpose.retention.consent_record.days),
        str(int(purpose.other_way.longest_extra_time.total_seconds() // 60))
        if language == "ko"
        else "minutes",
    ):
        assert said in notice.text
    assert bool(re.search("[가-힣]", notice.text)) == (language == "ko")


def test_an_operator_puts_itself_in_the_controllers_place() -> None:
    """The controller given stands in the declaration and in both notices; the example is gone."""
    mine = Party(
        "port", Localised(ko="우리공항", en="Our Port"), Localised(ko="인천", en="Incheon"), "a@port.example"
    )
    purpose = register(load_profile(shipped_profiles()["airport-gate"], controller=mine))
    assert purpose.controller is mine
    assert "우리공항" in purpose.notice("ko").text
    assert "Our Port" in purpose.notice("en").text
    assert "한빛" not in purpose.notice("ko").text


SPOILT = [
    ("not TOML", "purpose.toml", lambda text: text + "\n[", "purpose.malformed"),
    ("unknown field", "purpose.toml", lambda text: "extra = 1\n" + text, "purpose.malformed"),
    ("nested unknown field", "purpose.toml", lambda text: text + "\nfee = 1\n", "purpose.malformed"),
    (
        "later form",
        "purpose.toml",
        lambda text: text.replace("format = 1", "format = 2"),
        "purpose.malformed",
    ),
    (
        "version nil",
        "purpose.toml",
        lambda text: text.replace("version = 2", "version = 0"),
        "purpose.malformed",
    ),
    (
        "a truth that is a number",
        "purpose.toml",
        lambda text: text.replace("condition_of_service = false", "condition_of_service = 0"),
        "purpose.malformed",
    ),
    (
        "unknown artefact class",
        "purpose.toml",
        lambda text: text.replace('artefact_class = "features"', 'artefact_class = "gene"'),
        "purpose.malformed",
    ),
    (
        "an id that leaves its folder",
        "purpose.toml",
        lambda text: text.replace('id = "airport-gate"', 'id = "../gate"', 1),
        "purpose.malformed",
    ),
    (
        "a hundred thousand brackets",
        "purpose.toml",
        lambda text: "x = " + "[" * 100_000 + "\n" + text,
        "purpose.malformed",
    ),
    (
        "an integer of ten thousand digits",
        "purpose.toml",
        lambda text: "x = " + "9" * 10_000 + "\n" + text,
        "purpose.malformed",
    ),
    ("no id", "purpose.toml", lambda text: text.replace('id = "airport-gate"\n', "", 1), "purpose.malformed"),
    ("too large", "purpose.toml", lambda text: text + "#" * MOST_BYTES, "file.too-large"),
    ("notice too large", "notice.ko.md", lambda text: text + "#" * MOST_BYTES, "file.too-large"),
    (
        "consent is a condition",
        "purpose.toml",
        lambda text: text.replace("condition_of_service = false", "condition_of_service = true"),
        "purpose.bundled-consent",
    ),
    (
        "recipients not said",
        "purpose.toml",
        lambda text: text.replace("recipients = []", ""),
        "purpose.recipients-not-named",
    ),
    (
        "faces kept",
        "purpose.toml",
        lambda text: text.replace("face_seconds = 0", "face_seconds = 60"),
        "purpose.keeps-face",
    ),
    (
        "two purposes",
        "purpose.toml",
        lambda text: text.replace('covers = ["airport-gate"]', 'covers = ["airport-gate", "shop"]'),
        "purpose.bundled-consent",
    ),
    (
        "watch list",
        "purpose.toml",
        lambda text: text.replace('uses = ["verify-document-holder"]', 'uses = ["watch-list"]'),
        "purpose.forbidden-use",
    ),
    (
        "a place nobody fills in",
        "notice.en.md",
        lambda text: text.replace("{{controller.name}}", "{{operator}}"),
        "purpose.notice-incomplete",
    ),
    (
        "a section left out",
        "notice.ko.md",
        lambda text: text.replace("{#other-way}", ""),
        "purpose.notice-incomplete",
    ),
]


@pytest.mark.parametrize(
    ("file", "spoil", "name"), [case[1:] for case in SPOILT], ids=[case[0] for case in SPOILT]
)
def test_a_spoilt_folder_is_refused_by_name(folder: Path, file: str, spoil: object, name: str) -> None:
    """One change in one file of a good profile, one name."""
    assert callable(spoil)
    before = (folder / file).read_text(encoding="utf-8")
    after = spoil(before)
    assert after != before
    (folder / file).write_text(after, encoding="utf-8")
    with pytest.raises(Misuse) as caught:
        register(load_profile(folder))
    assert caught.value.name == name


@pytest.mark.parametrize("table", ["retention", "other_way", "controller"])
def test_a_missing_table_has_its_own_name(folder: Path, table: str) -> None:
    """What is left out whole is named for what is missing, not as a mistake of form."""
    text = (folder / "purpose.toml").read_text(encoding="utf-8")
    parts = re.split(r"(?m)^(?=\[)", text)
    kept = [part for part in parts if not re.match(rf"\[{table}[\].]", part)]
    assert len(kept) < len(parts)
    (folder / "purpose.toml").write_text("".join(kept), encoding="utf-8")
    # Without a controller the notices have places nobody fills in, so that comes first and is not alone.
    names = {fault.name for fault in faults(load_profile(folder))}
    expected = {
        "retention": "purpose.no-retention",
        "other_way": "purpose.no-other-way",
        "controller": "purpose.no-controller-contact",
    }
    assert expected[table] in names


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_missing_notice_has_its_own_name(folder: Path, language: str) -> None:
    """A purpose explained to half of its people is explained to none."""
    (folder / f"notice.{language}.md").unlink()
    assert [fault.name for fault in faults(load_profile(folder))] == ["purpose.no-notice"]


def test_what_is_no_profile_has_a_name(folder: Path, tmp_path: Path) -> None:
    """An empty folder, a file, a directory in a file's place, bytes that are no text."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "empty", tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(Misuse) as caught:
            load_profile(path)
        assert caught.value.name == "file.not-found"
    (folder / "notice.ko.md").write_bytes("동의".encode("euc-kr"))
    with pytest.raises(Misuse) as caught:
        load_profile(folder)
    assert caught.value.name == "purpose.malformed"
    (folder / "notice.ko.md").unlink()
    (folder / "notice.ko.md").mkdir()
    with pytest.raises(Misuse) as caught:
        load_profile(folder)
    assert caught.value.name == "file.is-directory"


def test_two_folders_with_one_id_are_refused(folder: Path) -> None:
    """Which of two declarations a consent was given to must not depend on the order of a directory."""
    with pytest.raises(Misuse) as caught:
        load_profiles([folder, folder])
    assert caught.value.name == "purpose.malformed"
