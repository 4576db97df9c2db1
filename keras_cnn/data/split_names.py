"""What people call the parts of a data set."""

import re

# The words for each part, in lower case.
_WORDS = {
    "train": ("train", "training", "trainset"),
    "validation": ("val", "valid", "validation", "dev", "valset", "publictest"),
    "test": ("test", "testing", "testset", "privatetest"),
}
PARTS = tuple(_WORDS)
_PART_OF = {word: part for part, words in _WORDS.items() for word in words}

# Words that say nothing beside one of them: `seg_train`, `Train_Set`, `test images`.
_FILLERS = {"", "seg", "set", "data", "dataset", "image", "images", "img", "imgs"}


def part_named(name: str, *, loosely: bool = False) -> str | None:
    """Returns which part a name stands for: train, validation, test, or None.

    Args:
        name: Of a folder, a file, an array or a value in a table.
        loosely: Whether other words may stand beside, as in `sign_mnist_train`.

    Example:
        >>> [part_named(name) for name in ("Train", "seg_test", "valid", "trains")]
        ['train', 'test', 'validation', None]
    """
    words = re.split(r"[\W_\d]+", name.lower())
    parts = [_PART_OF[word] for word in words if word in _PART_OF]
    rest = {word for word in words if word not in _PART_OF}
    alone = loosely or rest <= _FILLERS
    return parts[0] if len(set(parts)) == 1 and alone else None
