import socket

import pytest

from huebench import UserError
from huebench.bench.web.hosts import listen, url_of


def test_a_socket_listens_at_the_url():
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert url_of("127.0.0.1", listening) == f"http://127.0.0.1:{port}/"
        assert url_of("::1", listening) == f"http://[::1]:{port}/"
        socket.create_connection(("127.0.0.1", port), timeout=8).close()
        with pytest.raises(UserError, match=f"port {port}: .*choose another --port"):
            listen("127.0.0.1", port)
