"""The server as an ASGI application: which address answers with what."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from .._checks import InputError
from . import drawing, protocol
from .guards import OwnHostOnly, SecurityHeaders, TimeLimit, read_body
from .limits import Limits
from .served import ServedModel
from .workers import Busy, Workers

_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def create_app(
    served: ServedModel,
    hosts: Collection[str],
    limits: Limits | None = None,
) -> FastAPI:
    """Returns the server's application, for uvicorn or another ASGI server.

    Args:
        served: The model.
        hosts: The values of `Host` that are answered, as `own_hosts` returns them.
        limits: What is refused. Defaults to None, `Limits()`.

    Raises:
        MissingExtraError: If the extra `serve` is not installed: when this function is
            imported from `keras_cnn.serving`.

    Example:
        >>> from keras_cnn.prediction import Predictor
        >>> from keras_cnn.serving import ServedModel, create_app, own_hosts
        >>> predictor = Predictor(lambda images: None, (28, 28, 1), ("cat", "dog"))
        >>> app = create_app(ServedModel(predictor), own_hosts("127.0.0.1", 8000))
        >>> app.title  # uvicorn.run(app, port=8000) serves it
        'keras_cnn'
    """
    limits = limits or Limits()
    workers = Workers(limits.threads, limits.waiting)
    # FastAPI's own pages of documentation load their scripts from another host.
    app = FastAPI(title="keras_cnn", openapi_url=None, redirect_slashes=False)
    _add_page(app, served)
    _add_drawing(app, served, workers, limits)
    _add_protocol(app, served, workers, limits)
    _add_errors(app)
    # The last one added is the first one asked.
    app.add_middleware(TimeLimit, seconds=limits.seconds)
    app.add_middleware(OwnHostOnly, hosts=hosts)
    app.add_middleware(SecurityHeaders)
    return app


def _add_page(app: FastAPI, served: ServedModel) -> None:
    """Reads the page's files now: no request's path is ever opened."""
    folder = files(__package__) / "page"

    def always(content: bytes, media_type: str) -> Callable[[], Response]:
        return lambda: Response(content, media_type=media_type)

    for file in folder.iterdir():
        path = "/" if file.name == "index.html" else f"/{file.name}"
        media_type = _MEDIA_TYPES[Path(file.name).suffix]
        app.add_api_route(path, always(file.read_bytes(), media_type), methods=["GET"])
    about = json.dumps(drawing.about_model(served)).encode()
    app.add_api_route("/model", always(about, "application/json"), methods=["GET"])


def _add_drawing(
    app: FastAPI, served: ServedModel, workers: Workers, limits: Limits
) -> None:
    @app.post("/look")
    async def look(request: Request) -> Response:
        body = await read_body(request, drawing.FORMATS, limits.body_bytes)
        return await workers.run(
            lambda: JSONResponse(drawing.look(served, body, limits.pixels))
        )

    @app.post("/explain/{label:int}")
    async def explain(request: Request, label: int) -> Response:
        body = await read_body(request, drawing.FORMATS, limits.body_bytes)
        return await workers.run(
            lambda: JSONResponse(drawing.explain(served, body, label, limits.pixels))
        )


def _add_protocol(
    app: FastAPI, served: ServedModel, workers: Workers, limits: Limits
) -> None:
    @app.get("/v1/{rest:path}")
    def describe(request: Request) -> Response:
        return JSONResponse(protocol.describe(served, request.url.path))

    @app.post("/v1/{rest:path}")
    async def predict(request: Request) -> Response:
        body = await read_body(request, ("application/json",), limits.body_bytes)
        path = request.url.path
        return await workers.run(
            lambda: JSONResponse(protocol.predict(served, path, body))
        )


def _add_errors(app: FastAPI) -> None:
    """Answers each error with a sentence in JSON, never with a traceback."""

    def answer(status: int, request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, status)

    def of_http(request: Request, error: HTTPException) -> Response:
        return JSONResponse({"error": error.detail}, error.status_code)

    def busy(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": "Too many requests are waiting."}, 503)

    def defect(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": "The server failed to answer this request."}, 500)

    handlers: dict[Any, Any] = {
        InputError: partial(answer, 400),
        protocol.NotServed: partial(answer, 404),
        AnyHTTPException: of_http,
        Busy: busy,
        Exception: defect,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
