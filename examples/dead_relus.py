"""Dead ReLUs: units that are zero at every image, counted; what the doctor says.

Run it with `python examples/dead_relus.py`; it takes some ten seconds.
`keras-cnn claims run 5` counts them over nine remedies and many seeds.
"""

import keras
import numpy as np

from keras_cnn import data, doctor

digits = data.load("digits")
x, labels = digits.train.images / 255.0, digits.train.labels


def network(activation, rate):
    """Builds two hidden layers of 64 units, compiled."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input(digits.image_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation=activation, name="first"),
            keras.layers.Dense(64, activation=activation, name="second"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model


def share_without_slope(model):
    """Returns the share of hidden units that are at their flat side at every image."""
    hidden = [model.get_layer(name).output for name in ("first", "second")]
    outputs = keras.Model(model.inputs, hidden).predict(x, verbose=0)
    return np.mean([np.all(one == 0, axis=0) for one in outputs])


for activation, rate in (
    ("relu", 0.001),
    ("relu", 0.1),
    ("leaky_relu", 0.1),
):
    model = network(activation, rate)
    model.fit(x, labels, epochs=5, verbose=0)
    accuracy = np.mean(model.predict(x, verbose=0).argmax(axis=-1) == labels)
    print(
        f"{activation:10} rate {rate:5}: {share_without_slope(model):4.0%} of the "
        f"units are dead, accuracy {accuracy:.2f}"
    )

diagnosis = doctor.diagnose(network("relu", 0.1), x, labels, budget_seconds=4)
print("The doctor on the second:")
for finding in diagnosis.findings:
    print(f"  {finding.severity} {finding.code}: {finding.evidence}")
