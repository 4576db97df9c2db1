"""Crafted `.onnx` files: each is refused in one sentence, and nothing is written."""

import subprocess
import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from keras_cnn._checks import InputError  # noqa: E402
from keras_cnn.formats.onnx_guard import Refused, check_onnx  # noqa: E402
from keras_cnn.prediction import load  # noqa: E402


def tensor(name, values):
    return numpy_helper.from_array(np.asarray(values), name)


def model(nodes, initializers=(), **more):
    """A classifier of 4x4 images whose probabilities some nodes compute."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 4, 4, 1])
    out = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(nodes, "crafted", [image], [out], list(initializers))
    versions = [helper.make_opsetid("", 18), helper.make_opsetid("other", 1)]
    return helper.make_model(graph, opset_imports=versions[: 1 + more.pop("other", 0)])


def node(kind, inputs, outputs=("x",), **attributes):
    return helper.make_node(kind, list(inputs), list(outputs), **attributes)


def honest():
    weights = np.ones((16, 2), "float32")
    nodes = [
        node("Reshape", ["image", "shape"]),
        node("MatMul", ["x", "w"], ["y"]),
        node("Softmax", ["y"], ["probabilities"]),
    ]
    return model(nodes, [tensor("shape", np.int64([-1, 16])), tensor("w", weights)])


def of_a_vendor():
    return model([node("Reads", ["image"], ["probabilities"], domain="other")], other=1)


def undeclared_domain():
    return model([node("Reads", ["image"], ["probabilities"], domain="com.microsoft")])


def weights_elsewhere():
    made = honest()
    weights = made.graph.initializer[1]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="/etc/passwd")
    return made


def own_functions():
    made = honest()
    inside = [helper.make_node("Relu", ["a"], ["b"])]
    versions = [helper.make_opsetid("", 18)]
    made.functions.append(
        helper.make_function("other", "f", ["a"], ["b"], inside, versions)
    )
    return made


def hollow_weights():
    made = honest()
    made.graph.initializer[1].dims[:] = [2**20, 2**14]
    return made


def hidden_in_a_branch():
    inside = helper.make_graph(
        [helper.make_node("Reads", [], ["y"])],
        "branch",
        [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    branch = node("If", ["yes"], ["z"], then_branch=inside, else_branch=inside)
    return model([branch], [tensor("yes", np.bool_(True))])


REFUSED = {
    of_a_vendor: "operations of 'other'",
    undeclared_domain: "operations of 'com.microsoft'",
    weights_elsewhere: "lie in another file",
    own_functions: "functions or training of its own",
    hollow_weights: "a tensor of 68,719,476,736 bytes is stored in",
    hidden_in_a_branch: "the operation 'Reads'",
}


@pytest.mark.parametrize("craft", REFUSED, ids=lambda craft: craft.__name__)
def test_a_program_beyond_computing_is_refused(tmp_path, craft):
    path = tmp_path / "model.onnx"
    path.write_bytes(craft().SerializeToString())
    with pytest.raises(InputError, match=REFUSED[craft]) as refused:
        load(path)
    assert "\n" not in str(refused.value)


def filled():
    """A tensor of 16 GB, made of a shape of three numbers."""
    nodes = [
        node("ConstantOfShape", ["shape"]),
        node("ReduceSum", ["x", "axes"], ["y"], keepdims=0),
        node("Expand", ["y", "two"], ["probabilities"]),
    ]
    shape = tensor("shape", np.int64([1, 2**16, 2**16]))
    return model(
        nodes, [shape, tensor("axes", [1, 2]), tensor("two", np.int64([1, 2]))]
    )


def tiled():
    nodes = [
        node("Tile", ["image", "often"]),
        node("ReduceMean", ["x", "axes"], ["y"], keepdims=0),
        node("Concat", ["y", "y"], ["probabilities"], axis=1),
    ]
    often = tensor("often", np.int64([1, 2**14, 2**14, 1]))
    return model(nodes, [often, tensor("axes", [1, 2])])


def endless():
    keep = helper.make_tensor_value_info("keep", TensorProto.BOOL, [])
    body = helper.make_graph(
        [
            node("Identity", ["keep"], ["on"]),
            node("Sin", ["state"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            keep,
            helper.make_tensor_value_info("state", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    nodes = [
        node("Reshape", ["image", "shape"]),
        node("MatMul", ["x", "w"], ["y"]),
        node("Loop", ["", "yes", "y"], ["probabilities"], body=body),
    ]
    return model(
        nodes,
        [
            tensor("shape", np.int64([-1, 16])),
            tensor("w", np.ones((16, 2), "float32")),
            tensor("yes", np.bool_(True)),
        ],
    )


# In a process of its own: the largest child that this one ever had may be another.
MEASURED = """
import resource, sys
from keras_cnn import InputError
from keras_cnn.prediction import load
try:
    load(sys.argv[1])
except InputError as refused:
    print(str(refused).count("\\n"), end=" ")
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize("craft", [filled, tiled], ids=lambda craft: craft.__name__)
def test_what_takes_all_memory_is_refused_by_its_rehearsal(tmp_path, craft):
    path = tmp_path / "model.onnx"
    path.write_bytes(craft().SerializeToString())
    command = [sys.executable, "-c", MEASURED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines, taken = map(int, done.stdout.split())  # one number where it is not refused
    assert lines == 0
    assert taken < 2**21  # KiB: far from the 16 GB


def test_what_never_ends_is_refused_by_its_rehearsal(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_cnn.saving.rehearsal.SECONDS", 2)
    path = tmp_path / "model.onnx"
    path.write_bytes(endless().SerializeToString())
    with pytest.raises(InputError, match="takes longer than 2 seconds"):
        load(path)


def test_an_honest_file_of_another_writer_is_loaded(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(honest().SerializeToString())
    seen = load(path).predict(np.zeros((3, 4, 4, 1), np.uint8))
    assert [one.probabilities for one in seen] == [(0.5, 0.5)] * 3


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_is_refused_or_harmless(seed):
    """Whatever the bytes, the guard ends in its own exception or in none."""
    rng = np.random.default_rng(seed)
    whole = np.frombuffer(honest().SerializeToString(), np.uint8)
    refused = 0
    for _ in range(500):
        content = whole.copy()
        places = rng.integers(0, len(content), rng.integers(1, 8))
        content[places] = rng.integers(0, 256, len(places))
        try:
            check_onnx(content.tobytes()[: rng.integers(1, 2 * len(content))])
        except Refused as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 100
