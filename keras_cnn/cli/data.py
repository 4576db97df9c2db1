"""`keras-cnn data`: what data sets there are, and getting them ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..runs.config import OPTIONS
from .console import out, start_tensorflow
from .options import DataDir, ManualDir

if TYPE_CHECKING:
    from ..data import Description

app = typer.Typer(help="List, describe and prepare data sets.", no_args_is_help=True)

Name = Annotated[
    str,
    typer.Argument(
        help="digits, a TFDS name, a folder, or an .npz, .npy, .csv or .json file.",
        show_default=False,
    ),
]


ImageSize = Annotated[
    str | None,
    typer.Option(help=OPTIONS["image_size"].help_text, show_default=False),
]


@app.command("list")
def list_sets(data_dir: DataDir = None, manual_dir: ManualDir = None) -> None:
    """List well-known data sets and where each would come from."""
    start_tensorflow()
    from ..data import describe
    from ..data.describe import WELL_KNOWN

    for name in WELL_KNOWN:
        known = describe(name, data_dir=data_dir, manual_dir=manual_dir)
        out.print(
            f"{name:<16}  {_size(known.image_shape):>9}  "
            f"{len(known.class_names):>3} classes  {known.state}"
        )
    out.print("Any other TFDS set of images with one label each can be named, too.")


@app.command("info")
def info(
    name: Name,
    data_dir: DataDir = None,
    manual_dir: ManualDir = None,
    image_size: ImageSize = None,
    white: Annotated[
        float | None,
        typer.Option(help=OPTIONS["white"].help_text, show_default=False),
    ] = None,
    skip_damaged: Annotated[
        bool,
        typer.Option("--skip-damaged", help=OPTIONS["skip_damaged"].help),
    ] = False,
) -> None:
    """Describe a data set; nothing is downloaded for it."""
    start_tensorflow()
    from ..data import describe
    from .datasets import reading_shown

    with reading_shown() as progress:
        known = describe(
            name,
            data_dir=data_dir,
            manual_dir=manual_dir,
            image_size=OPTIONS["image_size"].checked("image_size", image_size),
            white=white,
            skip_damaged=skip_damaged,
            progress=progress,
        )
    _print_description(known)


@app.command("prepare")
def prepare_set(
    name: Name, data_dir: DataDir = None, manual_dir: ManualDir = None
) -> None:
    """Make a data set ready, from its original files or from the network."""
    start_tensorflow()
    from ..data import describe, prepare
    from .datasets import quiet_tfds

    quiet_tfds()
    prepare(name, data_dir=data_dir, manual_dir=manual_dir)
    _print_description(describe(name, data_dir=data_dir, manual_dir=manual_dir))


def _print_description(known: Description) -> None:
    """Prints what is known of a data set, a line a fact."""
    images = [f"{count:,} {split}" for split, count in known.images.items()]
    out.print(f"name:     {known.name}")
    out.print(f"version:  {known.version or 'none'}")
    out.print(f"state:    {known.state}")
    out.print(f"images:   {', '.join(images) or 'counted when prepared'}")
    out.print(f"size:     {_size(known.image_shape)}")
    out.print(f"classes:  {', '.join(known.class_names)}")
    if known.note:
        out.print(f"note:     {known.note}")


def _size(image_shape: tuple[int | None, ...]) -> str:
    return "x".join("any" if side is None else str(side) for side in image_shape)
