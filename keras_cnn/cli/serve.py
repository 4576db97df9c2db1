"""`keras-cnn serve`: a saved model behind a page to draw on and a REST interface."""

from __future__ import annotations

import gc
import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from .._optional import optional
from .console import err, out, print_warning, start_tensorflow
from .options import ModelPath, Trust

if TYPE_CHECKING:
    import keras

    from .._images import UInt8Array
    from ..serving import Heat, ServedModel
    from .models import OpenedModel


def serve(
    model: ModelPath,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")
    ] = 8501,
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in."),
    ] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Another name[:port] by which it is reached, such as a proxy's. May "
            "be repeated.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="The model's name in /v1/models/NAME. Defaults to the one noted "
            "beside it.",
            show_default=False,
        ),
    ] = None,
    trust: Trust = False,
) -> None:
    """Serve a model on this machine: a page to draw on, and TensorFlow Serving's REST.

    A development server: it has no users, no encryption and one model.
    """
    for module in ("fastapi", "uvicorn"):
        optional(module, "serve")
    import numpy as np

    from ..serving import create_app
    from ..serving.guards import is_loopback, own_hosts
    from ..serving.running import listen, make_server

    with listen(host, port) as listener:
        start_tensorflow()
        from .models import keras_model_of, open_model

        with err.status("Loading the model ..."):
            opened = open_model(model, trust=trust)
            served = _served(opened, keras_model_of(model), name)
            # The first image compiles the network: not while somebody draws.
            served.predictor.predict(
                np.zeros((1, *served.predictor.image_shape), np.uint8)
            )
        port = listener.getsockname()[1]
        hosts = own_hosts(host, port, allow_host or ())
        server = make_server(create_app(served, hosts))
        shape = "x".join(map(str, served.predictor.image_shape))
        out.print(
            f"{served.name}, version {served.version}: {shape}, "
            f"{len(served.predictor.class_names)} classes"
        )
        if not is_loopback(host):
            print_warning("Any machine that reaches this address can use the model.")
        address = f"[{host}]" if ":" in host else host
        out.print(f"Draw at:   http://{address}:{port}/")
        out.print(f"REST:      http://{address}:{port}/v1/models/{served.name}")
        out.print("Ctrl-C stops it.")
        # TensorFlow's and Keras's own objects stay to the end: looked through at each
        # full collection of garbage, they would hold up every request that waits.
        gc.collect()
        gc.freeze()
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def _served(
    opened: OpenedModel, model: keras.Model | None, name: str | None
) -> ServedModel:
    from ..serving import ServedModel

    return ServedModel(
        opened.predictor,
        name or re.sub(r"[^A-Za-z0-9_.-]", "_", opened.name),
        opened.version,
        None if model is None else partial(_grad_cam, model),
    )


def _grad_cam(model: keras.Model, image: UInt8Array, label: int) -> Heat:
    import numpy as np

    from .._images import scale
    from ..explain import grad_cam
    from ..serving import Heat

    found = grad_cam(model, scale(image[np.newaxis]), label)
    return Heat(found.maps[0], found.notes[0])
