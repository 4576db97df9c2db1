"""Checks of values that come from a user, and the error that they raise.

Every message states the rule, then what was received. Comparisons are written so
that NaN fails them.
"""

import difflib
import math
import re
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

# Control characters of ASCII and of ISO 6429 except line feed and tab; the line and
# paragraph separators; marks of direction; halves of pairs, which cannot be encoded.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


class InputError(ValueError):
    """A value from outside breaks a stated rule.

    The command line prints its message without a traceback and exits with 2.
    """


def did_you_mean(value: str, choices: Iterable[str]) -> str:
    """Returns ` Did you mean ...?` for the nearest choices, or an empty string.

    Example:
        >>> did_you_mean("mnits", ["mnist", "cifar10"])
        ' Did you mean "mnist"?'
    """
    near = difflib.get_close_matches(value, list(choices), n=3)
    return f" Did you mean {_either(near)}?" if near else ""


def printable(text: str) -> str:
    r"""Returns text in which what would steer a terminal is spelled out.

    Line feeds and tabs are kept. Escape sequences, and marks that turn the direction
    of writing, could otherwise hide what stands there, or forge another line.

    Example:
        >>> printable("\x1b[2Jcaf\xe9\n\u202egnp.exe")
        '\\x1b[2Jcaf\xe9\n\\u202egnp.exe'
    """
    return _STEERING.sub(lambda mark: ascii(mark[0])[1:-1], text)


def one_line(text: str) -> str:
    r"""Returns printable text with its line feeds and tabs spelled out, too.

    Example:
        >>> one_line("cat\nError: none")
        'cat\\nError: none'
    """
    return re.sub(r"[\n\t]", lambda mark: ascii(mark[0])[1:-1], printable(text))


def first_line(error: BaseException) -> str:
    """Returns what an exception says, in one line without its full stop.

    Example:
        >>> first_line(ValueError("Not a tree."))
        'Not a tree'
        >>> first_line(KeyError())
        'KeyError'
    """
    line = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip()
    line = printable(line)
    return line.removesuffix(".") if not line.endswith("..") else line


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raises unless `value` is one of `choices`.

    Raises:
        InputError: With the nearest choices, if `value` is not among them.
    """
    if value not in choices:
        hint = did_you_mean(value, choices) if isinstance(value, str) else ""
        raise InputError(
            f"`{name}` must be one of {', '.join(choices)}. "
            f"Received: {name}={value!r}.{hint}"
        )


def check_count(name: str, value: Any, *, min_value: int = 1) -> None:
    """Raises unless `value` is a whole number of at least `min_value`.

    Raises:
        InputError: If `value` is a bool, not an integer, or below `min_value`.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not value >= min_value:
        raise InputError(
            f"`{name}` must be a whole number >= {min_value}. "
            f"Received: {name}={value!r}."
        )


def check_positive(name: str, value: Any) -> None:
    """Raises unless `value` is a finite number above 0.

    Raises:
        InputError: If `value` is not a number, not finite, or not above 0.
    """
    if not _is_number(value) or not (math.isfinite(value) and value > 0):
        raise InputError(
            f"`{name}` must be a finite number > 0. Received: {name}={value!r}."
        )


def check_not_negative(name: str, value: Any, rule: str | None = None) -> None:
    """Raises unless `value` is a number of at least 0.

    The message opens with `rule`, where the usual one does not say enough.

    Raises:
        InputError: If `value` is not a number, NaN, or below 0.
    """
    if not _is_number(value) or not value >= 0:
        rule = rule or f"`{name}` must be a number >= 0"
        raise InputError(f"{rule}. Received: {name}={value!r}.")


def check_fraction(name: str, value: Any) -> None:
    """Raises unless 0 <= `value` < 1.

    Raises:
        InputError: If `value` is not a number in that range.
    """
    if not _is_number(value) or not 0 <= value < 1:
        raise InputError(
            f"`{name}` must be a number in [0, 1). Received: {name}={value!r}."
        )


def check_between(name: str, value: Any, min_value: float, max_value: float) -> None:
    """Raises unless `min_value` <= `value` <= `max_value`.

    Raises:
        InputError: If `value` is not a number in that range.
    """
    if not _is_number(value) or not min_value <= value <= max_value:
        raise InputError(
            f"`{name}` must be a number in [{min_value}, {max_value}]. "
            f"Received: {name}={value!r}."
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _either(names: Sequence[str]) -> str:
    return " or ".join(f'"{name}"' for name in names)
