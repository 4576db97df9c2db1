"""`keras-cnn serve`: a saved model behind a page to draw on and a REST interface."""

from __future__ import annotations

import gc
import signal
from typing import Annotated

import typer

from .._optional import optional
from .console import err, out, print_warning
from .loading import load_model
from .options import ModelPath, Trust
from .preparing import Pixels, Prepare, say_prepared


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
            help="Another name[:port] by which the server is reached, such as a "
            "proxy's. May be repeated.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="The model's name in /v1/models/NAME. Defaults to the name recorded "
            "beside it.",
            show_default=False,
        ),
    ] = None,
    prepare: Prepare = None,
    pixels: Pixels = None,
    trust: Trust = False,
) -> None:
    """Serve a model on this machine: a page to draw on, and TensorFlow Serving's REST.

    A development server: one model, no users, no encryption.
    """
    for module in ("uvicorn", "starlette", "httptools", "msgspec", "prometheus_client"):
        optional(module, "serve")
    import numpy as np

    from ..serving import create_app, own_hosts
    from ..serving.hosts import is_loopback
    from ..serving.loading import served_as
    from ..serving.running import listen, run

    with listen(host, port) as listener:
        with err.status("Loading the model ..."):
            predictor = load_model(model, trust=trust).prepared(prepare, pixels)
            served = served_as(predictor, name)
            # The first image compiles the network: not while somebody draws.
            served.probabilities(np.zeros((1, *served.image_shape), np.uint8))
        say_prepared(predictor)
        port = listener.getsockname()[1]
        app = create_app(served, own_hosts(host, port, allow_host or ()))
        shape = "x".join(map(str, served.image_shape))
        out.print(
            f"{served.name}, version {served.version}: {shape}, "
            f"{len(served.labels)} classes"
        )
        if not is_loopback(host):
            print_warning("Any machine that reaches this address can use the model.")
        address = f"[{host}]" if ":" in host else host
        out.print(f"Draw at:   http://{address}:{port}/")
        out.print(f"REST:      http://{address}:{port}/v1/models/{served.name}")
        out.print("Ctrl-C stops it.")
        # The network's own objects stay to the end: looked through at each full
        # collection of garbage, they would hold up every request that waits.
        gc.collect()
        gc.freeze()
        # SIGTERM, too, lets what has begun be answered, and ends without an error.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        run(app, listener)
