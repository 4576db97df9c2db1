"""The options of `RunConfig` as parameters of a command."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from .._checks import InputError, check_choice
from ..runs.config import OPTIONS, RENAMED
from ..runs.kinds import ARGUMENTS, FLAG, read_plain
from ..runs.options import Option
from .console import print_warning

# Which arguments `--set` can give, by the field that holds them.
_ARGUMENT_FIELDS = {
    name.removesuffix("_arguments"): name
    for name, option in OPTIONS.items()
    if option.kind is ARGUMENTS
}

Command = TypeVar("Command", bound=Callable[..., None])

SetArguments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A further argument of the loss or the optimizer, as in loss.delta=2 or "
        "optimizer.momentum=0.9. Repeat it for more.",
        metavar="NAME=VALUE",
        show_default=False,
        rich_help_panel="Training",
    ),
]


def with_config_options(command: Command) -> Command:
    """Gives a command each option of `RunConfig`, in the place of its `**options`.

    Each is None where it does not stand on the command line: a recipe may set any.
    """
    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(
            annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY
        )
        for parameter in inspect.signature(command).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    signature = inspect.Signature([*_parameters(), *own])
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {
        name: parameter.annotation for name, parameter in signature.parameters.items()
    }
    return command


def _parameters() -> Iterator[inspect.Parameter]:
    former = {name: OPTIONS[renamed] for name, renamed in RENAMED.items()}
    for name, option in {**OPTIONS, **former}.items():
        if option.kind is not ARGUMENTS:
            yield inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=_annotation(name, option, hidden=name in former),
            )


def _annotation(name: str, option: Option, *, hidden: bool) -> Any:
    flag = name.replace("_", "-")
    is_flag = option.kind is FLAG
    described = typer.Option(
        f"--{flag}/--no-{flag}" if is_flag else f"--{flag}",
        help=option.help_text,
        metavar=option.kind.metavar,
        show_default=False,
        rich_help_panel=option.group,
        hidden=hidden,
    )
    return Annotated[bool | None if is_flag else str | None, described]


def given_fields(
    options: Mapping[str, Any], set_arguments: list[str] | None
) -> dict[str, Any]:
    """Returns the fields of `RunConfig` that stand on a command line.

    Args:
        options: The values of the parameters, by name.
        set_arguments: What `--set` was given.

    Raises:
        InputError: If `--set` was given anything but an argument and its value.
    """
    given: dict[str, Any] = {}
    for former, value in options.items():
        name = RENAMED.get(former, former)
        if value is None:
            continue
        if name != former:
            _warn_of_former(former, name, options)
        given[name] = OPTIONS[name].read(value) if isinstance(value, str) else value
    for words in set_arguments or ():
        matched = re.fullmatch(r"(\w+)\.(\w+)=(.+)", words)
        if matched is None:
            raise InputError(
                "`set` must be an argument and its value, as in loss.delta=2. "
                f"Received: set={words!r}."
            )
        owner, argument, value = matched.groups()
        check_choice("set", owner, tuple(_ARGUMENT_FIELDS))
        given.setdefault(_ARGUMENT_FIELDS[owner], {})[argument] = read_plain(value)
    return given


def _warn_of_former(former: str, name: str, options: Mapping[str, Any]) -> None:
    flag = f"--{name.replace('_', '-')}"
    if options[name] is not None:
        raise InputError(
            f"`{former}` must be left out beside {flag}, its name now. "
            f"Received: {former}={options[former]!r}, {name}={options[name]!r}."
        )
    print_warning(f"--{former} is called {flag} now; the next release forgets it.")
