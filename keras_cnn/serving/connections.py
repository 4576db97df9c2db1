"""One client's connection: how it may send a request, and how long it may keep us."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .limits import Limits

# Of a request's line and headers, and of what stands between the chunks of a body.
_HEAD_BYTES = 2**16
_HEADERS = 100
_PIPELINED = 16

EXTENSION = "keras_cnn.connection"


class Connection(HttpToolsProtocol):
    """uvicorn's parser of HTTP in C, with limits where it has none.

    What a client sends is counted, and so are its connections. A client that keeps the
    server waiting, for a request, for a body or by not reading its answer, is cut off
    after a while, and earlier where others need its place.

    A request finds its connection in its scope's extensions, as `EXTENSION`.

    Attributes:
        on_lost: Is called when the connection is lost.
    """

    def __init__(self, *arguments: Any, limits: Limits, **named: Any) -> None:
        """Takes uvicorn's arguments and the limits."""
        super().__init__(*arguments, **named)
        self.on_lost: Callable[[], None] | None = None
        self._limits = limits
        self._head = 0  # bytes of this request's line and headers
        self._unread = 0  # bytes of which the parser has not yet told the meaning
        self._chunks = 0
        self._is_at_head = True  # between two requests, or in a request's headers
        # Since when the client has had to send or to take something.
        self._waits_since: float | None = self.loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override]
        self, transport: asyncio.Transport
    ) -> None:
        """Lets the client in; where there are too many, another has to go."""
        super().connection_made(transport)
        self._watch()
        connected: Any = self.connections
        if len(connected) > self._limits.connections:
            _make_room(connected, self._limits.connections)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the request that nobody waits for its answer."""
        super().connection_lost(exc)
        if self._timer:
            self._timer.cancel()
        if self.on_lost:
            self.on_lost()

    def abort(self) -> None:
        """Closes the connection without waiting for what is not yet sent."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parses what has come."""
        self._unread += len(data)
        super().data_received(data)
        if self._unread > _HEAD_BYTES:
            self._refuse(431, f"Headers must have at most {_HEAD_BYTES:,} bytes.")

    def on_message_begin(self) -> None:
        """Begins a request."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: self}  # type: ignore[dict-item]
        self._head = self._chunks = 0
        self._is_at_head = True
        self._waits_since = self.loop.time()

    def on_url(self, url: bytes) -> None:
        """Counts and takes a part of the request's line."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Counts a header and takes it; what trails after a body is counted only."""
        self._count_head(len(name) + len(value))
        if len(self.headers) >= _HEADERS:
            self._stop(431, f"A request must have at most {_HEADERS} headers.")
        if self._is_at_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Starts the application on the request, or lets it wait for those before."""
        self._unread = 0
        self._is_at_head = False
        if len(self.pipeline) >= _PIPELINED:
            self._stop(400, f"At most {_PIPELINED} requests may wait for an answer.")
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """Counts a chunk: each costs as much as many bytes."""
        self._chunks += 1
        if self._chunks > self._limits.chunks:
            self._stop(
                413, f"A body must come in at most {self._limits.chunks:,} chunks."
            )

    def on_body(self, body: bytes) -> None:
        """Takes a part of the body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Ends the request: now the client waits for the server."""
        self._unread = 0
        super().on_message_complete()
        if not self.cycle.response_complete:
            self._waits_since = None

    def on_response_complete(self) -> None:
        """Ends the answer: now the server waits for the client."""
        self._waits_since = self.loop.time()
        self._is_at_head = not self.pipeline
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Notes that the client does not take its answer."""
        super().pause_writing()
        self._waits_since = self.loop.time()

    def resume_writing(self) -> None:
        """Notes that the client has taken its answer."""
        super().resume_writing()
        self._waits_since = None

    def send_400_response(self, msg: str) -> None:
        """Answers what is not HTTP."""
        self._refuse(400, msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Says nothing: whoever asks for another protocol is answered in this one."""

    def _count_head(self, size: int) -> None:
        self._head += size
        if self._head > _HEAD_BYTES:
            self._stop(431, f"Headers must have at most {_HEAD_BYTES:,} bytes.")

    def _stop(self, status: int, error: str) -> None:
        """Refuses the request and ends the parser, whose caller it is."""
        self._refuse(status, error)
        raise ConnectionAbortedError(error)

    def _refuse(self, status: int, error: str) -> None:
        """Says why, unless an answer is on its way, and closes the connection."""
        if self.transport.is_closing():
            return
        if self._is_answering():
            self.abort()
            return
        content = json.dumps({"error": error}).encode()
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
            "content-type: application/json\r\n"
            f"content-length: {len(content)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + content)
        self.transport.close()

    def _is_answering(self) -> bool:
        if not self.cycle or self.cycle.response_complete:
            return False
        begun = self.cycle.response_started or not self.cycle.more_body
        return begun or bool(self.pipeline)

    def _watch(self) -> None:
        """Cuts off a client that does not send its request, or take its answer."""
        limit = self._limits.head_seconds
        waited = 0.0
        if self._waits_since is not None:
            waited = self.loop.time() - self._waits_since
        if waited >= limit and (self._is_at_head or self.transport.is_closing()):
            self.abort()
            return
        delay = limit - waited if waited < limit else limit
        self._timer = self.loop.call_later(delay, self._watch)


def _make_room(connected: set[Connection], limit: int) -> None:
    """Closes those connections that have kept the server waiting longest."""
    there = [one for one in connected if not one.transport.is_closing()]
    idle = [one for one in there if one._waits_since is not None]
    idle.sort(key=lambda one: one._waits_since or 0)
    for connection in idle[: max(0, len(there) - limit)]:
        connection.abort()
