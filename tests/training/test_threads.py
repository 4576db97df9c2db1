import subprocess
import sys

import pytest

from keras_cnn._checks import InputError
from keras_cnn.training import configure_threads
from keras_cnn.training.threads import computes_bfloat16


def test_configure_threads_gives_each_operation_one():
    code = (
        "from keras_cnn.training import configure_threads\n"
        "from keras_cnn.training.threads import concurrent_operations\n"
        "import tensorflow as tf\n"
        "before = concurrent_operations()\n"
        "configure_threads(3)\n"
        "threading = tf.config.threading\n"
        "print(before, threading.get_intra_op_parallelism_threads(),\n"
        "      threading.get_inter_op_parallelism_threads())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "1", "3"]


def test_configure_threads_after_the_start_raises_and_says_why():
    import tensorflow as tf

    tf.constant(0)
    with pytest.raises(RuntimeError, match="before TensorFlow starts"):
        configure_threads()
    with pytest.raises(InputError, match="cores=0"):
        configure_threads(0)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("flags\t\t: fpu sse2 avx512f avx512_bf16", True),
        ("flags\t\t: fpu amx_bf16 amx_tile", True),
        ("flags\t\t: fpu sse2 avx512f", False),
        ("Features\t: fp asimd", None),
    ],
)
def test_bfloat16_is_read_from_the_processors_flags(tmp_path, flags, expected):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{flags}\n")
    assert computes_bfloat16(tmp_path / "cpuinfo") is expected
    assert computes_bfloat16(tmp_path / "missing") is None


def test_bfloat16_without_instructions_for_it_warns(monkeypatch):
    import keras

    from keras_cnn import Trainer

    planning = "keras_cnn.training.plan"
    monkeypatch.setattr(f"{planning}.on_gpu", lambda: False)
    layer = keras.layers.Dense(1, dtype="mixed_bfloat16")
    model = keras.Sequential([keras.Input((2,)), layer])
    model.compile("sgd", "mse")
    monkeypatch.setattr(f"{planning}.computes_bfloat16", lambda: False)
    with pytest.warns(UserWarning, match="slower than float32 on this CPU"):
        trainer = Trainer(model)
    assert "slower than float32" in trainer.plan().precision.reason
    monkeypatch.setattr(f"{planning}.computes_bfloat16", lambda: True)
    Trainer(model)  # and no warning
