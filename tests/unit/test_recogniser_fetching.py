"""Fetching a model: these bytes, whole, going on where it stopped; or a name, and nothing believed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dongui.biometrics.cards import card
from dongui.biometrics.recognisers.published import PUBLISHED
from dongui.errors import Misuse, Trouble
from dongui.readers import model_fetching
from dongui.readers.model_fetching import MAX_REDIRECTIONS, fetch_file, keep_file
from simulators.model_server import Publisher, publishing

CONTENT = os.urandom(700_000)


@dataclass
class Pinned:
    uri: str
    file_bytes: int = len(CONTENT)
    sha256: str = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    folder = tmp_path / "server"
    folder.mkdir()
    with publishing(folder) as running:
        running.content = CONTENT
        yield running


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "models" / "recognisers" / "model.onnx"


def part_of(into: Path) -> Path:
    return into.with_name(f".{into.name}.part")


def fetch(publisher: Publisher, into: Path, *, seconds: float = 60.0, uri: str | None = None) -> list[int]:
    told: list[int] = []
    fetch_file(Pinned(uri or publisher.uri), into, tls=publisher.tls, progress=told.append, seconds=seconds)
    return told


def refused(publisher: Publisher, into: Path, *, seconds: float = 60.0, uri: str | None = None) -> str:
    with pytest.raises(Trouble) as trouble:
        fetch(publisher, into, seconds=seconds, uri=uri)
    assert not into.exists()
    return trouble.value.name


def test_a_file_is_fetched_whole(publisher: Publisher, into: Path) -> None:
    """The bytes are there, nothing else is, and every step was told."""
    told = fetch(publisher, into)
    assert into.read_bytes() == CONTENT
    assert (told[-1], told) == (len(CONTENT), sorted(told))
    assert [path.name for path in into.parent.iterdir()] == [into.name]


def test_a_broken_connection_is_taken_up_again(publisher: Publisher, into: Path) -> None:
    """Only what is missing is asked for."""
    publisher.breaks_after = [300_000, 200_000, None]
    fetch(publisher, into)
    assert into.read_bytes() == CONTENT
    assert publisher.seen == [None, "bytes=300000-", "bytes=500000-"]


def test_an_interrupted_fetch_goes_on_at_the_next_command(publisher: Publisher, into: Path) -> None:
    """What arrived stays in the part, under another name; the next fetch begins behind it."""
    publisher.breaks_after = [100_000, 0]
    assert refused(publisher, into) == "recogniser.fetch-failed"
    assert part_of(into).read_bytes() == CONTENT[:100_000]
    publisher.breaks_after, publisher.seen = [None], []
    fetch(publisher, into)
    assert into.read_bytes() == CONTENT
    assert publisher.seen == ["bytes=100000-"]
    assert not part_of(into).exists()


def test_a_server_without_ranges_begins_anew(publisher: Publisher, into: Path) -> None:
    """It answers 200 to a range: the bytes are the whole file, not the rest of it."""
    into.parent.mkdir(parents=True)
    part_of(into).write_bytes(CONTENT[:250_000])
    publisher.ranges = False
    fetch(publisher, into)
    assert into.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "said", ["bytes 0-699999/700000", "bytes 7-699999/700000", "bytes */700000", "", "pages 1-2/3"]
)
def test_another_range_than_asked_for_is_not_joined(said: str, publisher: Publisher, into: Path) -> None:
    """Bytes from elsewhere are not appended: the part is forgotten, and asked for whole."""
    into.parent.mkdir(parents=True)
    part_of(into).write_bytes(CONTENT[:250_000])
    publisher.ranges = said
    fetch(publisher, into)
    assert into.read_bytes() == CONTENT
    assert publisher.seen == ["bytes=250000-", None]


def test_a_part_of_another_file_is_found_out_and_forgotten(publisher: Publisher, into: Path) -> None:
    """Somebody wrote into the part: the whole has another digest, nothing is kept, the next time is clean."""
    into.parent.mkdir(parents=True)
    part_of(into).write_bytes(b"x" * 250_000)
    assert refused(publisher, into) == "recogniser.fetched-other-bytes"
    assert not part_of(into).exists()
    fetch(publisher, into)
    assert into.read_bytes() == CONTENT


@pytest.mark.parametrize("held", [len(CONTENT), len(CONTENT) + 5])
def test_a_full_part_of_other_bytes_is_fetched_again(held: int, publisher: Publisher, into: Path) -> None:
    """As long as the file, or longer, but not the file."""
    into.parent.mkdir(parents=True)
    part_of(into).write_bytes(b"x" * held)
    fetch(publisher, into)
    assert into.read_bytes() == CONTENT


def test_a_whole_part_needs_no_network(into: Path) -> None:
    """Cut off between the last byte and the renaming: nothing has to be fetched."""
    into.parent.mkdir(parents=True)
    part_of(into).write_bytes(CONTENT)
    tls = ssl.create_default_context()
    fetch_file(Pinned("https://nowhere.invalid/x"), into, tls=tls, progress=lambda _held: None)
    assert into.read_bytes() == CONTENT


def test_another_file_at_the_address_is_not_kept(publisher: Publisher, into: Path) -> None:
    """The attack: exchange the file where it is published, to the same length."""
    publisher.content = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    assert refused(publisher, into) == "recogniser.fetched-other-bytes"
    assert not part_of(into).exists()


@pytest.mark.parametrize("length", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_file_of_another_length_is_refused_before_it_is_read(
    length: int, publisher: Publisher, into: Path
) -> None:
    """Its header says so: not one byte is kept."""
    publisher.content = (CONTENT + b"x")[:length]
    assert refused(publisher, into) == "recogniser.fetched-other-bytes"


def test_an_answer_without_end_is_cut_off(publisher: Publisher, into: Path) -> None:
    """The attack: fill the disk. The header lies; one byte too many ends it."""
    publisher.content = CONTENT + bytes(10_000_000)
    publisher.lies_about_length = str(len(CONTENT))
    publisher.headers = {"Connection": "close"}
    # The client stops at the length it was told; what it has is then the file, or it is not.
    fetch(publisher, into)
    assert into.stat().st_size == len(CONTENT)


def test_an_answer_that_states_no_length_is_bounded_too(publisher: Publisher, into: Path) -> None:
    """Chunk by chunk beyond the size: refused, and nothing kept."""
    into.parent.mkdir(parents=True)
    part_of(into).write_bytes(CONTENT[:1000])
    publisher.content = CONTENT + bytes(5_000_000)
    publisher.ranges = f"bytes 1000-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert refused(publisher, into) == "recogniser.fetched-other-bytes"
    assert not part_of(into).exists()


def test_redirections_are_followed_within_a_limit(publisher: Publisher, into: Path) -> None:
    """A publisher keeps large files elsewhere; a circle ends."""
    publisher.redirects = MAX_REDIRECTIONS + 1
    assert refused(publisher, into) == "recogniser.fetch-failed"
    publisher.redirects = MAX_REDIRECTIONS
    fetch(publisher, into)
    assert into.read_bytes() == CONTENT


@pytest.mark.parametrize("elsewhere", ["http://localhost/model.onnx", "file:///etc/passwd", "https://", ""])
def test_nobody_is_sent_away_from_https(elsewhere: str, publisher: Publisher, into: Path) -> None:
    """The attack: downgrade, or point at the operator's own files."""
    publisher.redirects = elsewhere
    assert refused(publisher, into) == "recogniser.fetch-failed"


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_answer_that_is_no_file_is_trouble(status: int, publisher: Publisher, into: Path) -> None:
    """Whatever the server's reason."""
    publisher.status = status
    assert refused(publisher, into) == "recogniser.fetch-failed"


