"""EMNIST as a person would read it: TFDS gives it lying on its side, with numbers.

Reference: [Cohen and others, 2017](https://arxiv.org/abs/1702.05373), tables I and II,
for the classes of each version.
"""

import string

_DIGITS = tuple(string.digits)
_UPPER = tuple(string.ascii_uppercase)

# Where the small letter has the form of the capital, the two are one class.
_MERGED = (*_DIGITS, *_UPPER, *"abdefghnqrt")

_NAMES = {
    "byclass": (*_DIGITS, *_UPPER, *string.ascii_lowercase),
    "bymerge": _MERGED,
    "balanced": _MERGED,
    "letters": _UPPER,
    "digits": _DIGITS,
    "mnist": _DIGITS,
}


def emnist_names(version: str) -> tuple[str, ...]:
    """Returns the characters that the classes of a version of EMNIST stand for.

    Example:
        >>> len(emnist_names("balanced")), emnist_names("letters")[:3]
        (47, ('A', 'B', 'C'))
    """
    return _NAMES[version]


def first_label(version: str) -> int:
    """Returns the label of a version's first class: `letters` counts from 1."""
    return 1 if version == "letters" else 0
