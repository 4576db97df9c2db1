"""Convolution, pooling, flattening and full connection, in float64 NumPy.

Images are (batch, height, width, channels). A derivative takes the gradient of some
final number by the layer's output, `upstream`, and returns its gradient by one of the
layer's arguments: the chain rule, one link.

Convolution and pooling are each two steps: `windows` lists what every position of the
window sees, a sum, a maximum or a mean reduces it. Their derivatives are the same two
steps backwards: `add_windows` is the transpose of `windows`.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Pair = tuple[int, int]
Padding = Literal["valid", "same"]


def _einsum(formula: str, *factors: ArrayLike) -> Array:
    terms = [np.asarray(factor, np.float64) for factor in factors]
    return np.asarray(np.einsum(formula, *terms))


def padding_along(
    size: int, window: int, stride: int, padding: Padding, dilation: int = 1
) -> tuple[int, int]:
    """Counts the positions added before and after an axis of length `size`.

    Formula: for "same", as many as ceil(size / stride) windows reach over the image,
    half of them before, rounded down; none for "valid".

    Example:
        >>> padding_along(28, window=3, stride=1, padding="same")
        (1, 1)
        >>> padding_along(28, window=3, stride=2, padding="same")
        (0, 1)
    """
    if padding == "valid":
        return 0, 0
    reach = (-(-size // stride) - 1) * stride + dilation * (window - 1) + 1
    total = max(reach - size, 0)
    return total // 2, total - total // 2


def _pad(
    x: Array, window: Pair, strides: Pair, padding: Padding, dilation: Pair, fill: float
) -> tuple[Array, Pair]:
    """Returns the padded images, and where the first pixel went."""
    top, bottom = padding_along(x.shape[1], window[0], strides[0], padding, dilation[0])
    left, right = padding_along(x.shape[2], window[1], strides[1], padding, dilation[1])
    around = ((0, 0), (top, bottom), (left, right), (0, 0))
    return np.pad(x, around, constant_values=fill), (top, left)


def _positions(size: int, window: int, stride: int, dilation: int) -> NDArray[np.intp]:
    """Lists (positions of the window, taps of the window) -> index on the axis."""
    reach = dilation * (window - 1) + 1
    starts = np.arange(0, size - reach + 1, stride)
    return starts[:, None] + dilation * np.arange(window)


def windows(
    x: ArrayLike,
    window: Pair,
    strides: Pair,
    padding: Padding = "valid",
    dilation_rate: Pair = (1, 1),
    fill: float = 0.0,
) -> Array:
    """Lists what a sliding window sees, as v[b, i, j, p, q, c].

    Formula: v[b, i, j, p, q, c] = x[b, s i + d p, s j + d q, c], x padded with `fill`.

    Example:
        >>> row = np.arange(4).reshape(1, 1, 4, 1)
        >>> windows(row, (1, 2), (1, 1))[0, 0, :, 0, :, 0].tolist()
        [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]]
    """
    images = np.asarray(x, np.float64)
    padded, _ = _pad(images, window, strides, padding, dilation_rate, fill)
    rows = _positions(padded.shape[1], window[0], strides[0], dilation_rate[0])
    columns = _positions(padded.shape[2], window[1], strides[1], dilation_rate[1])
    return padded[:, rows[:, None, :, None], columns[None, :, None, :], :]


def add_windows(
    v: Array,
    shape: tuple[int, ...],
    strides: Pair,
    padding: Padding = "valid",
    dilation_rate: Pair = (1, 1),
) -> Array:
    """Adds windows v[b, i, j, p, q, c] back to images of `shape`.

    What falls on the padding is dropped. The transpose of `windows`: the sum of
    windows(x) * v equals the sum of x * add_windows(v) for every x and v.
    """
    window = (v.shape[3], v.shape[4])
    sums, (top, left) = _pad(
        np.zeros(shape), window, strides, padding, dilation_rate, 0.0
    )
    rows = _positions(sums.shape[1], window[0], strides[0], dilation_rate[0])
    columns = _positions(sums.shape[2], window[1], strides[1], dilation_rate[1])
    for p, q in np.ndindex(*window):
        sums[:, rows[:, p, None], columns[None, :, q]] += v[:, :, :, p, q]
    return sums[:, top : top + shape[1], left : left + shape[2]]


def _split(x: Array, axis: int, groups: int) -> Array:
    """Splits an axis in (groups, axis / groups)."""
    axis %= x.ndim
    shape = (*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])
    return x.reshape(shape)


def conv2d(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike = 0.0,
    *,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    dilation_rate: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """Slides kernels (height, width, channels / groups, filters) over images.

    Formula, for one group:
        y[b, i, j, f] = bias[f] + sum over p, q, c of v[b, i, j, p, q, c] k[p, q, c, f]

    Example:
        >>> x = np.array([[1.0, 2, 3], [4, 5, 6]]).reshape(1, 2, 3, 1)
        >>> conv2d(x, np.ones((2, 2, 1, 1))).ravel().tolist()
        [12.0, 16.0]
    """
    k = np.asarray(kernel, np.float64)
    v = windows(x, k.shape[:2], strides, padding, dilation_rate)
    y = _einsum("bijpqgc,pqcgf->bijgf", _split(v, -1, groups), _split(k, -1, groups))
    return y.reshape(*y.shape[:3], -1) + np.asarray(bias, np.float64)


def conv2d_bias_gradient(upstream: ArrayLike) -> Array:
    """Sums the upstream gradient over images and positions.

    Formula: dL/dbias[f] = sum over b, i, j of u[b, i, j, f]
    """
    return _einsum("bijf->f", upstream)


def conv2d_kernel_gradient(
    x: ArrayLike,
    upstream: ArrayLike,
    kernel_size: Pair,
    *,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    dilation_rate: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """Correlates what the windows saw with the upstream gradient.

    Formula: dL/dk[p, q, c, f] = sum over b, i, j of v[b, i, j, p, q, c] u[b, i, j, f]
    """
    u = _split(np.asarray(upstream, np.float64), -1, groups)
    v = _split(windows(x, kernel_size, strides, padding, dilation_rate), -1, groups)
    k = _einsum("bijpqgc,bijgf->pqcgf", v, u)
    return k.reshape(*k.shape[:3], -1)


def conv2d_input_gradient(
    kernel: ArrayLike,
    upstream: ArrayLike,
    input_shape: tuple[int, ...],
    *,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    dilation_rate: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """Spreads the upstream gradient over the windows that it came from.

    Formula: dL/dv[b, i, j, p, q, c] = sum over f of k[p, q, c, f] u[b, i, j, f], added
    up for each pixel.
    """
    u = _split(np.asarray(upstream, np.float64), -1, groups)
    k = _split(np.asarray(kernel, np.float64), -1, groups)
    v = _einsum("bijgf,pqcgf->bijpqgc", u, k)
    v = v.reshape(*v.shape[:5], -1)
    return add_windows(v, input_shape, strides, padding, dilation_rate)


def max_pooling2d(
    x: ArrayLike,
    pool_size: Pair = (2, 2),
    strides: Pair | None = None,
    padding: Padding = "valid",
) -> Array:
    """Keeps the largest value under each window.

    Formula: y[b, i, j, c] = max over p, q of v[b, i, j, p, q, c]
    """
    steps = pool_size if strides is None else strides
    v = windows(x, pool_size, steps, padding, fill=-np.inf)
    return np.asarray(v.max(axis=(3, 4)))


def max_pooling2d_input_gradient(
    x: ArrayLike,
    upstream: ArrayLike,
    pool_size: Pair = (2, 2),
    strides: Pair | None = None,
    padding: Padding = "valid",
) -> Array:
    """Hands each gradient to the largest value of its window, the first of equals.

    Formula: dL/dv[b, i, j, p, q, c] = u[b, i, j, c] where (p, q) is the first largest
    in reading order, else 0.
    """
    steps = pool_size if strides is None else strides
    v = windows(x, pool_size, steps, padding, fill=-np.inf)
    taps = v.reshape(*v.shape[:3], -1, v.shape[-1])
    largest = taps.argmax(axis=3)[:, :, :, None, :]
    chosen = np.arange(taps.shape[3])[:, None] == largest
    shares = chosen * np.asarray(upstream, np.float64)[:, :, :, None, :]
    return add_windows(shares.reshape(v.shape), np.shape(x), steps, padding)


def average_pooling2d(
    x: ArrayLike,
    pool_size: Pair = (2, 2),
    strides: Pair | None = None,
    padding: Padding = "valid",
) -> Array:
    """Takes the mean under each window, of the positions inside of the image.

    Formula: y[b, i, j, c] = sum over p, q of v[b, i, j, p, q, c], over their number
    """
    steps = pool_size if strides is None else strides
    v = windows(x, pool_size, steps, padding)
    return np.asarray(v.sum(axis=(3, 4))) / _inside(
        np.shape(x), pool_size, steps, padding
    )


def average_pooling2d_input_gradient(
    upstream: ArrayLike,
    input_shape: tuple[int, ...],
    pool_size: Pair = (2, 2),
    strides: Pair | None = None,
    padding: Padding = "valid",
) -> Array:
    """Splits each gradient equally between the values of its window.

    Formula: dL/dv[b, i, j, p, q, c] = u[b, i, j, c] over the number of values
    """
    steps = pool_size if strides is None else strides
    inside = _inside(input_shape, pool_size, steps, padding)
    shares = np.asarray(upstream, np.float64) / inside
    v = np.broadcast_to(
        shares[:, :, :, None, None, :],
        (*shares.shape[:3], *pool_size, shares.shape[3]),
    )
    return add_windows(v, input_shape, steps, padding)


def _inside(
    shape: tuple[int, ...], pool_size: Pair, strides: Pair, padding: Padding
) -> Array:
    v = windows(np.ones(shape), pool_size, strides, padding)
    return np.asarray(v.sum(axis=(3, 4)))


def dense(x: ArrayLike, kernel: ArrayLike, bias: ArrayLike = 0.0) -> Array:
    """Connects every input to every unit.

    Formula: y[..., f] = bias[f] + sum over c of x[..., c] k[c, f]

    Example:
        >>> dense([2.0, 3.0], [[1.0, 0.0], [1.0, -1.0]], [0.5, 0.0]).tolist()
        [5.5, -3.0]
    """
    return _einsum("...c,cf->...f", x, kernel) + np.asarray(bias, np.float64)


def dense_bias_gradient(upstream: ArrayLike) -> Array:
    """Sums the upstream gradient over all axes but the last.

    Formula: dL/dbias[f] = sum over n of u[n, f], n counting through the other axes
    """
    return _einsum("nf->f", _rows(upstream))


def dense_kernel_gradient(x: ArrayLike, upstream: ArrayLike) -> Array:
    """Multiplies each input with each unit's gradient.

    Formula: dL/dk[c, f] = sum over n of x[n, c] u[n, f], n as above
    """
    return _einsum("nc,nf->cf", _rows(x), _rows(upstream))


def dense_input_gradient(kernel: ArrayLike, upstream: ArrayLike) -> Array:
    """Sends each unit's gradient back along its connections.

    Formula: dL/dx[..., c] = sum over f of u[..., f] k[c, f]
    """
    return _einsum("...f,cf->...c", upstream, kernel)


def _rows(x: ArrayLike) -> Array:
    values = np.asarray(x, np.float64)
    return values.reshape(-1, values.shape[-1])


def flatten(x: ArrayLike) -> Array:
    """Lays all axes but the first in one row; the channels run fastest.

    Formula: y[b, (i width + j) channels + c] = x[b, i, j, c]
    """
    values = np.asarray(x, np.float64)
    return values.reshape(len(values), -1)


def flatten_input_gradient(upstream: ArrayLike, input_shape: tuple[int, ...]) -> Array:
    """Gives the upstream gradient the shape of the input.

    Formula: dL/dx[b, i, j, c] = u[b, (i width + j) channels + c]
    """
    return np.asarray(upstream, np.float64).reshape(input_shape)
