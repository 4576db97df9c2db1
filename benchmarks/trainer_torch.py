"""The same trainings in PyTorch, as its users write them, with its fastest settings.

Options:
    threads: How many an operation may use; all where it is not given.
    compiled: Whether `torch.compile` (inductor) compiles forward and loss.
    channels_last: Whether images and kernels lie in memory with their channels last.
    fused: Whether Adam is one kernel.

The images lie in memory as one tensor. Loss and hits are added up on the way, as
Keras's metrics are, and read once a round.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from trainer_data import cifar_like, mnist_like
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


def mlp() -> nn.Module:
    """Two hidden layers."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 256),
        nn.ReLU(),
        nn.Linear(256, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def normalised() -> nn.Module:
    """Six convolutions with batch normalization, and dropout."""
    parts: list[nn.Module] = []
    before = 1
    for filters in (16, 32, 64):
        for _ in range(2):
            parts += [
                nn.Conv2d(before, filters, 3, padding=1, bias=False),
                nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01),
                nn.ReLU(),
            ]
            before = filters
        parts += [nn.MaxPool2d(2), nn.Dropout(0.2)]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(64 * 3 * 3, 10))


class Block(nn.Module):
    """Two convolutions and what is added to them, with or without normalization."""

    def __init__(self, before: int, filters: int, stride: int, norm: bool) -> None:
        """Makes the layers."""
        super().__init__()

        def convolution(inputs: int, side: int, step: int) -> nn.Sequential:
            parts: list[nn.Module] = [
                nn.Conv2d(inputs, filters, side, step, side // 2, bias=not norm)
            ]
            if norm:
                parts.append(nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01))
            return nn.Sequential(*parts)

        self.first = convolution(before, 3, stride)
        self.second = convolution(filters, 3, 1)
        self.short = nn.Identity() if stride == 1 else convolution(before, 1, stride)

    def forward(self, x: Any) -> Any:
        """Computes the block."""
        return torch.relu(self.second(torch.relu(self.first(x))) + self.short(x))


def blocks(count: int, norm: bool) -> nn.Module:
    """Three stages of `count` residual blocks on colour images."""
    first = [nn.Conv2d(3, 16, 3, padding=1, bias=not norm)]
    normalization = [nn.BatchNorm2d(16, eps=1e-3, momentum=0.01)] if norm else []
    body, before = [], 16
    for filters in (16, 32, 64):
        for index in range(count):
            stride = 2 if index == 0 and filters > 16 else 1
            body.append(Block(before, filters, stride, norm))
            before = filters
    return nn.Sequential(
        *first,
        *normalization,
        nn.ReLU(),
        *body,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


class Lstm(nn.Module):
    """An image's rows as a sequence."""

    def __init__(self) -> None:
        """Makes the layers."""
        super().__init__()
        self.lstm = nn.LSTM(28, 64, batch_first=True)
        self.classes = nn.Linear(64, 10)

    def forward(self, x: Any) -> Any:
        """Computes logits."""
        return self.classes(self.lstm(x.reshape(-1, 28, 28))[0][:, -1])


class Transformer(nn.Module):
    """An image's rows as a sequence, through two blocks of attention."""

    def __init__(self) -> None:
        """Makes the layers."""
        super().__init__()
        self.first = nn.Linear(28, 64)
        block = nn.TransformerEncoderLayer(
            64, 4, 128, dropout=0.0, activation="gelu", batch_first=True
        )
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.classes = nn.Linear(64, 10)

    def forward(self, x: Any) -> Any:
        """Computes logits."""
        x = self.blocks(self.first(x.reshape(-1, 28, 28)))
        return self.classes(x.mean(1))


def mobilenet() -> nn.Module:
    """Torchvision's MobileNetV3Small."""
    from torchvision.models import mobilenet_v3_small

    return mobilenet_v3_small(num_classes=10)


MODELS: dict[str, tuple[Callable[[], nn.Module], Any]] = {
    "article": (article, mnist_like),
    "mlp": (mlp, mnist_like),
    "normalised": (normalised, mnist_like),
    "residual": (lambda: blocks(2, norm=False), cifar_like),
    "resnet20": (lambda: blocks(3, norm=True), cifar_like),
    "mobilenet": (mobilenet, cifar_like),
    "lstm": (Lstm, mnist_like),
    "transformer": (Transformer, mnist_like),
}


def train(contender: Contender, data: Path, line: Line) -> None:
    """Trains round by round; the first is the warm-up."""
    options = contender.options
    if contender.model == "mobilenet" and not importlib.util.find_spec("torchvision"):
        line.say(skipped="torchvision is not installed")
        return
    torch.manual_seed(0)
    if "threads" in options:
        torch.set_num_threads(options["threads"])
    make, read = MODELS[contender.model]
    images, labels = map(torch.from_numpy, read(data, contender.samples))
    images = images.permute(0, 3, 1, 2).contiguous()
    model = make()
    if options.get("channels_last"):
        model = model.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    # Keras's defaults; PyTorch's epsilon is 1e-8.
    optimizer = torch.optim.Adam(
        model.parameters(), lr=1e-3, eps=1e-7, fused=options.get("fused") or None
    )
    criterion = nn.CrossEntropyLoss()

    def loss_and_hits(x: Any, y: Any) -> Any:
        logits = model(x)
        return criterion(logits, y), (logits.argmax(1) == y).sum()

    forward = loss_and_hits
    if options.get("compiled"):
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
            kernels = "oneDNN" if torch.backends.mkldnn.is_available() else "ATen"
            line.say(ready=True, version=torch.__version__, kernels=kernels)
