"""`keras-cnn train`: the article's training, with a record of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from .._checks import InputError
from .._files import check_writable
from ..runs.config import RENAMED, RunConfig
from ..runs.folder import read_unfinished
from .config_file import read_config_file
from .config_options import SetArguments, given_fields, with_config_options
from .console import start_tensorflow
from .export import split_formats
from .finding_rate import print_rate
from .options import Formats, Verify, check_picture
from .training_run import run

# What may be said of a run that goes on as it was asked to.
_FOLDERS = ("runs", "out")
_FLAGS = {"set_arguments": "set", "config_file": "config", "out_folder": "out"}
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
    find_rate: Annotated[
        Path | None,
        typer.Option(
            "--find-rate",
            help="Instead of a training, try learning rates from 1e-6 to 1, one step "
            "each, draw the losses into this .png file, and suggest one.",
            metavar="PNG",
            show_default=False,
        ),
    ] = None,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="A .json or .toml file of options, as --dry-run prints them, or a "
            "run's config.json. Options on the command line replace its own.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print all options as they are, in the form of --config, and exit.",
        ),
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
        given = read_config_file(config_file) if config_file else {}
        if not _is_given(context, "runs"):
            runs = _folder("runs", given.pop("runs", runs))
        if not _is_given(context, "out_folder"):
            out_folder = _folder("out", given.pop("out", out_folder))
        given = {name: value for name, value in given.items() if name not in _FOLDERS}
        config = RunConfig.from_dict(
            _merged(given, given_fields(options, set_arguments))
        )
    check_writable("runs", runs)
    check_writable("out", out_folder / config.name)
    wanted = split_formats(formats)
    if find_rate is not None:
        check_picture(find_rate)
    if dry_run:
        if config.loss_arguments or config.optimizer_arguments:
            _check_arguments(config)
        folders = {"runs": str(runs), "out": str(out_folder)}
        print(json.dumps(config.to_dict() | folders, indent=2))
        return
    if find_rate is not None:
        print_rate(config, find_rate)
        return
    run(
        config,
        runs,
        out_folder,
        formats=wanted,
        verify=verify,
        resumed=resume,
    )


def _merged(file: Mapping[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options of a file with those of the command line in their place."""
    named = {RENAMED.get(name, name): value for name, value in file.items()}
    for name, value in line.items():
        held = named.get(name)
        if isinstance(held, dict) and isinstance(value, dict):
            value = {**held, **value}  # --set gives one argument of several
        named[name] = value
    return named


def _folder(option: str, value: Any) -> Path:
    if not isinstance(value, str | Path):
        raise InputError(
            f"`{option}` must name a folder. Received: {option}={value!r}."
        )
    return Path(value)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _check_arguments(config: RunConfig) -> None:
    """Raises unless loss and optimizer take the arguments given: only Keras knows."""
    start_tensorflow()
    from ..runs.arguments import check_arguments

    check_arguments(config)


def _check_alone(context: typer.Context) -> None:
    """Raises if an option was given that a resumed run takes from its record."""
    for name in context.params:
        if _is_given(context, name) and name not in _WITH_RESUME:
            raise InputError(
                "`resume` goes on as its run was asked to, and takes no other option "
                "but --out, --format, --verify and --dry-run. "
                f"Received: --{_FLAGS.get(name, name).replace('_', '-')}."
            )
