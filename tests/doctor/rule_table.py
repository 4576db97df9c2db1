"""For each rule a case that it sees, and one that it must not see.

A case is a tiny program, or a training written by hand: a function without arguments
that returns the codes of what the rules see. `test_rules.py` sweeps over them.
"""

from functools import partial
from types import SimpleNamespace

import keras
import numpy as np

from keras_cnn.doctor import Attempt, LayerHealth, Snapshot
from keras_cnn.doctor.program.read import read_program
from keras_cnn.doctor.rules import STATIC, check_groups
from keras_cnn.doctor.rules.learned import HeldOut, Learned
from keras_cnn.doctor.rules.rule import Hypothesis
from keras_cnn.doctor.rules.symptoms import Observed
from keras_cnn.doctor.trials.baseline import Reference
from keras_cnn.doctor.trials.trial import Outcome
from keras_cnn.doctor.verdict import Case, judge
from tests.doctor.programs import ROWS, classes, features, network, one_hot, rng

ENTROPY = keras.losses.CategoricalCrossentropy
BINARY = keras.losses.BinaryCrossentropy
SGD, ADAM = keras.optimizers.SGD, keras.optimizers.Adam


def codes(signs):
    return {sign.code for sign in signs if not isinstance(sign, Hypothesis)}


def program(*widths, x=None, y=None, plan=(32, 5), **options):
    """Returns what the rules see in a program before it is trained."""
    return codes(signs(*widths, x=x, y=y, plan=plan, **options))


def signs(*widths, x=None, y=None, plan=(32, 5), **options):
    x = features() if x is None else x
    y = one_hot() if y is None else y
    model = network(*(widths or (8, 3)), inputs=x.shape[1], **options)
    return list(check_groups(STATIC, read_program(model, x, y, *plan)))


def binary(*, y=None, loss="binary_crossentropy", output="sigmoid", units=1, **options):
    y = classes(2) if y is None else y
    return program(8, units, y=y, loss=loss, output=output, **options)


def amounts(*, y=None, output="linear", loss="mse", **options):
    y = features(1)[:, 0] if y is None else y
    return program(8, 1, y=y, output=output, loss=loss, **options)


def with_nan():
    x = features()
    x[3, 1] = np.nan
    return x


