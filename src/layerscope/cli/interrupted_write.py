"""An image that is where it was to be although the work was stopped: whoever stopped it is told."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from layerscope.cli.console import Console
from layerscope.errors import SourceError, UsageError
from layerscope.fixes.builds.workplace import LATE, PAUSE
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.destinations.engine import EngineDestination


@contextmanager
def tell_interrupted(destination: Destination, console: Console) -> Iterator[None]:
    """Where a signal stops the work, look whether a place that was free has the image, and say so."""
    try:
        yield
    except Exception:
        raise
    except BaseException:
        if _is_taken(destination):
            console.complain(f"{destination.where} is there all the same: it was written before the work was stopped")
        raise


def _is_taken(destination: Destination) -> bool:
    """Whether the image is there, or comes a moment later, as an engine may end what nobody waits for any more."""
    deadline = time.monotonic() + (LATE if isinstance(destination, EngineDestination) else 0.0)
    while True:
        try:
            destination.check()
        except UsageError:
            return True
        except SourceError:
            return False
        if time.monotonic() >= deadline:
            return False
        time.sleep(PAUSE)
