"""Makes more labelled programs: faults planted in the healthy ones of a cases file.

    python benchmarks/doctor_planted.py --cases FILE --out FILE [--a-kind 5] [--seed 7]

Each kind of fault is planted in up to `--a-kind` of the healthy programs that it can be
planted in. Both versions are trained with two seeds, and a faulty one is kept only if
its better run is worse than the healthy one's poorer run by a share of 0.12 of the
accuracy, or of R2. The doctor's rules were not chosen on these programs. `doctor.py`
scores them, with `--programs` naming the file that builds them.
"""

import argparse
import copy
import json
import os
import random
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from doctor import imported

WORSE_BY = 0.12
SEEDS = (0, 1)


def dense(case):
    """Returns the layers with weights."""
    return [one for one in case["layers"] if one["type"] in ("Dense", "Conv2D")]


def is_of(*kinds):
    """Returns whether a case has such targets."""
    return lambda case: case["target"]["kind"] in kinds


def rate_times(factor):
    """Returns a fault of the learning rate."""

    def plant(case):
        case["optimizer"]["lr"] *= factor

    return plant


def drawn_with(spread):
    """Returns a fault of the initial weights."""

    def plant(case):
        for layer in dense(case):
            layer["kernel_initializer"] = {"class": "RandomNormal", "stddev": spread}

    return plant


def answering_with(activation):
    """Returns a fault of the output."""

    def plant(case):
        case["layers"][-1]["activation"] = activation

    return plant


def linear_inside(case):
    """Takes the activations from the hidden layers."""
    for layer in dense(case)[:-1]:
        layer["activation"] = "linear"
    kept = ("Activation", "ReLU", "LeakyReLU")
    case["layers"] = [one for one in case["layers"] if one["type"] not in kept]


def unscaled(case):
    """Gives the inputs as they come."""
    case["input_scaling"] = "raw"


def dropping(case):
    """Drops nine tenths after each hidden dense layer."""
    layers = []
    for layer in case["layers"][:-1]:
        layers.append(layer)
        if layer["type"] == "Dense":
            layers.append({"type": "Dropout", "rate": 0.9})
    case["layers"] = [*layers, case["layers"][-1]]


def seven_sigmoids(case):
    """Repeats the last hidden dense layer, with sigmoids."""
    last = [one for one in dense(case)[:-1] if one["type"] == "Dense"][-1]
    last |= {"activation": "sigmoid", "repeat": 7}
    last["kernel_initializer"] = "glorot_uniform"


def shuffled(case):
    """Gives each sample another one's label."""
    case["target"]["corruption"] = "shuffled"


def short(case):
    """Trains for one epoch of large batches."""
    case["epochs"] = 1
    most = max(32, case.get("n_train", 2000) // 2)
    case["batch_size"] = min(case["batch_size"] * 16, most)
    case.pop("tile", None)


def anything(case):
    """Returns that a fault can be planted in any program."""
    return True


def has_hidden_dense(case):
    """Returns whether there is a hidden dense layer."""
    return any(one["type"] == "Dense" for one in dense(case)[:-1])


CLASSES = ("onehot", "sparse", "binary", "multilabel")
# By name: the fault's code, where it can be planted, and how.
FAULTS = {
    "rate x 300": ("lr-too-high", anything, rate_times(300)),
    "rate / 10,000": ("lr-too-low", anything, rate_times(1e-4)),
    "rate x -1": ("lr-negative", anything, rate_times(-1)),
    "tiny weights": ("bad-init", anything, drawn_with(1e-4)),
    "huge weights": ("bad-init", anything, drawn_with(20.0)),
    "linear": ("missing-nonlinearity", has_hidden_dense, linear_inside),
    "raw inputs": ("unnormalized-input", anything, unscaled),
    "dropout": ("excess-dropout", has_hidden_dense, dropping),
    "sigmoids": ("saturating-activation", has_hidden_dense, seven_sigmoids),
    "shuffled": ("corrupted-labels", anything, shuffled),
    "one epoch": ("too-few-updates", anything, short),
    "relu head": (
        "relu-output-for-classification",
        is_of(*CLASSES),
        answering_with("relu"),
    ),
    "no softmax": (
        "missing-softmax",
        is_of("onehot", "sparse"),
        answering_with("linear"),
    ),
    "no sigmoid": (
        "missing-sigmoid",
        is_of("binary", "multilabel"),
        answering_with("linear"),
    ),
    "softmax of one": (
        "softmax-single-unit",
        is_of("binary"),
        answering_with("softmax"),
    ),
    "bounded": (
        "bounded-output-for-regression",
        is_of("real"),
        answering_with("sigmoid"),
    ),
}


def quality(programs, case, seed):
    """Trains a program; returns its accuracy on the intended labels, or R2."""
    model, x, y = programs.program(case, seed)
    model.fit(x, y, batch_size=case["batch_size"], epochs=case["epochs"], verbose=0)
    inputs, _, truth, (mean, spread) = programs._data(case)
    said = np.asarray(model.predict(inputs, verbose=0))
    if not np.isfinite(said).all():
        return -1.0
    if case["target"]["kind"] in ("onehot", "sparse"):
        said = said.argmax(-1)
        return float((said == np.asarray(truth).astype(int).reshape(said.shape)).mean())
    if case["target"]["kind"] in ("binary", "multilabel"):
        return float(((said > 0.5) == (np.reshape(truth, said.shape) > 0.5)).mean())
    truth, said = np.reshape(truth, said.shape), said * spread + mean
    return float(1 - ((truth - said) ** 2).sum() / ((truth - truth.mean(0)) ** 2).sum())


def main():
    """Plants, trains, and writes what turned out to be faulty."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--a-kind", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    programs = imported(options.cases.parent / "programs.py")
    healthy = [one for one in json.loads(options.cases.read_text()) if one["healthy"]]
    draws = random.Random(options.seed)
    known, kept = {}, []
    for name, (code, fits, plant) in FAULTS.items():
        fitting = [one for one in healthy if fits(one)]
        for twin in draws.sample(fitting, min(options.a_kind, len(fitting))):
            case = copy.deepcopy(twin)
            plant(case)
            if case == twin:
                continue
            case |= {"id": f"{twin['id']}: {name}", "healthy": False}
            case |= {"faults": [code], "lint": []}
            if twin["id"] not in known:
                known[twin["id"]] = [quality(programs, twin, seed) for seed in SEEDS]
            before = known[twin["id"]]
            after = [quality(programs, case, seed) for seed in SEEDS]
            faulty = max(after) < min(before) - WORSE_BY
            print(f"{case['id']:60} {min(before):.2f} {max(after):.2f} {faulty}")
            if faulty:
                case["quality"] = {"healthy": before, "faulty": after}
                kept.append(case)
                options.out.write_text(json.dumps(kept, indent=1))
    print(f"{len(kept)} faulty programs in {options.out}")


if __name__ == "__main__":
    main()
