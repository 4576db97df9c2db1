"""A model that needs no network, a server in a thread, plain requests to it."""

import http.client
import json
import threading
import time
from contextlib import contextmanager

from keras_cnn.prediction import Predictor, Preparation
from keras_cnn.serving import ServedModel, create_app, own_hosts
from keras_cnn.serving.running import listen, make_server

AS_MNIST = Preparation((28, 28), "gray", "mnist")
NAMES = ("top left", "top right", "bottom left", "bottom right")


def by_quarter(images):
    """Four classes by the light in each quarter of a 28x28 image; no network."""
    quarters = images.reshape(-1, 2, 14, 2, 14).sum(axis=(2, 4)).reshape(-1, 4) + 1
    return quarters / quarters.sum(axis=1, keepdims=True)


def served_quarters():
    """That model, in its third version."""
    predictor = Predictor(by_quarter, (28, 28, 1), NAMES, preparation=AS_MNIST)
    return ServedModel(predictor, "quarters", 3)


@contextmanager
def served_at(served, limits=None):
    """Yields the port at which a model is served while the block runs."""
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        app = create_app(served, own_hosts("127.0.0.1", port), limits)
        server = make_server(app, limits)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield port
        finally:
            server.should_exit = True
            thread.join()


def ask(port, path, body=None, kind="application/json", method=None, **headers):
    """Returns the status and the body of an answer, read as JSON where it is that."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        names.setdefault("Content-Type", kind)
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    method = method or ("GET" if body is None else "POST")
    connection.request(method, path, body, names)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    if answer.getheader("Content-Type") == "application/json":
        content = json.loads(content)
    return answer.status, content
