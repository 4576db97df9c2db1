"""`keras-cnn show`: activations and losses as curves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import out
from .options import check_picture

app = typer.Typer(
    help="Draw activations and losses with their derivatives.", no_args_is_help=True
)

Names = Annotated[
    list[str] | None,
    typer.Argument(help="Which ones; all if none is named.", show_default=False),
]


@app.command("activations")
def show_activations(
    names: Names = None,
    out_file: Annotated[
        Path, typer.Option("--out", help="The PNG file to write.")
    ] = Path("activations.png"),
) -> None:
    """Draw activation functions beside their derivatives."""
    from ..reference.curves import draw_activations

    check_picture(out_file)
    draw_activations(names or (), out_file)
    out.print(f"Drawn: {out_file}")


@app.command("losses")
def show_losses(
    names: Names = None,
    out_file: Annotated[
        Path, typer.Option("--out", help="The PNG file to write.")
    ] = Path("losses.png"),
) -> None:
    """Draw losses by the error, their derivatives, and what an outlier does."""
    from ..reference.curves import draw_losses

    check_picture(out_file)
    draw_losses(names or (), out_file)
    out.print(f"Drawn: {out_file}")