def looked_up(x, rows):
    model = keras.Sequential(
        [
            keras.Input((x.shape[1],)),
            keras.layers.Embedding(rows, 4),
            keras.layers.Flatten(),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy")
    return codes(check_groups(STATIC, read_program(model, x, one_hot())))


def rare(share):
    y = np.zeros(ROWS)
    y[: int(share * ROWS)] = 1
    return y


def with_outliers(count):
    y = features(1)[:, 0]
    y[:count] = 999
    return y


def frozen():
    model = network(8, 3)
    model.trainable = False
    return codes(check_groups(STATIC, read_program(model, features(), one_hot())))


def by_hand(x):
    powers = keras.ops.exp(x - keras.ops.max(x, axis=-1, keepdims=True))
    return powers / keras.ops.sum(powers, axis=-1, keepdims=True)


def spread_over(axis):
    """A softmax over some axis of outputs of two places with two classes each."""
    layers = [keras.layers.Dense(4), keras.layers.Reshape((2, 2))]
    softmax = keras.layers.Softmax(axis=axis)
    model = keras.Sequential([keras.Input((4,)), *layers, softmax])
    model.compile("sgd", "categorical_crossentropy")
    y = np.tile(np.eye(2, dtype="float32"), (ROWS, 1, 1))
    return codes(check_groups(STATIC, read_program(model, features(), y)))


def showed(losses=(1.0, 0.5, 0.2, 0.1, 0.05), skill=0.9, outputs=None, error=""):
    """Returns what the rules see in a training with these losses."""
    outputs = rng().random((20, 1)) if outputs is None else outputs
    losses = np.array(losses, "float64")
    finite = bool(np.isfinite(losses).all())
    outcome = Outcome(skill, losses, (outputs,), len(losses), finite, error=error)
    head = SimpleNamespace(task="binary")
    trained = SimpleNamespace(heads=(head,), rows=20)
    return codes(check_groups({"training"}, Observed(trained, outcome)))


def layers(ratio=1.0, **health):
    """Returns what the rules see in the layers of a network."""
    usual = {"mean": 0.0, "spread": 1.0, "zero": 0.0, "dead": 0.0, "saturated": 0.0}
    first = LayerHealth("first", **usual | health)
    last = LayerHealth("last", **usual)
    return codes(check_groups({"units"}, Snapshot(10, 0.1, (first, last), ratio)))


def learned(*, skill=0.0, snapshots=(), optimizer=None, y=None, **known):
    """Returns what the rules see after a training."""
    loss = "categorical_crossentropy"
    model = network(8, 3, optimizer=optimizer, loss=loss)
    read = read_program(model, features(), one_hot() if y is None else y)
    outcome = Outcome(skill, np.ones(5), updates=5)
    after = Learned(read, outcome, snapshots, **known)
    return codes(check_groups({"trained", "samples"}, after))


def held_out(x=None, y=None):
    x, y = features() if x is None else x, one_hot() if y is None else y
    return HeldOut([x[:80]], [y[:80]])


def clipped(norm):
    snapshot = Snapshot(0, 1.0, (), None, gradient=norm)
    return learned(snapshots=[snapshot], optimizer=SGD(0.1, clipnorm=1e-3))


def supposed(code, after):
    """Returns what counts of a failure if one remedy leads to the skill `after`."""
    suspicions = signs()
    attempt = Attempt((code,), ("",), 0.0, after, after > 0.5)
    case = Case(skill=0.0, attainable=0.9, finite=True, complete=True)
    findings = judge(case, suspicions, [attempt], [])
    return {finding.code for finding in findings if finding.counts}


SEEN_AND_UNSEEN = {
    "nan-in-data": (partial(program, x=with_nan()), program),
    "corrupted-input": (partial(program, x=np.ones((ROWS, 4), "float32")), program),
    "index-beyond-embedding": (
        partial(looked_up, features(6).argsort(1), rows=5),
        partial(looked_up, features(6).argsort(1), rows=6),
    ),
    "constant-features": (
        partial(program, x=features() * np.float32([1, 1, 1, 0])),
        program,
    ),
    "unnormalized-input": (partial(program, x=200 * features()), program),
    "corrupted-labels": (partial(binary, y=classes(2) / 255), binary),
    "wrong-labels": (
        partial(program, y=1 + classes(3), loss="sparse_categorical_crossentropy"),
        partial(program, y=classes(3), loss="sparse_categorical_crossentropy"),
    ),
    "class-imbalance": (partial(binary, y=rare(0.03)), partial(binary, y=rare(0.3))),
    "outlier-targets": (
        partial(amounts, y=with_outliers(3)),
        partial(amounts, y=with_outliers(3), loss="huber"),
    ),
    "unnormalized-target": (partial(amounts, y=500 + features(1)[:, 0]), amounts),
    "wrong-loss": (partial(program, loss="mse"), program),
    "wrong-output-activation": (partial(program, output="tanh"), program),
    "softmax-single-unit": (partial(binary, output="softmax"), binary),
    "binary-head-for-multiclass": (
        partial(program, 8, 1, y=classes(3), output="sigmoid", loss=BINARY()),
        partial(program, 8, 1, y=classes(2), output="sigmoid", loss=BINARY()),
    ),
    "double-softmax": (partial(program, loss=ENTROPY(from_logits=True)), program),
    "relu-output-for-classification": (partial(program, output="relu"), program),
    "sigmoid-for-multiclass": (partial(program, output="sigmoid"), program),
    "softmax-for-multilabel": (
        partial(program, y=np.maximum(one_hot(), one_hot()[::-1])),
        program,
    ),
    "missing-softmax": (
        partial(program, output="linear"),
        partial(program, output="linear", loss=ENTROPY(from_logits=True)),
    ),
    "missing-sigmoid": (
        partial(binary, output="linear"),
        partial(binary, output="linear", loss=BINARY(from_logits=True)),
    ),
    "bounded-output-for-regression": (
        partial(amounts, output="tanh"),
        partial(amounts, output="tanh", y=np.tanh(features(1)[:, 0])),
    ),
    "relu-output-for-signed-regression": (
        partial(amounts, output="relu"),
        partial(amounts, output="relu", y=abs(features(1)[:, 0])),
    ),
    "lost-logits": (partial(program, output=by_hand), program),
    "frozen-layers": (frozen, program),
    "exploding-activation": (partial(program, hidden="exponential"), program),
    "saturating-activation": (
        partial(program, 8, 8, 8, 8, 3, hidden="sigmoid"),
        partial(program, 8, 8, 8, 8, 3, hidden="relu"),
    ),
    "missing-nonlinearity": (partial(program, 8, 8, 3, hidden=None), program),
    "excess-depth": (
        partial(program, *[8] * 9, 3),
        partial(program, *[8] * 9, 3, between=[keras.layers.BatchNormalization()]),
    ),
    "excess-dropout": (
        partial(program, between=[keras.layers.Dropout(0.9)]),
        partial(program, between=[keras.layers.Dropout(0.3)]),
    ),
    "bad-init": (partial(program, kernel_initializer="zeros"), program),
    "lr-negative": (partial(program, optimizer=SGD(-0.1)), program),
    "lr-too-low": (
        partial(program, optimizer=ADAM(1e-9)),
        partial(program, optimizer=ADAM(0.05)),
    ),
    "lr-too-high": (
        partial(program, optimizer=ADAM(9.0)),
        partial(program, optimizer=ADAM(1e-4)),
    ),
    "too-few-updates": (
        partial(supposed, "too-few-updates", 0.9),
        partial(supposed, "too-few-updates", 0.1),
    ),
    "batch-too-small": (partial(program, plan=(1, 5)), program),
    "overfitting": (
        partial(learned, skill=0.9, held_out=held_out(), held_out_skill=0.2),
        partial(learned, skill=0.9, held_out=held_out(), held_out_skill=0.8),
    ),
    "duplicates": (
        partial(learned, held_out=held_out()),
        partial(learned, held_out=held_out(1e-3 + features())),
    ),
    "validation-differs": (
        partial(
            learned, skill=0.9, held_out=held_out(255 * features()), held_out_skill=0
        ),
        partial(learned, skill=0.9, held_out=held_out(), held_out_skill=0),
    ),
    "shuffled-apart": (
        partial(learned, reference=Reference(0.01, True)),
        partial(learned, reference=Reference(0.6, True)),
    ),
    "cannot-train": (partial(showed, error="ValueError: shapes"), showed),
    "batchnorm-statistics": (
        partial(learned, skill=0.2, batch_skill=0.9),
        partial(learned, skill=0.9, batch_skill=0.9),
    ),
    "softmax-collapse": (partial(learned, lost=0.8), partial(learned, lost=0.1)),
    "gradient-clipping": (partial(clipped, 5.0), partial(clipped, 0.01)),
    "excess-regularization": (
        partial(program, kernel_regularizer=keras.regularizers.L2(1.0)),
        partial(program, kernel_regularizer=keras.regularizers.L2(1e-4)),
    ),
    "input-too-small": (partial(program, x=1e-4 * features()), program),
    "wrong-axis": (
        partial(spread_over, 1),
        partial(spread_over, -1),
    ),
    "too-small-model": (partial(program, 1, 3), partial(program, 32, 3)),
    "nan-or-inf": (partial(showed, [1.0, np.nan]), showed),
    "negative-loss": (partial(showed, [0.5, -3.0]), showed),
    "chance-level": (partial(showed, skill=0.01), showed),
    "constant-output": (partial(showed, outputs=np.ones((20, 1))), showed),
    "rising-loss": (partial(showed, [1.0, 1.5, 2.0, 3.0, 4.0]), showed),
    "flat-loss": (partial(showed, [1.0] * 5), showed),
    "oscillating-loss": (partial(showed, [1.0, 9.0, 0.5, 8.0, 0.9]), showed),
    "dead-relu": (partial(layers, dead=0.9), layers),
    "saturated-units": (partial(layers, saturated=0.9), layers),
    "vanishing-gradient": (partial(layers, ratio=1e-6), layers),
    "exploding-gradient": (partial(layers, ratio=1e6), layers),
}
