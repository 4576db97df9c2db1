"""Answers: bytes in pieces that a slow client takes one by one, packed if it can."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .requests import claim_of
from .workers import Parts, Workers

JSON = "application/json"

_PIECE = 2**16
_WORTH_PACKING = 2**10


class Answer(Response):
    """Bytes of one media type, sent in pieces."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the answer; a piece waits until the client has taken those before."""
        head = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **head})
        end = len(self.body)
        for start in range(0, max(1, end), _PIECE):
            piece = self.body[start : start + _PIECE]
            more = start + _PIECE < end
            await send({"type": "http.response.body", "body": piece, "more_body": more})


def json_answer(content: Mapping[str, Any], status: int = 200) -> Answer:
    """Returns an answer in JSON."""
    return Answer(msgspec.json.encode(content), status, media_type=JSON)


def error_answer(error: object, status: int) -> Answer:
    """Returns an error's answer: one sentence in JSON."""
    return json_answer({"error": str(error)}, status)


def accepts_gzip(request: Request) -> bool:
    """Whether a client unpacks answers that are packed by gzip."""
    accepted = request.headers.get("accept-encoding", "").lower()
    words = {part.partition(";")[0].strip(): part for part in accepted.split(",")}
    return "gzip" in words and "q=0" not in words["gzip"].replace(" ", "").split(";")


async def computed(
    request: Request, workers: Workers, parts: Parts[bytes], work: float
) -> Answer:
    """Returns the answer whose bytes of JSON a computation gives.

    Args:
        request: The request, whose body the computation has; it holds the answer's
            memory now.
        workers: The threads that compute.
        parts: The computation.
        work: How much work its first part is.
    """
    packs = accepts_gzip(request)
    client = request.client.host if request.client else ""
    content = await workers.run(_packed(parts) if packs else parts, work, client)
    claim = claim_of(request)
    claim.release()
    claim.hold(len(content))
    answer = Answer(content, media_type=JSON)
    if packs:
        answer.headers["vary"] = "accept-encoding"
        if content.startswith(b"\x1f\x8b"):  # JSON does not begin so
            answer.headers["content-encoding"] = "gzip"
    return answer


def _packed(parts: Parts[bytes]) -> Parts[bytes]:
    content = yield from parts
    if len(content) < _WORTH_PACKING:
        return content
    yield len(content)
    return gzip.compress(content, compresslevel=1)
