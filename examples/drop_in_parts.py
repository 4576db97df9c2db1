"""Our parts in an existing model: layers exchanged one for one, weights kept.

Run it with `python examples/drop_in_parts.py`; it takes a few seconds.
"""

import keras
import numpy as np

from keras_cnn import data, layers, losses

digits = data.load("digits")
x, labels = digits.train.images / 255.0, digits.train.labels


def exchanged(layer):
    """Returns our layer of the same name and configuration, or the layer itself."""
    ours = getattr(layers, type(layer).__name__, None)
    config = layer.get_config()
    return ours.from_config(config) if ours else type(layer).from_config(config)


# The existing model: any of Keras's, trained as ever.
existing = keras.Sequential(
    [
        keras.Input(digits.image_shape),
        keras.layers.Conv2D(8, 3, activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
existing.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
existing.fit(x, labels, epochs=2, verbose=0)

# The same model with our parts.
model = keras.models.clone_model(existing, clone_function=exchanged)
model.set_weights(existing.get_weights())
for before, after in zip(existing.layers, model.layers, strict=True):
    print(f"{type(before).__module__:35} -> {type(after).__module__}")
difference = np.abs(existing.predict(x, verbose=0) - model.predict(x, verbose=0)).max()
print(f"largest difference of their answers: {difference:.1e}")

# It goes on training, with one of our losses.
model.compile("adam", losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
model.fit(x, labels, epochs=2, verbose=0)
test = digits.test
print(
    "Test accuracy:",
    round(model.evaluate(test.images / 255.0, test.labels, verbose=0)[1], 3),
)
