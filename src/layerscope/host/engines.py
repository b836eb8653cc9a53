"""The container engines of this host: which answer, what they are, and what they know of GPUs."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from layerscope.engine.client import connect
from layerscope.engine.endpoint import Endpoint, find_docker_endpoint, find_podman_endpoint
from layerscope.engine.log_driver import CURE, NONE, read_log_driver
from layerscope.errors import ConfigurationError, EngineError, NoEngineError
from layerscope.host.check import Area, Check, Sign
from layerscope.host.place import Host

PERMISSION: Final = "permission denied"
STARTED: Final = "whose service is not running, and is started for each call"

_FINDERS: Final[dict[str, Callable[[Mapping[str, str]], Endpoint]]] = {
    "docker": find_docker_endpoint,
    "podman": find_podman_endpoint,
}


@dataclass(frozen=True)
class EngineReport:
    """One engine: what it says of itself, or why it says nothing."""

    product: str
    place: str = ""
    name: str = ""
    storage: str = ""
    cgroup: str = ""
    runtimes: tuple[str, ...] = ()
    cdi_folders: tuple[str, ...] = ()
    log_driver: str = ""
    """What keeps the output of a container for which nobody names a driver."""
    warnings: tuple[str, ...] = ()
    problem: str = ""
    is_absent: bool = False
    """Whether simply nothing listens."""

    @property
    def answers(self) -> bool:
        """Whether it can be used."""
        return bool(self.name)


def find_engines(host: Host) -> tuple[EngineReport, ...]:
    """Ask docker and podman at once; one that does not answer in time is reported so."""
    found: dict[str, EngineReport] = {}

    def ask(product: str) -> None:
        found[product] = _ask_engine(product, host.environment)

    threads = [threading.Thread(target=ask, args=(product,), daemon=True) for product in _FINDERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(host.deadline)
    late = f"no answer within {host.deadline:g} s"
    return tuple(found.get(product) or EngineReport(product, problem=late) for product in _FINDERS)


def check_engines(host: Host, engines: tuple[EngineReport, ...]) -> Iterator[Check]:
    """How each engine stands."""
    for engine in engines:
        yield _check_engine(host, engine)


def _ask_engine(product: str, environment: Mapping[str, str]) -> EngineReport:
    try:
        endpoint = _FINDERS[product](environment)
        with connect(endpoint) as engine:
            answer = engine.fetch("/info", task="asking for the engine's state")
            info = answer if isinstance(answer, dict) else {}
            version = info.get("CgroupVersion")
            return EngineReport(
                product,
                place=str(endpoint) if engine.endpoint == endpoint else STARTED,
                name=engine.name,
                storage=str(info.get("Driver") or ""),
                cgroup=f"cgroup {version} by {info.get('CgroupDriver')}" if version else "",
                runtimes=_list_texts(info.get("Runtimes")),
                cdi_folders=_list_texts(info.get("CDISpecDirs")),
                log_driver=read_log_driver(info),
                warnings=_list_texts(info.get("Warnings")),
            )
    except NoEngineError as error:
        return EngineReport(product, place=error.place, problem=str(error), is_absent=True)
    except (EngineError, ConfigurationError) as error:
        return EngineReport(product, problem=str(error))


def _list_texts(value: Any) -> tuple[str, ...]:
    """The texts of a list, or the keys of an object; nothing of anything else."""
    return tuple(str(item) for item in value) if isinstance(value, list | dict) else ()


def _check_engine(host: Host, engine: EngineReport) -> Check:
    if engine.answers:
        says = ", ".join(filter(None, (engine.name, engine.place, engine.storage, engine.cgroup)))
        if engine.log_driver == NONE:
            says = f"{says}; its log driver is none: `docker logs` shows nothing of any container"
            return Check(Area.ENGINES, engine.product, Sign.DOUBT, says, cure=CURE)
        return Check(Area.ENGINES, engine.product, Sign.GOOD, says)
    if not engine.is_absent:
        is_refused = PERMISSION in engine.problem
        return Check(
            Area.ENGINES,
            engine.product,
            Sign.BAD,
            engine.problem,
            cure="join the group of its socket, and log in anew" if is_refused else "see its log",
            commands=("sudo usermod -aG docker $USER",) if is_refused else (f"journalctl -u {engine.product} | tail",),
        )
    if host.find_program(engine.product) is None:
        return Check(Area.ENGINES, engine.product, Sign.NOTE, "not installed; images elsewhere can be audited")
    return Check(
        Area.ENGINES,
        engine.product,
        Sign.DOUBT,
        f"installed, and nothing listens at {engine.place}",
        cure="start it, to audit its images by name",
        commands=(_tell_start(engine),),
    )


def _tell_start(engine: EngineReport) -> str:
    """The command that makes an engine listen, for the user or for the system."""
    if engine.product == "docker":
        return "sudo systemctl start docker"
    is_users = "/run/user/" in engine.place
    return f"{'systemctl --user' if is_users else 'sudo systemctl'} enable --now podman.socket"
