"""``dongui recogniser fetch`` and ``add``: models that do not ship, by their digest and with their card."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from dongui.biometrics.recognisers.brought import (
    MAX_CARD_BYTES,
    MAX_MODEL_BYTES,
    BroughtCard,
    read_brought_card,
)
from dongui.biometrics.recognisers.model_folder import ModelFolder
from dongui.biometrics.recognisers.published import PUBLISHED, Published
from dongui.cli.output import JsonValue, choose, note, progress, show
from dongui.errors import Misuse, Trouble
from dongui.memory import SecretBuffer

__all__ = ["Cache", "add", "cache_of", "fetch"]

Cache = Annotated[
    Path | None, typer.Option("--cache", help="Folder of models; by default where every command looks.")
]

_BAR = 24


def cache_of(given: Path | None) -> Path:
    """Return the folder of models given, else the one all commands use."""
    from dongui.desk.desk import models_cache

    return given or models_cache()


def fetch(
    name: Annotated[str, typer.Argument(help="Model to fetch: sface-2021dec or yunet-2023mar.")],
    from_: Annotated[
        Path | None, typer.Option("--from", help="File that was carried here, instead of the network.")
    ] = None,
    cache: Cache = None,
) -> None:
    """Fetch a published model from its official address, and what its pipeline needs, pinned by digest.

    Goes on where an earlier fetch stopped. Refuses every file but the one its card names.
    """
    if name not in PUBLISHED:
        known = ", ".join(PUBLISHED)
        raise Misuse("recogniser.not-fetchable", f"{name!r} is not fetched; these are: {known}")
    folder = ModelFolder(cache_of(cache))
    if from_ is not None:
        _carry(from_, PUBLISHED[name], folder)
        got = [name]
    else:
        got = [_fetch_one(PUBLISHED[one], folder) for one in (name, *PUBLISHED[name].needs)]
    lacking = [one for one in PUBLISHED[name].needs if not folder.has(one)]
    _warn()
    result: dict[str, JsonValue] = {
        "fetched": [_told(one, folder) for one in got],
        "still_needed": list(lacking),
    }
    show(result, lambda: _said(got, lacking, folder))


def add(
    file: Annotated[Path, typer.Argument(help="ONNX file of a recogniser of the ArcFace kind.")],
    card: Annotated[Path, typer.Option(help="Its card, a TOML file (spec/recogniser-card.md).")],
    cache: Cache = None,
) -> None:
    """Bring a recogniser of your own, with a card that says what it was trained on and who agreed to it."""
    from dongui.cli.writing import NewFile, make_folder, require_absent, write_together

    with SecretBuffer.read_file(card, max_bytes=MAX_CARD_BYTES, what="card") as content:
        text = bytes(content.view)
    brought = read_brought_card(text)
    folder = ModelFolder(cache_of(cache))
    name = brought.card.name
    if name in folder.brought():
        raise Misuse("recogniser.name-taken", f"{name} was brought before")
    require_absent(folder.model_file(name), folder.card_file(name))
    with progress("Trying the model.", "모델을 시험하고 있습니다."):
        with SecretBuffer.read_file(file, max_bytes=MAX_MODEL_BYTES, what="model") as content:
            data = bytes(content.view)
        _try(text, data)
    make_folder(folder.path)
    files = [(folder.model_file(name), data), (folder.card_file(name), text)]
    write_together([NewFile(path, content, private=False) for path, content in files])
    _warn()
    show(_brought_json(brought), lambda: _brought_said(brought))


def _try(card: bytes, data: bytes) -> None:
    """Load and run it once in a process of its own; what exhausts that one does not fit."""
    from dongui.biometrics.recognisers import trial
    from dongui.confinement import Confinement

    limit = 7 * len(data) + trial.TRIAL_EXTRA_BYTES
    confined = Confinement.start(
        trial.PREPARE,
        arguments=b"",
        progress=lambda _said: None,
        timeout_seconds=trial.TRIAL_SECONDS,
        memory_bytes=limit,
    )
    try:
        with confined:
            confined.run(trial.TRY, order=b"", buffers=[SecretBuffer(bytearray(one)) for one in (card, data)])
    except Trouble as trouble:
        if not trouble.name.startswith("confinement."):
            raise
        raise Misuse("recogniser.model-unfit", f"its first run failed: {trouble.detail}") from None


def _fetch_one(published: Published, folder: ModelFolder) -> str:
    from dongui.readers.model_fetching import fetch_file

    if folder.holds(published.name):
        return published.name
    path = folder.model_file(published.name)
    with progress(f"Fetching {published.name}.", f"{published.name}을(를) 받고 있습니다.") as say:
        # The system's certificate authorities; SSL_CERT_FILE names others.
        tls = ssl.create_default_context()
        fetch_file(published, path, tls=tls, progress=_bar(published, say))
    return published.name


def _carry(source: Path, published: Published, folder: ModelFolder) -> None:
    from dongui.readers.model_fetching import keep_file

    path = folder.model_file(published.name)
    with progress(f"Checking {source}.", f"{source}을(를) 검사하고 있습니다.") as say:
        keep_file(source, published, path, progress=_bar(published, say))


def _bar(published: Published, say: Callable[[str], None]) -> Callable[[int], None]:
    def draw(held: int) -> None:
        share = min(1.0, held / published.file_bytes)
        full = round(share * _BAR)
        bar = "█" * full + "░" * (_BAR - full)
        say(f"{published.name} {bar} {share:4.0%}  {held / 1e6:.1f} / {published.file_bytes / 1e6:.1f} MB")

    return draw


def _warn() -> None:
    note(
        "No operating point comes with it: nothing is verified with it until one was chosen on people who "
        "agreed (dongui operating-point choose).",
        "판정 기준이 함께 오지 않습니다. 동의한 사람들로 기준을 정하기 전에는(dongui operating-point choose) "
        "확인에 쓸 수 없습니다.",
    )


def _told(name: str, folder: ModelFolder) -> dict[str, JsonValue]:
    published = PUBLISHED[name]
    return {
        "name": name,
        "file": str(folder.model_file(name)),
        "bytes": published.file_bytes,
        "sha256": published.sha256,
    }


def _said(got: list[str], lacking: list[str], folder: ModelFolder) -> str:
    lines = [f"{name}: {folder.model_file(name)}" for name in got]
    if lacking:
        names = ", ".join(lacking)
        lines.append(choose(f"Its pipeline needs {names} too.", f"{names}도 있어야 합니다."))
    return "\n".join(lines)


def _brought_json(brought: BroughtCard) -> dict[str, JsonValue]:
    described = brought.card
    return {
        "name": described.name,
        "weights_sha256": described.weights_sha256,
        "licence": described.licence,
        "training_data": described.training_data,
        "consent_of_its_people": described.consent_of_its_people,
        "numbers": brought.form.numbers,
        "detector": brought.detector,
    }


def _brought_said(brought: BroughtCard) -> str:
    described = brought.card
    return choose(
        f"{described.name} can be assessed. Consent of the people it was trained on: "
        f"{described.consent_of_its_people}.",
        f"{described.name}을(를) 평가할 수 있습니다. 학습 데이터 속 사람들의 동의: "
        f"{described.consent_of_its_people}.",
    )
