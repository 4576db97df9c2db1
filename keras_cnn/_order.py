"""In which order samples are drawn: by the seed and the number of the pass alone."""

import numpy as np
import numpy.typing as npt


def draw_order(
    samples: int,
    seed: int,
    number: int,
    *,
    shuffle: bool | str = True,
    batch_size: int = 1,
) -> npt.NDArray[np.int32]:
    """Returns all positions in the order of one pass over the data.

    The order does not depend on the passes before: a run that is resumed goes on in
    the order that it was in.

    Args:
        samples: How many there are.
        seed: A whole number >= 0.
        number: Of the pass, from 0.
        shuffle: Whether the order is a random one; "batch" keeps the samples of a batch
            together and orders them among themselves. Defaults to True.
        batch_size: Of those batches. Defaults to 1.

    Example:
        >>> sorted(draw_order(3, seed=0, number=1).tolist())
        [0, 1, 2]
    """
    order = np.arange(samples, dtype=np.int32)
    generator = np.random.default_rng([seed, number])
    if shuffle == "batch":
        for begin in range(0, samples, batch_size):
            generator.shuffle(order[begin : begin + batch_size])
    elif shuffle:
        generator.shuffle(order)
    return order
