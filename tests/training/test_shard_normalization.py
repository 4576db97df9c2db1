"""Against Keras's own layer, which sees the whole batch and is differentiated by TF."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_cnn.training.shard_normalization import normalize

FLOAT64_TOLERANCE = 1e-12
# The gradient through the moments is a difference of sums over 40 numbers.
FLOAT32_TOLERANCE = 2e-5
# Half precision is computed in float32 and rounded once; the gradient is rounded, too.
HALF_TOLERANCES = {"float16": 2e-3, "bfloat16": 2e-2}
TOLERANCES = {
    "float64": FLOAT64_TOLERANCE,
    "float32": FLOAT32_TOLERANCE,
    **HALF_TOLERANCES,
}


def layer_of(shape, **options):
    """A built layer whose scale and offset are not those that it begins with."""
    layer = keras.layers.BatchNormalization(momentum=0.8, epsilon=0.01, **options)
    layer.build(shape)
    rng = np.random.default_rng(1)
    layer.set_weights(
        [rng.uniform(0.5, 2, value.shape) for value in layer.get_weights()]
    )
    return layer


def outputs_and_gradients(call, layer, x, upstream):
    x = tf.convert_to_tensor(x)
    weights = [weight.value for weight in layer.trainable_weights]
    with tf.GradientTape() as tape:
        tape.watch([x, *weights])
        y = call(x)
    gradients = tape.gradient(y, [x, *weights], output_gradients=upstream)
    moving = [weight.numpy() for weight in layer.non_trainable_weights]
    return [np.asarray(keras.ops.cast(a, "float64")) for a in [y, *gradients, *moving]]


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(
    ("shape", "sizes", "options"),
    [
        pytest.param((10, 3), (4, 4, 2), {}, id="rows"),
        pytest.param((5, 2, 4, 3), (3, 2), {}, id="maps"),
        pytest.param((5, 3, 2, 4), (3, 2), {"axis": 1}, id="channels_first"),
        pytest.param((6, 3), (3, 3), {"scale": False}, id="without_scale"),
        pytest.param((6, 3), (3, 3), {"center": False}, id="without_offset"),
    ],
)
def test_shards_give_what_the_whole_batch_gives(shape, sizes, options, dtype):
    rng = np.random.default_rng(0)
    x = rng.normal(2.0, 3.0, shape).astype("float32").astype("float64")
    upstream = rng.normal(size=shape).astype("float32")
    policy = dtype if dtype in ("float64", "float32") else f"mixed_{dtype}"
    layers = [layer_of(shape, dtype=policy, **options) for _ in range(2)]

    def in_shards(x):
        outputs = normalize(tf.split(x, sizes), sizes, layers[1])
        return tf.concat(outputs, 0)

    inputs = tf.cast(x, dtype)
    upstream = tf.cast(upstream, dtype)
    theirs, ours = (
        outputs_and_gradients(call, layer, inputs, upstream)
        for call, layer in [
            (lambda x: layers[0](x, training=True), layers[0]),
            (in_shards, layers[1]),
        ]
    )
    for own, keras_own in zip(ours, theirs, strict=True):
        scale = np.abs(keras_own).max()
        np.testing.assert_allclose(
            own, keras_own, atol=TOLERANCES[dtype] * scale, rtol=0
        )


def test_a_shard_that_does_not_count_changes_nothing_and_learns_nothing():
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(4, 3)))
    padding = tf.constant(100 * rng.normal(size=(1, 3)))
    upstream = tf.constant(rng.normal(size=(4, 3)))
    layers = [layer_of((4, 3), dtype="float64") for _ in range(2)]
    with tf.GradientTape() as tape:
        tape.watch([x, padding])
        with_padding = normalize([x, padding], [4, 0], layers[0])
    gradients = tape.gradient(
        with_padding,
        [x, padding],
        output_gradients=[upstream, tf.zeros((1, 3), "float64")],
    )
    alone = outputs_and_gradients(
        lambda x: layers[1](x, training=True), layers[1], x, upstream
    )
    np.testing.assert_allclose(with_padding[0], alone[0], rtol=FLOAT64_TOLERANCE)
    np.testing.assert_allclose(gradients[0], alone[1], atol=FLOAT64_TOLERANCE)
    np.testing.assert_array_equal(gradients[1], np.zeros((1, 3)))
    for mine, other in zip(*(layer.get_weights() for layer in layers), strict=True):
        np.testing.assert_allclose(mine, other, rtol=FLOAT64_TOLERANCE)
