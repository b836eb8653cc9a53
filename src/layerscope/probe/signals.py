"""Ends of processes in words: signals, and the exit codes that stand for them."""

import signal
from typing import Final

_MEANINGS: Final = {
    "SIGILL": "the processor lacks an instruction that the program uses (SIGILL)",
    "SIGABRT": "the program gave up by itself (SIGABRT)",
    "SIGBUS": "memory behind a file or /dev/shm was not there (SIGBUS)",
    "SIGFPE": "an arithmetic error (SIGFPE)",
    "SIGKILL": "something ended it at once (SIGKILL): often the kernel, for want of memory",
    "SIGSEGV": "a memory error in native code (SIGSEGV)",
    "SIGSYS": "a system call that the seccomp profile forbids (SIGSYS)",
    "SIGTERM": "it was asked to end (SIGTERM)",
}

_SHELL_BASE: Final = 128


def explain_signal(end: str | int | None) -> str:
    """What a signal's name, or an exit code above 128, means; nothing for any other."""
    if isinstance(end, int):
        try:
            end = signal.Signals(end - _SHELL_BASE).name if end > _SHELL_BASE else None
        except ValueError:
            return ""
    if not end:
        return ""
    return _MEANINGS.get(end, f"a signal ended it ({end})")
