"""Listening on an address, until Ctrl-C."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from .._checks import InputError

# Connections, each with a request or kept open for a next one.
_MOST_CONNECTIONS = 512

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


def make_server(app: FastAPI) -> uvicorn.Server:
    """Returns a server for `server.run(sockets=[listener])`."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            # Logging is the process's own: what is configured anew would be closed.
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=5,
        )
    )
