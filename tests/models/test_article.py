import keras
import numpy as np
import pytest
from keras import layers, models

from keras_cnn._checks import InputError
from keras_cnn.models import article_cnn
from keras_cnn.saving import load_model


def published_model():
    """The article's own lines; `Input` spares a warning on `input_shape`."""
    model = models.Sequential()
    model.add(layers.Input((28, 28, 1)))
    model.add(layers.Conv2D(32, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(64, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(64, (3, 3), activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def test_article_cnn_has_the_published_parameters_layer_by_layer():
    # conv: 9 * in * out + out; dense: in * out + out; the last map is 3x3x64
    expected = [320, 0, 18_496, 0, 36_928, 0, 36_928, 650]
    assert [layer.count_params() for layer in article_cnn().layers] == expected
    assert sum(expected) == article_cnn().count_params() == 93_322


def test_article_cnn_starts_with_the_weights_of_the_published_lines():
    keras.utils.set_random_seed(7)
    theirs = published_model().get_weights()
    keras.utils.set_random_seed(7)
    ours = article_cnn().get_weights()
    for our_weight, their_weight in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(our_weight, their_weight)


def test_article_cnn_has_the_published_configuration():
    ours, theirs = article_cnn(), published_model()
    for our_layer, their_layer in zip(ours.layers, theirs.layers, strict=True):
        assert type(our_layer) is type(their_layer)
        our_config, their_config = our_layer.get_config(), their_layer.get_config()
        assert our_config | {"name": ""} == their_config | {"name": ""}


def test_article_cnn_takes_shape_classes_and_activation():
    model = article_cnn((32, 40, 3), 7, activation="tanh")
    assert model.output_shape == (None, 7)
    hidden = [layer for layer in model.layers[:-1] if hasattr(layer, "activation")]
    assert [layer.activation.__name__ for layer in hidden] == ["tanh"] * 4


def test_article_cnn_in_mixed_precision_ends_in_float32():
    model = article_cnn(dtype="mixed_bfloat16")
    assert {layer.compute_dtype for layer in model.layers[:-1]} == {"bfloat16"}
    assert model.layers[-1].compute_dtype == "float32"
    assert model(np.zeros((1, 28, 28, 1))).dtype == "float32"


def test_article_cnn_at_its_least_size_works_and_below_raises():
    assert article_cnn((18, 18, 1)).layers[4].output.shape == (None, 1, 1, 64)
    for shape in ((17, 28, 1), (28, 17, 1)):
        with pytest.raises(InputError, match="at least 18x18.*Received: input_shape="):
            article_cnn(shape)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (28, 28)}, "three numbers"),
        ({"input_shape": (28, 28, 0)}, "`input_shape` must be a whole number"),
        ({"num_classes": 1}, "`num_classes` must be a whole number >= 2"),
        ({"num_classes": 2.0}, "`num_classes` must be"),
    ],
)
def test_article_cnn_of_bad_arguments_raises(arguments, message):
    with pytest.raises(InputError, match=message):
        article_cnn(**arguments)


def test_load_model_gives_the_same_numbers(tmp_path, rng):
    model = article_cnn()
    model.save(tmp_path / "model.keras")
    images = rng.random((3, 28, 28, 1), np.float32)
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), model(images))


def test_load_model_of_what_is_no_model_raises(tmp_path):
    with pytest.raises(InputError, match="must exist.*none.keras"):
        load_model(tmp_path / "none.keras")
    (tmp_path / "text.keras").write_text("no model")
    with pytest.raises(InputError, match="must be a whole .keras file.*text.keras"):
        load_model(tmp_path / "text.keras")
    (tmp_path / "model.h5").write_text("")
    with pytest.raises(InputError, match="no .h5 file"):
        load_model(tmp_path / "model.h5")
    article_cnn().save(tmp_path / "whole.keras")
    data = (tmp_path / "whole.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="cut.keras"):
        load_model(tmp_path / "cut.keras")


def test_load_model_refuses_pickled_functions(tmp_path):
    model = keras.Sequential([layers.Input((2,)), layers.Lambda(lambda x: x + 1)])
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(InputError, match="Lambda layer.*lambda.keras"):
        load_model(tmp_path / "lambda.keras")
