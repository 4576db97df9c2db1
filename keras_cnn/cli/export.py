"""`keras-cnn export`: a trained model in other formats, proven equal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .._checks import InputError
from .._files import check_writable
from ..formats import FORMATS
from .console import out, start_tensorflow
from .options import AsJson, DataDir, Formats, ManualDir, Verify
from .preparing import Pixels, Prepare, warn_at_chance

if TYPE_CHECKING:
    from ..data import ImageDataset
    from ..export import Export, Parity
    from ..saving import ModelMetadata


def export(
    model: Annotated[
        Path,
        typer.Argument(
            help="A .keras file, or a run's folder.",
            metavar="MODEL",
            show_default=False,
        ),
    ],
    formats: Formats = "saved_model",
    out_folder: Annotated[
        Path, typer.Option("--out", help="Where exports are kept.")
    ] = Path("saved_models"),
    name: Annotated[
        str | None,
        typer.Option(help="The model's name. Defaults to its own.", show_default=False),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="The data set whose images to compare on and to calibrate int8 with. "
            "Defaults to the one that the model was trained on, else auto.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    manual_dir: ManualDir = None,
    prepare: Prepare = None,
    pixels: Pixels = None,
    verify: Verify = True,
    as_json: AsJson = False,
) -> None:
    """Export a model for use without Keras, and prove that the files equal it.

    Exits with 1, and writes nothing, if a file does not give what the model gives.
    """
    wanted = split_formats(formats)
    check_writable("out", out_folder)
    start_tensorflow()
    from ..data import load
    from ..saving import load_model
    from ..saving.classifier import Head
    from ..saving.input_pixels import likely_preparation
    from ..saving.metadata import MODEL, read_metadata
    from .datasets import noted_name, quiet_tfds

    path = model / MODEL if model.is_dir() else model
    loaded = load_model(path, compile=False)
    metadata = read_metadata(path)
    quiet_tfds()
    images = load(
        dataset or noted_name(metadata.data),
        data_dir=data_dir,
        manual_dir=manual_dir,
        image_size=loaded.input_shape[1:3],
    )
    recorded = metadata.preparation or likely_preparation(loaded)
    preparation = recorded.changed(prepare, pixels)
    classes = Head(loaded).classes
    if len(images.class_names) != classes:
        raise InputError(
            f"The data set must have the model's {classes} classes. "
            f"Received: {images.name} with {len(images.class_names)}."
        )
    done = run_export(
        loaded,
        out_folder,
        wanted,
        replace(
            metadata,
            name=name or loaded.name,
            class_names=images.class_names,
            preparation=preparation,
        ),
        images,
        verify,
        show=not as_json,
    )
    parity = done.parity
    if parity and parity.is_at_chance and parity.accuracy is not None:
        warn_at_chance(parity.accuracy)
    if as_json:
        content = parity.to_dict() if parity else None
        print(json.dumps({"folder": str(done.folder), "parity": content}, indent=2))
        return
    out.print(f"Exported: {done.folder}")


def run_export(
    model: Any,
    folder: Path,
    formats: tuple[str, ...],
    metadata: ModelMetadata,
    images: ImageDataset,
    verify: bool,
    show: bool = True,
) -> Export:
    """Exports with progress on the screen, and prints how the files compare."""
    from ..export import ParityError, export

    with out.status("exporting") as status:
        try:
            done = export(
                model,
                folder,
                formats,
                metadata=metadata,
                data=images,
                verify=verify,
                progress=lambda what: status.update(f"exporting: {what}"),
            )
        except ParityError as error:
            if show:
                _print_parity(error.parity)
            raise
    if show and done.parity is not None:
        _print_parity(done.parity)
    return done


def split_formats(text: str) -> tuple[str, ...]:
    """Returns the formats named in one option.

    Raises:
        InputError: If one is not known.
    """
    formats = tuple(part.strip() for part in text.split(","))
    if not set(formats) <= set(FORMATS):
        raise InputError(
            f"`format` must be some of {', '.join(FORMATS)}, with commas between. "
            f"Received: format={text!r}."
        )
    return formats


def _print_parity(parity: Parity) -> None:
    """Prints how each file compares with the model."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("file", no_wrap=True)
    for head in ("kB", "differs", "sure", "same", "right", "1", "256 ms"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("")
    for record in parity.artifacts:
        table.add_row(
            record.file,
            f"{record.bytes / 1000:,.0f}",
            f"{record.difference:.0e}",
            f"{record.confidence_change:.0e}",
            f"{record.agreement:.2%}",
            "" if record.accuracy is None else f"{record.accuracy:.2%}",
            f"{record.milliseconds_1:.2f}",
            f"{record.milliseconds_256:.1f}",
            record.verdict,
        )
    out.print(table)
    out.print(
        "Largest difference of a probability, mean change of the label's own, same "
        "label, right label, and ms for 1 and 256 images: on "
        f"{parity.images:,} images of {parity.source}, the largest difference on "
        f"{parity.stress_images} stress images, too; each file in a process without "
        "Keras."
    )
    if parity.mixed_difference is not None:
        out.print(
            "As trained, in mixed precision, the model differs from itself in float32 "
            f"by up to {parity.mixed_difference:.1e} in a probability."
        )
