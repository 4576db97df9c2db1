"""What stands between the network and the model: whose requests, in which answers."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import error_answer

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
_ENCODED = [(key.encode(), text.encode()) for key, text in _HEADERS.items()]


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
                error = "This server answers requests to its own address only."
                await error_answer(error, 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_own(self, name: str, scope: Scope) -> bool:
        address, port = scope.get("server") or ("", None)
        arrived_at = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        return name in self._hosts or name == arrived_at


class SecurityHeaders:
    """Adds to each answer what tells browsers to load and to embed nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        """Keeps its argument."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, and the answer back with more headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_ENCODED]
            await send(message)

        await self._app(scope, receive, send_with_headers)


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
