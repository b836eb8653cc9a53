"""What a registry refuses, told in its own words."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from layerscope.errors import TransferError
from layerscope.sources.registry.transport import PASSING, Answer

_BAD_REQUEST: Final = 400
_NOT_FOUND: Final = 404
_SPEAKS_TLS: Final = b"HTTP request to an HTTPS server"
"""Go's server, which registries run on, says so."""

SHOWN_ERRORS: Final = 3
"""Errors of one answer that are repeated."""

_QUERY: Final = re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*")
"""The query of an address, which may be a credential."""


class TlsExpectedError(TransferError):
    """A registry was asked in the clear and speaks TLS."""


class PassingRefusalError(TransferError):
    """The registry could not answer now; another try may do better, after a while if it says so."""

    def __init__(self, message: str, retry_after: str | None = None) -> None:
        """Keep what the registry said of when to come again."""
        super().__init__(message)
        self.retry_after = retry_after


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Errors(msgspec.Struct):
    errors: list[_Error]


def expect(answer: Answer, status: int, task: str) -> None:
    """Raise what an answer refuses unless it has that status."""
    if answer.status == status:
        return
    if answer.status == _BAD_REQUEST and _SPEAKS_TLS in answer.body:
        raise TlsExpectedError(f"{task}: it speaks TLS")
    raise make_refusal(answer.status, task, say(answer), answer.headers.get("retry-after"))


def make_refusal(status: int, task: str, said: str, retry_after: str | None = None) -> TransferError:
    """The error for an answer of that status."""
    if status == _NOT_FOUND:
        return TransferError(f"{task}: it is not there{said}")
    if status >= 500 or status in PASSING:  # noqa: PLR2004 - a server's own failures
        return PassingRefusalError(f"{task}: answered {status}{said}", retry_after)
    return TransferError(f"{task}: answered {status}{said}")


def say(answer: Answer) -> str:
    """The registry's own words, where it has some."""
    words = "; ".join(error.message or error.code for error in _read_errors(answer.body))
    return f" ({_QUERY.sub('', words)[:300]})" if words else ""


def conceal_words(body: bytes, conceal: Callable[[str], str]) -> bytes:
    """The body of a refusal without what `conceal` strikes out, however its JSON spells that."""
    errors = _read_errors(body)
    if not errors:
        return conceal(body.decode("utf-8", "replace")).encode()
    return msgspec.json.encode(_Errors([_Error(conceal(error.code), conceal(error.message)) for error in errors]))


def _read_errors(body: bytes) -> list[_Error]:
    """The first errors that a body lists: https://github.com/opencontainers/distribution-spec, "Error Codes"."""
    try:
        return msgspec.json.decode(body, type=_Errors).errors[:SHOWN_ERRORS]
    except msgspec.MsgspecError:
        return []
