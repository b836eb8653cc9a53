"""Progress of long work, told to whoever draws it; silent by default."""

from typing import Protocol


class Progress(Protocol):
    """Receives progress; an implementer must be callable from several threads at once."""

    def start(self, key: str, label: str, total: int | None) -> None:
        """Announce a piece of work, with its size in bytes where known."""

    def advance(self, key: str, amount: int) -> None:
        """Tell that `amount` more bytes of it are done."""

    def finish(self, key: str) -> None:
        """Tell that it is over."""

    def note(self, message: str) -> None:
        """Tell one sentence about what is being done now."""

    def wait(self, message: str, seconds: float) -> None:
        """Tell that something failed and is tried again after so many seconds; a forked process may call it too."""


class SilentProgress:
    """Progress that nobody watches."""

    def start(self, key: str, label: str, total: int | None) -> None:
        """Ignore the announcement."""

    def advance(self, key: str, amount: int) -> None:
        """Ignore the amount."""

    def finish(self, key: str) -> None:
        """Ignore the end."""

    def note(self, message: str) -> None:
        """Ignore the sentence."""

    def wait(self, message: str, seconds: float) -> None:
        """Ignore the failure."""
