"""Who is measured against whom: the groups of the training benchmark.

Each group has processes of its own, and `fit` is always its first: what the others are
compared with, round by round.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from trainer_line import Contender

FIT = "fit"
TRAINER = "Trainer"
CONFIGURED = "Trainer after configure_cpu()"
FIT_ONEDNN = "fit, oneDNN"

# What PyTorch is fastest with depends on the model: each is let try.
_FAST = {"channels_last": True, "fused": True}
_TORCH: dict[str, dict[str, Any]] = {
    "PyTorch, eager": {},
    "PyTorch, channels_last, fused Adam": _FAST,
    "PyTorch, channels_last, fused Adam, one thread": {**_FAST, "threads": 1},
    "PyTorch, torch.compile, fused Adam": {"compiled": True, "fused": True},
    "PyTorch, torch.compile, channels_last, fused Adam": {"compiled": True, **_FAST},
    "PyTorch, torch.compile, channels_last, fused Adam, one thread": {
        "compiled": True,
        **_FAST,
        "threads": 1,
    },
}

# Sets of groups, in the order in which they are run.
SETS = ("settings", "article", "models", "batches", "cores", "images")


@dataclass(frozen=True)
class Group:
    """Contenders that take turns.

    Attributes:
        set: One of `SETS`.
        name: What is the same for all of them.
        contenders: The first is the baseline.
    """

    set: str
    name: str
    contenders: tuple[Contender, ...]


def settings(quick: bool) -> Iterator[Group]:
    """Keras's `fit` with what may make it faster; the best goes on to `article`."""
    many = {"steps_per_execution": 75}
    tried: dict[str, dict[str, Any]] = {
        "75 steps a call": {"compile": many},
        "75 steps a call, one thread an operation": {
            "compile": many,
            "threads": "one",
        },
        "75 steps a call, 5 unrolled": {"compile": many, "unrolled": 5},
        "75 steps a call, 5 unrolled, one thread an operation": {
            "compile": many,
            "unrolled": 5,
            "threads": "one",
        },
        "75 steps a call, XLA": {"compile": {**many, "jit_compile": True}},
    }
    if quick:
        tried = dict(list(tried.items())[:2])
    contenders = [Contender(FIT, "fit", rounds=5)] + [
        Contender(name, "fit", rounds=5, options=options)
        for name, options in tried.items()
    ]
    yield Group("settings", "Keras's settings", tuple(contenders))


def article(best: Contender | None) -> Iterator[Group]:
    """All who can train the article's network.

    Args:
        best: The fastest of `settings`; None where none of them ran.
    """
    configured = {"threads": "configured"}
    contenders = [Contender(FIT, "fit")]
    if best:
        contenders.append(replace(best, name=f"fit, {best.name}"))
    contenders += peers("article")
    contenders += [
        Contender("fit, bfloat16", "fit", "article_bfloat16"),
        Contender(
            f"{CONFIGURED}, bfloat16", "trainer", "article_bfloat16", options=configured
        ),
        Contender("JAX, jit", "jax"),
    ]
    yield Group("article", "the article's network", tuple(contenders))


def models(quick: bool) -> Iterator[Group]:
    """Models of other kinds, none of which may train slower than with `fit`."""
    steps = {
        "mlp": 600, "normalised": 50, "residual": 50, "resnet20": 30, "mobilenet": 30,
        "lstm": 100, "transformer": 100, "contrastive": 150,
    }  # fmt: skip
    for model in list(steps)[: 2 if quick else None]:
        rest = {"model": model, "steps": steps[model], "rounds": 5}
        contenders = (Contender(FIT, "fit", **rest), *peers(**rest))
        yield Group("models", model, contenders)


def peers(model: str, **rest: Any) -> list[Contender]:
    """Returns who trains a model besides `fit` as it is installed.

    `configure_cpu()` asks for oneDNN's kernels; what the threads alone give is told by
    the one that is kept from it.
    """
    configured = {"threads": "configured"}
    found = [
        Contender(FIT_ONEDNN, "fit", model, options={"onednn": True}, **rest),
        Contender(TRAINER, "trainer", model, **rest),
        Contender(
            f"{CONFIGURED}, without oneDNN", "trainer", model,
            options={**configured, "onednn": False}, **rest,
        ),
        Contender(CONFIGURED, "trainer", model, options=configured, **rest),
        Contender(
            "fit, Keras on JAX", "fit", model, options={"backend": "jax"}, **rest
        ),
        Contender(
            "fit, Keras on PyTorch", "fit", model, options={"backend": "torch"}, **rest
        ),
    ]  # fmt: skip
    if model != "contrastive":  # whose loss is written for Keras alone
        found += [
            Contender(name, "torch", model, options=options, **rest)
            for name, options in _TORCH.items()
        ]
    return found


def batches(quick: bool) -> Iterator[Group]:
    """The article's network at other sizes of a batch, as many samples a round."""
    for batch in (16, 1024) if quick else (16, 32, 64, 128, 256, 512, 1024):
        steps = max(4, 4096 // batch)
        chosen = three(batch=batch, steps=steps, rounds=5)
        yield Group("batches", f"batch {batch}", (chosen[0], chosen[2]))


def cores(quick: bool) -> Iterator[Group]:
    """The article's network on one core, two, and so on to all, doubling."""
    if not hasattr(os, "sched_setaffinity"):
        return
    most = len(os.sched_getaffinity(0))
    count = 1
    while count <= (1 if quick else most):
        chosen = three(steps=100, rounds=5, options={"cores": count})
        yield Group("cores", f"{count} core" + "s" * (count > 1), chosen)
        count *= 2


def images(quick: bool) -> Iterator[Group]:
    """One pass over few and many images, in memory or from a file, in equal parts."""
    sizes = [(6_000, False), (60_000, False), (60_000, True), (600_000, True)]
    for count, stream in sizes[:1] + sizes[2:3] if quick else sizes:
        name = f"{count:,} " + ("streamed" if stream else "in memory")
        options = {"stream": True} if stream else {}
        chosen = three(batch=100, steps=count // 600, rounds=5, options=options)
        yield Group("images", name, (chosen[0], chosen[2]))


def three(options: dict[str, Any] | None = None, **rest: Any) -> tuple[Contender, ...]:
    """Returns `fit` and, twice, the trainer, all with the same options."""
    options = options or {}
    return (
        Contender(FIT, "fit", options=options, **rest),
        Contender(TRAINER, "trainer", options=options, **rest),
        Contender(
            CONFIGURED, "trainer", options={**options, "threads": "configured"}, **rest
        ),
    )


def shortened(group: Group) -> Group:
    """Returns the group with fewer and shorter rounds, for a quick look.

    Images keep their rounds: theirs make up one pass over a file of a known size.
    """
    if group.set == "images":
        return group
    contenders = tuple(
        replace(contender, rounds=3, steps=max(4, contender.steps // 4))
        for contender in group.contenders
    )
    # A call of 75 steps is not cut.
    contenders = tuple(
        replace(contender, steps=max(75, contender.steps))
        if group.set in ("settings", "article")
        else contender
        for contender in contenders
    )
    return replace(group, contenders=contenders)
