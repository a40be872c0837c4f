"""Where the public weights lie, checked before anything reads them."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from dongui.biometrics.cards import require_digest
from dongui.errors import Trouble

__all__ = ["FIVE_POINTS", "RESNET", "locate"]

# The package also holds a 68-point model whose training pictures may not be used commercially. It is named
# nowhere here, and so never loaded.
_PACKAGE = "face_recognition_models"
_FILES = {
    "dlib-resnet-v1": "dlib_face_recognition_resnet_model_v1.dat",
    "dlib-five-points": "shape_predictor_5_face_landmarks.dat",
}
RESNET = "dlib-resnet-v1"
FIVE_POINTS = "dlib-five-points"


def locate(name: str) -> Path:
    """Return the path of a model's weights after comparing their SHA-256 with its card's.

    The package that carries them is found without importing it: its module asks for ``pkg_resources``,
    which newer Pythons no longer have. Raises ``Trouble``: ``recogniser.weights-missing``,
    ``recogniser.weights-altered``.
    """
    spec = find_spec(_PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = next(
        (file for folder in folders if (file := Path(folder, "models", _FILES[name])).is_file()), None
    )
    if path is None:
        raise Trouble("recogniser.weights-missing", f"{_FILES[name]} is not in the package {_PACKAGE}")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    require_digest(name, digest)
    return path
