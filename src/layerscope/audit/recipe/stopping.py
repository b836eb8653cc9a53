"""Stopping: whether the first process hears that it is to end, and what signal and how much time it gets."""

from collections.abc import Iterator
from typing import Final

from layerscope.audit.recipe.ground import Ground, of_config
from layerscope.facts.system.commands import base_name, find_shell_script, is_python, split_commands
from layerscope.recipe.setting import LeftOut, Setting

INITS: Final = frozenset({"tini", "tini-static", "docker-init", "dumb-init", "catatonit", "s6-svscan", "init"})
"""Programs that hand signals on."""


def derive_stopping(ground: Ground) -> Iterator[Setting | LeftOut]:
    """An init where the first process does not hand on, or does not hear, that it is to end."""
    signal = ground.runtime.stop_signal
    if signal:
        yield LeftOut("a stop signal", f"the image's own, {signal}, applies in every engine", of_config("StopSignal"))
    reason = "how long it takes to end was not measured: 10 s pass in docker and compose, and 30 s in Kubernetes"
    yield LeftOut("a grace period", reason)
    why = _tell_deaf(ground)
    if why:
        yield Setting(
            "init",
            why,
            of_config("Entrypoint" if ground.runtime.entrypoint else "Cmd"),
            docker=(("--init",),),
            compose={"init": True},
            pod={"shareProcessNamespace": True},
        )


def _tell_deaf(ground: Ground) -> str:
    """Why the first process would not end when it is asked to; empty where it does, or where that is not known."""
    command = (*ground.runtime.entrypoint, *ground.runtime.cmd)
    if not command or base_name(command[0]) in INITS:
        return ""
    script = find_shell_script(command)
    if script is not None:
        commands = split_commands(script)
        is_left = len(commands) > 1 and commands[-1][:1] != ["exec"]
        if is_left and base_name(command[0]) != "bash":  # which becomes its last command by itself, from 5.1 on
            return "the shell of the command stays the first process, and hands no signal on: only a kill would end it"
        return ""
    if is_python(command[0]) and ground.server is None and not ground.runtime.stop_signal:
        return "the first process is a Python, which ends on SIGTERM only where its program says so, or behind an init"
    return ""
