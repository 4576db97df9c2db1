"""What the server counts, for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .served import ServedModel

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counters of one application.

    Args:
        waiting: Returns how many computations wait.
    """

    def __init__(self, waiting: Callable[[], float]) -> None:
        """Starts at 0."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "keras_cnn_requests",
            "Requests by what answered them and the answer's status.",
            ("endpoint", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "keras_cnn_request_seconds",
            "Time from a request's headers to the end of its answer.",
            ("endpoint",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._images = Counter(
            "keras_cnn_images",
            "Images that went through the network, those of explanations included.",
            registry=self._registry,
        )
        self._network = Counter(
            "keras_cnn_network_seconds",
            "Time in the network, of all threads together.",
            registry=self._registry,
        )
        gauge = Gauge(
            "keras_cnn_waiting",
            "Computations that wait for their turn.",
            registry=self._registry,
        )
        gauge.set_function(waiting)

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        """Counts a request."""
        self._requests.labels(endpoint, status).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def counted(self, served: ServedModel) -> ServedModel:
        """Returns a model that counts the images that it is given."""
        probabilities = served.predictor.probabilities

        def count(images: Any) -> Any:
            start = time.perf_counter()
            result = probabilities(images)
            self._network.inc(time.perf_counter() - start)
            self._images.inc(len(images))
            return result

        return replace(served, predictor=replace(served.predictor, probabilities=count))

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Returns all values in a format that is accepted, and its media type."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type


class Counted:
    """Counts each request, by the endpoint that answered it.

    Args:
        app: The application behind.
        metrics: Where it is counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Keeps its arguments."""
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, and counts it when it is answered or given up."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 0  # no answer

        async def send_noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            # Never the path: whoever asks for many would make as many counters.
            endpoint = getattr(scope.get("endpoint"), "__name__", "none")
            self._metrics.count(endpoint, status, time.perf_counter() - start)
