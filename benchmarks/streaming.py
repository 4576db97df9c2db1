"""Memory and speed of a folder that is streamed, by the number of its files.

Makes up small PNG files in a temporary folder. Trains the article's network for an
epoch on growing parts of them, each in a process of its own whose largest resident set
is read, streamed and in memory. Then reads all files epoch by epoch, in turns with
`keras.utils.image_dataset_from_directory` and, where PyTorch is installed,
torchvision's `ImageFolder` with workers.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, CLASSES, BATCH = 32, 10, 32


def make_files(folder, count):
    """Writes `count` images of noise into ten classes."""
    rng = np.random.default_rng(0)
    for label in range(CLASSES):
        (folder / f"class_{label}").mkdir(parents=True)

    def write(number, pixels):
        path = folder / f"class_{number % CLASSES}" / f"{number:07}.png"
        Image.fromarray(pixels).save(path)

    with ThreadPoolExecutor() as pool:
        for begin in range(0, count, 1000):
            size = min(1000, count - begin)
            block = rng.integers(0, 256, (size, SIDE, SIDE, 3)).astype(np.uint8)
            list(pool.map(write, range(begin, begin + size), block))


def part_of(folder, target, count):
    """Links the first `count` files into another folder."""
    for file in sorted(folder.rglob("*.png"), key=lambda path: path.name)[:count]:
        (target / file.parent.name).mkdir(parents=True, exist_ok=True)
        os.link(file, target / file.parent.name / file.name)


def train(folder, stream):
    """Trains for an epoch, and prints the largest resident set in MB."""
    from keras_cnn.runs import RunConfig, run

    config = RunConfig(dataset=folder, stream=stream, epochs=1, batch_size=BATCH)
    with tempfile.TemporaryDirectory() as runs:
        run(config, runs)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def peak_memory(folder, stream):
    """Returns what `train` prints, in a process of its own."""
    words = [sys.executable, __file__, "--train", str(folder), stream]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def readers(folder, count):
    """Returns functions that read all files once, and why others are missing."""
    import keras

    from keras_cnn.data import load

    ours = load(folder, stream="yes", hold_out=False).train
    batches = ours.batches(BATCH, shuffle=True, seed=0)
    theirs = keras.utils.image_dataset_from_directory(
        folder, batch_size=BATCH, image_size=(SIDE, SIDE), seed=0, verbose=False
    )
    contenders = {
        "keras_cnn, streamed": batches,
        "image_dataset_from_directory": theirs,
    }
    why = ""
    try:
        import torch
        from torchvision import datasets, transforms
    except ImportError as error:
        why = f"PyTorch's `ImageFolder` is left out, since {error.name} is missing."
    else:
        images = datasets.ImageFolder(folder, transforms.ToTensor())
        contenders["ImageFolder with workers"] = torch.utils.data.DataLoader(
            images, BATCH, shuffle=True, num_workers=os.cpu_count()
        )

    def read(data):
        begin, images = time.perf_counter(), 0
        for _, labels in data:
            images += len(labels)
        if images != count:
            raise RuntimeError(f"{images} of {count} images were read")
        return count / (time.perf_counter() - begin)

    return {
        name: (lambda data=data: read(data)) for name, data in contenders.items()
    }, why


def speeds(folder, count, rounds):
    """Returns images a second of each round by reader, after one to warm up."""
    contenders, why = readers(folder, count)
    measured = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, read in contenders.items():
            speed = read()
            if turn:
                measured[name].append(speed)
    return measured, why


def main():
    """Measures and prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--train", nargs=2, metavar=("FOLDER", "STREAM"))
    arguments = parser.parse_args()
    if arguments.train:
        train(*arguments.train)
        return
    with tempfile.TemporaryDirectory() as root:
        whole = Path(root, "all")
        make_files(whole, arguments.files)
        print("| files | streamed | in memory |\n| ---: | ---: | ---: |")
        for share in (50, 5, 1):
            count = arguments.files // share
            folder = whole if share == 1 else Path(root, str(count))
            if share > 1:
                part_of(whole, folder, count)
            streamed, held = (peak_memory(folder, word) for word in ("yes", "no"))
            print(f"| {count:,} | {streamed:,.0f} MB | {held:,.0f} MB |", flush=True)
        measured, why = speeds(whole, arguments.files, arguments.rounds)
        ours = next(iter(measured.values()))
        print(
            "\n| who | images a second | keras_cnn's over it |\n| --- | ---: | ---: |"
        )
        for name, values in measured.items():
            ratios = [a / b for a, b in zip(ours, values, strict=True)]
            span = f"({min(ratios):.2f}-{max(ratios):.2f})"
            speed, ratio = statistics.median(values), statistics.median(ratios)
            print(f"| {name} | {speed:,.0f} | {ratio:.2f}x {span} |")
        print(f"\n{why}")


if __name__ == "__main__":
    main()
