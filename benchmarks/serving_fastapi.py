"""The same model behind plain FastAPI, for `benchmarks/serving.py`.

    python benchmarks/serving_fastapi.py MODEL.onnx PORT

A plain function, as FastAPI's own guide has it, which it runs in its pool of threads;
all settings are the defaults.
"""

import sys

import numpy as np
import onnxruntime

PATH = "/v1/models/article_cnn:predict"
OUTPUTS = ["label", "logits", "probabilities"]


def session_of(path):
    """Returns the model."""
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def answer(session, instances):
    """Returns what the model says of images in nested lists."""
    images = np.array(instances, np.float32)
    columns = [values.tolist() for values in session.run(OUTPUTS, {"image": images})]
    rows = zip(*columns, strict=True)
    return {"predictions": [dict(zip(OUTPUTS, row, strict=True)) for row in rows]}


def main() -> None:
    """Serves the model."""
    import uvicorn
    from fastapi import FastAPI

    model, port = sys.argv[1:]
    session = session_of(model)
    app = FastAPI()

    @app.post(PATH)
    def predict(request: dict) -> dict:
        return answer(session, request["instances"])

    uvicorn.run(app, port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
