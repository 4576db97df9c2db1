"""The names by which a server is reached."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable


def own_hosts(host: str, port: int, others: Iterable[str] = ()) -> frozenset[str]:
    """Returns what a browser that means this server writes into `Host`.

    Args:
        host: The address or name that the server listens on.
        port: Its port.
        others: Further names by which it is reached, such as a proxy's, each with its
            port where that is neither 80 nor 443.

    Example:
        >>> sorted(own_hosts("127.0.0.1", 8501))
        ['127.0.0.1:8501', '[::1]:8501', 'localhost:8501']
    """
    names = {"localhost", "127.0.0.1", "[::1]"}
    names.add(f"[{host}]" if ":" in host else host.lower())
    if _listens_everywhere(host):
        names -= {host, f"[{host}]"}
        names.add(socket.gethostname().lower())
    own = {f"{name}:{port}" for name in names}
    if port == 80:
        own |= names
    return frozenset(own | {name.lower() for name in others})


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on an address or name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _listens_everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
