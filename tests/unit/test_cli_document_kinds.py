"""``dongui document`` and ``dongui consent`` with every kind of document, from folders, archives and text."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dongui.cli.main import run
from dongui.documents.passport.files import SOD
from simulators.mdoc_drafting import Draft
from simulators.passport_country import passport, utopia
from simulators.sd_jwt_issuance import AT, CLIENT_ID, EXPECTATION, an_issuance

MOMENT = AT.isoformat()
Command = Callable[..., tuple[int, Any]]


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command on a folder with a passport, a credential and whom to trust; return code and JSON."""
    monkeypatch.setenv("DONGUI_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)
    country, issuance = utopia(), an_issuance()
    Path("passport").mkdir()
    for number, content in passport(country).items():
        Path("passport", "EF_SOD.bin" if number == SOD else f"DG{number}.bin").write_bytes(content)
    Path("passport", "DG3.bin").write_bytes(b"a fingerprint nobody reads")
    with zipfile.ZipFile("passport.zip", "w") as archive:
        for path in Path("passport").iterdir():
            archive.write(path)
    Path("credential").write_bytes(b"\n" + issuance.present() + b"\n")
    draft = Draft()
    Path("licence").write_bytes(draft.build())
    for folder, name, content in (
        (".", "root.der", draft.root.sign()),
        ("csca", "ut.cer", country.authority.encoded),
        ("sd-jwt", "root.pem", issuance.authority.certificate_pem()),
    ):
        Path("trust", folder).mkdir(parents=True, exist_ok=True)
        Path("trust", folder, name).write_bytes(content)

    def ended(*arguments: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as end:
            run([*arguments, "--json"])
        assert isinstance(end.value.code, int)
        return end.value.code, json.loads(capsys.readouterr().out)

    return ended


@pytest.mark.parametrize("file", ["passport", "passport.zip"])
def test_a_passport_is_a_folder_or_an_archive(command: Command, file: str) -> None:
    """Both are recognised and authentic; of a fingerprint only the name is carried, and unread."""
    code, answer = command("document", "show", file, "--trust", "trust", "--at", MOMENT)
    assert (code, answer["outcome"]) == (0, "authentic")
    result = answer["result"]
    assert (result["kind"], result["holder_binding"]) == ("passport", "copyable")
    assert "passport.revocation-not-checked" in [remark["name"] for remark in result["remarks"]]
    treated = {(one["namespace"], one["identifier"]): one for one in result["fields"]}
    assert treated["icao.9303.dg1", "document_number"]["treatment"] == "verified"
    assert treated["icao.9303.dg3", "file"]["treatment"] == "carried-unverified"
    assert treated["icao.9303.dg3", "file"]["value"] is None


def test_a_credential_is_bound_where_its_request_is_given(command: Command) -> None:
    """Nonce and audience of the request make it key-bound; without them verification would refuse it."""
    request = ("--nonce", EXPECTATION.nonce, "--audience", CLIENT_ID)
    code, answer = command("document", "check", "credential", "--trust", "trust", "--at", MOMENT, *request)
    assert (code, answer["result"]["holder_binding"]) == (0, "key-binding")
    _, answer = command("document", "check", "credential", "--trust", "trust", "--at", MOMENT)
    assert answer["result"]["verify_would_refuse"] == "sd-jwt.holder-not-bound"
    code, answer = command(
        "document", "check", "credential", "--trust", "trust", "--nonce", EXPECTATION.nonce
    )
    assert (code, answer["failure"]["name"]) == (2, "document.options-incomplete")


def test_no_portrait_is_shown_as_text(command: Command) -> None:
    """A portrait as a data URI is told by kind and size, on the screen and in JSON."""
    _, answer = command("document", "show", "credential", "--trust", "trust", "--at", MOMENT)
    values = {one["identifier"]: one["value"] for one in answer["result"]["fields"]}
    assert values["portrait"].startswith("JPEG picture, ")


@pytest.mark.parametrize(
    ("file", "code", "name"),
    [
        ("passport", 3, "passport.no-anchor"),
        ("credential", 2, "sd-jwt.no-issuers"),
        ("trust", 2, "file.is-directory"),
    ],
)
def test_whom_nobody_is_trusted_for(command: Command, file: str, code: int, name: str) -> None:
    """A kind without anchors is that kind's own failure, never a skipped check."""
    Path("empty").mkdir()
    ended, answer = command("document", "check", file, "--trust", "empty", "--at", MOMENT)
    assert (ended, answer["failure"]["name"]) == (code, name)


class Page(HTMLParser):
    """The tags of a page, each with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


ANCHORS = {"passport": "Country Signing Authority", "credential": "Test Root", "licence": "Utopia IACA"}


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("trust", [("--trust", "trust", "--at", MOMENT), ()])
@pytest.mark.parametrize("file", ANCHORS)
def test_the_page_draws_and_tells_the_path(
    command: Command, file: str, trust: tuple[str, ...], language: str
) -> None:
    """One page, nothing fetched, no picture; the drawing has a title, a description and a list beside it."""
    command("document", "show", file, *trust, "--html", "page.html", "--language", language)
    text = Path("page.html").read_text(encoding="utf-8")
    tags = Page(text).tags
    names = [tag for tag, _ in tags]
    assert {"svg", "title", "desc", "ol", "table"} <= set(names)
    assert not {"img", "script", "link", "image"} & set(names)
    assert not any("src" in given or "href" in given for _, given in tags)
    assert "base64" not in text
    assert dict(tags)["svg"]["role"] == "img"
    assert names.count("rect") == (3 if trust else 2)
    assert (ANCHORS[file] in text) is bool(trust)
    assert dict(tags)["html"]["lang"] == language
    assert Path("page.html").stat().st_mode & 0o077 == 0
