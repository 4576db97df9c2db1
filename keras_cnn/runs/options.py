"""What an option of a run is: its default, its rule, its help, its words.

Each field of `RunConfig` is declared with `option`. The checks, the parameters of
`keras-cnn train`, its help, the table in docs/training.md and the tests that sweep over
all options follow from that declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .kinds import ARGUMENTS, FLAG, Kind, write_plain


@dataclass(frozen=True)
class Option:
    """One option of a run, which also stands for "not given" as its field's default.

    Attributes:
        default: The value where neither the user nor the recipe gives one.
        kind: What values it takes; if the default is None, None besides.
        group: Under which heading the help lists it.
        help: What it does, in a sentence or two.
        default_words: What the default means, where its value does not say it.
    """

    default: Any
    kind: Kind
    group: str
    help: str
    default_words: str = ""

    def __repr__(self) -> str:
        """Returns the default, as a signature should show it."""
        return repr(self.default)

    @property
    def described(self) -> str:
        """The help, with the choices."""
        if not self.kind.choices:
            return self.help
        return f"{self.help} One of {', '.join(self.kind.choices)}."

    @property
    def help_text(self) -> str:
        """What the help says of the option, its default included."""
        default = self.shown_default
        return self.described + (f" Defaults to {default}." if default else "")

    @property
    def shown_default(self) -> str:
        """The default in words; empty where leaving the option out says enough."""
        if self.default_words or self.default is None or self.kind is ARGUMENTS:
            return self.default_words
        return "off" if self.kind is FLAG else self.kind.write(self.default)

    def checked(self, name: str, value: Any) -> Any:
        """Returns a value in the form that is kept.

        Raises:
            InputError: If the value breaks the option's rule.
        """
        if value is None and self.default is None:
            return None
        return self.kind.check(name, value)

    def read(self, words: str) -> Any:
        """Returns the value that words mean; the words where they mean none.

        `none` is None where the default is, so that it can replace a recipe's value.
        """
        if self.default is None and words == "none":
            return None
        try:
            return self.kind.read(words)
        except ValueError:
            return words

    def words(self, name: str, value: Any) -> list[str]:
        """Returns the words of a command line that give the option a value.

        Example:
            >>> from keras_cnn.runs.config import OPTIONS
            >>> OPTIONS["image_size"].words("image_size", (64, 48))
            ['--image-size', '64x48']
            >>> OPTIONS["loss_arguments"].words("loss_arguments", {"delta": 2.0})
            ['--set', 'loss.delta=2.0']
        """
        if self.kind is ARGUMENTS:
            owner = name.removesuffix("_arguments")
            given = [
                f"{owner}.{key}={write_plain(each)}" for key, each in value.items()
            ]
            return [word for argument in given for word in ("--set", argument)]
        flag = name.replace("_", "-")
        if self.kind is FLAG:
            return [f"--{flag}" if value else f"--no-{flag}"]
        return [f"--{flag}", "none" if value is None else self.kind.write(value)]


def option(
    default: Any, kind: Kind, group: str, help: str, *, default_words: str = ""
) -> Any:
    """Returns an `Option`, as a field of any type may have for its default."""
    return Option(default, kind, group, help, default_words)
