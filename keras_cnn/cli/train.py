"""`keras-cnn train`: the article's training, with a record of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from .._checks import InputError
from .._files import check_writable
from ..runs.config import RunConfig
from ..runs.folder import read_unfinished
from .config_options import SetArguments, given_fields, with_config_options
from .console import start_tensorflow
from .export import split_formats
from .options import Formats, Verify
from .training_run import run

# What may be said of a run that goes on as it was asked to.
_WITH_RESUME = ("resume", "out_folder", "formats", "verify", "dry_run")


@with_config_options
def train(
    context: typer.Context,
    *,
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
            help="Folder of an interrupted run: continues from its newest checkpoint, "
            "with that run's options. Only --out, --format, --verify and --dry-run may "
            "be given with it.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the resolved configuration and exit."),
    ] = False,
    set_arguments: SetArguments = None,
    **options: Any,
) -> None:
    """Train the article's network, test it, and export it.

    The defaults are the article's: five epochs of batches of 32 with Adam and
    cross-entropy. A run leaves a folder with its configuration, history, model and
    pictures, and an export. The last line is the test accuracy.
    """
    if resume is not None:
        _check_alone(context)
        config = read_unfinished(resume)
    else:
        config = RunConfig(**given_fields(options, set_arguments))
    check_writable("runs", runs)
    check_writable("out", out_folder / config.name)
    wanted = split_formats(formats)
    if dry_run:
        if config.loss_arguments or config.optimizer_arguments:
            _check_arguments(config)
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


def _check_arguments(config: RunConfig) -> None:
    """Raises unless loss and optimizer take the arguments given: only Keras knows."""
    start_tensorflow()
    from ..runs.arguments import check_arguments

    check_arguments(config)


def _check_alone(context: typer.Context) -> None:
    """Raises if an option was given that a resumed run takes from its record."""
    for name in context.params:
        source = context.get_parameter_source(name)
        given = source is not None and source.name == "COMMANDLINE"
        if given and name not in _WITH_RESUME:
            raise InputError(
                "`resume` goes on as its run was asked to, and takes no other option "
                "but --out, --format, --verify and --dry-run. "
                f"Received: --{name.removesuffix('_arguments').replace('_', '-')}."
            )
