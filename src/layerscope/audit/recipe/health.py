"""Health: what asks the server whether it is ready, and for how long its start is waited; times only as measured."""

import shlex
from collections.abc import Iterator
from math import ceil
from typing import Any, Final

from layerscope.audit.recipe.ground import Ground, MeasuredStart, of_config, of_finding, of_probe
from layerscope.audit.recipe.ports import is_closed
from layerscope.facts.config.process import Process
from layerscope.formats.secret_text import redact_words
from layerscope.image.config import Healthcheck
from layerscope.recipe.kubernetes import escape_references
from layerscope.recipe.setting import LeftOut, Setting, Source
from layerscope.rules.config.missing_health_check import MissingHealthCheck

PERIOD: Final = 10
"""Seconds between two questions of a startup probe: Kubernetes' own."""

MARGIN: Final = 3
"""By which a measured start is multiplied: other disks and a first fetch are slower."""

LEAST: Final = 3
"""Questions that are asked at least."""

LONGEST_TEST: Final = 4096
"""Characters of a health check that are told; most have fewer than a hundred."""

TLS_FLAGS: Final = ("--ssl-keyfile", "--ssl-certfile", "--tls-cert", "--ssl-key")
NOT_MEASURED: Final = "the start was not measured: --probe measures it here, --read takes the log of a probe elsewhere"


def derive_health(ground: Ground) -> Iterator[Setting | LeftOut]:
    """For engines that read the image's own check nothing but the start, and for Kubernetes a probe."""
    check = ground.runtime.healthcheck
    has_check = check is not None and bool(check.test) and not check.is_disabled
    if has_check and check is not None:
        where = of_config("Healthcheck")
        yield LeftOut("a health check", "engines run the image's own", where, forms=("docker", "compose"))
    else:
        yield from _derive_check(ground)
    action, told, source = _choose_action(ground, check if has_check else None)
    if not action:
        yield LeftOut("Kubernetes probes", told, forms=("kubernetes",))
        return
    yield Setting("readiness", told, source, container={"readinessProbe": action})
    yield from _derive_start(ground.start, action, has_own=has_check)
    reason = "how long an answer takes under load was not measured, and a strict probe restarts a server that is busy"
    yield LeftOut("a liveness probe", reason, forms=("kubernetes",))


def _choose_action(ground: Ground, check: Healthcheck | None) -> tuple[dict[str, Any], str, Source | None]:
    """What a probe of Kubernetes does, or why there is none."""
    server = ground.server
    if server is not None and server.health and server.port and not _speaks_tls(ground) and not is_closed(ground):
        told = f"{server.name} ({server.how}) tells on {server.health[0]} that its model is loaded"
        return {"httpGet": {"path": server.health[0], "port": server.port}}, told, of_config("Cmd")
    words = _read_test(ground, check)
    if words and (words != list(redact_words(words)) or sum(map(len, words)) > LONGEST_TEST):
        return {}, "the image's HEALTHCHECK holds what may be a credential, or is too long to be told here", None
    if words:
        told = "Kubernetes does not read the image's HEALTHCHECK, which asks so"
        return {"exec": {"command": [escape_references(each) for each in words]}}, told, of_config("Healthcheck")
    if server is not None and server.health and is_closed(ground):
        return {}, "the server listens on 127.0.0.1 alone, where no probe reaches it", None
    if server is not None and server.health:
        return {}, f"{server.name} speaks TLS, and what a probe would have to trust is not known", None
    return {}, "no health path of the image's server is known, and the image has no HEALTHCHECK", None


def _read_test(ground: Ground, check: Healthcheck | None) -> list[str]:
    """The words of the image's health check, a shell's text with its shell."""
    if check is None:
        return []
    kind, *words = check.test
    if kind == "CMD-SHELL" and words:
        return [*(ground.runtime.shell or ("/bin/sh", "-c")), words[0]]
    return words if kind == "CMD" else []


def _derive_start(start: MeasuredStart | None, action: dict[str, Any], *, has_own: bool) -> Iterator[Setting | LeftOut]:
    """How long the start may take, where it was measured; Kubernetes' own 30 s would end what loads longer."""
    if start is None:
        yield LeftOut("times of the start", f"{NOT_MEASURED}; without it there is no startupProbe and no start period")
        return
    waited = ceil(start.healthy * MARGIN)
    failures = max(LEAST, ceil(waited / PERIOD))
    told = (
        f"measured: it listened after {start.listening:.1f} s and was healthy after {start.healthy:.1f} s; "
        f"{MARGIN} times as long is waited"
    )
    probe = {**action, "periodSeconds": PERIOD, "failureThreshold": failures}
    period = f"{max(waited, PERIOD)}s"
    yield Setting(
        "start",
        told,
        of_probe("listen, health"),
        docker=(("--health-start-period", period),),
        compose={"healthcheck": {"start_period": period}},
        container={"startupProbe": probe},
    )
    if has_own:
        reason = "the start period of the image's own check is given anew, and all else of it holds"
        source = of_config("Healthcheck")
        yield LeftOut("other times of the health check", reason, source, forms=("docker", "compose"))


def _derive_check(ground: Ground) -> Iterator[Setting | LeftOut]:
    """A check for engines, by a program that the image has; the server is asked from inside."""
    server = ground.server
    if server is None or not server.health or not server.port or _speaks_tls(ground):
        reason = "the image has none, and no health path of its server is known"
        yield LeftOut("a health check", reason, forms=("docker", "compose"))
        return
    words = _choose_client(ground, f"http://127.0.0.1:{server.port}{server.health[0]}")
    if not words:
        reason = "the image has neither curl nor wget nor Python to ask with"
        yield LeftOut("a health check", reason, forms=("docker", "compose"))
        return
    has_shell = ground.has_program("sh")
    yield Setting(
        "health",
        f"the image has no HEALTHCHECK; {server.name} ({server.how}) answers there, and {words[0]} is in the image",
        of_finding(MissingHealthCheck.code),
        docker=(("--health-cmd", shlex.join(words)),) if has_shell else (),
        compose={"healthcheck": {"test": ["CMD", *words]}},
    )
    if not has_shell:
        reason = "docker runs it by /bin/sh, which the image does not have"
        yield LeftOut("--health-cmd", reason, forms=("docker",))


def _choose_client(ground: Ground, url: str) -> list[str]:
    """A command that fails unless the address answers well."""
    process = ground.facts.find(Process)
    client = next(iter(process.clients), "") if process is not None else ""
    if client == "curl":
        return ["curl", "-fsS", "-o", "/dev/null", url]
    if client == "wget":
        return ["wget", "-q", "-O", "/dev/null", url]
    return [client, "-c", f"import urllib.request; urllib.request.urlopen('{url}', timeout=10)"] if client else []


def _speaks_tls(ground: Ground) -> bool:
    """Whether a flag of the command gives the server a key of its own."""
    words = (*ground.runtime.entrypoint, *ground.runtime.cmd)
    return any(flag in word for word in words for flag in TLS_FLAGS)
