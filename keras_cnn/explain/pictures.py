"""Explanations as pictures: input, map and overlay with their scale; grids of tiles."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from .._files import replaced_file
from ._target import Array
from .explanation import Explanation

_SIDE = 2.4  # inches
_MOST_TILES = 16
_WRAPPED = 30  # characters
_DIMMED = 0.6  # of an input's brightness, so that colours stand out on white


def draw_explanations(
    images: Array,
    explanations: Sequence[Explanation],
    path: Path,
    *,
    class_names: Sequence[str] | None = None,
) -> None:
    """Draws images with their maps, a row an image.

    Of one explanation the input, the map and both laid over each other are drawn; of
    several the input and each one's overlay. Each map has its own scale, symmetric
    about 0 where it has two signs. Of a map that is all zero, the reason is written.

    Args:
        images: Floats in [0, 1], (n, height, width, channels).
        explanations: What was found for these images, of different methods.
        path: The PNG file to write.
        class_names: One name a class; the numbers if None.
    """
    single = len(explanations) == 1
    columns = 3 if single else 1 + len(explanations)
    figure = Figure(
        figsize=(_SIDE * columns * 1.15, (_SIDE + 0.35) * len(images)),
        layout="constrained",
    )
    grid = figure.subplots(len(images), columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for i, row in enumerate(grid):
        picture = _channels_last(images[i])
        _show(row[0], picture)
        row[0].set_title("input", fontsize=9)
        if single:
            _draw_map(row[1], explanations[0], i, class_names)
        for axes, one in zip(row[2 if single else 1 :], explanations, strict=True):
            _draw_map(axes, one, i, class_names, picture)
    _save(figure, path)


def draw_tiles(rows: Mapping[str, Array], path: Path) -> None:
    """Draws small images, each with its own scale, a named row of at most sixteen each.

    Args:
        rows: (n, height, width) or (n, height, width, 1 or 3), by name.
        path: The PNG file to write.
    """
    columns = min(_MOST_TILES, max(len(tiles) for tiles in rows.values()))
    figure = Figure(figsize=(0.9 * columns, 1.15 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, tiles) in zip(grid, rows.items(), strict=True):
        left = f", {columns} of {len(tiles)}" if len(tiles) > columns else ""
        line[0].set_title(name + left, fontsize=8, loc="left")
        for axes in line:
            axes.axis("off")
        for axes, tile in zip(line, tiles, strict=False):
            _show(axes, tile, (float(tile.min()), float(tile.max())))
    _save(figure, path)


def kernel_tiles(kernels: Mapping[str, Array]) -> dict[str, Array]:
    """Returns one tile a kernel, for `draw_tiles`: the input that it weighs most.

    Args:
        kernels: (height, width, channels in, channels out), by layer.

    Returns:
        (channels out, height, width), by layer; where a kernel has several inputs, the
        one at which the sum of its squares is greatest.
    """
    tiles = {}
    for name, kernel in kernels.items():
        strongest = np.square(kernel).sum(axis=(0, 1)).argmax(axis=0)
        tiles[name] = np.stack(
            [kernel[:, :, one, out] for out, one in enumerate(strongest)]
        )
    return tiles


def _draw_map(
    axes: Axes,
    found: Explanation,
    i: int,
    class_names: Sequence[str] | None,
    picture: Array | None = None,
) -> None:
    """Draws one map with its scale, over a picture if there is one."""
    number = int(found.classes[i])
    name = class_names[number] if class_names else str(number)
    over = "map" if picture is None else found.method
    axes.set_title(f"{over}: {name} ({found.scores[i]:.2f})", fontsize=9)
    if found.notes[i]:
        text = "\n".join(textwrap.wrap(f"All zero. {found.notes[i]}", _WRAPPED))
        axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=6)
        return
    values = found.maps[i]
    most = float(np.abs(values).max())
    signed = bool((values < 0).any())
    scale = Normalize(-most if signed else 0, most)
    opacity: float | Array = 1.0
    if picture is not None:
        _show(axes, _DIMMED * picture)
        opacity = np.sqrt(np.abs(values) / most)
    drawn = axes.imshow(
        values, cmap="RdBu_r" if signed else "inferno", norm=scale, alpha=opacity
    )
    bar = axes.figure.colorbar(
        ScalarMappable(scale, drawn.cmap), ax=axes, fraction=0.046, pad=0.03
    )
    bar.ax.tick_params(labelsize=6)


def _show(axes: Axes, picture: Array, limits: tuple[float, float] = (0.0, 1.0)) -> None:
    low, high = limits
    if picture.ndim == 3 and picture.shape[-1] == 3:
        span = high - low if high > low else 1.0
        axes.imshow(np.clip((picture - low) / span, 0, 1))
    else:
        gray = picture[..., 0] if picture.ndim == 3 else picture
        axes.imshow(gray, cmap="gray", vmin=low, vmax=high)


def _channels_last(image: Array) -> Array:
    if keras.config.image_data_format() == "channels_first":
        return np.moveaxis(image, 0, -1)
    return image


def _save(figure: Figure, path: Path) -> None:
    with replaced_file(path) as temporary:
        figure.savefig(temporary, dpi=120)
