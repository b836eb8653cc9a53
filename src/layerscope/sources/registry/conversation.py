"""Requests to one registry by whom it knows us as: what it asks of us is answered, and a refusal is told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from layerscope.errors import LoginError, TransferError
from layerscope.sources.registry.login import Login
from layerscope.sources.registry.origin import Origin
from layerscope.sources.registry.refusal import conceal_words, say
from layerscope.sources.registry.transport import ATTEMPTS, Answer, Transport

LOGINS: Final = 2
"""Times that one request may be answered by a demand to log in: once at first, once where a token ran out."""

_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403


class Conversation:
    """Asks a registry, and the places that it leads to; safe to use from several threads."""

    def __init__(self, transport: Transport, login: Login) -> None:
        """Connect to nothing yet."""
        self._transport = transport
        self._login = login
        transport.conceal = login.conceal
        self.home = transport.home

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        task: str,
        *,
        body: bytes | memoryview | None = None,
        attempts: int = ATTEMPTS,
        patience: float | None = None,
    ) -> Answer:
        """Send a request and read its answer; raises LoginError where the registry does not let us in."""
        for _ in range(LOGINS + 1):
            sent = self.identify(url, task)
            with self.concealing():
                answer = self._transport.read(
                    method, url, headers={**headers, **sent}, task=task, body=body, attempts=attempts, patience=patience
                )
            if answer.status >= _BAD_REQUEST:  # what it says then is repeated to a person
                answer = replace(answer, body=conceal_words(answer.body, self.conceal))
            if answer.status == _FORBIDDEN and answer.origin == self.home:
                raise self.make_refusal(task, say(answer))
            if answer.status != _UNAUTHORIZED:
                return answer
            self.log_in(answer.challenges, answer.origin, sent, task)
        raise self.make_refusal(task, say(answer))

    def identify(self, url: str, task: str) -> dict[str, str]:
        """The header that says who we are, as far as is known: for the registry itself and nobody else."""
        return self._login.headers() if Origin.of(url, task=task) == self.home else {}

    def log_in(self, challenges: tuple[str, ...], origin: Origin, sent: dict[str, str], task: str) -> None:
        """Log in where the registry itself asks; nobody else is told who we are."""
        if origin != self.home:
            raise TransferError(f"{task}: {origin.host}, where it leads, asks who we are, and is not told")
        with self.concealing():
            self._login.answer(challenges, sent, task=task)

    def conceal(self, text: str) -> str:
        """A text without anything that lets somebody in."""
        return self._login.conceal(text)

    @contextmanager
    def concealing(self) -> Iterator[None]:
        """Strike what lets somebody in out of an error that says where the registry led: it may lead there by it."""
        try:
            yield
        except TransferError as error:
            words = self.conceal(str(error))
            if words == str(error):
                raise
            error.args = (words,)
            raise error from None

    def make_refusal(self, task: str, said: str = "") -> LoginError:
        """The error for not being let in; it says which credentials were tried."""
        return LoginError(f"{task}: refused, {self._login.describe()}{said}")
