"""What stands between the network and the model: whose requests, how long, how much."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    # The page's own files and answers, nothing from elsewhere and nothing inline.
    "content-security-policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


class OwnHostOnly:
    """Answers 403 unless `Host` and, where there is one, `Origin` are the server's.

    A page of another site cannot read answers from this server, unless its own name is
    made to lead here (DNS rebinding); its name then stands in `Host`. Besides the names
    given, the address at which the connection arrived is the server's own.

    Args:
        app: The application behind.
        hosts: What `Host` may be, as `own_hosts` gives it.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        """Keeps its arguments."""
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or refuses it."""
        if scope["type"] == "http":
            hosts = _values(scope, b"host")
            origins = [_network_part(value) for value in _values(scope, b"origin")]
            if len(hosts) != 1 or not all(
                self._is_own(name, scope) for name in (*hosts, *origins)
            ):
                answer = JSONResponse(
                    {"error": "This server answers requests to its own address only."},
                    403,
                )
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_own(self, name: str, scope: Scope) -> bool:
        address, port = scope.get("server") or ("", None)
        arrived_at = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        return name in self._hosts or name == arrived_at


class TimeLimit:
    """Answers 408 or 504 to a request that takes longer than a limit.

    Args:
        app: The application behind.
        seconds: The limit: 408 if the request had not arrived whole, else 504.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        """Keeps its arguments."""
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, until the time is over."""
        arrived = answered = False

        async def receive_noted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived = not message.get("more_body", False)
            return message

        async def send_noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds):
                await self._app(scope, receive_noted, send_noted)
        except TimeoutError:
            if answered:
                raise
            error = f"A request must not take longer than {self._seconds:g} seconds."
            late = JSONResponse({"error": error}, 504 if arrived else 408)
            await late(scope, receive, send)


class SecurityHeaders:
    """Adds to each answer what tells browsers to load and to embed nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        """Keeps its argument."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, and the answer back with more headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [
                    (key.encode(), text.encode()) for key, text in _HEADERS.items()
                ]
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def read_body(request: Request, kinds: Collection[str], max_bytes: int) -> bytes:
    """Returns a request's body, if it is of a kind and size that is accepted.

    Args:
        request: The request, its body not yet read.
        kinds: The content types that are accepted.
        max_bytes: The largest body that is read; what is declared to be longer is not
            read at all.

    Raises:
        HTTPException: 415 for another content type or an encoded body, 413 for a body
            that is too long.
    """
    received = request.headers.get("content-type", "")
    kind = received.partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity")
    if kind not in kinds or encoding != "identity":
        raise HTTPException(
            415,
            f"The body must be {' or '.join(kinds)}, not encoded: say so in "
            f"`Content-Type`. Received: {received!r}.",
        )
    too_long = HTTPException(413, f"The body must have at most {max_bytes:,} bytes.")
    declared = request.headers.get("content-length", "0")
    if int(declared) > max_bytes:
        raise too_long
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise too_long
    return bytes(body)


def _values(scope: Scope, name: bytes) -> list[str]:
    return [
        value.decode("latin-1").lower()
        for key, value in scope["headers"]
        if key == name
    ]


def _network_part(origin: str) -> str:
    """Returns `host:port` of `scheme://host:port`; the whole of anything else."""
    try:
        return urlsplit(origin).netloc or origin
    except ValueError:
        return origin
