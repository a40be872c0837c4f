"""The inference engine reports to nobody."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

SCRIPT = """
import os, time
from dongui.biometrics.onnx_runtime import onnxruntime
from onnx import TensorProto, helper
value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", value[:1], value[1:])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
time.sleep(0.2)
print(len(os.listdir("/proc/self/task")))
"""


def importers() -> set[str]:
    """The source files that import ONNX Runtime themselves."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            if any(name.split(".")[0] == "onnxruntime" for name in names):
                found.add(path.name)
    return found


def test_one_module_alone_imports_the_engine() -> None:
    """Imported anywhere else first, the engine would have begun to report before it could be told not to."""
    assert importers() == {"onnx_runtime.py"}


def test_the_engine_starts_no_uploader_and_writes_no_identifier(tmp_path: Path) -> None:
    """After a session was made there is one thread, and nothing new in the home or cache folder."""
    # The engine is silent by itself where these say that nobody real is using it.
    quiet = {"CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "GITHUB_ACTIONS", "TF_BUILD"}
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "1"
    assert list(tmp_path.rglob("*")) == []
