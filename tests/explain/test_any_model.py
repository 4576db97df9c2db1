"""However a network is written, saved or nested, it is explained alike."""

import gc
import threading
import weakref

import keras
import numpy as np
import pytest

from keras_cnn import load_model
from keras_cnn._checks import InputError
from keras_cnn.explain import METHODS, activation_maximization, feature_maps, grad_cam
from keras_cnn.explain._layers import layer_named
from keras_cnn.explain._target import target_of
from keras_cnn.layers import Conv2D

FEW = ("saliency", "grad_cam")
CHEAP = {"smooth_grad": {"samples": 2}, "integrated_gradients": {"max_gap": 1.0}}


def layers(head="softmax", dtype=None, convolution=keras.layers.Conv2D):
    """The layers of a small network; the same names and places each time."""
    return [
        convolution(4, 3, activation="relu", name="first", dtype=dtype),
        convolution(5, 3, name="second", dtype=dtype),
        keras.layers.ReLU(name="relu", dtype=dtype),
        keras.layers.MaxPooling2D(2, name="pool", dtype=dtype),
        keras.layers.Flatten(name="flat", dtype=dtype),
        keras.layers.Dense(3, activation=head, name="scores", dtype=dtype),
    ]


def sequential(head="softmax", dtype=None):
    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input((8, 8, 1)), *layers(head, dtype)])


def nested():
    image = keras.Input((8, 8, 1))
    inside = keras.Sequential([keras.Input((8, 8, 1)), *layers()[:3]], name="inside")
    outside = inside(image)
    for layer in layers()[3:]:
        outside = layer(outside)
    return keras.Model(image, outside)


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.all_of_them = layers()

    def call(self, images):
        for layer in self.all_of_them:
            images = layer(images)
        return images


def lazily_built():
    return keras.Sequential(layers())


def softmax_by_hand():
    image = keras.Input((8, 8, 1))
    x = image
    for layer in layers(head=None):
        x = layer(x)
    exps = keras.ops.exp(x - keras.ops.max(x, axis=-1, keepdims=True))
    return keras.Model(image, exps / keras.ops.sum(exps, axis=-1, keepdims=True))


@pytest.fixture
def images(rng):
    return rng.random((3, 8, 8, 1), np.float32)


def explained(model, images, names=tuple(METHODS)):
    return {
        name: METHODS[name](model, images, [0, 1, 2], **CHEAP.get(name, {}))
        for name in names
    }


@pytest.fixture(scope="module")
def expected():
    images = np.random.default_rng(0).random((3, 8, 8, 1), np.float32)
    model = sequential()
    return model, explained(model, images)


@pytest.mark.parametrize(
    "build",
    [nested, Subclassed, lazily_built, lambda: sequential(head=None)],
    ids=["nested", "subclassed", "built by a call", "logits"],
)
def test_however_written_the_maps_are_the_same(build, images, expected):
    reference, wanted = expected
    model = build()
    model(images[:1])
    model.set_weights(reference.get_weights())
    for name, found in explained(model, images).items():
        np.testing.assert_allclose(found.maps, wanted[name].maps, atol=1e-5)
        np.testing.assert_allclose(found.scores, wanted[name].scores, atol=1e-5)


@pytest.mark.parametrize("build", [sequential, nested, lazily_built])
def test_a_freshly_loaded_model_is_explained(build, images, tmp_path):
    model = build()
    model(images[:1])
    model.save(tmp_path / "model.keras")
    wanted = explained(model, images, FEW)
    fresh = load_model(tmp_path / "model.keras")
    for name, found in explained(fresh, images, FEW).items():
        np.testing.assert_allclose(found.maps, wanted[name].maps, atol=1e-5)


def test_a_softmax_by_hand_is_explained_by_its_logarithm(images, expected):
    # log p = z - log sum exp z: its gradient is that of z less the mean gradient
    reference, _ = expected
    model = softmax_by_hand()
    model.set_weights(reference.get_weights())
    found = METHODS["gradient_x_input"](model, images, 0)
    probabilities = np.asarray(reference(images))
    np.testing.assert_allclose(found.scores, np.log(probabilities[:, 0]), atol=1e-5)
    of_logits = [
        METHODS["gradient_x_input"](reference, images, number).maps
        for number in range(3)
    ]
    mean = np.einsum("nk,knhw->nhw", probabilities, of_logits)
    np.testing.assert_allclose(found.maps, of_logits[0] - mean, atol=1e-5)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_other_precisions_are_explained_in_float32(dtype, images, expected):
    reference, wanted = expected
    model = sequential(dtype=dtype)
    model.set_weights(reference.get_weights())
    for name, found in explained(model, images, FEW).items():
        np.testing.assert_allclose(found.maps, wanted[name].maps, atol=1e-4)
    # a second look sees what the weights are then
    model.set_weights([2 * weight for weight in reference.get_weights()])
    reference_2 = sequential()
    reference_2.set_weights(model.get_weights())
    np.testing.assert_allclose(
        grad_cam(model, images, 0).maps,
        grad_cam(reference_2, images, 0).maps,
        rtol=1e-4,
    )


def test_a_single_sigmoid_is_explained_by_its_logit(images):
    model = keras.Sequential([keras.Input((8, 8, 1)), *layers()[:5]])
    model.add(keras.layers.Dense(1, "sigmoid"))
    found = METHODS["gradient_x_input"](model, images)
    assert found.classes.tolist() == [0, 0, 0]
    probability = np.asarray(model(images))[:, 0]
    np.testing.assert_allclose(
        found.scores, np.log(probability / (1 - probability)), atol=1e-4
    )


