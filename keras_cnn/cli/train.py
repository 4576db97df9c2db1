"""`keras-cnn train`: the article's training, with a record of it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .._files import check_writable
from ..training.config import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    PARTS,
    PRECISIONS,
    RECIPES,
    RunConfig,
)
from .console import out, print_warning, start_tensorflow
from .options import DataDir, Limit, ManualDir

if TYPE_CHECKING:
    import keras

    from ..data import ImageDataset
    from ..training import TrainingResult

# How a shell reports a program that Ctrl-C has stopped.
_INTERRUPTED = 130


def train(
    dataset: Annotated[
        str,
        typer.Option(
            help="auto (MNIST, or the bundled digits where it cannot be had), digits, "
            "a TFDS name such as fashion_mnist, a folder with one sub-folder a class, "
            "or an .npz file."
        ),
    ] = RunConfig.dataset,
    data_dir: DataDir = None,
    manual_dir: ManualDir = None,
    image_size: Annotated[
        int | None,
        typer.Option(
            help="Resize images to this side in pixels. Needed where they differ.",
            show_default=False,
        ),
    ] = None,
    limit: Limit = None,
    validation_split: Annotated[
        float, typer.Option(help="Share of the training images to validate on.")
    ] = RunConfig.validation_split,
    recipe: Annotated[
        str, typer.Option(help=f"A set of choices: {', '.join(RECIPES)}.")
    ] = RunConfig.recipe,
    epochs: Annotated[
        int, typer.Option(help="Passes over the training images.")
    ] = RunConfig.epochs,
    batch_size: Annotated[
        int, typer.Option(help="Images a step.")
    ] = RunConfig.batch_size,
    optimizer: Annotated[
        str, typer.Option(help=f"One of {', '.join(OPTIMIZERS)}.")
    ] = RunConfig.optimizer,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="The optimizer's rate. Defaults to Keras's own.", show_default=False
        ),
    ] = None,
    loss: Annotated[str, typer.Option(help=f"One of {', '.join(LOSSES)}.")] = (
        RunConfig.loss
    ),
    activation: Annotated[
        str,
        typer.Option(help=f"Of the hidden layers: one of {', '.join(ACTIVATIONS)}."),
    ] = RunConfig.activation,
    parts: Annotated[
        str,
        typer.Option(help=f"Whose layers and loss: one of {', '.join(PARTS)}."),
    ] = RunConfig.parts,
    precision: Annotated[
        str, typer.Option(help=f"One of {', '.join(PRECISIONS)}.")
    ] = RunConfig.precision,
    seed: Annotated[
        int, typer.Option(help="Fixes initial weights and order.")
    ] = RunConfig.seed,
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic", help="Same weights to the bit each time; slower."
        ),
    ] = RunConfig.deterministic,
    name: Annotated[
        str, typer.Option(help="What the model and its folders are called.")
    ] = RunConfig.name,
    runs: Annotated[Path, typer.Option(help="Where the run's folder is made.")] = Path(
        "runs"
    ),
    out_folder: Annotated[
        Path, typer.Option("--out", help="Where the SavedModel is exported to.")
    ] = Path("saved_models"),
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the resolved configuration and exit."),
    ] = False,
) -> None:
    """Train the article's network, test it, and export it.

    The defaults are the article's: five epochs of batches of 32 with Adam and
    cross-entropy. A run leaves a folder with its configuration, history, model and
    pictures, and a SavedModel. The last line is the test accuracy.
    """
    config = RunConfig(
        dataset=dataset,
        data_dir=data_dir,
        manual_dir=manual_dir,
        image_size=image_size,
        limit=limit,
        validation_split=validation_split,
        recipe=recipe,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        learning_rate=learning_rate,
        loss=loss,
        activation=activation,
        parts=parts,  # type: ignore[arg-type]  # any word; RunConfig checks it
        precision=precision,
        seed=seed,
        deterministic=deterministic,
        name=name,
    )
    check_writable("runs", runs)
    check_writable("out", out_folder / name)
    if dry_run:
        folders = {"runs": str(runs), "out": str(out_folder)}
        print(json.dumps(config.to_dict() | folders, indent=2))
        return
    _run(config, runs, out_folder)


def _run(config: RunConfig, runs: Path, out_folder: Path) -> None:
    start_tensorflow()
    from ..training import build_model, train
    from ..training.record import (
        HISTORY,
        INTERRUPTED,
        MODEL,
        new_run_folder,
        save_model,
        write_config,
    )
    from .datasets import load_shown
    from .progress import EpochTable

    images = load_shown(config)
    model = build_model(config, images)
    folder = new_run_folder(runs, config.name)
    write_config(folder, config, images)
    out.print(
        f"{model.name}: {model.count_params():,} parameters, "
        f"{config.epochs} epochs of batches of {config.batch_size}"
    )
    with EpochTable(config, len(images.train)) as table:
        callbacks = [_csv_logger(folder / HISTORY), table]
        result = train(model, config, images, callbacks=callbacks)
    kept = folder / (INTERRUPTED if result.interrupted else MODEL)
    with _ctrl_c_ignored():  # an impatient second one must not cost the model
        save_model(model, kept)
    try:
        if result.interrupted:
            raise KeyboardInterrupt
        _finish(config, images, model, result, folder, out_folder)
    except KeyboardInterrupt:
        print_warning(f"Interrupted: what was trained is kept in {kept}")
        raise typer.Exit(_INTERRUPTED) from None


def _csv_logger(path: Path) -> keras.callbacks.Callback:
    import keras

    return keras.callbacks.CSVLogger(str(path))


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _finish(
    config: RunConfig,
    images: ImageDataset,
    model: keras.Model,
    result: TrainingResult,
    folder: Path,
    out_folder: Path,
) -> None:
    """Writes results, draws pictures, exports, and says where everything is."""
    from ..export import ModelFacts, export_saved_model
    from ..training.record import write_result

    if result.scores is None:
        raise AssertionError("an interrupted run has nothing to finish")
    write_result(folder, result, images)
    exported = export_saved_model(
        model,
        out_folder,
        ModelFacts(
            name=config.name,
            class_names=images.class_names,
            data={"name": images.name, **images.provenance.to_dict()},
            accuracy=result.scores.accuracy,
            test_images=len(result.scores.labels),
            training=config.summary(),
        ),
    )
    out.print(f"Trained in {result.seconds:.1f} s.")
    out.print(f"Run:        {folder}")
    out.print(f"SavedModel: {exported}")
    out.print(f"Test accuracy: {result.scores.accuracy:.4f}")
