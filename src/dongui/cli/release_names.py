"""The words by which a release is asked for on the command line. No heavy import: `--help` needs them."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ArtefactName", "EngineName", "UseName"]


class ArtefactName(StrEnum):
    """What would be handed over."""

    IMAGE = "image"
    TEMPLATE = "template"


class UseName(StrEnum):
    """What it is handed over for."""

    TRAINING = "train-model"
    TESTING = "test-model"
    SUPPLY = "supply-recipient"


class EngineName(StrEnum):
    """What decides."""

    AUTO = "auto"
    MERGE = "merge"
    DUCKDB = "duckdb"
    SPARK = "spark"
