"""The server as an ASGI application: which address answers with what."""

from __future__ import annotations

import functools
import gzip
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route

from .. import __version__
from .._checks import InputError
from . import drawing, inference, rest
from .answers import JSON, Answer, accepts_gzip, computed, error_answer, json_answer
from .computing import FORMATS
from .guards import OwnHostOnly, SecurityHeaders
from .limits import Limits
from .metrics import Counted, Metrics
from .requests import Bounds, read_body
from .served import NotServed, ServedModel
from .workers import Busy, Parts, Workers

_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

Endpoint = Callable[[Request], Awaitable[Answer]]

_log = logging.getLogger(__name__)


def create_app(
    served: ServedModel,
    hosts: Collection[str],
    limits: Limits | None = None,
) -> Starlette:
    """Returns the server's application, for `serve` or another ASGI server.

    Under another server the limits of connections, headers and chunks are that server's
    own.

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
        >>> [route.path for route in app.routes][-1]
        '/metrics'
    """
    limits = limits or Limits()
    workers = Workers(limits.threads, limits.waiting)
    metrics = Metrics(lambda: workers.waiting)
    served = metrics.counted(served)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        workers.close()

    app = Starlette(
        routes=[
            *_protocol_routes(served, workers, limits),
            *_drawing_routes(served, workers, limits),
            *_page_routes(served),
            *_health_routes(workers),
            _get("/metrics", _metrics_endpoint(metrics)),
        ],
        # The first one is the first one asked.
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Counted, metrics=metrics),
            Middleware(OwnHostOnly, hosts=hosts),
            Middleware(Bounds, limits=limits),
        ],
        exception_handlers={HTTPException: _http_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


def _protocol_routes(
    served: ServedModel, workers: Workers, limits: Limits
) -> list[Route]:
    async def describe(request: Request) -> Answer:
        return json_answer(rest.describe(served, request.url.path))

    async def predict(request: Request) -> Answer:
        body = await read_body(request, (JSON,), limits.body_bytes, packed=True)
        parts = rest.predict(served, request.url.path, body, limits)
        return await computed(request, workers, parts, len(body))

    async def about(request: Request) -> Answer:
        return json_answer(inference.about_server(__version__))

    async def model(request: Request) -> Answer:
        return json_answer(inference.describe(served, request.url.path))

    async def infer(request: Request) -> Answer:
        body = await read_body(request, (JSON,), limits.body_bytes, packed=True)
        parts = inference.infer(served, request.url.path, body, limits)
        return await computed(request, workers, parts, len(body))

    return [
        _get("/v1/{rest:path}", describe),
        _post("/v1/{rest:path}", predict),
        _get("/v2", about),
        _get("/v2/models/{rest:path}", model),
        _post("/v2/models/{rest:path}", infer),
    ]


def _drawing_routes(
    served: ServedModel, workers: Workers, limits: Limits
) -> list[Route]:
    async def look(request: Request) -> Answer:
        body = await read_body(request, FORMATS, limits.body_bytes)
        parts = drawing.look(served, body, limits.pixels)
        return await computed(request, workers, _as_json(parts), len(body))

    async def explain(request: Request) -> Answer:
        body = await read_body(request, FORMATS, limits.body_bytes)
        label = request.path_params["label"]
        parts = drawing.explain(served, body, label, limits.pixels)
        return await computed(request, workers, _as_json(parts), len(body))

    return [_post("/look", look), _post("/explain/{label}", explain)]


def _as_json(parts: Parts[dict[str, Any]]) -> Parts[bytes]:
    return msgspec.json.encode((yield from parts))


def _page_routes(served: ServedModel) -> list[Route]:
    """Reads the page's files now: no request's path is ever opened."""

    def always(content: bytes, media_type: str) -> Endpoint:
        packed = gzip.compress(content)

        async def page(request: Request) -> Answer:
            answer = Answer(content, media_type=media_type)
            if accepts_gzip(request):
                answer = Answer(packed, media_type=media_type)
                answer.headers["content-encoding"] = "gzip"
            answer.headers["vary"] = "accept-encoding"
            return answer

        return page

    routes = []
    for file in (files(__package__) / "page").iterdir():
        path = "/" if file.name == "index.html" else f"/{file.name}"
        media_type = _MEDIA_TYPES[Path(file.name).suffix]
        routes.append(_get(path, always(file.read_bytes(), media_type)))
    about = msgspec.json.encode(drawing.about_model(served))
    return [*routes, _get("/model", always(about, JSON))]


def _health_routes(workers: Workers) -> list[Route]:
    async def live(request: Request) -> Answer:
        return json_answer({"live": True})

    async def ready(request: Request) -> Answer:
        is_ready = not workers.is_full
        return json_answer({"ready": is_ready}, 200 if is_ready else 503)

    return [_get("/v2/health/live", live), _get("/v2/health/ready", ready)]


def _metrics_endpoint(metrics: Metrics) -> Endpoint:
    async def exposition(request: Request) -> Answer:
        content, media_type = metrics.exposition(request.headers.get("accept", ""))
        return Answer(content, headers={"content-type": media_type})

    return exposition


def _get(path: str, endpoint: Endpoint) -> Route:
    """Returns a route for GET, and HEAD."""
    return Route(path, _with_errors(endpoint), methods=["GET"])


def _post(path: str, endpoint: Endpoint) -> Route:
    return Route(path, _with_errors(endpoint), methods=["POST"])


def _with_errors(endpoint: Endpoint) -> Endpoint:
    """Answers each error with a sentence in JSON, never with a traceback."""

    @functools.wraps(endpoint)
    async def answer(request: Request) -> Answer:
        try:
            return await endpoint(request)
        except InputError as error:
            return error_answer(error, 400)
        except NotServed as error:
            return error_answer(error, 404)
        except Busy:
            return error_answer("Too many requests are waiting.", 503)
        except ClientDisconnect:
            return error_answer("The client has gone.", 400)
        except HTTPException:
            raise
        except Exception:
            _log.exception("A request failed.")
            return error_answer("The server failed to answer this request.", 500)

    return answer


async def _http_error(request: Request, error: Exception) -> Answer:
    if not isinstance(error, HTTPException):
        raise error
    answer = error_answer(error.detail, error.status_code)
    answer.headers.update(error.headers or {})
    return answer
