"""A release described for others: Croissant metadata (MLCommons Croissant 1.0) with the manifest's digest.

The gate writes it into the release, which appears with it or not at all. The manifest cannot name its digest,
because it names the manifest's; so whoever opens the release holds its every file and digest against the
manifest (:func:`require_description`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from dongui.custody.release_files import Json, dump
from dongui.custody.schema import Layout
from dongui.errors import Refused

__all__ = ["CROISSANT", "MAX_DESCRIPTION_BYTES", "describe_release", "require_description"]

CROISSANT = "croissant.json"
MAX_DESCRIPTION_BYTES = 4 << 20
_MANIFEST = "manifest.json"
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


def describe_release(manifest: Mapping[str, Json], *, entry: int) -> bytes:
    """Return the description: every file with its digest, the columns, what it is for whose consent it is.

    The consent manifest is one of the files; its SHA-256 is what the log's entry, number ``entry``, commits
    to. The description follows from the two alone: the same release, the same bytes.
    """
    question = manifest["question"]
    said = question if isinstance(question, Mapping) else {}
    records = manifest["records"]
    layout = records.get("layout") if isinstance(records, Mapping) else None
    identity = manifest["release"]
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
        "citeAs": f"Release {identity}, entry {entry} of the log",
        "isLiveDataset": False,
        "personalSensitiveInformation": ["Biometric data of natural persons (faces)."],
        "distribution": [_file(*facts) for facts in _distribution(manifest)],
        "recordSet": [_records(one, str(layout)) for one in _released(manifest)],
    }
    return dump(content)


def require_description(folder: Path, manifest: Mapping[str, Json]) -> None:
    """Hold a release's description against its manifest: the same files, each with the digest it has there.

    Raises ``Refused`` (``release.description-differs``): it is missing, or names other files or digests.
    """
    wanted = {(path, digest) for _, path, _, digest, _ in _distribution(manifest)}
    try:
        with (folder / CROISSANT).open("rb") as file:
            content = json.loads(file.read(MAX_DESCRIPTION_BYTES))
        found = {(one["contentUrl"], one["sha256"]) for one in content["distribution"]}
    except OSError:
        raise Refused("release.description-differs", f"{CROISSANT} is not there") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused("release.description-differs", f"{CROISSANT} does not read") from None
    if found != wanted:
        raise Refused("release.description-differs", f"{CROISSANT} does not name the manifest's files")


def _distribution(manifest: Mapping[str, Json]) -> list[tuple[str, str, Json, str, str]]:
    """Return name, path, size in bytes, SHA-256 and kind of each file that is described."""
    data = dump(manifest)
    described = [("manifest", _MANIFEST, len(data), sha256(data).hexdigest(), "application/json")]
    listed = [
        (_name(str(one["path"])), str(one["path"]), one["bytes"], str(one["sha256"]), _PARQUET)
        for one in _released(manifest)
    ]
    return [*described, *listed]


def _released(manifest: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    files = manifest["files"]
    listed = [one for one in files if isinstance(one, Mapping)] if isinstance(files, list) else []
    return [one for one in listed if str(one["path"]).startswith("released/")]


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


def _records(entry: Mapping[str, Json], layout: str) -> dict[str, Json]:
    name = _name(str(entry["path"]))
    return {
        "@type": "cr:RecordSet",
        "@id": f"{name}-records",
        "name": f"{name}-records",
        "description": "One row a record: whose it is, and which.",
        "field": [_field(name, column, layout) for column in ("person", "record")],
    }


def _field(name: str, column: str, layout: str) -> dict[str, Json]:
    return {
        "@type": "cr:Field",
        "@id": f"{name}-records/{column}",
        "name": f"{name}-records/{column}",
        # A number in the sorted layout, 16 bytes in the general one.
        "dataType": "sc:Integer" if layout == Layout.SORTED else "sc:Text",
        "source": {"fileObject": {"@id": name}, "extract": {"column": column}},
    }


def _name(path: str) -> str:
    return path.removesuffix(".parquet").replace("/", "-")
