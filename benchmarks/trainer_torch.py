"""The article's training in PyTorch, as its users write it: eager or `torch.compile`.

The images lie in memory as one tensor. Loss and hits are added up on the way, as
Keras's metrics are, and read once a round.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from trainer_data import mnist_like
from trainer_line import Contender, Line


def article() -> nn.Module:
    """The article's network, from images (batch, 1, 28, 28) to logits."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(576, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def train(contender: Contender, data: Path, line: Line) -> None:
    """Trains round by round; the first is the warm-up."""
    torch.manual_seed(0)
    if "threads" in contender.options:
        torch.set_num_threads(contender.options["threads"])
    images, labels = map(torch.from_numpy, mnist_like(data, contender.samples))
    images = images.reshape(-1, 1, 28, 28)
    model = article()
    # Keras's defaults; PyTorch's epsilon is 1e-8.
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    criterion = nn.CrossEntropyLoss()

    def loss_and_hits(x: Any, y: Any) -> Any:
        logits = model(x)
        return criterion(logits, y), (logits.argmax(1) == y).sum()

    forward = loss_and_hits
    if contender.options.get("compiled"):
        forward = torch.compile(loss_and_hits)
    rows = torch.randperm(contender.samples).reshape(
        contender.rounds + 1, contender.steps, contender.batch
    )
    for number in range(contender.rounds + 1):
        if number:
            line.begin()
        total_loss, total_hits = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for row in rows[number]:
            optimizer.zero_grad()
            loss, hits = forward(images[row], labels[row])
            loss.backward()
            optimizer.step()
            total_loss += loss.detach()
            total_hits += hits
        if not torch.isfinite(total_loss):
            raise ValueError(f"The loss is {float(total_loss)}.")
        if number:
            line.end()
        else:
            line.say(ready=True, version=torch.__version__)
