"""Rules about losses: whether they are about these targets, and can find the logits."""

from __future__ import annotations

from collections.abc import Iterator

from ...training.targets import CROSS_ENTROPIES, DISTANCES
from ..program.inputs import finite
from ..program.layers import activation_name, keeps_logits
from ..program.outputs import Head
from ..program.program import Program
from ..thresholds import LIKELY, STRONG
from ..trials.remedies import with_head
from .heads import right_head
from .rule import Hit, rule


@rule("wrong-loss", group="outputs", confidence=STRONG)
def wrong_loss(program: Program) -> Iterator[Hit]:
    """The loss does not fit the task that the targets set.

    Looks: The loss falls while accuracy does not rise, or becomes negative.
    Harms: The loss is not about these labels: its minimum is elsewhere.
    Change:
        # two classes: BinaryCrossentropy, one output with a sigmoid
        # several, as numbers: SparseCategoricalCrossentropy, a softmax
        # several, one-hot: CategoricalCrossentropy, a softmax
        # amounts: MeanSquaredError, a linear output
        model.compile(..., loss=keras.losses.SparseCategoricalCrossentropy())
    Claim: cross-entropy
    """
    for head in program.heads:
        against = _against_loss(head)
        if against is None:
            continue
        harms, impossible = against
        activation, loss, code, units = right_head(head)
        yield Hit(
            where="loss",
            evidence=f"loss {head.loss}, {head.task} targets {head.target} of shape "
            f"{head.y.shape[1:]}",
            change=code,
            remedy=with_head(head.index, activation, loss, units),
            confidence=STRONG if impossible else LIKELY,
            harms=harms,
        )


def _against_loss(head: Head) -> tuple[str, bool] | None:
    """Returns what stands against a head's loss, and whether it cannot work.

    Says nothing of a loss of unknown kind, such as a custom one.
    """
    if head.task == "regression":
        if head.loss not in CROSS_ENTROPIES or _are_probabilities(head):
            return None
        harms = "Cross-entropy of targets that are not probabilities has no minimum."
        return harms, True
    if head.task == "multiclass" and not head.one_hot and head.units > 1:
        # Class numbers broadcast against a row of probabilities.
        wrong = head.loss in (*CROSS_ENTROPIES, *DISTANCES) and head.loss != "sparse"
        return ("", True) if wrong else None
    fitting = "binary"
    if head.task == "multiclass":
        fitting = "categorical" if head.one_hot else "sparse"
    if head.loss in CROSS_ENTROPIES and head.loss != fitting:
        each_alone = head.loss == "binary" and head.one_hot
        return None if each_alone else ("", True)
    slow = head.loss in DISTANCES and head.output in ("softmax", "sigmoid")
    return (_SLOW, False) if slow else None


_SLOW = "Its gradient nearly vanishes where the prediction is most wrong."


def _are_probabilities(head: Head) -> bool:
    """Whether amounts are in [0, 1] and predicted so, as of an autoencoder."""
    y = head.y[finite(head.y)]
    within = bool(y.size and y.min() >= 0 and y.max() <= 1)
    return within and (head.output in ("sigmoid", "softmax") or head.from_logits)


@rule("lost-logits", group="outputs", severity="note")
def lost_logits(program: Program) -> Iterator[Hit]:
    """A softmax or sigmoid by hand, behind which Keras cannot find the logits.

    Looks: As if right, until the network is very sure: then the loss stops near 16.
    Harms: The loss cannot find the logits and clips probabilities near 0 and 1.
    Change:
        Dense(classes, activation="softmax")
    """
    for head in program.heads:
        applied = [node for node in head.layers if node.name == head.output_layer]
        by_hand = applied and activation_name(applied[-1]) == head.output
        known = head.output in ("softmax", "sigmoid")
        if known and by_hand and not keeps_logits(applied[-1]):
            yield Hit(
                where=head.output_layer,
                evidence=f"{head.output} by hand",
                change=f'activation="{head.output}"',
            )
