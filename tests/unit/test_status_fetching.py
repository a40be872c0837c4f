"""Fetching status lists from a server on this machine, and what is kept of what it serves."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dongui.cli.main import run
from dongui.documents.status import StatusEvidence, StatusReference
from dongui.errors import Misuse, Trouble
from dongui.readers.status_fetching import fetch_status_list, keep, read_folder
from simulators.mdoc_certificates import key_for
from simulators.sd_jwt_drafting import AT, NOW
from simulators.status_drafting import ListDraft
from simulators.status_server import JWT, Answer, Provider, serving


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    with serving(tmp_path) as running:
        running.paths["/1"] = Answer(ListDraft(uri=running.uri("/1")).build())
        yield running


def trouble(provider: Provider, path: str, *, seconds: float = 5.0) -> str:
    with pytest.raises(Trouble) as caught:
        fetch_status_list(provider.uri(path), tls=provider.tls, seconds=seconds)
    return caught.value.name


def test_a_list_is_fetched_kept_and_relied_on(provider: Provider, tmp_path: Path) -> None:
    """From the server to the answer: the file in the folder is what the check needs."""
    kept = keep(fetch_status_list(provider.uri("/1"), tls=provider.tls), into=tmp_path / "lists")
    folder = read_folder(tmp_path / "lists")
    assert list(folder.files) == [kept.name]
    evidence = StatusEvidence.from_files(
        folder.files, anchors=None, max_age=timedelta(days=1), fetched_at=folder.fetched_at
    )
    reference = StatusReference(provider.uri("/1"), 0)
    key = key_for("sd-jwt signer").public_key()
    assert evidence.check(reference, issuer_keys=[key], at=AT).reference == reference


def test_a_cwt_is_kept_as_one(provider: Provider, tmp_path: Path) -> None:
    """Both forms are fetched; the name of the file says which it is."""
    content = ListDraft(form="cwt", uri=provider.uri("/cwt")).build()
    provider.paths["/cwt"] = Answer(content, headers={"Content-Type": "application/statuslist+cwt"})
    kept = keep(fetch_status_list(provider.uri("/cwt"), tls=provider.tls), into=tmp_path)
    assert kept.name.endswith(".statuslist.cwt")
    assert kept.read_bytes() == content


def test_redirections_are_followed_three_times(provider: Provider) -> None:
    """A list may move; a server that sends us in circles is left."""
    provider.paths["/moved"] = Answer(status=302, headers={"Location": provider.uri("/1")})
    with pytest.raises(Trouble) as caught:
        fetch_status_list(provider.uri("/moved"), tls=provider.tls)
    assert caught.value.name == "status.list-malformed"  # it arrived, and names the place it was sent from
    assert provider.seen == ["/moved", "/1"]
    provider.paths["/circle"] = Answer(status=302, headers={"Location": provider.uri("/circle")})
    assert trouble(provider, "/circle") == "status.list-unreachable"
    assert provider.seen.count("/circle") == 4


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("not found", Answer(status=404)),
        ("an error", Answer(status=503)),
        ("a page", Answer(b"<html>", headers={"Content-Type": "text/html"})),
        ("no type", Answer(b"x", headers={})),
        (
            "compressed",
            Answer(b"x", headers={"Content-Type": JWT, "Content-Encoding": "gzip"}),
        ),
        ("to plain http", Answer(status=301, headers={"Location": "http://localhost/1"})),
        ("to a file", Answer(status=301, headers={"Location": "file:///etc/passwd"})),
        ("to nowhere", Answer(status=301, headers={})),
        ("endless", Answer(b"x" * (9 * 2**20))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whatever_a_server_answers_is_trouble(provider: Provider, name: str, answer: Answer) -> None:
    """No answer of a server is ever a refusal of anybody, nor an error that nobody named."""
    provider.paths["/1"] = answer
    assert trouble(provider, "/1") == "status.list-unreachable"


def test_a_server_that_drips_is_left_in_time(provider: Provider) -> None:
    """Every byte arrives in time and the answer never does: the whole fetch has one limit."""
    provider.paths["/1"] = Answer(b"x" * 1_000, pause=0.05)
    begun = time.monotonic()
    assert trouble(provider, "/1", seconds=0.4) == "status.list-unreachable"
    assert time.monotonic() - begun < 20


def test_a_server_nobody_vouches_for_is_not_believed(provider: Provider) -> None:
    """TLS is not decoration: without the server's authority there is no list."""
    with pytest.raises(Trouble) as caught:
        fetch_status_list(provider.uri("/1"), tls=ssl.create_default_context(cafile=None))
    assert caught.value.name == "status.list-unreachable"
    assert provider.seen == []


