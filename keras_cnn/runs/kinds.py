"""What values an option of a run takes: how they are checked, read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from numbers import Integral
from typing import Any

from .._checks import (
    InputError,
    check_choice,
    check_count,
    check_fraction,
    check_not_negative,
    check_positive,
)
from .choices import ARTICLE, AUGMENTATIONS


@dataclass(frozen=True)
class Kind:
    """What values an option takes.

    Attributes:
        metavar: What stands for the value in the help.
        check: Raises unless a value fits, given the option's name and the value, and
            returns it in the form that is kept.
        read: Turns words of a command line into a value, or raises ValueError. Defaults
            to the words themselves.
        write: Turns a value into such words.
        choices: The values, where there is a list of them.
    """

    metavar: str
    check: Callable[[str, Any], Any]
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    choices: tuple[str, ...] = ()


def whole(min_value: int = 1, below: float = float("inf")) -> Kind:
    """Whole numbers of at least `min_value`, and below a bound."""

    def check(name: str, value: Any) -> int:
        check_count(name, value, min_value=min_value)
        if not value < below:
            raise InputError(
                f"`{name}` must be below {below}. Received: {name}={value!r}."
            )
        return int(value)

    return Kind("N", check, int)


def _number(check: Callable[[str, Any], None], metavar: str) -> Kind:
    def checked(name: str, value: Any) -> float:
        check(name, value)
        return float(value)

    return Kind(metavar, checked, float, repr)


POSITIVE = _number(check_positive, "NUMBER")
NOT_NEGATIVE = _number(check_not_negative, "NUMBER>=0")
FRACTION = _number(check_fraction, "SHARE")


def choice(*choices: str) -> Kind:
    """One of some names."""

    def check(name: str, value: Any) -> str:
        check_choice(name, value, choices)
        return str(value)

    return Kind("NAME", check, choices=choices)


def _check_text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(f"`{name}` must be words. Received: {name}={value!r}.")
    return value


PATH = Kind("PATH", lambda name, value: _check_text(name, _path(value)))


def _path(value: Any) -> Any:
    return str(value) if hasattr(value, "__fspath__") else value


_FUNCTION = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*"


def _check_model(name: str, value: Any) -> str:
    words = _path(value)
    known = words == ARTICLE or str(words).endswith(".keras")
    if not isinstance(words, str) or not (known or re.fullmatch(_FUNCTION, words)):
        raise InputError(
            f"`{name}` must be {ARTICLE}, a .keras file, a function as "
            f"module:function, or keras:NAME. Received: {name}={value!r}."
        )
    return words


MODEL = Kind("MODEL", _check_model)


def _check_flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"`{name}` must be True or False. Received: {name}={value!r}.")
    return value


FLAG = Kind("", _check_flag)


def _check_name(name: str, value: Any) -> str:
    """A name becomes a folder's and a scope's in TensorFlow's graphs."""
    pattern = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise InputError(
            f"`{name}` must be letters, digits, -, _ and ., the first a letter or "
            f"digit. Received: {name}={value!r}."
        )
    return value


NAME = Kind("NAME", _check_name)


def _check_size(name: str, value: Any) -> tuple[int, int]:
    """Takes a side, (height, width), or words such as 64 and 64x48."""
    sides = value
    if isinstance(value, str) and (words := re.fullmatch(r"(\d+)(?:x(\d+))?", value)):
        sides = (int(words[1]), int(words[2] or words[1]))
    elif isinstance(value, Integral):
        sides = (value, value)
    try:
        height, width = sides
        check_count(name, height)
        check_count(name, width)
    except (TypeError, ValueError):
        raise InputError(
            f"`{name}` must be a side in pixels such as 64, or a height and a width "
            f"such as 64x48. Received: {name}={value!r}."
        ) from None
    return int(height), int(width)


SIZE = Kind("SIZE", _check_size, write=lambda size: f"{size[0]}x{size[1]}")


def _check_augment(name: str, value: Any) -> str:
    words = value.split(",") if isinstance(value, str) else [value]
    for word in words:
        check_choice(name, word, tuple(AUGMENTATIONS))
    return ",".join(dict.fromkeys(words))


AUGMENT = Kind("NAMES", _check_augment)


def _check_interval(name: str, value: Any) -> str:
    words = str(value) if isinstance(value, int) else value
    if not isinstance(words, str) or not _INTERVAL.fullmatch(words):
        raise InputError(
            f"`{name}` must be a number of steps such as 500, or a time such as 30s, "
            f"5m or 1h. Received: {name}={value!r}."
        )
    return words


_INTERVAL = re.compile(r"([1-9][0-9]{0,8})([smh]?)")

INTERVAL = Kind("STEPS|TIME", _check_interval)


def interval(words: str) -> int | timedelta:
    """Returns the steps or the time that words mean, which are known to fit.

    Example:
        >>> interval("500"), interval("90s")
        (500, datetime.timedelta(seconds=90))
    """
    matched = _INTERVAL.fullmatch(words)
    if matched is None:
        raise ValueError(words)
    number, unit = int(matched[1]), matched[2]
    seconds = {"s": 1, "m": 60, "h": 3600}
    return timedelta(seconds=number * seconds[unit]) if unit else number


# What the value of an argument of a loss or an optimizer may be.
Plain = bool | int | float | str | None

_PLAIN_WORDS: dict[str, bool | None] = {"true": True, "false": False, "none": None}


def read_plain(words: str) -> Plain:
    """Returns the value that words mean: true, false, none, a number, or themselves."""
    if words.lower() in _PLAIN_WORDS:
        return _PLAIN_WORDS[words.lower()]
    for kind in (int, float):
        try:
            return kind(words)
        except ValueError:
            continue
    return words


def write_plain(value: Plain) -> str:
    """Returns the words that `read_plain` turns into a value."""
    words = str(value)
    return words.lower() if value is None or isinstance(value, bool) else words


def _check_arguments(name: str, value: Any) -> dict[str, Plain]:
    names = isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    if not names or not all(isinstance(each, Plain) for each in value.values()):
        raise InputError(
            f"`{name}` must be a dictionary of arguments: numbers, words, True, False "
            f"or None. Received: {name}={value!r}."
        )
    return dict(value)


# The command line has `--set` for these.
ARGUMENTS = Kind("", _check_arguments)
