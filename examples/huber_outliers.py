"""Huber against outliers: a line fitted to points of which one in ten is far off.

Run it with `python examples/huber_outliers.py`; it takes a few seconds.
`keras-cnn claims run 7` does the same with care: a curve, eight losses, intervals.
"""

import keras
import numpy as np

from keras_cnn import losses

SLOPE, INTERCEPT = 2.0, 1.0

rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (400, 1))
y = SLOPE * x + INTERCEPT + 0.1 * rng.standard_normal(x.shape)
# One in ten at the right end is misread, and by a lot.
misread = np.argsort(-x[:, 0])[:80:2]
y[misread] += 10


def fitted(loss):
    """Returns slope and intercept of the line that a loss fits."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), loss)
    model.fit(x, y, batch_size=100, epochs=60, verbose=0)
    kernel, bias = model.get_weights()
    return float(kernel[0, 0]), float(bias[0])


print(f"truth                y = {SLOPE:.2f} x + {INTERCEPT:.2f}")
for name, loss in (
    ("MSE", losses.MeanSquaredError()),
    ("Huber, delta 0.3", losses.Huber(delta=0.3)),
    ("Huber, delta 20", losses.Huber(delta=20.0)),
    ("MAE", losses.MeanAbsoluteError()),
):
    slope, intercept = fitted(loss)
    print(f"{name:20} y = {slope:.2f} x + {intercept:.2f}")
