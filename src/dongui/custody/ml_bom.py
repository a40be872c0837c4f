"""A model's bill of materials (CycloneDX 1.6, ML-BOM): what it was made of, and what nobody knows of that."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

import dongui
from dongui.biometrics.cards import ModelCard, card
from dongui.custody.model_register import Model
from dongui.custody.release_files import Json, dump

__all__ = ["bill_of_materials"]


def bill_of_materials(model: Model, statistics: bytes, parameters: bytes, *, at: str) -> bytes:
    """Return the CycloneDX 1.6 JSON of a model's version, made ``at`` that moment (see ``write_moment``).

    It names the release it was trained from by id and log entry, and the frozen recogniser beneath by its
    card: training data, and whether its people agreed, exactly as the card says, ``unknown`` included.
    """
    recogniser = card(model.recogniser)
    name = model.id.hex()
    # The same version has the same serial number: it is the digest of what it describes.
    digest = sha256(statistics + parameters).digest()
    content: dict[str, Json] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        "metadata": {
            "timestamp": f"{at[:19]}Z",
            "tools": {
                "components": [{"type": "application", "name": "dongui", "version": dongui.__version__}]
            },
            "component": _model(model, name, parameters, statistics),
        },
        "components": [_recogniser(recogniser), _release(model)],
        "dependencies": [
            {"ref": f"model-{name}", "dependsOn": [_ref(recogniser), f"release-{model.release.hex()}"]},
            {"ref": _ref(recogniser)},
            {"ref": f"release-{model.release.hex()}"},
        ],
    }
    return dump(content)


def _model(model: Model, name: str, parameters: bytes, statistics: bytes) -> dict[str, Json]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model-{name}",
        "name": f"dongui-two-covariance-{name}",
        "version": str(model.version),
        "description": "Projection and score calibration over a frozen recogniser's features.",
        "hashes": [_hash(parameters)],
        "modelCard": {
            "modelParameters": {
                "approach": {"type": "supervised"},
                "task": "one-to-one comparison of faces: projection and calibration",
                "architectureFamily": "linear discriminant analysis",
                "modelArchitecture": "two-covariance model from additive integer statistics",
                "datasets": [{"ref": f"release-{model.release.hex()}"}],
            },
            "considerations": {
                "useCases": ["One-to-one comparison in the same use the release was consented to."],
                "technicalLimitations": [
                    "Exactly forgettable is what is trained here; the recogniser beneath is frozen.",
                    "Not assessed for use.",
                ],
            },
        },
        "properties": [
            {"name": "dongui:statistics:sha256", "value": sha256(statistics).hexdigest()},
            {"name": "dongui:consent", "value": "obtained: training, templates"},
        ],
    }


def _recogniser(recogniser: ModelCard) -> dict[str, Json]:
    return {
        "type": "machine-learning-model",
        "bom-ref": _ref(recogniser),
        "name": recogniser.name,
        "version": recogniser.year,
        "description": recogniser.title,
        "hashes": [{"alg": "SHA-256", "content": recogniser.weights_sha256}],
        "licenses": [{"license": {"name": recogniser.licence}}],
        "modelCard": {
            "modelParameters": {"task": recogniser.task, "datasets": [_unreleased(recogniser)]},
            "considerations": {
                "useCases": [recogniser.intended_use],
                "technicalLimitations": [recogniser.limits],
            },
        },
        "properties": [
            {"name": "dongui:card:sha256", "value": recogniser.digest.hex()},
            {"name": "dongui:consent", "value": recogniser.consent_of_its_people},
            # Whatever the card tells of the collections: who is in them, nobody here can look up.
            {"name": "dongui:people-in-training-data", "value": "unknown"},
        ],
    }


def _unreleased(recogniser: ModelCard) -> dict[str, Json]:
    return {
        "type": "dataset",
        "name": f"training data of {recogniser.name}",
        "description": recogniser.training_data,
        "sensitiveData": ["biometric data (faces)"],
    }


def _release(model: Model) -> dict[str, Json]:
    return {
        "type": "data",
        "bom-ref": f"release-{model.release.hex()}",
        "name": f"release-{model.release.hex()}",
        "description": f"Release decided in entry {model.release_entry} of the log.",
        "data": [
            {
                "type": "dataset",
                "name": f"release-{model.release.hex()}",
                "sensitiveData": ["biometric data (faces)"],
                "governance": {"custodians": [{"organization": {"name": model.controller}}]},
            }
        ],
        "properties": [
            {"name": "dongui:release", "value": model.release.hex()},
            {"name": "dongui:log-entry", "value": str(model.release_entry)},
            {"name": "dongui:consent", "value": "obtained: training, templates"},
        ],
    }


def _ref(recogniser: ModelCard) -> str:
    return f"recogniser-{recogniser.name}"


def _hash(data: bytes) -> dict[str, Json]:
    return {"alg": "SHA-256", "content": sha256(data).hexdigest()}
