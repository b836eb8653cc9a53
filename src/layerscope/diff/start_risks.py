"""Risks of how the process starts: platform, user, entrypoint, variables, ports, volumes, health check."""

from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.diff import traits
from layerscope.diff.change import ValueChange
from layerscope.diff.risk import Grounds, Risk, RiskLevel, tell_change
from layerscope.diff.risk_kinds import RiskKind

_STARTS: Final = {"config.Entrypoint": "entrypoint", "config.Cmd": "command", "config.WorkingDir": "working directory"}
_PLATFORM: Final = frozenset({"architecture", "os", "variant"})
_VARIABLES: Final = frozenset({
    "CUDA_VISIBLE_DEVICES", "HF_HOME", "HF_HUB_OFFLINE", "LD_LIBRARY_PATH", "LD_PRELOAD", "NVIDIA_DISABLE_REQUIRE",
    "NVIDIA_DRIVER_CAPABILITIES", "NVIDIA_REQUIRE_CUDA", "NVIDIA_VISIBLE_DEVICES", "PATH", "PYTHONHOME", "PYTHONPATH",
})  # fmt: skip
"""Variables that decide which libraries, modules and GPUs a program gets."""

_ENVIRONMENT, _PORTS, _VOLUMES = "config.Env.", "config.ExposedPorts.", "config.Volumes."
_HEALTH, _TEST = "config.Healthcheck", "config.Healthcheck.Test"


def iter_start_risks(grounds: Grounds) -> Iterator[Risk]:
    """What starts the container in another way."""
    yield from _iter_user_risks(grounds)
    health = [change for change in grounds.config if change.name.startswith(_HEALTH)]
    if health:
        yield Risk(RiskLevel.RISKY, RiskKind.HEALTH_CHECK_CHANGED, _tell_health(health))
    for change in grounds.config:
        if (risk := _find_risk(change)) is not None:
            yield risk


def _iter_user_risks(grounds: Grounds) -> Iterator[Risk]:
    user = grounds.find_trait(traits.USER)
    if user is None:
        return
    is_root = user.after is not None and traits.is_root(user.after)
    level, kind = (
        (RiskLevel.BREAKS, RiskKind.ROOT_USER)
        if is_root and not (user.before is not None and traits.is_root(user.before))
        else (RiskLevel.RISKY, RiskKind.USER_CHANGED)
    )
    yield Risk(level, kind, tell_change("the user", user.before, user.after))


def _tell_health(changes: Sequence[ValueChange]) -> str:
    """What became of the health check, by the command that it runs."""
    test = next((change for change in changes if change.name == _TEST), None)
    if test is not None and test.before is None:
        return "a health check is declared"
    return "the health check is gone" if test is not None and test.after is None else "the health check is another one"


def _find_risk(change: ValueChange) -> Risk | None:
    """The risk of one key of the config."""
    name = change.name
    if name in _PLATFORM:
        return Risk(
            RiskLevel.BREAKS, RiskKind.PLATFORM_CHANGED, tell_change(f"the {name}", change.before, change.after)
        )
    if name in _STARTS:
        text = tell_change(f"the {_STARTS[name]}", change.before, change.after)
        return Risk(RiskLevel.RISKY, RiskKind.START_CHANGED, text)
    if name.startswith(_ENVIRONMENT) and name.removeprefix(_ENVIRONMENT) in _VARIABLES:
        text = tell_change(name.removeprefix(_ENVIRONMENT), change.before, change.after)
        return Risk(RiskLevel.RISKY, RiskKind.VARIABLE_CHANGED, text)
    for prefix, kind, noun, ways in _SETS:
        if name.startswith(prefix):
            way = ways[0] if change.before is None else ways[1]
            return Risk(RiskLevel.RISKY, kind, f"{noun} {name.removeprefix(prefix)} is {way}")
    return None


_SETS: Final = (
    (_PORTS, RiskKind.PORT_CHANGED, "port", ("exposed", "no longer exposed")),
    (_VOLUMES, RiskKind.VOLUME_CHANGED, "volume", ("declared", "no longer declared")),
)
