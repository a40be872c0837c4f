"""The only door to ONNX Runtime: its telemetry is switched off before it loads.

From version 1.29 the official Linux builds start an uploader when they are imported, write a device
identifier below the user's cache folder and report sessions to their maker. ``ORT_DISABLE_TELEMETRY=1``
prevents all of it, but only if it is set before the first import; so nobody else may import it (a test reads
the sources). The uploader is also a thread, and a process with a second thread cannot be forked safely.

Use ``from dongui.biometrics.onnx_runtime import onnxruntime``.
"""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

__all__ = ["onnxruntime"]
