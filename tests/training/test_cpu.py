import subprocess
import sys

import pytest

from keras_cnn import _environment, _kernels
from keras_cnn._checks import InputError
from keras_cnn.training import configure_cpu, configure_threads, cpu, kernel_checks
from keras_cnn.training.cpu import computes_bfloat16


def run(code, **environment):
    """Returns what a process of its own prints, where TensorFlow has not started."""
    path = [f"{key}={value}" for key, value in environment.items()]
    command = ["env", "-u", _kernels.ONEDNN, *path, sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_configure_cpu_asks_for_onednn_and_gives_each_operation_one_thread():
    lines = run(
        "import sys\n"
        "from keras_cnn import configure_cpu\n"
        "assert 'tensorflow' not in sys.modules\n"
        "print(str(configure_cpu(3)).replace('\\n', '; '))\n"
        "from keras_cnn.training.cpu import threads, concurrent_operations\n"
        "from keras_cnn._environment import machine\n"
        "print(threads(), machine()['kernels'], configure_cpu(2).threads.value)"
    )
    kernels = machine = _environment.name_kernels() or "oneDNN"
    if _kernels.is_x86():
        kernels = machine = "oneDNN"
        assert "TF_ENABLE_ONEDNN_OPTS=1" in lines[0]
    assert lines[0].startswith(f"kernels  {kernels} (")
    assert "1 an operation, 3 operations at once (as configured)" in lines[0]
    assert lines[1] == f"(1, 3) {machine} 1 an operation, 2 operations at once"


def test_configure_cpu_leaves_what_the_user_has_set():
    lines = run(
        "from keras_cnn.training.cpu import *\n"
        "print(configure_cpu()); print(concurrent_operations())",
        TF_ENABLE_ONEDNN_OPTS="0",
        TF_NUM_INTRAOP_THREADS="2",
    )
    assert lines[0].startswith("kernels  Eigen (")
    if _kernels.is_x86():
        assert "TF_ENABLE_ONEDNN_OPTS=0; TF_ENABLE_ONEDNN_OPTS=1 trains" in lines[0]
    assert "2 an operation, all operations at once" in lines[1]
    assert lines[2] == "1"


def test_configure_cpu_for_unsplit_models_leaves_the_threads():
    """TensorFlow runs here already, and its threads are as they were."""
    import tensorflow as tf

    tf.constant(0)
    before = cpu.threads()
    assert configure_cpu(split=False).threads == cpu.choose_threads()
    assert cpu.threads() == before


@pytest.mark.parametrize(
    ("variable", "imported", "processor", "expected"),
    [
        (None, False, "x86_64", "1"),
        (None, False, "AMD64", "1"),
        (None, True, "x86_64", None),
        ("0", False, "x86_64", "0"),
        (None, False, "arm64", None),
    ],
)
def test_onednn_is_asked_for_only_where_that_is_free(
    variable, imported, processor, expected, monkeypatch
):
    monkeypatch.setattr("platform.machine", lambda: processor)
    monkeypatch.setattr(sys, "modules", {"tensorflow": None} if imported else {})
    monkeypatch.setenv(_kernels.ONEDNN, "x")  # so that it is restored afterwards
    monkeypatch.delenv(_kernels.ONEDNN)
    if variable is not None:
        monkeypatch.setenv(_kernels.ONEDNN, variable)
    assert _kernels.ask_for_onednn() is (variable is None and expected == "1")
    assert _kernels.os.environ.get(_kernels.ONEDNN) == expected


@pytest.mark.parametrize(
    ("name", "variable", "value", "reason"),
    [
        ("Eigen", None, "Eigen", "call configure_cpu() before TensorFlow is imported"),
        ("Eigen", "0", "Eigen", "=0; TF_ENABLE_ONEDNN_OPTS=1 trains faster"),
        ("oneDNN", "1", "oneDNN", "TF_ENABLE_ONEDNN_OPTS=1"),
        ("oneDNN", None, "oneDNN", "TensorFlow's choice"),
        (None, None, "unknown", "TensorFlow's choice"),
    ],
)
def test_the_plan_names_the_kernels_and_what_to_set(
    name, variable, value, reason, monkeypatch
):
    monkeypatch.setattr(cpu, "name_kernels", lambda: name)
    monkeypatch.setattr(cpu, "is_x86", lambda: True)
    monkeypatch.delenv(_kernels.ONEDNN, raising=False)
    if variable is not None:
        monkeypatch.setenv(_kernels.ONEDNN, variable)
    choice = cpu.choose_kernels()
    assert choice.value == value
    assert reason in choice.reason


def test_configure_cpu_after_the_start_raises_and_says_why(monkeypatch):
    import tensorflow as tf

    tf.constant(0)
    with pytest.raises(RuntimeError, match="before TensorFlow starts"):
        configure_threads(97)
    with pytest.raises(InputError, match="cores=0"):
        configure_cpu(0)


def test_the_plugin_zentf_is_refused(tmp_path, monkeypatch):
    maps = tmp_path / "maps"
    maps.write_text("7f00-7f01 r-xp 0 /site-packages/libamdcpu_plugin.so\n")
    assert not _kernels.zentf_is_on(maps)  # installed, and off by default
    monkeypatch.setenv("TF_ENABLE_ZENDNN_OPTS", "1")
    assert _kernels.zentf_is_on(maps)
    assert not _kernels.zentf_is_on()
    monkeypatch.setattr(kernel_checks, "zentf_is_on", lambda: True)
    with pytest.raises(InputError, match="TF_ENABLE_ZENDNN_OPTS=0"):
        kernel_checks.check_kernels()


def test_kernels_that_keep_weights_as_constants_are_refused(monkeypatch):
    import tensorflow as tf

    kernel_checks._sees_updates.cache_clear()
    kernel_checks.check_kernels()
    kernel_checks._sees_updates.cache_clear()
    # As such a plugin does: the update is made, and the next call does not see it.
    monkeypatch.setattr(tf, "Variable", StaleVariable)
    with pytest.raises(InputError, match="see each update of a weight"):
        kernel_checks.check_kernels()
    kernel_checks._sees_updates.cache_clear()


def StaleVariable(value):
    """A tensor that takes updates and keeps none."""
    import tensorflow as tf

    tensor = tf.convert_to_tensor(value)
    tensor.assign_add = lambda more: None
    return tensor


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
