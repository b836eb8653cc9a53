"""Whether an engine keeps what its containers print."""

from typing import Any, Final

from layerscope.engine.client import Engine
from layerscope.errors import EngineError

NONE: Final = "none"
"""The one driver that nothing can be read back from: beside any other, Docker keeps a copy of its own since 20.10.

https://docs.docker.com/engine/logging/dual-logging/ -- that the copy is switched off, no engine says.
"""

CURE: Final = "set log-driver in daemon.json, or start the container with --log-driver local"


def read_log_driver(info: Any) -> str:
    """The driver of a container for which nobody names one, out of the engine's account; empty where it is not said."""
    driver = info.get("LoggingDriver") if isinstance(info, dict) else None
    return driver if isinstance(driver, str) else ""


def tell_lost_logs(engine: Engine) -> str:
    """That the engine keeps no output of any container; empty where it does, or does not say."""
    try:
        driver = read_log_driver(engine.fetch("/info", task="asking the engine how it keeps logs"))
    except EngineError:
        return ""
    if driver != NONE:
        return ""
    return f"this engine's log driver is none: `docker logs` shows nothing of an image, whatever it prints; {CURE}"
