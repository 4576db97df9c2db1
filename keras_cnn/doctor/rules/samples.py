"""Rules about other samples, and about what the labels have to do with the inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..program.inputs import Array, is_text
from ..program.outputs import Head
from ..thresholds import (
    CHANCE,
    DRIFT,
    DUPLICATES,
    ENOUGH_SAMPLES,
    FAILED,
    GOOD,
    LIKELY,
    OTHER_SCALE,
    OVERFIT_GAP,
    STRONG,
    UNLEARNABLE,
    UNSEEN_CLASSES,
)
from ..trials.baseline import tells_apart
from ..trials.score import labels_of
from .learned import Learned
from .rule import Hit, also, rule
from .targets import compare_with_source


@rule("overfitting", group="samples", confidence=LIKELY)
def overfitting(learned: Learned) -> Iterator[Hit]:
    """What was learned does not hold for samples that were not trained on.

    Looks: The validation loss rises while the training loss falls.
    Harms: What is learned by heart does not hold for new data.
    Change:
        Dropout(0.3)  # or fewer units, augmentation, more data, fewer epochs
    """
    if _falls_off(learned) and not list(_differences(learned)):
        yield Hit(
            where="model",
            evidence=f"skill {learned.skill:.2f}, on data not trained on "
            f"{learned.held_out_skill:.2f}",
            threshold=OVERFIT_GAP,
            proven=True,
        )


def _falls_off(learned: Learned) -> bool:
    elsewhere = learned.held_out_skill
    return elsewhere is not None and learned.skill - elsewhere > OVERFIT_GAP.value


@rule("validation-differs", group="samples", confidence=STRONG)
def validation_differs(learned: Learned) -> Iterator[Hit]:
    """The validation data are of another kind than those trained on.

    Looks: Validation is far worse than training from the first epoch on.
    Harms: What is measured is not what was learned: another scale, other classes, other
        preprocessing.
    Change:
        # The same steps for both, with the training data's mean and spread:
        x_test = (x_test - x_train.mean(0)) / x_train.std(0)
    """
    differences = list(_differences(learned))
    if differences:
        harmful = _falls_off(learned)
        yield Hit(
            where="validation_data",
            evidence="; ".join(differences),
            severity="warning" if harmful else "note",
            proven=harmful,
        )


def _differences(learned: Learned) -> Iterator[str]:
    """Yields how the validation data differ from those trained on."""
    if learned.held_out is None or not _falls_off(learned):
        return
    program = learned.program
    names = list(program.inputs)
    for name, other in zip(names, learned.held_out.x, strict=True):
        values = program.inputs[name]
        if name not in program.numbers:
            continue
        size, others = _size(values), _size(other)
        ratio = max(size, others) / max(min(size, others), 1e-9)
        if ratio > OTHER_SCALE.value:
            yield f"{name} has root mean square {size:.3g}, for validation {others:.3g}"
    for head in program.heads:
        yield from _other_classes(learned, head)
    apart = tells_apart(program, learned.held_out.x)
    if apart is not None and apart > DRIFT.value:
        yield (
            f"a forest tells them from those trained on in {apart:.0%} of all cases, "
            "where a half is chance"
        )


def _size(values: Array) -> float:
    return float(np.sqrt((values.astype("float64") ** 2).mean()))


def _other_classes(learned: Learned, head: Head) -> Iterator[str]:
    if head.task not in ("binary", "multiclass") or learned.held_out is None:
        return
    other = labels_of(head, learned.held_out.y[head.index])
    known = np.unique(labels_of(head))
    unseen = float((~np.isin(other, known)).mean())
    if unseen > UNSEEN_CLASSES.value:
        yield f"{unseen:.0%} are of classes that do not occur in training"
    elif learned.held_out_outputs and head.scored:
        right = _share_right(head, learned.held_out_outputs[head.index], other)
        if right is not None and right < CHANCE.value:
            yield f"only {right:.0%} of the labels fit, less than by chance"
        yield from _renumbered(head, learned.held_out_outputs[head.index], other)


def _renumbered(head: Head, outputs: Array, labels: Array) -> Iterator[str]:
    """Yields whether labels follow the predictions, by other numbers."""
    predicted = outputs.reshape(-1, outputs.shape[-1]).argmax(1)
    if head.task != "multiclass" or len(predicted) != len(labels):
        return
    meant = {kind: _commonest(labels[predicted == kind]) for kind in set(predicted)}
    as_meant = float(np.mean([meant[one] for one in predicted] == labels))
    right = float((predicted == labels).mean())
    if as_meant > GOOD.value and right < FAILED.value:
        renamed = [(kind, other) for kind, other in meant.items() if kind != other]
        kind, other = min(renamed)
        yield f"classes have other numbers: what training calls {kind} is {other} there"


def _commonest(labels: Array) -> int:
    kinds, counts = np.unique(labels, return_counts=True)
    return int(kinds[counts.argmax()])


def _share_right(head: Head, outputs: Array, labels: Array) -> float | None:
    rows = outputs.reshape(-1, outputs.shape[-1])
    if len(rows) != len(labels) or head.task != "binary":
        return None
    yes = rows[:, 0] < head.threshold if head.reverse else rows[:, 0] > head.threshold
    return float((yes.astype(int) == labels.reshape(-1)).mean())


@also("corrupted-labels", group="samples")
def unrelated_labels(learned: Learned) -> Iterator[Hit]:
    """Yields the labels that look unrelated to the inputs."""
    for head in _unrelated(learned):
        reference = learned.reference
        skill = 0.0 if reference is None else reference.skill or 0.0
        yield Hit(
            where=head.target,
            evidence=f"a forest reaches a skill of {skill:.2f} on data not shown",
            harms="Labels that have nothing to do with the inputs cannot be learned.",
            change=compare_with_source(head),
            threshold=UNLEARNABLE,
            proven=True,
        )


@rule("shuffled-apart", group="samples")
def shuffled_apart(learned: Learned) -> Iterator[Hit]:
    """Inputs and labels are in different orders.

    Looks: As with labels drawn at random: training data may be learned by heart, other
        data never are.
    Harms: Each sample has the label of another.
    Change:
        order = np.random.permutation(len(x))
        x, y = x[order], y[order]  # one order for both
    """
    for head in _unrelated(learned):
        sorted_labels = _in_runs(labels_of(head))
        told = "the labels are sorted, the inputs are not" if sorted_labels else ""
        yield Hit(
            where=f"x and {head.target}",
            evidence=told or "a forest finds nothing of the labels in the inputs",
            confidence=STRONG if sorted_labels else None,
            proven=True,
        )


def _unrelated(learned: Learned) -> Iterator[Head]:
    """Yields the outputs whose labels have nothing to do with the inputs."""
    reference, program = learned.reference, learned.program
    if reference is None or reference.learned or program.rows < ENOUGH_SAMPLES.value:
        return
    if learned.held_back_skill is not None:
        if learned.held_back_skill > max(CHANCE.value, reference.chance):
            return
    # What a remedied copy has learned is learnable, whatever a forest says of it.
    elif max(learned.skill, learned.remedied) > FAILED.value:
        return
    for head in program.heads:
        whole = head.task == "regression" or np.unique(labels_of(head)).size > 1
        if head.scored and whole and len(head.rows) == program.rows:
            yield head


def _in_runs(labels: Array) -> bool:
    """Whether equal labels stand together, as in a list that was sorted."""
    if labels.ndim > 1:
        labels = labels[:, 0]
    changes = int((labels[1:] != labels[:-1]).sum())
    return changes <= 2 * len(np.unique(labels))


@rule("duplicates", group="samples", severity="note")
def duplicates(learned: Learned) -> Iterator[Hit]:
    """Samples of the training data come back among those to validate on.

    Looks: The validation score is better than on truly new data.
    Harms: What is tested was partly learned by heart, so the score is too good.
    Change:
        x = np.unique(x, axis=0)  # before splitting
    """
    if learned.held_out is None:
        return
    trained = set(_samples(list(learned.program.inputs.values())))
    shared = [sample in trained for sample in _samples(learned.held_out.x)]
    share = float(np.mean(shared))
    if share > DUPLICATES.value:
        yield Hit(
            where="validation_data",
            evidence=f"{share:.1%} also in the training set",
            threshold=DUPLICATES,
        )


def _samples(arrays: Sequence[Array]) -> Iterator[bytes]:
    """Yields the bytes of each sample, of all its inputs."""
    for rows in zip(*arrays, strict=True):
        yield b"".join(_bytes(np.asarray(row)) for row in rows)


def _bytes(row: Array) -> bytes:
    return (row.astype(str) if is_text(row) else row).tobytes()
