"""Whether a registry on loopback speaks TLS: it is asked in the clear, and tried by TLS where it does not understand.

Docker tries TLS first there; we do not, since a plain server may wait a long time for the rest of what it takes for a
request line.
"""

import socket
import ssl
from typing import Final

from layerscope.errors import TransferError

PROBE_SECONDS: Final = 2.0
"""The longest that one on this host may take to shake hands."""


class TlsExpectedError(TransferError):
    """A registry was asked in the clear and speaks TLS."""


def speaks_tls(host: str, port: int) -> bool:
    """Whether TLS is understood there, by whatever certificate: whether that is accepted is asked later."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent to it
    try:
        with (
            socket.create_connection((host, port), timeout=PROBE_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=host),
        ):
            return True
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")  # it answers in TLS that it wants another kind of it
    except (OSError, ValueError):
        return False
