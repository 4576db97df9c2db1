"""One request: how long it may take, and how much of the memory it may hold."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Collection
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .connections import EXTENSION, Connection
from .limits import Limits

_CLAIM = "keras_cnn.claim"


class Claim:
    """What one request holds of the memory that all requests share.

    Attributes:
        held: Bytes.
        is_dropped: Whether it had to make room for others.
    """

    def __init__(self, claims: set[Claim], limit: int, timer: asyncio.Timeout) -> None:
        """Enters the request among the others."""
        self.held = 0
        self.is_dropped = False
        self._claims, self._limit, self._timer = claims, limit, timer
        claims.add(self)

    def hold(self, count: int) -> None:
        """Takes more bytes; where that is too much, who holds most is dropped."""
        self.held += count
        while sum(claim.held for claim in self._claims) > self._limit:
            largest = max(self._claims, key=lambda claim: claim.held)
            largest.is_dropped = True
            largest.give_up()

    def release(self) -> None:
        """Returns all that it holds."""
        self.held = 0

    def give_up(self) -> None:
        """Ends the request the next time that it waits."""
        self._claims.discard(self)
        if not self._timer.expired():
            self._timer.reschedule(0)


class Bounds:
    """Ends a request that takes too long, holds too much, or is not waited for.

    It answers 408 if the request had not arrived whole, 503 if others needed the
    memory, else 504. A request that was answered in part loses its connection.

    Args:
        app: The application behind.
        limits: How long and how much.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        """Keeps its arguments."""
        self._app, self._limits = app, limits
        self._claims: set[Claim] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, until it has to end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
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

        connection: Connection | None = scope.get("extensions", {}).get(EXTENSION)
        claim = None
        try:
            async with asyncio.timeout(self._limits.seconds) as timer:
                claim = Claim(self._claims, self._limits.held_bytes, timer)
                scope[_CLAIM] = claim
                if connection:
                    connection.on_lost = claim.give_up
                await self._app(scope, receive_noted, send_noted)
        except TimeoutError:
            if not answered:
                await self._late(claim, arrived)(scope, receive, send)
            elif connection:
                connection.abort()
                await receive()
            else:
                raise
        finally:
            if connection:
                connection.on_lost = None
            if claim:
                self._claims.discard(claim)

    def _late(self, claim: Claim | None, arrived: bool) -> JSONResponse:
        if claim and claim.is_dropped:
            return JSONResponse({"error": "The server is out of memory for now."}, 503)
        seconds = self._limits.seconds
        error = f"A request must not take longer than {seconds:g} seconds."
        return JSONResponse({"error": error}, 504 if arrived else 408)


def claim_of(request: Request) -> Claim:
    """Returns what a request holds of the memory."""
    claim: Claim = request.scope[_CLAIM]
    return claim


async def read_body(
    request: Request, kinds: Collection[str], max_bytes: int, *, packed: bool = False
) -> bytes:
    """Returns a request's body, if it is of a kind and size that is accepted.

    Args:
        request: The request, its body not yet read.
        kinds: The content types that are accepted.
        max_bytes: The largest body that is read, unpacked; one that is declared to be
            longer is not read at all.
        packed: Whether it may be packed by gzip. Defaults to False.

    Raises:
        HTTPException: 415 for another content type or encoding, 413 for a body that is
            too long, 400 for one that cannot be unpacked.
        ClientDisconnect: If the client goes before all has come.
    """
    received = request.headers.get("content-type", "")
    kind = received.partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").lower()
    encodings = ("identity", "gzip") if packed else ("identity",)
    if kind not in kinds or encoding not in encodings:
        raise HTTPException(
            415,
            f"The body must be {' or '.join(kinds)}, in the encoding "
            f"{' or '.join(encodings)}: `Content-Type` and `Content-Encoding` say so. "
            f"Received: {received!r} in {encoding!r}.",
        )
    too_long = HTTPException(413, f"The body must have at most {max_bytes:,} bytes.")
    if _declared(request) > max_bytes:
        raise too_long
    unpack = zlib.decompressobj(31) if encoding == "gzip" else None
    body = bytearray()
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part: bytes = message.get("body", b"")
        if unpack:
            part = _unpacked(unpack, part, max_bytes + 1 - len(body))
        claim_of(request).hold(len(part))
        body += part
        if len(body) > max_bytes:
            raise too_long
        if not message.get("more_body", False):
            break
    if unpack and not (unpack.eof and not unpack.unused_data):
        raise HTTPException(400, "The body must be whole, as gzip packs it.")
    return bytes(body)


def _declared(request: Request) -> int:
    """Returns a body's declared length; a parser before us has seen that it is one."""
    declared = request.headers.get("content-length", "0")
    return int(declared) if declared.isdecimal() and len(declared) < 20 else 0


def _unpacked(unpack: Any, part: bytes, room: int) -> bytes:
    try:
        content: bytes = unpack.decompress(part, room)
    except zlib.error as error:
        raise HTTPException(400, f"The body must be gzip. Received: {error}.") from None
    return content
