"""The same model behind LitServe, for `benchmarks/serving.py`.

    python benchmarks/serving_litserve.py MODEL.onnx PORT

One worker on the CPU, as LitServe's own guide has it; all settings are the defaults.
"""

import sys

import litserve
from serving_fastapi import PATH, answer, session_of


class Api(litserve.LitAPI):
    """The model, which a process of its own loads."""

    def setup(self, device):
        """Loads the model."""
        self.session = session_of(sys.argv[1])

    def decode_request(self, request):
        """Returns the images."""
        return request["instances"]

    def predict(self, instances):
        """Returns the answer."""
        return answer(self.session, instances)

    def encode_response(self, output):
        """Returns the answer as it is."""
        return output


if __name__ == "__main__":
    server = litserve.LitServer(Api(api_path=PATH), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False)
