"""The digits that scikit-learn carries: real, small, and there without a network."""

import hashlib

import numpy as np

from .._images import PIXEL_MAX, resize
from .dataset import ImageDataset, Provenance, hold_out_test
from .split import ArraySplit

CLASS_NAMES = tuple("0123456789")

# scikit-learn's digits are 8x8 with ink from 0 to 16, light on dark like MNIST's.
_INK_MAX = 16
_SIZE = (28, 28)


def load_digits() -> ImageDataset[ArraySplit]:
    """Returns scikit-learn's 1,797 handwritten digits in MNIST's form.

    The set has no split of its own: a fifth of each class is held out for testing,
    360 images, always the same ones.

    Reference: [Alpaydin, Kaynak, 1998](https://doi.org/10.24432/C50P49)
    """
    import sklearn
    from sklearn.datasets import load_digits as load_bundled

    bundled = load_bundled()
    pixels = np.rint(bundled.images * (PIXEL_MAX / _INK_MAX)).astype(np.uint8)
    images = np.stack([resize(image, _SIZE) for image in pixels])[..., np.newaxis]
    everything = ArraySplit(images, bundled.target.astype(np.int64))
    checksum = hashlib.sha256(bundled.images.tobytes() + bundled.target.tobytes())
    return hold_out_test(
        {"train": everything},
        name="digits",
        address="digits",
        class_names=CLASS_NAMES,
        provenance=Provenance(
            source="scikit-learn load_digits",
            version=sklearn.__version__,
            checksum=f"sha256:{checksum.hexdigest()}",
        ),
    )
