"""How often the drawing page says of a digit, and of a scribble, that it is no digit.

    python benchmarks/scribbles.py [--json FILE] [--write]

The page says so above a limit of `keras_cnn.serving.likeness.strangeness`. Means and
principal components come from the first 50,000 of MNIST's training digits; the limit is
what 2 % of the other 10,000 exceed; the rates are of the 10,000 test digits and of
drawings made here that are not digits: smooth scribbles, zigzags, shapes, and letters
that nobody reads as a digit. All are prepared as the page prepares them, and classified
by the published network. `--write` replaces the package's `digits.npz`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont
from scipy.interpolate import CubicSpline

from keras_cnn import data
from keras_cnn._centering import center_like_mnist
from keras_cnn.prediction import load
from keras_cnn.serving.likeness import Shapes, strangeness

ROOT = Path(__file__).parents[1]
PARTS = 30
FALSE_ALARMS = 0.02
SIDE = 280
COUNT = 1000
LETTERS = "AEFHKMNPRTWXYdefhkmnrtwx"
FONTS = ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono")


def stroke(points, width):
    """Returns a picture of one line with round ends and corners."""
    image = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    draw.line([tuple(point) for point in points], 255, width, "curve")
    for x, y in points:
        half = width / 2
        draw.ellipse((x - half, y - half, x + half, y + half), 255)
    return np.asarray(image)


def turned(points, angle):
    """Returns points turned around the middle."""
    cosine, sine = np.cos(angle), np.sin(angle)
    middle = SIDE / 2
    return (points - middle) @ np.array([[cosine, -sine], [sine, cosine]]) + middle


def scribble(rng, width):
    """One to three smooth lines through random points."""
    lines = []
    for _ in range(rng.integers(1, 4)):
        count = rng.integers(4, 9)
        curve = CubicSpline(range(count), rng.uniform(30, 250, (count, 2)))
        lines.append(stroke(curve(np.linspace(0, count - 1, 40 * count)), width))
    return np.max(lines, axis=0)


def zigzag(rng, width):
    """A line up and down, four to eight times."""
    count = rng.integers(4, 9)
    heights = np.where(np.arange(count) % 2, 60, 220) + rng.normal(0, 15, count)
    points = np.stack([np.linspace(30, 250, count), heights], axis=1)
    return stroke(turned(points, rng.uniform(0, 2 * np.pi)), width)


def shape(rng, width):
    """A triangle, square, pentagon, star, cross or heart."""
    start, kind = rng.uniform(0, 2 * np.pi), rng.integers(6)
    if kind == 5:
        t = np.linspace(0, 2 * np.pi, 60)
        y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
        return stroke(140 + 6 * np.stack([16 * np.sin(t) ** 3, -y], axis=1), width)
    if kind == 4:
        angles = start + np.array([[0, np.pi], [np.pi / 2, 3 * np.pi / 2]])
        bars = [
            140 + 100 * np.stack([np.cos(pair), np.sin(pair)], axis=1)
            for pair in angles
        ]
        return np.max([stroke(bar, width) for bar in bars], axis=0)
    corners, step = [(3, 1), (4, 1), (5, 1), (5, 2)][kind]
    angles = start + np.arange(corners + 1) * 2 * np.pi * step / corners
    return stroke(140 + 100 * np.stack([np.cos(angles), np.sin(angles)], 1), width)


def letter(rng, width):
    """A letter of some font, turned a little."""
    family = FONTS[rng.integers(len(FONTS))]
    style = font_manager.FontProperties(family, weight=("normal", "bold")[width % 2])
    font = ImageFont.truetype(font_manager.findfont(style), 200)
    image = Image.new("L", (SIDE, SIDE))
    text = LETTERS[rng.integers(len(LETTERS))]
    ImageDraw.Draw(image).text((140, 140), text, 255, font, "mm")
    return np.asarray(image.rotate(rng.uniform(-15, 15)))


KINDS = {"scribbles": scribble, "zigzags": zigzag, "shapes": shape, "letters": letter}


def prepared(images):
    """Returns images as the page prepares them, (count, 28, 28, 1)."""
    return np.stack([center_like_mnist(image) for image in images])[..., np.newaxis]


def fit(images, labels):
    """Returns the digits' means and principal components; the limit is not known."""
    coarse = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / 255
    means, parts = [], []
    for label in range(10):
        rows = coarse[labels == label].reshape(-1, 196)
        means.append(rows.mean(axis=0))
        parts.append(np.linalg.svd(rows - means[-1], full_matrices=False)[2][:PARTS])
    # As they are stored.
    return Shapes(np.float16(means), np.float16(parts), np.inf)


def main() -> None:
    """Measures, and prints the rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", action="store_true", help="replace digits.npz")
    options = parser.parse_args()
    predictor = load(ROOT / "saved_models/article_cnn/1/model.onnx")

    def strange(shapes, images):
        rows = [
            predictor.probabilities(predictor.preparation.normalize(part))
            for part in np.array_split(images, 1 + len(images) // 500)
        ]
        return strangeness(shapes, images, np.concatenate(rows))

    digits = data.load("mnist")
    train, labels = prepared(digits.train.images[..., 0]), digits.train.labels
    test = prepared(digits.test.images[..., 0])
    shapes = fit(train[:50_000], labels[:50_000])
    shapes = Shapes(shapes.means.astype(np.float32), shapes.parts.astype(np.float32), 0)
    limit = float(np.quantile(strange(shapes, train[50_000:]), 1 - FALSE_ALARMS))
    rng = np.random.default_rng(0)
    drawings = {
        name: prepared(kind(rng, int(width)) for width in rng.integers(12, 28, COUNT))
        for name, kind in KINDS.items()
    }
    rates = {
        name: round(float((strange(shapes, images) > limit).mean()), 4)
        for name, images in {"test digits": test, **drawings}.items()
    }
    print(
        json.dumps({"limit": round(limit, 4), "said to be no digit": rates}, indent=2)
    )
    if options.json:
        options.json.write_text(json.dumps(rates, indent=2) + "\n")
    if options.write:
        np.savez_compressed(
            ROOT / "keras_cnn/serving/digits.npz",
            means=shapes.means.astype(np.float16),
            parts=shapes.parts.astype(np.float16),
            limit=limit,
        )


if __name__ == "__main__":
    main()
