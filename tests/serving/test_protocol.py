"""The protocol as TensorFlow Serving's own page of its REST interface states it."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.serving.running import ask, by_quarter

PREDICT = "/v1/models/quarters:predict"


@pytest.mark.parametrize("path", ["", "/versions/3"])
def test_status_is_that_of_an_available_version(port, path):
    assert ask(port, f"/v1/models/quarters{path}") == (
        200,
        {
            "model_version_status": [
                {
                    "version": "3",
                    "state": "AVAILABLE",
                    "status": {"error_code": "OK", "error_message": ""},
                }
            ]
        },
    )


@pytest.mark.parametrize("path", ["", "/versions/3"])
def test_metadata_describes_each_signature(port, path):
    status, content = ask(port, f"/v1/models/quarters{path}/metadata")
    assert status == 200
    assert content["model_spec"] == {
        "name": "quarters",
        "signature_name": "",
        "version": "3",
    }
    signatures = content["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {"serving_default", "uint8", "encoded"}
    assert signatures["encoded"]["inputs"]["image"]["dtype"] == "DT_STRING"
    image = signatures["uint8"]["inputs"]["image"]
    assert image["dtype"] == "DT_UINT8"
    sizes = [side["size"] for side in image["tensor_shape"]["dim"]]
    assert sizes == ["-1", "28", "28", "1"]
    outputs = signatures["serving_default"]["outputs"]
    assert {name: tensor["dtype"] for name, tensor in outputs.items()} == {
        "label": "DT_INT64",
        "logits": "DT_FLOAT",
        "probabilities": "DT_FLOAT",
    }


@pytest.mark.parametrize("named", [False, True], ids=["bare", "named"])
@pytest.mark.parametrize("signature", ["serving_default", "uint8", None])
@pytest.mark.parametrize("path", [PREDICT, "/v1/models/quarters/versions/3:predict"])
def test_predict_by_row_gives_a_row_an_image(port, pixels, named, signature, path):
    images = pixels if signature == "uint8" else pixels / np.float32(255)
    values = [image.tolist() for image in images]
    body = {"instances": [{"image": value} for value in values] if named else values}
    if signature:
        body["signature_name"] = signature
    status, content = ask(port, path, body)
    assert status == 200
    assert list(content) == ["predictions"]
    expected = by_quarter(pixels / 255)
    rows = content["predictions"]
    found = np.array([row["probabilities"] for row in rows])
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert [row["label"] for row in rows] == expected.argmax(1).tolist()
    logits = np.exp([row["logits"] for row in rows])
    np.testing.assert_allclose(
        logits / logits.sum(axis=1, keepdims=True), expected, rtol=1e-5
    )


@pytest.mark.parametrize("named", [False, True], ids=["bare", "named"])
def test_predict_by_column_gives_a_column_an_output(port, pixels, named):
    values = pixels.tolist()
    inputs = {"image": values} if named else values
    body = {"signature_name": "uint8", "inputs": inputs}
    status, content = ask(port, PREDICT, body)
    assert status == 200
    assert set(content["outputs"]) == {"label", "logits", "probabilities"}
    np.testing.assert_allclose(
        content["outputs"]["probabilities"], by_quarter(pixels / 255), rtol=1e-5
    )


def test_predict_of_more_images_than_fit_at_once_keeps_their_order(port):
    images = np.zeros((150, 28, 28, 1), np.uint8)
    for number, image in enumerate(images):
        top, left = divmod(number % 4, 2)
        image[14 * top : 14 * top + 14, 14 * left : 14 * left + 14] = 255
    body = {"signature_name": "uint8", "inputs": images.tolist()}
    _, content = ask(port, PREDICT, body)
    assert content["outputs"]["label"] == [number % 4 for number in range(150)]


def test_probability_of_zero_has_a_logit_that_json_can_say(port):
    _, content = ask(port, PREDICT, {"instances": np.zeros((1, 28, 28, 1)).tolist()})
    assert np.isfinite(content["predictions"][0]["logits"]).all()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/other",
        "/v1/models/quarters/versions/2",
        "/v1/models/other/metadata",
    ],
)
def test_unknown_model_or_version_is_404(port, path):
    status, content = ask(port, path)
    assert status == 404
    assert "quarters in version 3" in content["error"]


@pytest.mark.parametrize(
    "path", ["/v1/models/other:predict", "/v1/models/quarters/versions/4:predict"]
)
def test_predict_of_unknown_model_or_version_is_404(port, path):
    assert ask(port, path, {"instances": []})[0] == 404


@pytest.mark.parametrize("path", ["/v1/", "/v1/models", "/v1/models/quarters/labels"])
def test_path_outside_of_the_protocol_is_400(port, path):
    status, content = ask(port, path)
    assert (status, content) == (400, {"error": f"Malformed request: GET {path}"})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/models/quarters", "Malformed request: POST"),
        ("/v1/models/quarters:classify", "predict only"),
        ("/v1/models/quarters:regress", "predict only"),
    ],
)
def test_other_verbs_are_400(port, path, said):
    status, content = ask(port, path, {"instances": []})
    assert status == 400
    assert said in content["error"]


IMAGE = np.zeros((28, 28, 1), int).tolist()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "JSON object"),
        (b"{", "JSON object"),
        (b"\xff\xfe", "JSON object"),
        (b"[" * 2_600_000, "JSON object"),
        (b'{"instances": ' + b"[" * 2_600_000 + b"}", "JSON object"),
        (b'{"instances": ' + b"9" * 5000 + b"}", "must be a list"),
        (b'{"inputs": ' + b"9" * 5000 + b"}", "not a list"),
        (b"[]", "JSON object"),
        ({}, "either `instances` or `inputs`"),
        ({"instances": [IMAGE], "inputs": [IMAGE]}, "either `instances` or `inputs`"),
        ({"signature_name": 5, "instances": [IMAGE]}, "Expected `str`"),
        ({"signature_name": "other", "instances": [IMAGE]}, "or encoded"),
        ({"signature_name": "x" * 9999, "instances": [IMAGE]}, "or encoded"),
        ({"instances": "image"}, "must be a list"),
        ({"instances": []}, "28x28x1"),
        ({"instances": [IMAGE, IMAGE[:27]]}, "have the lengths (2, 28, 28, 1)"),
        ({"instances": [IMAGE[:27]]}, "have the lengths (1, 27, 28, 1)"),
        ({"instances": IMAGE}, "have the lengths (28, 28, 1)"),
        ({"instances": [{"image": IMAGE}, IMAGE]}, "one key `image`"),
        ({"instances": [{"picture": IMAGE}]}, "one key `image`"),
        ({"inputs": {"image": [IMAGE], "more": 1}}, "one key `image`"),
        ({"inputs": None}, "not a number"),
        ({"instances": [np.full((28, 28, 1), "1").tolist()]}, "not a number"),
        ({"instances": [["\u2603" * 100_000]]}, "not a number"),
        ({"instances": [np.full((28, 28, 1), True).tolist()]}, "not a number"),
        ({"instances": [np.full((28, 28, 1), np.nan).tolist()]}, "malformed"),
        ({"instances": [np.full((28, 28, 1), 1e300).tolist()]}, "not finite"),
        ({"instances": [[[[]]]]}, "28x28x1"),
        (b'{"instances": ' + b"[[0]," * 500_000 + b"]" * 500_001 + b"}", "JSON object"),
    ],
)
def test_body_outside_of_the_protocol_is_400_and_one_sentence(port, body, said):
    status, content = ask(port, PREDICT, body)
    assert status == 400
    assert said in content["error"]
    assert len(content["error"]) < 300
    assert "Traceback" not in content["error"]


@pytest.mark.parametrize("value", [-1, 256, 0.5])
def test_pixel_that_is_no_uint8_is_400(port, value):
    body = {
        "signature_name": "uint8",
        "instances": [np.full((28, 28, 1), value).tolist()],
    }
    assert ask(port, PREDICT, body)[0] == 400


def test_base64_is_no_image_of_the_signatures_of_numbers(port):
    value = {"b64": base64.b64encode(b"\x89PNG").decode()}
    assert ask(port, PREDICT, {"instances": [value]})[0] == 400


def test_number_that_float32_holds_and_int64_does_not_is_one(port):
    body = {"instances": [np.full((28, 28, 1), 10**30).tolist()]}
    assert ask(port, PREDICT, body)[0] == 200


@pytest.mark.parametrize("name", ["", None])
def test_empty_name_of_a_signature_is_the_default(port, name):
    body = {"instances": [IMAGE]} | ({} if name is None else {"signature_name": name})
    assert ask(port, PREDICT, body)[0] == 200


@pytest.mark.parametrize("form", ["instances", "named instances", "inputs", "named"])
def test_encoded_images_are_decoded_and_resized_but_not_centered(port, pixels, form):
    def packed(image):
        file = io.BytesIO()
        Image.fromarray(np.kron(image[..., 0], np.ones((2, 2), np.uint8))).save(
            file, "PNG"
        )
        return {"b64": base64.b64encode(file.getvalue()).decode()}

    rows = [packed(image) for image in pixels]
    body = {
        "instances": {"instances": rows},
        "named instances": {"instances": [{"image": row} for row in rows]},
        "inputs": {"inputs": rows},
        "named": {"inputs": {"image": rows}},
    }[form]
    status, content = ask(port, PREDICT, {"signature_name": "encoded", **body})
    assert status == 200
    found = (
        [row["probabilities"] for row in content["predictions"]]
        if "instances" in form
        else content["outputs"]["probabilities"]
    )
    np.testing.assert_allclose(found, by_quarter(pixels / 255), rtol=0.02)


@pytest.mark.parametrize(
    "row",
    [{"b64": "!!"}, {"b64": 5}, {}, {"image": "x"}, "x", {"b64": "eA==", "image": {}}]
    + [{"b64": "eA=="}],
)
def test_what_is_no_encoded_image_is_400(port, row):
    body = {"signature_name": "encoded", "instances": [row]}
    status, content = ask(port, PREDICT, body)
    assert (status, set(content)) == (400, {"error"})


@pytest.mark.parametrize("digits", [1, 5_000])
def test_version_of_thousands_of_digits_is_404(port, digits):
    status, content = ask(port, f"/v1/models/quarters/versions/{'9' * digits}")
    assert status == 404
    assert len(content["error"]) < 300
    assert ask(port, f"/v1/models/quarters/versions/{'0' * digits}3")[0] == 200
