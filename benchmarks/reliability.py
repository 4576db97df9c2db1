"""Kills, fills and interrupts the command line, and writes down what happened.

    python benchmarks/reliability.py [--kills 10] [--seed 0] [--only WORD] [--page]

Each trial runs `keras-cnn` as a user does, in a folder of its own, and does something
to it: SIGKILL at a random moment, a full disk, Ctrl-C twice, no HOME. It holds if what
is left is whole and what is said is a sentence. `--page` writes the table into
docs/reliability.md; without it, it is printed. A quarter of an hour; the disks need
Linux, with user namespaces.
"""

import argparse
import io
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from keras_cnn._files import sha256

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
MARK = "<!-- table -->\n"
COMMAND = [sys.executable, "-m", "keras_cnn"]
TRAIN = [*COMMAND, "train", "--dataset", "digits", "--epochs", "2", "--deterministic"]
TRAIN += ["--checkpoint-every", "5", "--no-verify"]
FORMATS = "saved_model,litert,onnx,keras"
EXPORT = ["export", "model.keras", "--dataset", "digits", "--no-verify"]
SECONDS = 300


def start(words, folder, **more):
    """Starts a command in a folder, in a group of processes of its own."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[1])}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    options = {"cwd": folder, "env": environment, "text": True, **streams, **more}
    return subprocess.Popen(words, start_new_session=True, **options)


def run(words, folder, **more):
    """Runs a command to its end; returns its status and what it said."""
    process = start(words, folder, **more)
    said = process.communicate(timeout=SECONDS)
    return process.returncode, said[0] or "", said[1] or ""


def kill(process):
    """Kills a command and whatever it has started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def run_folder(folder):
    """Returns the only run's folder."""
    (found,) = (folder / "runs").iterdir()
    return found


def weights(path):
    """Returns the tensors in a `.keras` file, by name."""
    with zipfile.ZipFile(path) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    values = {}
    with h5py.File(content) as file:
        file.visititems(
            lambda name, item: (
                values.update({name: item[()]})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return values


def same(one, other):
    """Whether two `.keras` files hold the same tensors, to the bit."""
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )


def whole(version_folder):
    """Whether each file that a manifest lists is there, with its sum."""
    manifest = version_folder / "manifest.json"
    if not manifest.is_file():
        return False
    listed = json.loads(manifest.read_text())["files"]
    return all(
        sha256(version_folder / name) == entry["sha256"]
        for name, entry in listed.items()
    )


def published(folder):
    """The versions below a folder of exports; what is being written is hidden."""
    return [
        path for path in folder.glob("*/*") if path.is_dir() and path.name.isdigit()
    ]


def sentence(status, said, statuses=(1, 2)):
    """Whether a command failed as it should: with a line, and without a traceback."""
    lines = said.strip().splitlines()
    return status in statuses and bool(lines) and "Traceback" not in said


def last(said):
    """Returns the last line of what was said, for a table."""
    lines = said.strip().splitlines() or ["nothing"]
    line = lines[-1].replace(str(tempfile.gettempdir()), "/tmp").replace("|", "\\|")
    return line if len(line) < 160 else line[:157] + "..."


def killed_trainings(folder, options):
    """Ten SIGKILLs at random moments of a training that writes checkpoints."""
    plain = folder / "plain"
    broken = folder / "broken"
    for one in (plain, broken):
        one.mkdir()
    status, _, said = run(TRAIN, plain)
    if status:
        return False, last(said)
    process, kills, begun = start(TRAIN, broken), 0, 0
    while kills < options.kills:
        # Until it has written a checkpoint more than before, then a moment longer.
        wait_for_checkpoint(process, broken)
        time.sleep(options.random.uniform(0, 0.3))
        if process.poll() is not None:
            break
        kill(process)
        kills += 1
        begun += 1
        words = [*COMMAND, "train", "--resume", str(run_folder(broken)), "--no-verify"]
        process = start(words, broken)
    process.communicate(timeout=SECONDS)
    if process.returncode:
        return False, f"after {kills} kills the run does not go on"
    equal = same(run_folder(plain) / "model.keras", run_folder(broken) / "model.keras")
    end = ", as without a kill"
    what = "the same weights, to the bit" + end if equal else "other weights"
    return equal, f"killed {kills} times, resumed each time: {what}"


def wait_for_checkpoint(process, folder):
    """Waits until a training has written a checkpoint more than before."""

    def newest():
        return max(map(str, folder.glob("runs/*/checkpoints/*.npz")), default="")

    before, end = newest(), time.monotonic() + SECONDS
    while newest() == before and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)


