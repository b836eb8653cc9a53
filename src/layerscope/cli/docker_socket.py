"""The socket by which docker tells its plugin to stop, which hears of it in no other way without a terminal.

https://github.com/docker/cli/blob/v26.1.5/cli-plugins/socket/socket.go: docker closes it when it is interrupted or
terminated, or dies.
"""

import os
import signal
import socket
import threading
from contextlib import suppress
from typing import Final

VARIABLE: Final = "DOCKER_CLI_PLUGIN_SOCKET"
"""The address; one that begins with @ has no file. Docker before 25 sets none, and passes no signal on."""


def heed_docker(address: str | None) -> None:
    """From now on, end this process as SIGTERM does once docker closes the socket at that address."""
    if not address:
        return
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        connection.connect("\0" + address[1:] if address.startswith("@") else address)
    except OSError:
        connection.close()  # docker is gone already, or listens elsewhere: nothing to hear
        return
    threading.Thread(target=_await_end, args=(connection,), daemon=True).start()


def _await_end(connection: socket.socket) -> None:
    with suppress(OSError):
        while connection.recv(1):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
