"""`keras-cnn train`: the article's training, with a record of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .._checks import InputError
from .._files import check_writable
from ..runs.config import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    PARTS,
    PRECISIONS,
    RECIPES,
    SCHEDULES,
    RunConfig,
)
from .export import split_formats
from .options import DataDir, Formats, Limit, ManualDir, Verify
from .training_run import run


def train(
    context: typer.Context,
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
        str,
        typer.Option(
            help=f"A set of choices, each of which another option can replace: "
            f"{', '.join(RECIPES)}. fast: one pass, a one-cycle rate, and bfloat16 "
            "where the processor has it."
        ),
    ] = RunConfig.recipe,
    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the training images.", show_default="5"),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Images a step.", show_default="32")
    ] = None,
    optimizer: Annotated[
        str, typer.Option(help=f"One of {', '.join(OPTIMIZERS)}.")
    ] = RunConfig.optimizer,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="The optimizer's rate, or the highest of its schedule. Defaults to "
            "Keras's own.",
            show_default=False,
        ),
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            help=f"Of the rate: one of {', '.join(SCHEDULES)}.", show_default="constant"
        ),
    ] = None,
    beta_2: Annotated[
        float | None,
        typer.Option(
            help="Adam's second moment keeps this share of itself each step. Defaults "
            "to Keras's own.",
            show_default=False,
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(help=f"One of {', '.join(LOSSES)}.", show_default=RunConfig.loss),
    ] = None,
    label_smoothing: Annotated[
        float | None,
        typer.Option(
            help="Share of a label spread over all classes, for categorical losses.",
            show_default="0",
        ),
    ] = None,
    activation: Annotated[
        str,
        typer.Option(help=f"Of the hidden layers: one of {', '.join(ACTIVATIONS)}."),
    ] = RunConfig.activation,
    parts: Annotated[
        str,
        typer.Option(help=f"Whose layers and loss: one of {', '.join(PARTS)}."),
    ] = RunConfig.parts,
    precision: Annotated[
        str | None,
        typer.Option(
            help=f"One of {', '.join(PRECISIONS)}, or auto for the fastest here.",
            show_default=RunConfig.precision,
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="trainer, this package's compiled loop, or fit, Keras's own."
        ),
    ] = RunConfig.engine,
    strategy: Annotated[
        str,
        typer.Option(
            help="none, mirrored (the devices of this machine share each batch) or "
            "multi-worker (the machines that TF_CONFIG names do)."
        ),
    ] = RunConfig.strategy,
    checkpoint_every: Annotated[
        str | None,
        typer.Option(
            help="Steps between checkpoints, or time, as in 30s or 5m.",
            show_default=False,
        ),
    ] = None,
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
        Path, typer.Option("--out", help="Where the model is exported to.")
    ] = Path("saved_models"),
    formats: Formats = "saved_model",
    verify: Verify = True,
    resume: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a run that was interrupted: goes on from its newest "
            "checkpoint, as that run was asked to. Takes no options but those of "
            "the export: --out, --format, --verify.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the resolved configuration and exit."),
    ] = False,
) -> None:
    """Train the article's network, test it, and export it.

    The defaults are the article's: five epochs of batches of 32 with Adam and
    cross-entropy. A run leaves a folder with its configuration, history, model and
    pictures, and an export. The last line is the test accuracy.
    """
    if resume is not None:
        config = _noted_config(context, resume)
    else:
        config = RunConfig.of_recipe(
            recipe,
            dataset=dataset,
            data_dir=data_dir,
            manual_dir=manual_dir,
            image_size=image_size,
            limit=limit,
            validation_split=validation_split,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            schedule=schedule,
            beta_2=beta_2,
            loss=loss,
            label_smoothing=label_smoothing,
            activation=activation,
            parts=parts,
            precision=precision,
            engine=engine,
            strategy=strategy,
            checkpoint_every=checkpoint_every,
            seed=seed,
            deterministic=deterministic,
            name=name,
        )
    check_writable("runs", runs)
    check_writable("out", out_folder / config.name)
    wanted = split_formats(formats)
    if dry_run:
        folders = {"runs": str(runs), "out": str(out_folder)}
        print(json.dumps(config.to_dict() | folders, indent=2))
        return
    run(
        config,
        runs,
        out_folder,
        formats=wanted,
        verify=verify,
        resumed=resume,
    )


def _noted_config(context: typer.Context, run: Path) -> RunConfig:
    """Returns what an interrupted run was asked to do."""
    for name in context.params:
        source = context.get_parameter_source(name)
        given = source is not None and source.name == "COMMANDLINE"
        if given and name not in ("resume", "out_folder", "formats", "verify"):
            raise InputError(
                "`resume` goes on as its run was asked to, and takes no other option "
                "but --out, --format and --verify. "
                f"Received: --{name.replace('_', '-')}."
            )
    try:
        noted = json.loads((run / "config.json").read_text())["config"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            "`resume` must name the folder of a run, with its config.json. "
            f"Received: resume={str(run)!r}."
        ) from error
    if not list((run / "checkpoints").glob("*.npz")):
        raise InputError(
            "`resume` must name a run that left checkpoints: one that was started with "
            f"--checkpoint-every and is not finished. Received: resume={str(run)!r}."
        )
    return RunConfig(**noted)