def trained(folder):
    """Copies a small trained model into a folder."""
    exported = Path(__file__).parents[1] / "saved_models" / "article_cnn" / "1"
    found = next(exported.glob("*.keras"), None)
    if found is None:
        code = "from keras_cnn import article_cnn; article_cnn().save('model.keras')"
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
            check=True,
            capture_output=True,
        )
    else:
        shutil.copy(found, folder / "model.keras")


def export_words(out="exports"):
    """Returns the words of an export in all formats."""
    return [*COMMAND, *EXPORT, "--format", FORMATS, "--out", out]


def killed_exports(folder, options):
    """SIGKILL at random moments of an export in four formats."""
    trained(folder)
    begin = time.monotonic()
    status, _, said = run(export_words(), folder)
    seconds = time.monotonic() - begin
    if status:
        return False, last(said)
    kills = 0
    for _ in range(max(1, options.kills // 2)):
        process = start(export_words(), folder)
        time.sleep(options.random.uniform(0.3, 1.0) * seconds)
        if process.poll() is None:
            kills += 1
            kill(process)
        else:
            process.communicate()
    versions = published(folder / "exports")
    broken = [path for path in versions if not whole(path)]
    status, _, said = run(export_words(), folder)
    held = not broken and status == 0
    return held, (
        f"killed {kills} times: {len(versions)} versions published, "
        f"{len(broken)} of them not whole; the next export ends with {status}"
    )


def on_disk(words, folder, mount):
    """Runs a command with a file system of its own mounted at `disk`."""
    (folder / "disk").mkdir(exist_ok=True)
    inside = f'mount -t tmpfs {mount} tmpfs disk && exec "$@"'
    return run(["unshare", "-rm", "sh", "-c", inside, "sh", *words], folder)


def full_disk(folder, options):
    """An export onto disks of 50 kB, 300 kB, 700 kB and 1.5 MB, which become full."""
    trained(folder)
    ended = []
    for size in ("50k", "300k", "700k", "1500k"):
        status, _, said = on_disk(export_words("disk"), folder, f"-o size={size}")
        ended.append((status, said))
    held = all(sentence(status, said) for status, said in ended)
    return held, f"ends with {sorted({one for one, _ in ended})}: {last(ended[0][1])}"


def full_disk_in_training(folder, options):
    """A training whose runs lie on a disk of 1 MB, which becomes full."""
    words = [*TRAIN, "--runs", "disk", "--out", "exports"]
    status, _, said = on_disk(words, folder, "-o size=1m")
    held = "Traceback" not in said and status in (0, 1, 2)
    return held, f"ends with {status}: {last(said)}"


def read_only(folder, options):
    """A training whose runs would lie on a disk that is read only."""
    words = [*TRAIN, "--runs", "disk/runs", "--out", "exports"]
    status, _, said = on_disk(words, folder, "-o ro")
    return sentence(status, said), f"ends with {status}: {last(said)}"


def two_at_once(folder, options):
    """Two trainings at once into the same folders."""
    both = [start(TRAIN, folder) for _ in range(2)]
    said = [process.communicate(timeout=SECONDS)[1] for process in both]
    runs = list((folder / "runs").iterdir())
    versions = published(folder / "saved_models")
    held = all(process.returncode == 0 for process in both)
    held = held and len(runs) == len(versions) == 2 and all(map(whole, versions))
    if not held:
        return False, last(" ".join(said))
    return held, "two runs and the versions 1 and 2, each whole"


def interrupted(folder, options):
    """Ctrl-C twice, half a second apart, in a training."""
    process = start(TRAIN, folder)
    wait_for_checkpoint(process, folder)
    begin = time.monotonic()
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.5)
    _, said = process.communicate(timeout=SECONDS)
    seconds = time.monotonic() - begin
    words = [*COMMAND, "train", "--resume", str(run_folder(folder)), "--no-verify"]
    status, _, more = run(words, folder)
    held = process.returncode != 0 and seconds < 20 and status == 0
    held = held and "Traceback" not in said
    return held, (
        f"stopped after {seconds:.0f} s with {process.returncode} and "
        f"{len(said.strip().splitlines())} line(s); resumed, it ends with {status}"
    )


def predict(folder, **more):
    """Runs a prediction of an image, two hundred times."""
    exported = Path(__file__).parents[1] / "saved_models" / "article_cnn" / "1"
    pixels = np.full((40, 40), 255, np.uint8)
    pixels[8:32, 18:22] = 0
    Image.fromarray(pixels).save(folder / "one.png")
    words = [*COMMAND, "predict", str(exported / "model.onnx"), *["one.png"] * 200]
    return run(words, folder, **more)


def no_home(folder, options):
    """HOME unset, for a user that has no entry."""
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "USER")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    status, out, said = predict(folder, env=environment)
    return status == 0 and "Traceback" not in said, f"`predict` ends with {status}"


