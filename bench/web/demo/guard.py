"""A layer around the page: only this machine's names, no request to elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

from ..hosts import is_loopback

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY: Final = (
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio's page needs both
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "frame-ancestors 'none'",
    "base-uri 'self'",
    "form-action 'self'",
)

HEADERS: Final = {
    b"content-security-policy": "; ".join(POLICY).encode(),
    b"referrer-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
}


def guarded(application: Application, host: str) -> Application:
    """Return an ASGI application that refuses other sites, and lets the browser ask this server only.

    Parameters
    ----------
    application
        The page.
    host
        The address that it is served on; on a loopback address only local host names are accepted.
    """
    local = is_loopback(host)

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        if status := _refusal(scope, local=local):
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b"refused: open the address as it was printed"})
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [pair for pair in message["headers"] if pair[0].lower() not in HEADERS]
                message["headers"] = [*others, *HEADERS.items()]
            await send(message)

        await application(scope, receive, send_guarded)

    return guard


def _refusal(scope: Scope, *, local: bool) -> int:
    """Return the status with which a request is refused, or 0."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get(b"host", "")
    # Somebody else's host name may be made to point here (DNS rebinding).
    if local and not is_loopback(_hostname(host)):
        return 400
    origin = headers.get(b"origin")
    if scope["method"] not in {"GET", "HEAD"} and origin is not None and urlsplit(origin).netloc != host:
        return 403
    return 0


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
