"""MSE against cross-entropy: the same small network, the same start, two losses.

Run it with `python examples/mse_vs_crossentropy.py`; it takes a few seconds.
`keras-cnn claims run 8` does the same with care: many seeds, intervals, a verdict.
"""

import keras

from keras_cnn import data, layers, losses

digits = data.load("digits")
x, labels = digits.train.images / 255.0, digits.train.labels
test_x, test_labels = digits.test.images / 255.0, digits.test.labels


def trained(loss, targets):
    """Trains from seed 0; returns the model and its loss by epoch."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input(digits.image_shape),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", loss)
    model.fit(x, targets, batch_size=32, epochs=5, verbose=0)
    return model


def accuracy(model):
    """Returns the share of test images that are told right."""
    answers = model.predict(test_x, verbose=0)
    return (answers.argmax(axis=-1) == test_labels).mean()


one_hot = keras.utils.to_categorical(labels, 10)
by_crossentropy = trained(losses.SparseCategoricalCrossentropy(), labels)
by_mse = trained(losses.MeanSquaredError(), one_hot)
print(f"cross-entropy: {accuracy(by_crossentropy):.3f} of the test images")
print(f"MSE:           {accuracy(by_mse):.3f} of the test images")

# Why: the gradient by the logit of a sample of class 1 that is taken for class 0.
print("logit   cross-entropy's gradient   MSE's")
for logit in (-8.0, -4.0, 0.0, 4.0):
    probability = 1 / (1 + 2.718281828459045**-logit)
    by_logit = probability - 1
    squared = 2 * (probability - 1) * probability * (1 - probability)
    print(f"{logit:5.0f}   {by_logit:24.4f}   {squared:.4f}")
