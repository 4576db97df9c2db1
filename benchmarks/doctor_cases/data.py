"""Small data sets, made of nothing but a seed, or scikit-learn's digits."""

from functools import cache

import numpy as np


def rng(seed=0):
    """Returns a generator; data never depend on the seed of the weights."""
    return np.random.default_rng(seed)


@cache
def digits():
    """Returns 1,797 images (n, 8, 8, 1) in [0, 1], and their classes."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return (x / 16).astype("float32").reshape(-1, 8, 8, 1), y.astype("int32")


def bars(n=1500, size=16, kinds=4, noise=0.3):
    """Returns noisy images of bars that run in one of four directions, anywhere."""
    g = rng(1)
    y = g.integers(0, kinds, n)
    x = noise * g.normal(size=(n, size, size))
    for i in range(n):
        r, c = g.integers(3, size - 3, 2)
        for step in range(-3, 4):
            dr, dc = ((0, 1), (1, 0), (1, 1), (1, -1))[y[i]]
            x[i, (r + step * dr) % size, (c + step * dc) % size] += 1
    return x[..., None].astype("float32"), y.astype("int32")


def disks(n=400, size=24):
    """Returns noisy images with a disk each, and masks of the disk."""
    g = rng(2)
    rows, columns = np.mgrid[:size, :size]
    r, c = g.uniform(6, size - 6, (2, n, 1, 1))
    radius = g.uniform(3, 6, (n, 1, 1))
    masks = ((rows - r) ** 2 + (columns - c) ** 2 < radius**2)[..., None]
    images = 0.6 * masks + 0.2 * g.normal(size=masks.shape) + 0.2
    return images.astype("float32"), masks.astype("float32")


def tokens(n=1200, length=30, words=400, kinds=2):
    """Returns sequences of word numbers; some words are commoner in each class."""
    g = rng(3)
    y = g.integers(0, kinds, n)
    x = g.integers(1, words, (n, length))
    told = g.random((n, length)) < 0.25
    own = 1 + (g.integers(0, words // 10, (n, length)) * kinds + y[:, None]) % words
    x = np.where(told, own, x)
    ends = g.integers(length // 2, length + 1, n)
    x[np.arange(length)[None] >= ends[:, None]] = 0
    return x.astype("int32"), y.astype("int32")


def sentences(n=600):
    """Returns short texts and whether they praise."""
    g = rng(4)
    good = "great lovely superb moving funny brilliant charming".split()
    bad = "awful dull boring clumsy tedious poor lifeless".split()
    other = "the a film plot actor scene story was is and with of music end".split()
    y = g.integers(0, 2, n)
    texts = []
    for label in y:
        words = list(g.choice(other, 12))
        for place in g.choice(12, 3, replace=False):
            words[place] = g.choice(good if label else bad)
        texts.append(" ".join(words))
    return np.array(texts, dtype=object), y.astype("float32")


def table(n=1500, noise=0.3, scales=(1, 1, 1, 1, 1, 1, 1, 1)):
    """Returns features on given scales, and two classes."""
    g = rng(5)
    z = g.normal(size=(n, len(scales)))
    score = z[:, 0] * z[:, 1] + z[:, 2] - 0.7 * z[:, 3] ** 2 + 0.5
    y = (score + noise * g.normal(size=n) > 0).astype("float32")
    return (z * np.array(scales)).astype("float32"), y


def prices(n=1500):
    """Returns eight standardized features of houses, and a price of about one."""
    g = rng(6)
    x = g.normal(size=(n, 8))
    y = 0.6 * x[:, 0] - 0.4 * x[:, 1] + 0.5 * np.maximum(x[:, 2], 0) * x[:, 3]
    y = y + 0.1 * g.normal(size=n)
    return x.astype("float32"), y.astype("float32")[:, None]


def waves(n=800, length=24, ahead=1):
    """Returns windows of noisy waves (n, length, 1), and what comes next."""
    g = rng(7)
    t = np.arange(length + ahead)
    speed, phase = g.uniform(0.2, 0.6, (n, 1)), g.uniform(0, 6.3, (n, 1))
    series = np.sin(speed * t + phase) + 0.05 * g.normal(size=(n, length + ahead))
    x, y = series[:, :length, None], series[:, length:]
    return x.astype("float32"), y.astype("float32")


def signals(n=900, length=40, kinds=3):
    """Returns noisy signals (n, length, 1) of as many kinds: sine, square, sawtooth."""
    g = rng(8)
    y = g.integers(0, kinds, n)
    t = np.arange(length) * g.uniform(0.3, 0.5, (n, 1)) + g.uniform(0, 6.3, (n, 1))
    shapes = np.stack([np.sin(t), np.sign(np.sin(t)), (t / np.pi) % 2 - 1], 1)
    x = shapes[np.arange(n), y] + 0.2 * g.normal(size=(n, length))
    return x[..., None].astype("float32"), y.astype("int32")


def pairs(n=1500):
    """Returns pairs of digits and whether they are the same."""
    x, y = digits()
    g = rng(9)
    first = g.integers(0, len(x), n)
    same = g.random(n) < 0.5
    second = np.array(
        [g.choice(np.flatnonzero((y == y[i]) == s)) for i, s in zip(first, same)]
    )
    return x[first], x[second], same.astype("float32")


def tags(n=500, length=12):
    """Returns sequences of words, and of each word a tag that its neighbor decides."""
    g = rng(10)
    x = g.integers(1, 50, (n, length))
    before = np.concatenate([np.zeros((n, 1), int), x[:, :-1]], 1)
    return x.astype("int32"), ((x + before) % 2 + (x % 3 == 0)).astype("int32")


@cache
def real(name, scaled=True):
    """Returns features and targets of iris, wine, cancer or diabetes.

    Features are standardized if asked for, and so are diabetes's targets always.
    """
    from sklearn import datasets

    name = {"cancer": "breast_cancer"}.get(name, name)
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = rng(32).permutation(len(x))
    x, y = x[order], y[order]
    if scaled:
        x = (x - x.mean(0)) / x.std(0)
    if name == "diabetes":
        return x.astype("float32"), ((y - y.mean()) / y.std())[:, None].astype(
            "float32"
        )
    return x.astype("float32"), y.astype("int32")


def meanings(n=900, width=192, kinds=3):
    """Returns unit vectors, as language models give for texts, and their topics."""
    g = rng(33)
    y = g.integers(0, kinds, n)
    topics = g.normal(size=(kinds, width))
    x = 0.35 * topics[y] + g.normal(size=(n, width))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x.astype("float32"), y.astype("int32")


def one_hot(y, kinds=None):
    """Returns rows of 0 and 1."""
    return np.eye(kinds or int(y.max()) + 1, dtype="float32")[y.astype(int)]
