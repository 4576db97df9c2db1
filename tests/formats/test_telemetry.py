"""ONNX Runtime sends nothing of how it is used, and keeps no identifier."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")


def test_onnx_runtime_keeps_and_sends_nothing(exported, tmp_path):
    code = """
        import sys
        import numpy as np
        from keras_cnn import prediction
        model = prediction.load(sys.argv[1])
        model.predict(np.zeros((1, 8, 6, 1), np.uint8))
    """
    code = "\n".join(line.strip() for line in code.splitlines())
    # Its own detection of a build server would keep it quiet, too.
    kept = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment["HOME"] = str(tmp_path)
    command = [sys.executable, "-c", code, str(exported / "model.onnx")]
    subprocess.run(command, env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
