"""Fuzzes one target with libFuzzer, guided by the coverage of its code: `python -m fuzz.one TARGET [OPTION | FILE]…`.

Runs under a ceiling on memory, in a process of its own, since libFuzzer ends the process. Options are libFuzzer's.
"""

import resource
import sys
from pathlib import Path
from typing import Final

import atheris

from fuzz.targets import load_target

ADDRESS_SPACE: Final = 512 << 20
"""Bytes of address space that reading may add to what the process has before the first input."""


def main() -> None:
    """Fuzz until libFuzzer's own limits end it."""
    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["layerscope.formats"], enable_loader_override=False):
        target = load_target(name)

    def try_input(content: bytes) -> None:
        target.try_input(content)

    atheris.Setup([sys.argv[0], *options], try_input)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
