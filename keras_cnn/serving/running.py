"""Listening on an address, until Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import uvicorn

from .._checks import InputError
from .app import create_app
from .connections import Connection
from .hosts import own_hosts
from .limits import Limits
from .served import ServedModel

# Connections that wait until the server takes them.
_WAITING_CONNECTIONS = 128


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket that listens; who connects waits for the server to start.

    Args:
        host: An address or name of this machine.
        port: 0 for any that is free.

    Raises:
        InputError: If the address is not this machine's, or its port is taken.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With its protocol: asyncio turns Nagle's algorithm off for TCP only, and
        # without that an answer on a kept connection waits 50 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            # Two sockets may be bound to one port as long as neither listens.
            listener.listen(_WAITING_CONNECTIONS)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise InputError(
            "`host` and `port` must be an address that can be listened on. "
            f"Received: host={host!r}, port={port} ({error.strerror or error})."
        ) from error
    return listener


def serve(
    served: ServedModel,
    *,
    host: str = "127.0.0.1",
    port: int = 8501,
    allow_hosts: Iterable[str] = (),
    limits: Limits | None = None,
) -> None:
    """Serves a model until Ctrl-C.

    Args:
        served: The model.
        host: An address or name of this machine; "0.0.0.0" lets other machines in.
            Defaults to "127.0.0.1".
        port: Defaults to 8501, TensorFlow Serving's own.
        allow_hosts: Further names by which the server is reached, as of `own_hosts`.
        limits: What is refused. Defaults to None, `Limits()`.

    Raises:
        InputError: If the address is not this machine's, or its port is taken.

    Example:
        >>> from keras_cnn.serving import load, serve
        >>> serve(load("saved_models/article_cnn/1"))  # doctest: +SKIP
    """
    with listen(host, port) as listener:
        hosts = own_hosts(host, listener.getsockname()[1], allow_hosts)
        run(create_app(served, hosts, limits), listener, limits)


def run(app: Any, listener: socket.socket, limits: Limits | None = None) -> None:
    """Answers who connects to a listening socket, until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        make_server(app, limits).run(sockets=[listener])


def make_server(app: Any, limits: Limits | None = None) -> uvicorn.Server:
    """Returns a server for `server.run(sockets=[listener])`.

    Args:
        app: What `create_app` returned.
        limits: What is refused of a connection. Defaults to None, `Limits()`.
    """
    limits = limits or Limits()
    connection: Any = partial(Connection, limits=limits)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=connection,
            ws="none",
            # Logging is the process's own: what is configured anew would be closed.
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            # What has begun is answered before the server ends.
            timeout_graceful_shutdown=round(limits.seconds),
        )
    )
