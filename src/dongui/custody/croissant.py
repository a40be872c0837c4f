"""A release described for others: Croissant metadata (MLCommons Croissant 1.0) with the manifest's digest."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from dongui.custody.gate import MANIFEST
from dongui.custody.release_files import Json, dump, write_durably
from dongui.custody.release_opening import VerifiedRelease
from dongui.errors import Refused

__all__ = ["CROISSANT", "describe_release", "write_description"]

CROISSANT = "croissant.json"
_CONTEXT: Mapping[str, Json] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "cr:dataBiases",
    "dataCollection": "cr:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "personalSensitiveInformation": "cr:personalSensitiveInformation",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_PARQUET = "application/x-parquet"


def describe_release(release: VerifiedRelease) -> bytes:
    """Return the description: every file with its digest, the columns, what it is for whose consent it is.

    The consent manifest is one of the files; its SHA-256 is what the log's entry commits to. The description
    follows from the manifest alone: the same release, the same bytes.
    """
    manifest = release.manifest
    question = manifest["question"]
    said = question if isinstance(question, Mapping) else {}
    data = (release.path / MANIFEST).read_bytes()
    if data != dump(manifest):
        raise Refused("release.file-differs", f"{MANIFEST} is not what was read")
    identity = release.id.hex()
    files = [entry for entry in _files(manifest) if str(entry["path"]).startswith("released/")]
    content: dict[str, Json] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "@id": f"urn:dongui:release:{identity}",
        "name": f"release-{identity}",
        "description": (
            f"Records released to {said.get('recipient')} for {said.get('purpose')} ({said.get('use')}, "
            f"{said.get('artefact')}), each by its person's consent or a recorded ground. It is to be opened "
            f"through Dongui, which leaves out whoever withdrew since."
        ),
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": "https://w3id.org/dpv#Consent",
        "url": f"urn:dongui:release:{identity}",
        "version": "1.0.0",
        "datePublished": str(manifest["decided_at"])[:10],
        "citeAs": f"Release {identity}, entry {release.logged.index} of the log",
        "isLiveDataset": False,
        "personalSensitiveInformation": ["Biometric data of natural persons (faces)."],
        "distribution": [
            _file("manifest", MANIFEST, len(data), sha256(data).hexdigest(), "application/json"),
            *(_listed(entry) for entry in files),
        ],
        "recordSet": [_records(entry) for entry in files],
    }
    return dump(content)


def write_description(release: VerifiedRelease) -> bytes:
    """Write the description beside the manifest, durably; return it.

    Raises as :func:`describe_release` and :func:`.release_files.write_durably`.
    """
    described = describe_release(release)
    write_durably(release.path / CROISSANT, described)
    return described


def _files(manifest: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    files = manifest["files"]
    return [entry for entry in files if isinstance(entry, Mapping)] if isinstance(files, list) else []


def _listed(entry: Mapping[str, Json]) -> dict[str, Json]:
    path = str(entry["path"])
    return _file(_name(path), path, entry["bytes"], str(entry["sha256"]), _PARQUET)


def _file(name: str, path: str, size: Json, digest: str, kind: str) -> dict[str, Json]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": path,
        "contentSize": f"{size} B",
        "encodingFormat": kind,
        "sha256": digest,
    }


def _records(entry: Mapping[str, Json]) -> dict[str, Json]:
    name = _name(str(entry["path"]))
    return {
        "@type": "cr:RecordSet",
        "@id": f"{name}-records",
        "name": f"{name}-records",
        "description": "One row a record: whose it is, and which.",
        "field": [_field(name, column) for column in ("person", "record")],
    }


def _field(name: str, column: str) -> dict[str, Json]:
    return {
        "@type": "cr:Field",
        "@id": f"{name}-records/{column}",
        "name": f"{name}-records/{column}",
        "dataType": "sc:Text",
        "source": {"fileObject": {"@id": name}, "extract": {"column": column}},
    }


def _name(path: str) -> str:
    return path.removesuffix(".parquet").replace("/", "-")
