"""Measures explanations on MNIST: deletion, insertion, randomised weights.

    keras-cnn train --recipe fast --dataset mnist
    python benchmarks/explanations.py runs/...-article_cnn [--images 500]

Each method explains the class that the model gives, on images drawn from the test set.
Pixels are deleted and inserted in 28 parts, black for what is not there; a random map
is the control, and each method's area is compared with it image by image. Writes
`benchmarks/explanations.json`; `--table` writes it into docs/explain.md, too.
"""

import argparse
import json
import os
import platform
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from scipy.stats import rankdata

from keras_cnn import data, load_model
from keras_cnn.explain import METHODS, deletion_and_insertion, grad_cam, kernels

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "explain.md"
SHUFFLES = 1000
RANDOMISED = 3


def ways(model, seed):
    """Returns the rows of the table: each method, and the random map."""
    rng = np.random.default_rng(seed)
    # the last convolution but one: 11x11 places in the article's network, not 3x3
    layer = list(kernels(model))[-2]
    return {
        **METHODS,
        f"grad_cam, layer {layer}": partial(grad_cam, layer=layer),
        "random": lambda model, images, classes: rng.random(images.shape[:3]),
    }


def maps_of(found):
    """Returns the maps of an explanation; a random one is maps already."""
    return found if isinstance(found, np.ndarray) else found.maps


def interval(values, seed):
    """Returns the mean and its 95 % bootstrap interval."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(values), (SHUFFLES, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return [float(values.mean()), float(low), float(high)]


def rank_correlation(one, other):
    """Returns Spearman's coefficient; None where one of the two is constant."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def similarity(own, other, images):
    """Returns the mean rank correlation over inked pixels, raw and less the mean map.

    The mean map over all images is what the architecture says of every image: pixels
    near the middle reach the score by more ways.
    """
    ink = images[..., 0] > 0
    means = []
    for a, b in ((own, other), (own - own.mean(axis=0), other - other.mean(axis=0))):
        ranks = [rank_correlation(a[i][ink[i]], b[i][ink[i]]) for i in range(len(a))]
        means.append(float(np.mean([rank for rank in ranks if rank is not None])))
    return means


def randomised(model, seed):
    """Returns copies with all weights drawn anew, and one with the last layer's."""
    keras.utils.set_random_seed(seed)
    copies = [keras.models.clone_model(model) for _ in range(RANDOMISED)]
    last = keras.models.clone_model(model)
    drawn = last.get_weights()[-2:]
    last.set_weights([*model.get_weights()[:-2], *drawn])
    return copies, last


def measured(model, images, classes, sample, seed):
    """Returns a row of figures for each method."""
    copies, last = randomised(model, seed)
    curves, rows = {}, {}
    for name, way in ways(model, seed).items():
        maps = maps_of(way(model, images, classes))
        curves[name] = deletion_and_insertion(model, images, maps, classes, seed=seed)
        few, chosen = images[:sample], classes[:sample]
        row = rows[name] = {}
        for key, others in (("all weights", copies), ("last layer", [last])):
            pairs = [
                similarity(maps[:sample], maps_of(way(one, few, chosen)), few)
                for one in others
            ]
            row[key] = np.mean(pairs, axis=0).tolist()
        print(name, row, flush=True)
    chance = curves["random"]
    for name, one in curves.items():
        for key in ("deletion", "insertion"):
            areas = getattr(one, f"{key}_area")
            by_chance = getattr(chance, f"{key}_area")
            gain = by_chance - areas if key == "deletion" else areas - by_chance
            rows[name][key] = interval(areas, seed)
            rows[name][f"{key} gain"] = interval(gain, seed)
            rows[name][f"{key} better"] = float((gain > 0).mean())
    return rows


def table(content):
    """Returns the figures as a table for the page."""
    head = (
        "| method | deletion | insertion | better than a random map, deletion / "
        "insertion | randomised: all weights / last layer |"
    )
    lines = [head, "|" + " --- |" * 5]
    for name, row in content["rows"].items():
        areas = [
            "{:.3f} ({:.3f}-{:.3f})".format(*row[key])
            for key in ("deletion", "insertion")
        ]
        better = " / ".join(
            f"{row[f'{key} better']:.0%}" for key in ("deletion", "insertion")
        )
        alike = " / ".join(
            "{:.2f} ({:.2f})".format(*row[key]) for key in ("all weights", "last layer")
        )
        cells = [f"`{name}`", *areas, better, alike]
        if name == "random":
            cells = ["a random map", *areas, "", ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="a run's folder, or a .keras file")
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument(
        "--sample", type=int, default=100, help="for randomised weights"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE / "explanations.json")
    parser.add_argument("--table", action="store_true", help="into docs/explain.md")
    options = parser.parse_args()
    path = options.run / "model.keras" if options.run.is_dir() else options.run
    model = load_model(path, compile=False)
    test = data.load(options.dataset).test
    rng = np.random.default_rng(options.seed)
    drawn = rng.choice(len(test.images), options.images, replace=False)
    images = test.images[drawn].astype(np.float32) / 255
    outputs = np.concatenate(
        [np.asarray(model(images[i : i + 100])) for i in range(0, len(images), 100)]
    )
    classes = outputs.argmax(axis=1)
    content = {
        "model": model.name,
        "dataset": options.dataset,
        "images": options.images,
        "accuracy": float((classes == test.labels[drawn]).mean()),
        "python": platform.python_version(),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "cpus": os.cpu_count(),
        "seed": options.seed,
        "rows": measured(model, images, classes, options.sample, options.seed),
    }
    options.out.write_text(json.dumps(content, indent=1) + "\n")
    print(table(content))
    if options.table:
        before, after = PAGE.read_text().split("<!-- table -->\n")[::2]
        marked = f"<!-- table -->\n\n{table(content)}\n<!-- table -->\n"
        PAGE.write_text(before + marked + after)


if __name__ == "__main__":
    main()
