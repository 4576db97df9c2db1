"""Crafted `.tflite` files: refused before LiteRT's own parser sees them."""

from pathlib import Path

import numpy as np
import pytest

schema = pytest.importorskip(
    "ai_edge_litert.schema_py_generated", reason="the extra litert is not installed"
)

import flatbuffers  # noqa: E402

from keras_cnn._checks import InputError  # noqa: E402
from keras_cnn.formats.litert_guard import Refused, check_litert  # noqa: E402
from keras_cnn.prediction import load  # noqa: E402

EXPORT = Path(__file__).parents[2] / "saved_models" / "article_cnn" / "1"
NAMES = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()
}


def spoilt(change, file="model.tflite"):
    """Returns the article's model with its objects changed by a function."""
    model = schema.ModelT.InitFromPackedBuf((EXPORT / file).read_bytes())
    change(model)
    builder = flatbuffers.Builder(2**20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def a_custom_operation(model):
    code = model.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = b"FlexReadFile"


def a_table_of_its_own(model):
    code = model.operatorCodes[0]
    code.builtinCode, code.deprecatedBuiltinCode = schema.BuiltinOperator.HASHTABLE, 127


def an_index_out_of_range(model):
    model.subgraphs[0].operators[0].outputs = np.int32([2**20])


def an_input_that_is_not_there(model):
    model.subgraphs[0].operators[0].inputs = np.int32([2**30, 1, 2])


def an_operation_that_is_not_there(model):
    model.subgraphs[0].operators[0].opcodeIndex = 99


def a_buffer_that_is_not_there(model):
    model.subgraphs[0].tensors[1].buffer = 2**31


def a_tensor_larger_than_its_buffer(model):
    tensor = next(
        one
        for one in model.subgraphs[0].tensors
        if len(one.shape) == 4 and model.buffers[one.buffer].data is not None
    )
    tensor.shape = np.int32([*tensor.shape[:-1], 4 * tensor.shape[-1]])


def a_negative_side(model):
    model.subgraphs[0].tensors[0].shape = np.int32([1, -28, 28, 1])


def a_step_of_zero(model):
    for operator in model.subgraphs[0].operators:
        if isinstance(operator.builtinOptions, schema.Conv2DOptionsT):
            operator.builtinOptions.strideW = 0


def weights_outside(model):
    model.buffers[1].data, model.buffers[1].offset = None, 2**40
    model.buffers[1].size = 16


def a_signature_out_of_range(model):
    model.signatureDefs[0].inputs[0].tensorIndex = 10_000


def too_few_scales(model):
    tensor = next(
        one
        for one in model.subgraphs[0].tensors
        if one.quantization is not None
        and one.quantization.scale is not None
        and len(one.quantization.scale) > 1
    )
    tensor.quantization.scale = tensor.quantization.scale[:2]
    tensor.quantization.zeroPoint = tensor.quantization.zeroPoint[:2]


CRAFTED = {
    a_custom_operation: "the operation CUSTOM",
    a_table_of_its_own: "the operation HASHTABLE",
    an_index_out_of_range: "a tensor that is not there",
    an_input_that_is_not_there: "a tensor that is not there",
    an_operation_that_is_not_there: "an operation is damaged",
    a_buffer_that_is_not_there: "a tensor is damaged",
    a_tensor_larger_than_its_buffer: "bytes has .* stored",
    a_negative_side: "the shape",
    a_step_of_zero: "a step or size of 0",
    weights_outside: "outside its buffers",
    a_signature_out_of_range: "a signature is damaged",
}


@pytest.mark.parametrize("change", CRAFTED, ids=lambda change: change.__name__)
def test_a_crafted_file_is_refused(tmp_path, change):
    path = tmp_path / "model.tflite"
    path.write_bytes(spoilt(change))
    with pytest.raises(InputError, match=CRAFTED[change]) as refused:
        load(path)
    assert "\n" not in str(refused.value)


def test_a_quantized_tensor_has_a_scale_for_each_channel(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(spoilt(too_few_scales, "model_int8.tflite"))
    with pytest.raises(InputError, match="has 2 scales"):
        load(path)


@pytest.mark.parametrize("file", ["model.tflite", "model_int8.tflite"])
def test_a_file_that_was_written_anew_is_loaded(tmp_path, file):
    path = tmp_path / "model.tflite"
    path.write_bytes(spoilt(lambda model: None, file))
    blank = np.zeros((2, 28, 28, 1), np.uint8)
    assert load(path).predict(blank) == load(EXPORT / file).predict(blank)


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_is_refused_or_harmless(seed):
    rng = np.random.default_rng(seed)
    whole = np.frombuffer((EXPORT / "model_int8.tflite").read_bytes(), np.uint8)
    refused = 0
    for _ in range(100):
        content = whole.copy()
        # Where the tables are, near the end, and anywhere.
        near = len(content) - 1 - rng.integers(0, 8_000, rng.integers(1, 8))
        places = np.append(near, rng.integers(0, len(content)))
        content[places] = rng.integers(0, 256, len(places))
        try:
            check_litert(content.tobytes(), NAMES)
        except Refused as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 10