def no_terminal(folder, options):
    """No terminal: input from nowhere, output into files."""
    status, out, said = predict(folder, stdin=subprocess.DEVNULL)
    held = status == 0 and "\x1b" not in out + said
    return held, f"`predict` ends with {status}, without an escape sequence"


def narrow(folder, options):
    """A terminal of 40 columns."""
    environment = os.environ | {"COLUMNS": "40", "TERM": "xterm"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    status, out, said = run([*COMMAND, "train", "--help"], folder, env=environment)
    widest = max(map(len, out.splitlines()), default=0)
    return status == 0 and widest <= 40, f"`train --help` is {widest} columns wide"


def into_head(folder, options):
    """`keras-cnn predict` of 200 images into `head -1`."""
    predict(folder)  # makes the image
    exported = Path(__file__).parents[1] / "saved_models" / "article_cnn" / "1"
    line = f'"$@" {"one.png " * 200} | head -1'
    words = [*COMMAND, "predict", str(exported / "model.onnx")]
    status, out, said = run(["sh", "-c", line, "sh", *words], folder)
    held = len(out.splitlines()) == 1 and "Traceback" not in said
    held = held and "BrokenPipe" not in said
    return held, f"one line, and {last(said)} on standard error"


TRIALS = (
    killed_trainings,
    killed_exports,
    full_disk,
    full_disk_in_training,
    read_only,
    two_at_once,
    interrupted,
    no_home,
    no_terminal,
    narrow,
    into_head,
)


def table(records):
    """Returns the page's table."""
    lines = ["| what was done | held | what happened |", "| --- | --- | --- |"]
    lines += [
        f"| {what} | {'yes' if held else '**no**'} | {happened} |"
        for what, held, happened in records
    ]
    versions = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras"))
    where = f"{platform.system()}, Python {platform.python_version()}, {versions}"
    return "\n".join([*lines, "", f"{where}; {time.strftime('%Y-%m-%d')}.", ""])


def main():
    """Runs the trials, and writes or prints what happened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    options.random = random.Random(options.seed)
    records = []
    for trial in TRIALS:
        if options.only not in trial.__name__:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                held, happened = trial(Path(folder), options)
            except (OSError, subprocess.SubprocessError, ValueError) as error:
                held, happened = False, f"the trial failed: {last(str(error))}"
        records.append((trial.__doc__.rstrip("."), held, happened))
        print(f"{trial.__name__}: {held}: {happened}", flush=True)
    if options.page:
        before, _, after = PAGE.read_text().split(MARK)
        PAGE.write_text(before + MARK + table(records) + MARK + after)
    else:
        print(table(records))
    sys.exit(not all(held for _, held, _ in records))


if __name__ == "__main__":
    main()
