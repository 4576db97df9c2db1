"""What a layer does, as a snapshot, and the ways to copy one."""

import keras
import numpy as np


def draw(shape):
    """Numbers of both signs, beyond 1, some of them 0."""
    rng = np.random.default_rng(1)
    values = 3 * rng.normal(size=shape)
    return np.where(rng.random(shape) < 0.1, 0, values).astype("float32")


def layer_snapshot(run, layer, shape):
    """Builds the layer, runs it forwards and backwards, updates it once."""
    x = draw(shape)
    if not layer.built:
        layer.build(shape)
    symbolic = layer(keras.Input(batch_shape=(None, *shape[1:])))
    start = [np.array(w) for w in layer.get_weights()]
    upstream = np.ones(layer(x).shape, "float32")
    penalties = [keras.ops.convert_to_numpy(loss) for loss in layer.losses]
    passed = run(layer, x, upstream)
    keras.optimizers.SGD(0.1).apply(
        [keras.ops.convert_to_tensor(g.astype("float32")) for g in passed.by_weights],
        layer.trainable_variables,
    )
    return {
        "name": layer.name,
        "weights": start,
        "dtypes of weights": [w.dtype for w in layer.weights],
        "trainable flag": layer.trainable,
        "trainable weights": [w.name for w in layer.trainable_weights],
        "shape": str(symbolic.shape),
        "dtype": str(keras.backend.standardize_dtype(layer(x).dtype)),
        "output": passed.value,
        "gradient": passed.by_x,
        "gradients of weights": passed.by_weights,
        "penalties": penalties,
        "updated weights": [np.array(w) for w in layer.get_weights()],
    }


def layer_copies(folder, layer, shape):
    """Yields (how, make) for each way in which a layer is copied."""
    yield "from_config", lambda: type(layer).from_config(layer.get_config())
    serialized = keras.saving.serialize_keras_object(layer)
    yield (
        "serialize_keras_object",
        lambda: keras.saving.deserialize_keras_object(serialized),
    )
    model = keras.Sequential([keras.Input(shape[1:]), layer])
    yield "clone_model", lambda: keras.models.clone_model(model).layers[-1]
    model.save(folder / "model.keras")
    yield (
        "a .keras file",
        lambda: keras.models.load_model(folder / "model.keras").layers[-1],
    )
