"""Crafted SavedModels with manifests of their own: refused, and nothing is run."""

import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry

from keras_cnn._checks import InputError
from keras_cnn._files import sha256, write_json
from keras_cnn.formats.saved_model_guard import Refused, check_program
from keras_cnn.formats.tensorflow_operations import CHECKPOINT, PURE
from keras_cnn.prediction import load

SHAPE = (None, 4, 4, 1)


def listed(folder):
    """Writes the manifest that a stranger would write."""
    (folder / "manifest.json").unlink(missing_ok=True)
    files = {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": sha256(path),
        }
        for path in folder.rglob("*")
        if path.is_file()
    }
    write_json(folder / "manifest.json", {"name": "crafted", "files": files})
    return folder


def saved(folder, payload, initial=1.0):
    """Saves a classifier that calls `payload` where it is used."""

    class Crafted(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(initial)

        @tf.function(input_signature=[tf.TensorSpec(SHAPE, name="image")])
        def serve(self, image):
            number = payload(self, image)
            mean = tf.reduce_mean(image, axis=[1, 2]) + 0.0 * number
            both = tf.concat([mean, self.weight - mean], axis=-1)
            return {"probabilities": tf.nn.softmax(both)}

        @tf.function(input_signature=[])
        def names(self):
            return {"class_names": tf.constant(["a", "b"])}

    module = Crafted()
    signatures = {"serving_default": module.serve, "class_names": module.names}
    tf.saved_model.save(module, str(folder), signatures)
    return listed(folder)


def number(text):
    return tf.cast(tf.strings.length(text), tf.float32)


def reads_a_file(module, image):
    return number(tf.io.read_file("/etc/passwd"))


def writes_a_file(module, image):
    with tf.control_dependencies([tf.io.write_file("executed", "x")]):
        return tf.constant(1.0)


def lists_files(module, image):
    return number(tf.io.matching_files("/*")[0])


def calls_python(module, image):
    return tf.numpy_function(lambda: np.float32(1), [], tf.float32)


def prints(module, image):
    tf.print("executed")
    return tf.constant(1.0)


def saves_a_checkpoint(module, image):
    tf.raw_ops.SaveV2(
        prefix="executed",
        tensor_names=["w"],
        shape_and_slices=[""],
        tensors=[tf.constant(1.0)],
    )
    return tf.constant(1.0)


def restores_a_checkpoint(module, image):
    (value,) = tf.raw_ops.RestoreV2(
        prefix="/tmp/other", tensor_names=["w"], shape_and_slices=[""], dtypes=["float"]
    )
    return value


def assigns_a_variable(module, image):
    module.weight.assign_add(1.0)
    return tf.constant(1.0)


def hides_it_in_a_loop(module, image):
    return tf.while_loop(
        lambda n: n < 1.0, lambda n: n + reads_a_file(module, image), [0.0]
    )[0]


def hides_it_in_a_function(module, image):
    @tf.function
    def inner():
        return tf.cond(
            tf.reduce_sum(image) > 5,
            lambda: reads_a_file(module, image),
            lambda: tf.constant(0.0),
        )

    return inner()


def reads_a_table(module, image):
    return number(
        tf.io.decode_csv("a", [""])[0] + tf.raw_ops.ReadFile(filename="/etc/hosts")
    )


def opens_a_data_set(module, image):
    lines = tf.data.TextLineDataset("/etc/passwd")
    return number(lines.reduce("", lambda old, new: new))


PAYLOADS = {
    reads_a_file: "the operation ReadFile",
    writes_a_file: "the operation WriteFile",
    lists_files: "the operation MatchingFiles",
    calls_python: "the operation (EagerPyFunc|PyFunc|PyFuncStateless)",
    prints: "the operation PrintV2",
    saves_a_checkpoint: "the operation SaveV2",
    restores_a_checkpoint: "the operation RestoreV2",
    assigns_a_variable: "the operation AssignAddVariableOp",
    hides_it_in_a_loop: "the operation ReadFile",
    hides_it_in_a_function: "the operation ReadFile",
    reads_a_table: "the operation (DecodeCSV|ReadFile)",
    opens_a_data_set: "the operation",
}


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.__name__)
def test_an_operation_that_does_more_than_compute_is_refused(
    tmp_path, monkeypatch, payload
):
    monkeypatch.chdir(tmp_path)
    folder = saved(tmp_path / "1", payload)
    with pytest.raises(InputError, match=PAYLOADS[payload]) as refused:
        load(folder)
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def changed(folder, change):
    """Changes the graph itself, and leaves no other format to load instead."""
    for other in folder.glob("model*.*"):
        other.unlink()
    path = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    change(model.meta_graphs[0])
    path.write_bytes(model.SerializeToString())
    return listed(folder)


def function(graph, word):
    return next(
        one for one in graph.graph_def.library.function if word in one.signature.name
    )


def a_saver_as_a_signature(graph):
    saver = graph.saver_def.restore_op_name
    graph.signature_def["serving_default"].outputs["probabilities"].name = f"{saver}:0"


