import asyncio
from threading import Thread

import pytest

from huebench.bench.web.demo.guard import guarded


async def page(scope, receive, send):
    """Answer every request, with a header that the guard replaces."""
    headers = [(b"content-type", b"text/plain"), (b"X-Content-Type-Options", b"sniff")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"the page"})


def ask(served_at, name, method="GET", origin=None):
    """Return status and headers of a guarded page that is asked for under a host name."""
    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"host", name.encode())] + ([(b"origin", origin.encode())] if origin else [])
    scope = {"type": "http", "method": method, "headers": headers}
    answer = guarded(page, served_at)(scope, None, send)
    thread = Thread(target=asyncio.run, args=[answer])  # a browser's test may leave a loop in this one
    thread.start()
    thread.join()
    return sent[0]["status"], dict(sent[0]["headers"])


def test_the_browser_is_told_to_ask_this_server_only():
    status, headers = ask("127.0.0.1", "127.0.0.1:7860")
    assert status == 200
    policy = headers[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'self';")
    assert "http" not in policy
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"X-Content-Type-Options" not in headers
    assert headers[b"content-type"] == b"text/plain"


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example:7860", "192.168.0.1", "", "[::"])
def test_on_loopback_other_names_are_refused(name):
    assert ask("127.0.0.1", name)[0] == 400


@pytest.mark.parametrize("name", ["localhost:7860", "127.0.0.1", "[::1]:7860"])
def test_on_loopback_its_own_names_are_known(name):
    assert ask("127.0.0.1", name)[0] == 200


def test_on_the_network_every_name_is_known():
    assert ask("0.0.0.0", "my-machine:7860")[0] == 200  # noqa: S104  # it is only said so


@pytest.mark.parametrize(
    ("origin", "status"), [("http://evil.example", 403), ("null", 403), ("http://localhost:7860", 200)]
)
def test_posts_of_other_sites_are_refused(origin, status):
    assert ask("127.0.0.1", "localhost:7860", "POST", origin)[0] == status
    assert ask("0.0.0.0", "localhost:7860", "POST", origin)[0] == status  # noqa: S104
    assert ask("127.0.0.1", "localhost:7860", "GET", origin)[0] == 200
