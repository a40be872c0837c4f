"""Descriptions others can read: Croissant for a release, CycloneDX for a model, each by its own validator."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dongui.cli.model_checking import check_any
from dongui.custody.croissant import CROISSANT, describe_release
from dongui.custody.gate import MANIFEST
from dongui.custody.release_opening import read_release, require_files
from dongui.custody.schema import Layout
from dongui.custody.standing import ReleaseLog
from dongui.environment import SystemEntropy
from dongui.errors import DonguiError, Refused
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from simulators.model_office import RESNET, ModelOffice
from simulators.release_tables import Tables
from simulators.release_victim import decide

LOG_KEY = SignerKey.generate("controller.example/log", entropy=SystemEntropy())


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelOffice]:
    """An office with a release, a model trained from it, and the model published."""
    opened = ModelOffice.open(tmp_path_factory.mktemp("descriptions"))
    release = opened.release("one", people=100)
    model = opened.train(release).model.id
    opened.publishing().publish(model, recipient="a.example", out=opened.folder / "published")
    yield opened
    opened.close()


@pytest.mark.filterwarnings("ignore")  # of rdflib and pandas, beneath mlcroissant
def test_a_release_carries_valid_croissant(office: ModelOffice) -> None:
    """mlcroissant finds no fault, finds the manifest by the digest that was logged, and reads the records."""
    import mlcroissant  # here, as the other validators: each takes a second, and every worker reads this file

    data = mlcroissant.Dataset(office.folder / "one" / CROISSANT)
    assert list(data.metadata.ctx.issues.errors) == []
    assert list(data.metadata.ctx.issues.warnings) == []
    files = {file.name: file.sha256 for file in data.metadata.distribution}
    assert files["manifest"] == sha256((office.folder / "one" / MANIFEST).read_bytes()).hexdigest()
    (records,) = data.metadata.record_sets
    rows = list(data.records(records.id))
    assert len(rows) == office.opened(office.folder / "one").count
    found = {row[f"{records.id}/person"] for row in rows}
    assert found == set(office.people_in(office.folder / "one"))


@pytest.mark.filterwarnings("ignore")
def test_a_release_by_ids_carries_valid_croissant(tmp_path: Path) -> None:
    """In the general layout too: people and records are 16 bytes, read as they are."""
    with SqliteLog.open(tmp_path / "log.sqlite", key=LOG_KEY) as log:
        tables = Tables(3, records=200, people=60, layout=Layout.GENERAL)
        tables.write(tmp_path, checkpoint=log.checkpoint())
        decide(tmp_path, ReleaseLog(log, LOG_KEY.verifier), 0)
    release = read_release(tmp_path / "decision-00000", key=LOG_KEY.verifier)
    require_files(release)
    import mlcroissant

    data = mlcroissant.Dataset(release.path / CROISSANT)
    assert list(data.metadata.ctx.issues.errors) == []
    (records,) = data.metadata.record_sets
    rows = list(data.records(records.id))
    released = pq.read_table(release.path / "released").to_pylist()
    assert len(rows) == len(released) > 0
    assert {row[f"{records.id}/record"] for row in rows} == {row["record"] for row in released}


def test_the_description_follows_from_manifest_and_entry(office: ModelOffice) -> None:
    """The same release, the same bytes: what the gate wrote can be written anew."""
    release = read_release(office.folder / "one", key=office.office.signer.verifier)
    written = (release.path / CROISSANT).read_bytes()
    assert describe_release(release.manifest, entry=release.logged.index) == written
    assert json.loads(written)["distribution"][0]["contentUrl"] == MANIFEST


@pytest.mark.parametrize("fault", ["lost", "no JSON", "another digest", "a file more", "no digest"])
def test_a_description_of_something_else_opens_nothing(
    office: ModelOffice, tmp_path: Path, fault: str
) -> None:
    """It must name the manifest that was logged, and its files, each with its digest; else nothing opens."""
    folder = shutil.copytree(office.folder / "one", tmp_path / "copy")
    place = folder / CROISSANT
    content = json.loads(place.read_bytes())
    listed = content["distribution"]
    if fault == "another digest":
        listed[0]["sha256"] = "0" * 64
    elif fault == "a file more":
        listed.append({**listed[1], "contentUrl": "released/99999.parquet"})
    elif fault == "no digest":
        del listed[1]["sha256"]
    place.write_text("[" if fault == "no JSON" else json.dumps(content))
    if fault == "lost":
        place.unlink()
    with pytest.raises(Refused, match=r"release\.description-differs"):
        office.opened(folder)


def test_a_model_has_a_valid_bill_of_materials(office: ModelOffice) -> None:
    """CycloneDX's own strict schema; release and recogniser's card named, the unknown called unknown."""
    text = (office.folder / "published" / "bom.cdx.json").read_text(encoding="utf-8")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bom = json.loads(text)
    release = read_release(office.folder / "one", key=office.office.signer.verifier)
    recogniser, data = bom["components"]
    assert data["name"] == f"release-{release.id.hex()}"
    facts = {entry["name"]: entry["value"] for entry in recogniser["properties"]}
    assert facts["dongui:card:sha256"] == RESNET.digest.hex()
    assert facts["dongui:consent"] == "not obtained"
    assert facts["dongui:people-in-training-data"] == "unknown"
    model = (office.folder / "published" / "model.cbor").read_bytes()
    assert bom["metadata"]["component"]["hashes"][0]["content"] == sha256(model).hexdigest()


def test_a_published_model_is_checked_whole(office: ModelOffice) -> None:
    """Seal in the log, statistics sealed, model derived: offline, with public keys alone."""
    checked = check_any(office.folder / "published", office.operator_keys)
    assert checked.kind == "model"
    assert dict(checked.lines)["version"] == "1"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("statistics.cbor", "model.statistics-differ"),
        ("model.cbor", "model.parameters-differ"),
        ("seal.cbor", "model.seal-not-logged"),
        ("log.proof", "log.note-signature-invalid"),
    ],
)
def test_one_changed_byte_is_found(office: ModelOffice, tmp_path: Path, file: str, name: str) -> None:
    """In any of the four files."""
    for path in (office.folder / "published").iterdir():
        data = bytearray(path.read_bytes())
        if path.name == file:
            _change(data, -40 if file == "log.proof" else -9)
        (tmp_path / path.name).write_bytes(data)
    with pytest.raises(DonguiError) as refused:
        check_any(tmp_path, office.operator_keys)
    assert refused.value.name == name


def _change(data: bytearray, place: int) -> None:
    """Change one byte; in the proof's text to another letter of Base64, so that a signature stays one."""
    data[place] = ord("B") if data[place] == ord("A") else ord("A")


def test_what_is_none_of_these_is_named(office: ModelOffice, tmp_path: Path) -> None:
    """An empty folder, another file."""
    (tmp_path / "other").write_bytes(b"something else")
    for path in (tmp_path, tmp_path / "other"):
        with pytest.raises(DonguiError) as refused:
            check_any(path, office.operator_keys)
        assert refused.value.name == "model.not-a-model"
