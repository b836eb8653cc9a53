"""What is said of a request that got no answer: nobody listens, the way is barred, or TLS fails."""

import re
import ssl
from typing import TYPE_CHECKING, Final

from layerscope.errors import TransferError
from layerscope.sources.registry.origin import show_url
from layerscope.sources.registry.proxies import has_login, tell_way

if TYPE_CHECKING:
    from urllib3.exceptions import HTTPError

_CONNECTION: Final = re.compile(r"^<?\w+\([^)]*\)>?: |^<[^>]* object at 0x[0-9a-f]+>: ")
"""How the library names a connection before it says what is wrong with it."""

_BARRED: Final = re.compile(r"Tunnel connection failed: (4(?!08|25|29)\d\d)")
"""What a proxy answers that opens no way, and will not open one for another try; too early, late or often may pass."""
PROXY_LOGIN: Final = 407
"""What a proxy answers that wants to know who asks."""


class ConnectionFailedError(TransferError):
    """A request got no answer, or lost it; another try may do better."""


class NothingListensError(ConnectionFailedError):
    """Nobody takes connections there, or the name leads nowhere: at first, another try changes nothing."""


def explain_failure(error: "HTTPError", *, url: str, task: str, where: str, proxy: str, host: str) -> TransferError:
    """The error for a request to that address; `host` is the registry's, whose authorities are looked for.

    `where` says what the task does not tell of the address, and `proxy` is that through which it was to be reached.
    """
    import urllib3.exceptions

    said, begin = str(error), f"{task}{where}{tell_way(proxy)}"
    is_at_proxy = isinstance(error, urllib3.exceptions.ProxyError)
    if isinstance(error.__cause__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in said:
        whose = "the proxy" if is_at_proxy else show_url(url)
        place = "" if is_at_proxy else f"certs.d/{host}/ca.crt and in "
        begin = begin if is_at_proxy else f"{task}{tell_way(proxy)}"
        return TransferError(
            f"{begin}: the certificate of {whose} was not accepted: {tell_reason(error)}; an authority of its own is "
            f"looked for in {place}$SSL_CERT_FILE"
        )
    if "WRONG_VERSION_NUMBER" in said and is_at_proxy:
        return TransferError(f"{begin}: the proxy does not speak TLS; its address begins with http:// then")
    if "WRONG_VERSION_NUMBER" in said:
        return TransferError(f"{begin}: it does not speak TLS; --insecure asks it in the clear")
    if barred := _BARRED.search(said):
        return TransferError(f"{begin}: {explain_barred(int(barred[1]), proxy)}")
    if _leads_nowhere(error):
        return NothingListensError(f"{begin}: {tell_reason(error)}")
    return ConnectionFailedError(f"{begin}: {tell_reason(error)}")


def explain_barred(status: int, proxy: str) -> str:
    """What a proxy means that answers for itself."""
    if status == PROXY_LOGIN and has_login(proxy):
        return "the proxy does not take the name and the password that stand in its address"
    if status == PROXY_LOGIN:
        return "the proxy asks for a name and a password: http://NAME:PASSWORD@HOST:PORT in HTTPS_PROXY or its like"
    return f"the proxy opens no way there, and answers {status}; NO_PROXY names hosts that are reached without it"


def tell_reason(error: BaseException) -> str:
    """The innermost words of an error: the library wraps those of the system."""
    reason = _find_reason(error)
    if reason is not None:
        return tell_reason(reason)
    words = _CONNECTION.sub("", str(error)) or type(error).__name__
    return re.sub(r"//[^/@\s]*@", "//", words)[:300]


def _find_reason(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None) or (error.args[1] if len(error.args) > 1 else None)
    return reason if isinstance(reason, BaseException) else None


def _leads_nowhere(error: BaseException) -> bool:
    """Whether nothing listens there, or nobody knows the name; a proxy's as little as a registry's by another try."""
    import urllib3.exceptions

    if isinstance(error, urllib3.exceptions.NameResolutionError | ConnectionRefusedError):
        return True
    if isinstance(error.__cause__, ConnectionRefusedError):
        return True
    reason = _find_reason(error)
    return reason is not None and _leads_nowhere(reason)
