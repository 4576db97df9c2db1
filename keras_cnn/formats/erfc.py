"""The complementary error function, of which GELU is made, where a format lacks it.

GELU is `x * erfc(-x / sqrt(2)) / 2`. ONNX has `Erf` and no `Erfc`; LiteRT has neither,
only a GELU that its converter recognises in Keras's own form, not in ours, which is
right at infinity. Both forms here are exact to 2e-7, as far as float32 sees near 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
from keras import ops

# Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
_P = 0.3275911
_COEFFICIENTS = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)


def erfc(x: Any) -> Any:
    """Returns the complementary error function, to 2e-7, by `exp` and a polynomial.

    Example:
        >>> import numpy as np
        >>> np.round(np.asarray(erfc(np.float32([-9.0, 0.0, 0.5]))), 5)
        array([2.    , 1.    , 0.4795], dtype=float32)
    """
    x = ops.convert_to_tensor(x)
    t = 1 / (1 + _P * ops.abs(x))
    sum_ = 0.0
    for coefficient in _COEFFICIENTS:
        sum_ = t * (sum_ + coefficient)
    tail = sum_ * ops.exp(-ops.square(x))
    return ops.where(x >= 0, tail, 2 - tail)


@contextmanager
def without_erfc() -> Iterator[None]:
    """Has models traced within it use `erfc` above in place of TensorFlow's."""
    with mock.patch.object(ops, "erfc", erfc):
        yield


def as_onnx(graph: Any, node: Any, name: str, arguments: Any) -> None:
    """Writes erfc(x) as 1 - erf(x): a handler of tf2onnx's form."""
    shapes, dtypes = node.output_shapes, node.output_dtypes
    graph.remove_node(node.name)
    one = graph.make_const(f"{name}_one", np.ones((), np.float32))
    erf = graph.make_node("Erf", node.input, shapes=shapes, dtypes=dtypes)
    graph.make_node(
        "Sub",
        [one.output[0], erf.output[0]],
        outputs=node.output,
        shapes=shapes,
        dtypes=dtypes,
    )
