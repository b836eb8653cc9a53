"""Examining this host: everything that a container with a GPU depends on, asked with deadlines, nothing required."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from layerscope.host.check import Check
from layerscope.host.driver import DriverReport, find_driver
from layerscope.host.engines import EngineReport, check_engines, find_engines
from layerscope.host.gpu_checks import check_gpu, suggest_options
from layerscope.host.place import Host
from layerscope.host.store import check_store
from layerscope.host.system import check_system
from layerscope.host.toolkit import check_toolkit


@dataclass(frozen=True)
class HostReport:
    """What was found on a host."""

    checks: tuple[Check, ...]
    driver: DriverReport
    engines: tuple[EngineReport, ...]
    audit_options: tuple[tuple[str, ...], ...]
    """Options that make an audit ask about this host, one set for each kind of GPU."""


def examine_host(
    host: Host, *, cache: Path, cache_size: int, now: datetime, knows: Callable[[str, str | None], bool]
) -> HostReport:
    """Examine everything; never raises for what the host lacks.

    `knows` tells whether audits know a GPU by a name, and with that compute capability.
    """
    engines = find_engines(host)
    driver = find_driver(host)
    checks = (
        *check_engines(host, engines),
        *check_gpu(host, driver),
        *check_toolkit(host, driver, engines),
        *check_system(host, now=now),
        *check_store(cache, cache_size),
    )
    return HostReport(checks, driver, engines, suggest_options(driver, knows))
