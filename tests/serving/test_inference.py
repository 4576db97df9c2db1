"""The Open Inference Protocol, version 2, as its page states it."""

import numpy as np
import pytest

import keras_cnn
from tests.serving.running import ask, by_quarter

MODEL = "/v2/models/quarters"


def request(images, **more):
    kind = "UINT8" if images.dtype == np.uint8 else "FP32"
    tensor = {"name": "image", "shape": list(images.shape), "datatype": kind}
    return {"inputs": [tensor | {"data": images.ravel().tolist()} | more]}


def test_server_and_model_describe_themselves(port):
    assert ask(port, "/v2") == (
        200,
        {"name": "keras_cnn", "version": keras_cnn.__version__, "extensions": []},
    )
    for path in (MODEL, f"{MODEL}/versions/3"):
        status, content = ask(port, path)
        assert status == 200
        assert (content["name"], content["versions"]) == ("quarters", ["3"])
        assert content["inputs"] == [
            {"name": "image", "datatype": "FP32", "shape": [-1, 28, 28, 1]}
        ]
        assert {(row["name"], row["datatype"]) for row in content["outputs"]} == {
            ("label", "INT64"),
            ("logits", "FP32"),
            ("probabilities", "FP32"),
        }
        ready = {"name": "quarters", "ready": True}
        assert ask(port, f"{path}/ready") == (200, ready)


@pytest.mark.parametrize("is_nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize("kind", ["UINT8", "FP32"])
def test_infer_gives_each_output_of_each_image(port, pixels, kind, is_nested):
    images = pixels if kind == "UINT8" else pixels / np.float32(255)
    body = request(images, **({"data": images.tolist()} if is_nested else {}))
    status, content = ask(port, f"{MODEL}/infer", {**body, "id": "42"})
    assert status == 200
    assert (content["model_name"], content["model_version"]) == ("quarters", "3")
    assert content["id"] == "42"
    outputs = {row["name"]: row for row in content["outputs"]}
    assert outputs["probabilities"]["shape"] == [3, 4]
    expected = by_quarter(pixels / 255)
    np.testing.assert_allclose(
        outputs["probabilities"]["data"], expected.ravel(), rtol=1e-5
    )
    assert outputs["label"]["data"] == expected.argmax(axis=1).tolist()


def test_infer_gives_only_the_outputs_that_are_asked_for(port, pixels):
    body = {**request(pixels), "outputs": [{"name": "label"}]}
    content = ask(port, f"{MODEL}/versions/3/infer", body)[1]
    assert [row["name"] for row in content["outputs"]] == ["label"]
    assert "id" not in content


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shape": [3, 28, 28]}, "shape [3, 28, 28]"),
        ({"shape": []}, "shape []"),
        ({"shape": [0, 28, 28, 1]}, "shape [0, 28, 28, 1]"),
        ({"shape": [-1, 28, 28, 1]}, "inference request"),
        ({"shape": [2, 28, 28, 1]}, "2,352 numbers"),
        ({"shape": [10**9, 28, 28, 1]}, "at most 2,644"),
        ({"shape": [10**4000, 28, 28, 1]}, "inference request"),
        ({"shape": "3"}, "inference request"),
        ({"datatype": "BYTES"}, "FP32 or UINT8"),
        ({"name": "picture"}, "`image`"),
        ({"data": [256] * 2352}, "UINT8 numbers"),
        ({"data": ["1"] * 2352}, "UINT8 numbers"),
        ({"data": 5}, "1 numbers"),
        ({"data": [[]] * 2352}, "UINT8 numbers"),
    ],
)
def test_tensor_that_is_none_of_this_model_is_400(port, pixels, change, said):
    body = request(pixels, **change)
    status, content = ask(port, f"{MODEL}/infer", body)
    assert status == 400
    assert said in content["error"]
    assert len(content["error"]) < 300


@pytest.mark.parametrize(
    "body", [b"", b"[]", {}, {"inputs": []}, b'{"inputs":' + b"[" * 2_000_000]
)
def test_body_outside_of_the_protocol_is_400(port, body):
    assert ask(port, f"{MODEL}/infer", body)[0] == 400


def test_output_that_the_model_has_not_is_400(port, pixels):
    body = {**request(pixels), "outputs": [{"name": "mood"}]}
    status, content = ask(port, f"{MODEL}/infer", body)
    assert (status, "'mood'" in content["error"]) == (400, True)


@pytest.mark.parametrize("path", ["/v2/models/other", f"{MODEL}/versions/{'9' * 5000}"])
def test_unknown_model_or_version_is_404(port, pixels, path):
    assert ask(port, path)[0] == 404
    assert ask(port, f"{path}/ready")[0] == 404
    assert ask(port, f"{path}/infer", request(pixels))[0] == 404


def test_path_outside_of_the_protocol_is_400_or_404(port):
    assert ask(port, f"{MODEL}/stats")[0] == 400
    assert ask(port, "/v2/repository/index")[0] == 404
