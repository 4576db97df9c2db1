"""Times one image through `keras_cnn.prediction` beside the bare runtime.

    python benchmarks/prediction.py [FOLDER] [--calls 2000] [--rounds 9]
    python benchmarks/prediction.py [FOLDER] --process [--rounds 9]

FOLDER is an export with LiteRT and ONNX files; the article's by default. Bare is
`set_tensor`, `invoke`, `get_tensor` of LiteRT's interpreter, and `session.run` of ONNX
Runtime, on a float32 image; beside it stand `probabilities` on the same image, and
`predict`, which scales a uint8 image and names its label. Each round times the three in
turn, a median of many calls each; what is printed is the median of the rounds.

With `--process`, the seconds of CPU (of all threads, user and system) and the peak
memory of whole processes, which depend little on what else the machine does: the bare
runtime on an array of zeros, and `keras-cnn predict` of one PNG file and of a JPEG
photograph of 48 megapixels.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageDraw

from keras_cnn.prediction import load

FILES = ("model.tflite", "model_int8.tflite", "model.onnx")


def bare(path):
    """Returns the runtime's own way from a float32 image to probabilities."""
    if path.suffix == ".onnx":
        import onnxruntime  # after keras_cnn, which switches its telemetry off

        session = onnxruntime.InferenceSession(
            path.read_bytes(), providers=["CPUExecutionProvider"]
        )
        return lambda image: session.run(["probabilities"], {"image": image})
    interpreter = Interpreter(model_path=str(path))
    details = interpreter.get_signature_runner().get_output_details()
    answer = details["probabilities"]["index"]
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]

    def call(image):
        interpreter.set_tensor(given, image)
        interpreter.invoke()
        return interpreter.get_tensor(answer)

    return call


def microseconds(call, image, calls):
    """Returns the median time of a call."""
    times = []
    for _ in range(calls):
        begin = time.perf_counter()
        call(image)
        times.append(time.perf_counter() - begin)
    return 1e6 * statistics.median(times)


BARE = {
    ".onnx": """
import sys
import numpy as np
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
shape = [1, *session.get_inputs()[0].shape[1:]]
session.run(["probabilities"], {"image": np.zeros(shape, np.float32)})
""",
    ".tflite": """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter
runner = Interpreter(sys.argv[1]).get_signature_runner()
shape = [1, *runner.get_input_details()["image"]["shape"][1:]]
runner(image=np.zeros(shape, np.float32))
""",
}


# A process counts the memory of the one that it was forked from, until it is its own:
# so a small one starts it.
MEASURE = """
import os, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
])
_, status, usage = os.wait4(process, 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


def cost(command):
    """Runs a process; returns its seconds of CPU and its peak memory in MB."""
    measure = [sys.executable, "-I", "-S", "-c", MEASURE, *command]
    done = subprocess.run(measure, capture_output=True, text=True, check=True)
    status, seconds, memory = map(float, done.stdout.split())
    if status:
        raise RuntimeError(f"{command} exited with {status}")
    return seconds, memory / (2**20 if sys.platform == "darwin" else 2**10)


def time_processes(folder, rounds):
    """Prints what whole processes take, bare and ours in turn."""
    with tempfile.TemporaryDirectory() as images:
        digit, photograph = Path(images, "digit.png"), Path(images, "photograph.jpg")
        image = Image.new("L", (280, 280))
        ImageDraw.Draw(image).line([(80, 70), (200, 65), (130, 230)], 255, 24)
        image.save(digit)
        image.convert("RGB").resize((8000, 6000)).save(photograph)
        predict = [sys.executable, "-m", "keras_cnn", "predict"]
        for path in (folder / "model.onnx", folder / "model.tflite"):
            commands = {
                "bare": [sys.executable, "-c", BARE[path.suffix], str(path)],
                "predict": [*predict, str(path), str(digit)],
                "48 megapixels": [*predict, str(path), str(photograph)],
            }
            costs = {name: [] for name in commands}
            for _ in range(rounds):
                for name, command in commands.items():
                    costs[name].append(cost(command))
            for name, measured in costs.items():
                seconds, memory = map(statistics.median, zip(*measured, strict=True))
                print(f"{path.name:14} {name:14} {seconds:5.2f} s {memory:6.0f} MB")


def main():
    """Times each file and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = Path(__file__).parent.parent
    published = root / "saved_models" / "article_cnn" / "1"
    parser.add_argument("folder", type=Path, nargs="?", default=published)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--process", action="store_true")
    options = parser.parse_args()
    if options.process:
        return time_processes(options.folder, options.rounds)
    for file in FILES:
        path = options.folder / file
        model = load(path)
        pixels = np.random.default_rng(0).integers(
            0, 256, (1, *model.image_shape), np.uint8
        )
        image = pixels.astype("float32") / 255
        ways = {
            "bare": (bare(path), image),
            "probabilities": (model.probabilities, image),
            "predict": (model.predict, pixels),
        }
        rounds = [
            {name: microseconds(*way, options.calls) for name, way in ways.items()}
            for _ in range(options.rounds)
        ]
        said = [f"{file:18}"]
        for name in ways:
            middle = statistics.median(one[name] for one in rounds)
            ratio = statistics.median(one[name] / one["bare"] for one in rounds)
            said.append(f"{name} {middle:6.1f} us ({ratio:.3f})")
        print("  ".join(said))


if __name__ == "__main__":
    main()
