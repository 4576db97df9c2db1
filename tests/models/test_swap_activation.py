"""Another activation in the hidden layers, beside models built by hand with it."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers

import keras_cnn
from keras_cnn import InputError, article_cnn, swap_activation, use_keras_cnn
from keras_cnn.models import hidden_activations

X = np.random.default_rng(0).normal(size=(3, 8)).astype("float32")
IMAGES = np.random.default_rng(1).normal(size=(2, 8, 8, 2)).astype("float32")


def sequential(activation, head="softmax"):
    return keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(4, 3, activation=activation, name="a"),
            layers.DepthwiseConv2D(3, activation=activation, name="b"),
            layers.SeparableConv2D(4, 2, activation=activation, name="c"),
            layers.Conv2D(4, 1, name="d"),
            layers.BatchNormalization(name="e"),
            layers.Activation(activation, name="f"),
            layers.Flatten(name="g"),
            layers.Dense(5, name="h"),
            layers.Dense(3, activation=head, name="i"),
        ]
    )


def nested(activation):
    inner_in = keras.Input((8,))
    inner_out = layers.Dense(8, activation=activation, name="inner")(inner_in)
    inner = keras.Model(inner_in, inner_out, name="block")
    shared = layers.Dense(8, activation=activation, name="shared")
    x = keras.Input((8,))
    h = inner(x)
    h = layers.Add()([shared(h), shared(x)])
    h = keras.Sequential(
        [keras.Input((8,)), layers.Dense(6, activation=activation)], name="tail"
    )(h)
    return keras.Model(x, layers.Dense(2, activation="sigmoid", name="head")(h))


def same_weights(model, other):
    other.set_weights(model.get_weights())
    return other


def answers(model, x):
    return np.asarray(model(x, training=False))


@pytest.mark.parametrize("make, x", [(sequential, IMAGES), (nested, X)])
@pytest.mark.parametrize("activation", ["gelu", "tanh", "silu", keras.ops.sin])
def test_it_computes_what_a_model_built_with_the_activation_does(make, x, activation):
    model = make("relu")
    by_hand = same_weights(model, make(activation))
    swapped = swap_activation(model, activation)
    np.testing.assert_array_equal(answers(swapped, x), answers(by_hand, x))
    assert not np.allclose(answers(swapped, x), answers(model, x))


def test_the_original_is_untouched_and_the_names_stay():
    model = sequential("relu")
    before = answers(model, IMAGES)
    swapped = swap_activation(model, "gelu")
    assert [layer.name for layer in swapped.layers] == list("abcdefghi")
    np.testing.assert_array_equal(answers(model, IMAGES), before)
    assert not swapped.compiled


@pytest.mark.parametrize(
    "layer",
    [
        layers.ReLU(),
        layers.LeakyReLU(),
        layers.PReLU(),
        layers.ELU(),
        keras_cnn.layers.GELU(),
        keras_cnn.layers.PReLU(),
        layers.TimeDistributed(layers.ReLU()),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_an_activation_as_a_layer_is_replaced(layer):
    def made(middle):
        parts = [keras.Input((4, 2)), layers.Dense(3), middle, layers.Dense(1)]
        return keras.Sequential(parts)

    model = made(layer)
    x = X.reshape(3, 4, 2)
    by_hand = made(layers.Activation("tanh"))
    for one, other in zip(by_hand.layers[::2], model.layers[::2], strict=True):
        one.set_weights(other.get_weights())
    np.testing.assert_array_equal(
        answers(swap_activation(model, "tanh"), x), answers(by_hand, x)
    )


def test_an_activation_as_an_operation_is_replaced():
    x = keras.Input((8,))
    h = keras.ops.relu(layers.Dense(4)(x))
    h = keras.activations.relu(layers.Dense(4)(h))
    model = keras.Model(x, layers.Dense(2)(h))
    w = model.get_weights()
    swapped = swap_activation(model, "tanh")
    h = np.tanh(np.tanh(X @ w[0] + w[1]) @ w[2] + w[3])
    np.testing.assert_allclose(answers(swapped, X), h @ w[4] + w[5], atol=1e-5)


def test_a_layer_is_put_behind_each_layer_with_its_own_weights():
    for model, x in ((sequential("relu"), IMAGES), (nested("relu"), X)):
        hidden = len(hidden_activations(model))
        swapped = swap_activation(model, layers.PReLU(alpha_initializer="ones"))
        slopes = [w for w in swapped.weights if "alpha" in w.name]
        assert len(slopes) == hidden
        # Slopes of 1 on both sides: nothing is bent.
        linear = swap_activation(model, "linear")
        np.testing.assert_allclose(answers(swapped, x), answers(linear, x), rtol=1e-5)


@pytest.mark.parametrize("name", ["prelu", "PReLU", "LeakyReLU"])
def test_a_layer_can_be_named(name):
    swapped = swap_activation(sequential("relu"), name)
    kinds = [type(layer).__name__.lower() for layer in swapped.layers]
    assert kinds.count(name.lower()) == 4


def test_shared_layers_stay_shared_across_nested_models():
    shared = layers.Dense(8, activation="relu")
    inner_in = keras.Input((8,))
    inner = keras.Model(inner_in, shared(inner_in))
    x = keras.Input((8,))
    model = keras.Model(x, layers.Dense(1)(inner(shared(x))))
    swapped = swap_activation(model, "tanh")
    assert len(swapped.weights) == len(model.weights) == 4
    w = model.get_weights()
    h = np.tanh(np.tanh(X @ w[0] + w[1]) @ w[0] + w[1])
    np.testing.assert_allclose(answers(swapped, X), h @ w[2] + w[3], atol=1e-5)


def test_heads_stay_also_where_they_are_layers_or_several():
    x = keras.Input((8,))
    h = layers.Dense(6, activation="relu", name="hidden")(x)
    one = layers.Reshape((3,))(layers.Activation("softmax")(layers.Dense(3)(h)))
    features = layers.Dropout(0.5)(layers.Dense(4, activation="relu")(h))
    model = keras.Model(x, [one, features])
    assert [each.layer for each in hidden_activations(model)] == ["hidden"]
    swapped = swap_activation(model, "linear")
    w = model.get_weights()
    h = X @ w[0] + w[1]
    logits, relu = h @ w[2] + w[3], np.maximum(h @ w[4] + w[5], 0)
    share = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    found = [np.asarray(each) for each in swapped(X)]
    np.testing.assert_allclose(found[0], share, atol=1e-5)
    np.testing.assert_allclose(found[1], relu, atol=1e-5)


def test_gates_and_own_code_are_left_alone_and_listed():
    @keras.saving.register_keras_serializable(package="test_swap")
    class Own(layers.Layer):
        def call(self, x):
            return keras.ops.relu(x)

    x = keras.Input((5, 8))
    h = layers.LSTM(4, name="lstm")(x)
    h = layers.Dense(4, activation="relu", name="dense")(h)
    gate = layers.Dense(4, activation="sigmoid", name="gate")(h)
    h = layers.Multiply()([h, gate])
    model = keras.Model(x, layers.Dense(1)(Own(name="own")(h)))
    with pytest.warns(UserWarning, match="lstm.*gate.*own"):
        swapped = swap_activation(model, "tanh")
    kept = {each.layer: each.kept_because for each in hidden_activations(model)}
    assert "gates" in kept["lstm"] and "multiplied" in kept["gate"]
    assert "own code" in kept["own"] and kept["dense"] == ""
    assert swapped.get_layer("dense").activation.__name__ == "tanh"
    assert swapped.get_layer("gate").activation.__name__ == "sigmoid"


def test_a_simple_rnn_and_a_wrapped_layer_are_swapped():
    def made(activation):
        return keras.Sequential(
            [
                keras.Input((4, 2)),
                layers.SimpleRNN(3, activation=activation, return_sequences=True),
                layers.TimeDistributed(layers.Dense(3, activation=activation)),
                layers.Flatten(),
                layers.Dense(1),
            ]
        )

    model = made("tanh")
    by_hand = same_weights(model, made("relu"))
    x = X.reshape(3, 4, 2)
    swapped = swap_activation(model, "relu")
    np.testing.assert_array_equal(answers(swapped, x), answers(by_hand, x))


def test_weights_are_drawn_by_seed_and_place_alone():
    model = sequential("relu")
    state = keras.utils.set_random_seed, np.random.get_state()[1].copy()
    one = swap_activation(model, "tanh", seed=3)
    again = swap_activation(model, layers.PReLU(), seed=3)
    other = swap_activation(model, "tanh", seed=4)
    assert np.array_equal(np.random.get_state()[1], state[1])
    kernels = [w.name for w in one.weights if "kernel" in w.name]
    assert kernels
    for name in "abcdhi":
        left, right = one.get_layer(name), again.get_layer(name)
        for w, v in zip(left.get_weights(), right.get_weights(), strict=True):
            np.testing.assert_array_equal(w, v)
    drawn = one.get_layer("a").get_weights()[0]
    assert not np.array_equal(drawn, other.get_layer("a").get_weights()[0])
    assert not np.array_equal(drawn, model.get_layer("a").get_weights()[0])


def test_two_layers_of_one_shape_start_apart():
    model = keras.Sequential(
        [keras.Input((4,)), *(layers.Dense(4, activation="relu") for _ in range(3))]
    )
    first, second, _ = swap_activation(model, "tanh", seed=0).layers
    assert not np.array_equal(first.get_weights()[0], second.get_weights()[0])


def test_a_seed_within_an_initializer_does_not_hold_every_draw_the_same():
    start = keras.initializers.HeNormal(seed=1)
    parts = [
        keras.Input((4,)),
        layers.Dense(4, activation="relu", kernel_initializer=start),
    ]
    model = keras.Sequential([*parts, layers.Dense(1)])
    one, other = (swap_activation(model, "tanh", seed=s).get_weights() for s in (0, 1))
    assert not np.array_equal(one[0], other[0])


def test_frozen_layers_keep_their_weights():
    model = sequential("relu")
    model.get_layer("a").trainable = False
    swapped = swap_activation(model, "gelu", seed=5)
    kept, given = (m.get_layer("a").get_weights() for m in (swapped, model))
    np.testing.assert_array_equal(kept[0], given[0])
    assert not swapped.get_layer("a").trainable
    assert not np.array_equal(
        swapped.get_layer("b").get_weights()[0], model.get_layer("b").get_weights()[0]
    )


def test_an_initializer_that_follows_the_activation_changes_the_scale_alone():
    model = keras.Sequential(
        [
            keras.Input((50,)),
            layers.Dense(150, activation="relu"),
            layers.Dense(150),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dense(2),
        ]
    )
    draw = {
        name: swap_activation(model, name, seed=0, initializer="matched").get_weights()
        for name in ("relu", "tanh", "selu")
    }
    # Variances by hand: He 2 / 50, Glorot 2 / (50 + 150), LeCun 1 / 50.
    ratios = {"tanh": np.sqrt((2 / 50) / (2 / 200)), "selu": np.sqrt(2)}
    for name, ratio in ratios.items():
        np.testing.assert_allclose(
            draw["relu"][0], draw[name][0] * ratio, rtol=1e-5, atol=1e-7
        )
    # The dense layer before the ReLU layer follows as well, and the head does not.
    np.testing.assert_allclose(
        draw["relu"][2], draw["selu"][2] * np.sqrt(2), rtol=1e-5, atol=1e-7
    )
    np.testing.assert_array_equal(draw["relu"][-2], draw["tanh"][-2])


def test_a_swapped_model_is_saved_and_loaded(tmp_path):
    for activation in ("gelu", layers.PReLU(), keras_cnn.activations.mish):
        swapped = swap_activation(nested("relu"), activation)
        swapped.save(tmp_path / "model.keras")
        loaded = keras_cnn.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(answers(loaded, X), answers(swapped, X))


def test_it_trains():
    swapped = swap_activation(sequential("relu"), "silu", seed=1)
    swapped.compile("adam", "sparse_categorical_crossentropy")
    before = swapped.get_weights()[0]
    swapped.fit(IMAGES, np.array([0, 1]), verbose=0)
    assert not np.array_equal(before, swapped.get_weights()[0])


def test_only_the_named_activation_is_replaced():
    model = keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(4, activation="relu"),
            layers.Dense(4, activation="tanh"),
            layers.Dense(1),
        ]
    )
    swapped = swap_activation(model, "gelu", replaces="relu")
    names = [layer.activation.__name__ for layer in swapped.layers]
    assert names == ["gelu", "tanh", "linear"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"activation": "glu"}, "must keep the shape.*glu"),
        ({"activation": "rellu"}, 'Did you mean "relu"'),
        ({"activation": 3}, "a name, a function or a layer"),
        ({"activation": "gelu", "replaces": "tanh"}, "'tanh' in its middle"),
        ({"activation": "gelu", "seed": -1}, "seed"),
        ({"activation": "gelu", "initializer": "he"}, "initializer"),
    ],
)
def test_what_cannot_be_swapped_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        swap_activation(sequential("relu"), **arguments)


def test_a_model_without_hidden_activations_or_graph_is_refused():
    flat = keras.Sequential([keras.Input((8,)), layers.Dense(2, activation="relu")])
    with pytest.raises(InputError, match="must have a hidden activation"):
        swap_activation(flat, "gelu")

    class Own(keras.Model):
        def call(self, x):
            return x

    unbuilt = keras.Sequential([layers.Dense(2)])
    for model in (Own(), unbuilt, "model"):
        with pytest.raises(InputError, match="built Sequential or functional"):
            swap_activation(model, "gelu")


@pytest.mark.parametrize("make, x", [(sequential, IMAGES), (nested, X)])
def test_the_hand_written_parts_give_equal_outputs(make, x):
    model = make("gelu")
    ours = use_keras_cnn(model)
    np.testing.assert_allclose(answers(ours, x), answers(model, x), atol=1e-6)
    leaves = [each for each in ours._flatten_layers() if not each._layers]
    assert any(type(each).__module__.startswith("keras_cnn") for each in leaves)
    functions = [f for each in leaves if (f := getattr(each, "activation", None))]
    assert {f.__module__.partition(".")[0] for f in functions} == {"keras_cnn"}


def test_the_articles_network_becomes_the_hand_written_one():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = use_keras_cnn(article_cnn())
    kinds = [type(layer) for layer in ours.layers]
    by_hand = article_cnn(layers_from="keras_cnn")
    assert kinds == [type(layer) for layer in by_hand.layers]