def a_saver_that_is_called(graph):
    restore = function(graph, "traced_restore").signature.name
    wrapper = next(
        one
        for one in graph.graph_def.library.function
        if any(node.attr["f"].func.name for node in one.node_def if "Call" in node.op)
        and "signature_wrapper" in one.signature.name
    )
    call = wrapper.node_def.add(name="more", op="StatefulPartitionedCall")
    call.attr["f"].func.name = restore


def an_asset(graph):
    graph.asset_file_def.add(filename="/etc/passwd").tensor_info.name = "Const:0"


def a_table(graph):
    graph.object_graph_def.nodes.add().resource.device = ""


def a_registered_class(graph):
    graph.object_graph_def.nodes[0].registered_name = "Custom.Evil"


def of_tensorflow_1(graph):
    graph.ClearField("object_graph_def")


def a_constant_that_fills_memory(graph):
    for one in graph.graph_def.library.function:
        for node in one.node_def:
            if node.op == "Const" and node.attr["dtype"].type == 1:
                tensor = node.attr["value"].tensor
                tensor.ClearField("tensor_content")
                tensor.ClearField("tensor_shape")
                tensor.float_val[:] = [1.0]
                tensor.tensor_shape.dim.add(size=2**32)
                return
    raise AssertionError("there is no constant to change")


def variables_that_fill_memory(graph):
    for node in graph.object_graph_def.nodes:
        if node.WhichOneof("kind") == "variable":
            node.variable.shape.ClearField("dim")
            node.variable.shape.dim.add(size=2**32)


GRAPHS = {
    a_saver_as_a_signature: "a signature saves or restores",
    a_saver_that_is_called: "has the operation (RestoreV2|AssignVariableOp)",
    an_asset: "reads files of its own",
    a_table: "an object of the kind resource",
    a_registered_class: "makes a Custom.Evil",
    of_tensorflow_1: "of TensorFlow 1",
    a_constant_that_fills_memory: "17,179,869,184 bytes is filled with one value",
    variables_that_fill_memory: "its variables have",
}


@pytest.mark.parametrize("change", GRAPHS, ids=lambda change: change.__name__)
def test_a_crafted_graph_is_refused(exported, tmp_path, change):
    folder = shutil.copytree(exported, tmp_path / "1")
    with pytest.raises(InputError, match=GRAPHS[change]):
        load(changed(folder, change))


def test_links_are_refused_though_they_are_listed(exported, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "1")
    (folder / "variables").rename(tmp_path / "elsewhere")
    (folder / "variables").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="variables is a link"):
        load(listed(folder))


def test_a_second_graph_is_refused(exported, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "1")
    (folder / "saved_model.pbtxt").write_text("")
    with pytest.raises(InputError, match="a second graph"):
        load(listed(folder))


def test_the_same_model_without_a_payload_is_loaded(tmp_path):
    folder = saved(tmp_path / "1", lambda module, image: tf.constant(1.0))
    assert load(folder).labels == ("a", "b")


def test_what_takes_all_memory_is_refused_by_its_rehearsal(tmp_path):
    def fills(module, image):
        side = tf.cast(tf.reduce_sum(image) * 0 + 2**17, tf.int32)
        return tf.reduce_sum(tf.fill([side, side], 1.0))

    folder = saved(tmp_path / "1", fills)
    with pytest.raises(InputError, match="within limits|must be a SavedModel"):
        load(folder)


def test_trust_runs_what_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    load(saved(tmp_path / "1", writes_a_file), trust=True).predict(
        np.zeros((1, 4, 4, 1), np.uint8)
    )
    assert (tmp_path / "executed").exists()


def test_the_table_holds_operations_that_there_are_and_none_with_effects():
    known = {
        name for name in PURE | CHECKPOINT if op_def_registry.get(name) is not None
    }
    assert PURE | CHECKPOINT == known
    doing = re.compile("File|Dataset|Table|Py|Print|Queue|Save|Restore|Summary|Debug")
    # The decoders and those of control flow and text have no state of their own.
    assert not [name for name in PURE if doing.search(name)]
    stateful = {name for name in PURE if op_def_registry.get(name).is_stateful}
    # They read the model's own variables, raise, call what is checked as well, or draw
    # random numbers.
    assert stateful == {
        *("VarHandleOp", "ReadVariableOp", "DisableCopyOnRead", "ResourceGather"),
        *("ResourceGatherNd", "VarIsInitializedOp", "VariableShape"),
        *("Assert", "CheckNumerics", "StatefulPartitionedCall", "If", "While", "Case"),
        *("Multinomial", "RandomGamma", "RandomShuffle", "RandomStandardNormal"),
        *("RandomUniform", "RandomUniformInt", "TruncatedNormal", "Empty"),
        "StatelessRandomGetAlg",
    }


@pytest.mark.parametrize("seed", range(3))
def test_random_damage_is_refused_or_harmless(exported, seed):
    rng = np.random.default_rng(seed)
    whole = np.frombuffer((exported / "saved_model.pb").read_bytes(), np.uint8)
    for _ in range(30):
        content = whole.copy()
        places = rng.integers(0, len(content), rng.integers(1, 8))
        content[places] = rng.integers(0, 256, len(places))
        try:
            check_program(content.tobytes(), 2**20)
        except Refused as error:
            assert "\n" not in str(error)