def test_colour_images_of_any_size(rng):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Conv2D(4, 3),
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Dense(2, "softmax"),
        ]
    )
    for size in ((7, 9), (12, 6)):
        images = rng.random((2, *size, 3), np.float32)
        for name in FEW:
            found = METHODS[name](model, images, 1)
            assert found.maps.shape == (2, *size) and found.maps.any()
    with pytest.raises(InputError, match="`image_shape` must be given"):
        activation_maximization(model)
    best = activation_maximization(model, image_shape=(6, 6, 3), steps=2)
    assert best.images.shape == (2, 6, 6, 3)


def test_channels_first_gives_the_same_maps(images, expected):
    reference, wanted = expected
    keras.config.set_image_data_format("channels_first")
    try:
        # Keras's Flatten turns the places round by itself, so the head is the same
        # Ours, since Keras's cannot convolve channels first on every CPU.
        net = layers(convolution=Conv2D)
        model = keras.Sequential([keras.Input((1, 8, 8)), *net])
        model.set_weights(reference.get_weights())
        for name, found in explained(model, images.transpose(0, 3, 1, 2)).items():
            np.testing.assert_allclose(found.maps, wanted[name].maps, atol=1e-5)
        best = activation_maximization(model, [1], layer="second", steps=2)
        assert best.images.shape == (1, 1, 8, 8)
    finally:
        keras.config.set_image_data_format("channels_last")


@keras.saving.register_keras_serializable("tests")
class Counted(keras.layers.Layer):
    """Counts how often it is called from Python: once a trace, or an eager call."""

    calls = 0

    def call(self, x):
        Counted.calls += 1
        return x


def test_a_second_call_compiles_nothing(rng):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8, 8, 1)), Counted(), *layers()])
    ways = {**METHODS, "feature_maps": lambda *args: feature_maps(*args[:2])}
    for name, method in ways.items():
        method(model, rng.random((3, 8, 8, 1), np.float32), 1)
        before = Counted.calls
        # other images, another number of them, another class: the same graph
        for count in (3, 5, 70):
            method(model, rng.random((count, 8, 8, 1), np.float32), 2)
        assert Counted.calls == before, name
    activation_maximization(model, steps=1)
    before = Counted.calls
    activation_maximization(model, 1, steps=3, jitter=0)
    assert Counted.calls == before


def test_a_changed_model_is_compiled_anew(images):
    model = sequential()
    before = grad_cam(model, images, 0).scores
    model.pop()
    model.add(keras.layers.Dense(2, kernel_initializer="zeros"))
    after = grad_cam(model, images, 0)
    assert before.all() and not after.scores.any()
    model.layers[-1].activation = keras.activations.exponential
    assert grad_cam(model, images, 0).scores.tolist() == [1, 1, 1]


def test_trained_weights_are_seen_at_once(images):
    model = sequential()
    before = grad_cam(model, images, 0)
    model.set_weights([-weight for weight in model.get_weights()])
    after = grad_cam(model, images, 0)
    assert not np.allclose(before.scores, after.scores)


def test_a_model_goes_when_its_owner_lets_go_of_it(images):
    model = sequential()
    explained(model, images)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_no_layer_is_listened_to_after_a_failure(images):
    class Fails(keras.layers.Layer):
        def call(self, x):
            if x.shape[0] != 2 and x.shape[0] != 3:  # the batch of a graph is unknown
                raise ValueError("fails in a graph")
            return x

    model = keras.Sequential([keras.Input((8, 8, 1), batch_size=3), *layers(), Fails()])
    with pytest.raises(ValueError, match="fails in a graph"):
        grad_cam(model, images)
    assert not [layer for layer in model.layers if "call" in vars(layer)]


def test_explanations_in_two_threads_are_those_of_one(rng):
    images = rng.random((40, 8, 8, 1), np.float32)
    wanted = grad_cam(sequential(), images, 0).maps
    model = sequential()
    found = {}

    def work(number):
        found[number] = grad_cam(model, images, 0, batch_size=7).maps

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for maps in found.values():
        np.testing.assert_allclose(maps, wanted, atol=1e-6)


def test_no_image_gives_no_map():
    model = sequential()
    none = np.zeros((0, 8, 8, 1), np.float32)
    for name, method in METHODS.items():
        found = method(model, none, **CHEAP.get(name, {}))
        assert found.maps.shape == (0, 8, 8) and found.notes == ()
    assert feature_maps(model, none)["second"].shape == (0, 4, 4, 5)


def test_grad_cam_looks_behind_the_last_convolutions_activation():
    def name(model, layer=None):
        return layer_named(target_of(model, (8, 8, 1)), layer)

    model = nested()
    assert name(sequential()) == "relu"
    assert name(model) == "inside/relu"
    assert name(model, "first") == "inside/first"
    assert name(model, "inside/second") == "inside/second"
    with pytest.raises(InputError, match="Received: layer='frist'.* \"first\""):
        name(sequential(), "frist")
    with pytest.raises(InputError, match="must name one layer that gives maps: first"):
        name(sequential(), "scores")
    flat = keras.Sequential([keras.Input((8, 8, 1)), *layers()[4:]])
    with pytest.raises(InputError, match="must have a convolution"):
        name(flat)
    with pytest.raises(InputError, match="must have a layer that gives maps"):
        feature_maps(flat, np.zeros((1, 8, 8, 1), np.float32))


def test_feature_maps_of_nested_layers_are_those_of_the_flat_model(images, expected):
    reference, _ = expected
    model = nested()
    model.set_weights(reference.get_weights())
    found = feature_maps(model, images, ["second", "pool"], batch_size=2)
    assert list(found) == ["inside/second", "pool"]
    part = keras.Sequential(reference.layers[:2])
    np.testing.assert_allclose(found["inside/second"], part(images), atol=1e-6)
