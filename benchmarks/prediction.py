"""Times one image through `keras_cnn.prediction` beside the bare runtime.

    python benchmarks/prediction.py [FOLDER] [--calls 2000] [--rounds 9]

FOLDER is an export with LiteRT and ONNX files; the article's by default. Bare is
`set_tensor`, `invoke`, `get_tensor` of LiteRT's interpreter, and `session.run` of ONNX
Runtime, on a float32 image; beside it stand `probabilities` on the same image, and
`predict`, which scales a uint8 image and names its label. Each round times the three in
turn, a median of many calls each; what is printed is the median of the rounds.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

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


def main():
    """Times each file and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = Path(__file__).parent.parent
    published = root / "saved_models" / "article_cnn" / "1"
    parser.add_argument("folder", type=Path, nargs="?", default=published)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
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
