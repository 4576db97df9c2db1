"""The command `keras-cnn` and what all its subcommands share."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .. import __version__
from .._checks import InputError
from ..export.errors import ParityError
from ..training.errors import TrainingError
from . import (
    claims,
    data,
    diagnose,
    evaluate,
    explain,
    export,
    predict,
    serve,
    show,
    train,
)
from .console import print_error, warnings_in_one_line

app = typer.Typer(
    name="keras-cnn",
    help="Train, test, use and export the article's convolutional network.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("export")(export.export)
app.command("predict")(predict.predict)
app.command("serve")(serve.serve)
app.command("diagnose")(diagnose.diagnose)
app.command("explain")(explain.explain)
app.add_typer(claims.app, name="claims")
app.add_typer(data.app, name="data")
app.add_typer(show.app, name="show")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"keras-cnn {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """Holds the options that stand before a subcommand."""


def main() -> None:
    """Runs the command line; bad input exits with 2, a failing run or disk with 1.

    Any other exception is a defect and keeps its traceback.
    """
    try:
        with warnings_in_one_line():
            app()
    except InputError as error:
        print_error(str(error))
        sys.exit(2)
    except (TrainingError, ParityError) as error:
        print_error(str(error))
        sys.exit(1)
    except OSError as error:
        print_error(f"{error.filename or 'A file'}: {error.strerror or error}.")
        sys.exit(1)