def test_nobody_listening_is_trouble(provider: Provider) -> None:
    """A provider that is down leaves everything as it was."""
    with pytest.raises(Trouble) as caught:
        fetch_status_list("https://localhost:1/1", tls=provider.tls)
    assert caught.value.name == "status.list-unreachable"


@pytest.mark.parametrize(
    "uri",
    [
        "http://a.example/1",
        "file:///etc/passwd",
        "https://",
        "https://a.example:x/",
        "https://u@a.example/",
        "https://a.example/\r\nX: y",
    ],
)
def test_only_https_addresses_are_asked(uri: str) -> None:
    """What is no plain https address is misuse, before anything is sent."""
    with pytest.raises(Misuse) as caught:
        fetch_status_list(uri, tls=ssl.create_default_context())
    assert caught.value.name == "status.uri-unusable"


def test_an_older_list_does_not_replace_a_newer_one(provider: Provider, tmp_path: Path) -> None:
    """Whoever serves yesterday's list again must not bring a revoked document back."""
    uri = provider.uri("/1")
    kept = keep(fetch_status_list(uri, tls=provider.tls), into=tmp_path)
    before = kept.read_bytes()
    provider.paths["/1"] = Answer(ListDraft(uri=uri, issued=NOW - 7_200).build())
    with pytest.raises(Trouble) as caught:
        keep(fetch_status_list(uri, tls=provider.tls), into=tmp_path)
    assert caught.value.name == "status.list-stale"
    assert kept.read_bytes() == before
    provider.paths["/1"] = Answer(ListDraft(uri=uri, issued=NOW - 60).build())
    keep(fetch_status_list(uri, tls=provider.tls), into=tmp_path)
    assert kept.read_bytes() != before
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_the_commands_fetch_and_show(
    provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``status fetch`` keeps the list; ``status show`` says what is in it, in JSON and in words."""
    fetched = command(capsys, *fetching(provider, tmp_path))
    assert fetched["outcome"] == "ok"
    file = fetched["result"]["file"]
    shown = command(capsys, "status", "show", file, "--index", "3", "--at", "2026-11-22T12:00:00Z")
    assert shown["result"] | {"uri": "", "age_seconds": 3_600} == shown["result"] | {"uri": ""}
    assert shown["result"]["status_at_index"] == "revoked"
    assert shown["result"]["statuses"] == 1_024
    assert shown["result"]["signature"] == "of-the-issuer"
    with pytest.raises(SystemExit):
        run(["status", "show", file, "--index", "9999", "--language", "ko"])
    assert "목록 끝을 넘음" in capsys.readouterr().out


def test_a_fetch_that_fails_leaves_nothing(
    provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, the name, and a folder as it was."""
    provider.paths["/1"] = Answer(status=500)
    into = tmp_path / "lists"
    answer = command(capsys, *fetching(provider, into))
    assert answer["failure"]["name"] == "status.list-unreachable"
    assert answer["failure"]["exit_code"] == 3
    assert not into.exists()


def fetching(provider: Provider, into: Path) -> list[str]:
    """The command that fetches the list."""
    return ["status", "fetch", provider.uri("/1"), "--into", str(into), "--ca", str(provider.authority)]


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Run a command and read its JSON."""
    with pytest.raises(SystemExit):
        run([*arguments, "--json"])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer
