import json
from functools import partial

import keras
import numpy as np
import pytest
from PIL import Image

from keras_cnn import article_cnn, load_model
from keras_cnn.cli.explain import MAPS
from keras_cnn.explain import METHODS, kernels


@pytest.fixture
def run(keras_cnn, here):
    return partial(keras_cnn, "explain")


@pytest.fixture
def model(tmp_path, rng):
    keras.utils.set_random_seed(0)
    article_cnn().save(tmp_path / "model.keras")
    for name in ("a.png", "b.png"):
        pixels = rng.integers(0, 255, (28, 28), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    Image.new("L", (28, 28)).save(tmp_path / "black.png")
    return tmp_path / "model.keras"


def test_the_methods_offered_are_those_there_are():
    assert MAPS == tuple(METHODS)


def test_grad_cam_is_drawn_by_default(run, model, tmp_path):
    code, out, err = run(model, "a.png", "b.png", "--class", "3")
    assert code == 0, err
    assert [line.split(", score")[0] for line in out.splitlines()] == [
        "a.png: grad_cam of class 3",
        "b.png: grad_cam of class 3",
        "Drawn: explanation.png",
    ]
    with Image.open(tmp_path / "explanation.png") as picture:
        assert picture.size[0] > 600


def test_all_methods_go_into_one_grid_and_json(run, model, tmp_path):
    code, out, _ = run(
        *(model, "a.png", "black.png", "--raw"),
        *("--method", "all", "--json", "--out", "grid.png"),
    )
    rows = json.loads(out)
    assert code == 0 and [row["method"] for row in rows] == [*METHODS] * 2
    assert {row["image"] for row in rows} == {"a.png", "black.png"}
    by_method = {row["method"]: row for row in rows if row["image"] == "black.png"}
    assert "0 everywhere" in by_method["gradient_x_input"]["note"]
    assert by_method["integrated_gradients"]["gap"] == 0
    assert (tmp_path / "grid.png").is_file()


def test_layers_are_shown_by_size(run, model):
    code, out, _ = run(model, "a.png", "--method", "feature_maps")
    first, second, _ = kernels(load_model(model))  # they are numbered as they are made
    assert code == 0 and out.splitlines()[0] == f"{first}: 26x26x32"
    code, out, _ = run(model, "--method", "kernels", "--layer", second)
    assert (code, out.splitlines()[0]) == (0, f"{second}: 3x3x32x64")
    for spelling in ("activation_maximization", "activation_maximisation"):
        code, out, _ = run(model, "--method", spelling, "--class", 2, "--json")
        assert code == 0 and [row["name"] for row in json.loads(out)] == ["2"]


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("a.png", "--method", "grad_cm"), 'Did you mean "grad_cam"?'),
        ((), "grad_cam needs an image"),
        (("a.png", "--method", "kernels"), "takes no image"),
        (("a.png", "b.png", "--method", "feature_maps"), "takes one image"),
        (("a.png", "--method", "saliency", "--method", "kernels"), "one grid"),
        (("a.png", "--out", "map.jpg"), "`out` must be a .png file"),
        (("a.png", "--class", "ten"), "`class` must be one of 0, 1"),
        (("a.png", "--class", "10"), "`class` must be one of 0, 1"),
        (("a.png", "--layer", "dense"), "`layer` must name one layer"),
        (("a.png", "--method", "saliency", "--layer", "a"), "`layer` is for grad_cam"),
        (("--method", "kernels", "--class", "3"), "has no class"),
        (("absent.png",), "An image file must exist"),
        (("--method", "kernels", "--layer", "conv2d_7"), "`layer` must be one of"),
    ],
)
def test_bad_input_exits_with_2_and_draws_nothing(run, model, tmp_path, words, rule):
    code, _, err = run(model, *words)
    assert code == 2 and rule in err and "Traceback" not in err
    assert not (tmp_path / "explanation.png").exists()


def test_an_export_has_no_layers_to_look_into(run, model, tmp_path):
    from keras_cnn.export import export

    done = export(article_cnn(), tmp_path, verify=False)
    code, _, err = run(done.folder, "a.png")
    assert code == 2 and "a folder with a model.keras" in err
