"""The same model behind plain FastAPI, or LitServe, for `benchmarks/serving.py`.

    python benchmarks/serving_others.py fastapi|litserve MODEL.onnx PORT

Each is written as its own guide writes it, with its default settings. Both answer
`POST /v1/models/article_cnn:predict` as the package's server does.
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


def serve_fastapi(model, port):
    """FastAPI with a plain function, which it runs in its pool of threads."""
    import uvicorn
    from fastapi import FastAPI

    session = session_of(model)
    app = FastAPI()

    @app.post(PATH)
    def predict(request: dict) -> dict:
        return answer(session, request["instances"])

    uvicorn.run(app, port=port, log_level="warning")


def serve_litserve(model, port):
    """LitServe with one worker."""
    import litserve

    class Api(litserve.LitAPI):
        def setup(self, device):
            self.session = session_of(model)

        def decode_request(self, request):
            return request["instances"]

        def predict(self, instances):
            return answer(self.session, instances)

        def encode_response(self, output):
            return output

    server = litserve.LitServer(Api(api_path=PATH), accelerator="cpu")
    server.run(host="127.0.0.1", port=port, generate_client_file=False)


if __name__ == "__main__":
    name, model, port = sys.argv[1:]
    {"fastapi": serve_fastapi, "litserve": serve_litserve}[name](model, int(port))