def test_a_compressed_answer_is_not_unpacked(publisher: Publisher, into: Path) -> None:
    """Nobody asked for it; a bomb would be a thousand times as large unpacked."""
    publisher.headers = {"Content-Encoding": "gzip"}
    assert refused(publisher, into) == "recogniser.fetch-failed"


def test_a_server_nobody_vouches_for_is_not_believed(publisher: Publisher, into: Path) -> None:
    """The certificate has to hold, although the digest would find out."""
    tls = ssl.create_default_context()
    with pytest.raises(Trouble) as trouble:
        fetch_file(Pinned(publisher.uri), into, tls=tls, progress=lambda _held: None)
    assert trouble.value.name == "recogniser.fetch-failed"
    assert publisher.seen == []


def test_it_ends_in_time(publisher: Publisher, into: Path) -> None:
    """No time is left: what is there is kept, and named."""
    assert refused(publisher, into, seconds=0.0) == "recogniser.fetch-failed"


def test_a_server_that_falls_silent_is_left(
    publisher: Publisher, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each read has its own limit; what came before the silence is kept."""
    monkeypatch.setattr(model_fetching, "SOCKET_SECONDS", 0.15)
    publisher.breaks_after, publisher.silent_seconds = [1000], 1.0
    assert refused(publisher, into) == "recogniser.fetch-failed"
    assert part_of(into).stat().st_size == 4000


def test_two_fetches_do_not_mix(publisher: Publisher, into: Path) -> None:
    """The second says that the first is running."""
    into.parent.mkdir(parents=True)
    with part_of(into).open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Misuse) as refusal:
            fetch(publisher, into)
    assert refusal.value.name == "file.not-writable"


def test_a_link_in_the_folder_is_not_followed(publisher: Publisher, into: Path, tmp_path: Path) -> None:
    """The attack: let the fetch overwrite a file of its user."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    into.parent.mkdir(parents=True)
    part_of(into).symlink_to(victim)
    with pytest.raises(Misuse) as refusal:
        fetch(publisher, into)
    assert (refusal.value.name, victim.read_text()) == ("file.not-writable", "mine")


def test_a_file_that_was_carried_is_checked_alike(tmp_path: Path, into: Path) -> None:
    """Offline: the same bytes or none; the file given stays where it is."""
    source = tmp_path / "carried.onnx"
    source.write_bytes(CONTENT)
    keep_file(source, Pinned("https://x.invalid/"), into, progress=lambda _held: None)
    assert (into.read_bytes(), source.read_bytes()) == (CONTENT, CONTENT)
    into.unlink()
    for wrong in (CONTENT[:-1], CONTENT + b"x", b"x" * len(CONTENT), b""):
        source.write_bytes(wrong)
        with pytest.raises(Trouble) as trouble:
            keep_file(source, Pinned("https://x.invalid/"), into, progress=lambda _held: None)
        assert trouble.value.name == "recogniser.fetched-other-bytes"
        assert not into.exists()
        assert not part_of(into).exists()


def test_what_is_no_file_is_named(tmp_path: Path, into: Path) -> None:
    """A folder, or nothing at all."""
    for source, name in ((tmp_path, "file.is-directory"), (tmp_path / "none", "file.not-found")):
        with pytest.raises(Misuse) as refusal:
            keep_file(source, Pinned("https://x.invalid/"), into, progress=lambda _held: None)
        assert refusal.value.name == name


def test_what_is_published_is_pinned() -> None:
    """Official addresses over HTTPS, the digests of the cards, and exact sizes."""
    assert {one.name: one.file_bytes for one in PUBLISHED.values()} == {
        "yunet-2023mar": 232_589,
        "sface-2021dec": 38_696_353,
    }
    for one in PUBLISHED.values():
        assert one.uri.startswith("https://github.com/opencv/opencv_zoo/")
        assert one.sha256 == card(one.name).weights_sha256
        assert card(one.name).consent_of_its_people == "not obtained"
