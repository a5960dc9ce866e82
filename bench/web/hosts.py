"""The addresses that pages are served on."""

import socket
from ipaddress import ip_address

from ... import UserError


def is_loopback(host: str) -> bool:
    """Return whether a name or an address is a loopback address.

    >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("127.8.8.8"), is_loopback("example.org")
    (True, True, True, False)
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address; port 0 takes any free one.

    Raises `UserError` if the port is taken, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise UserError(f"cannot serve at {host}, port {port}: {error}; choose another --port") from error


def url_of(host: str, listening: socket.socket) -> str:
    """Return the URL of a page that is served on a socket."""
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
