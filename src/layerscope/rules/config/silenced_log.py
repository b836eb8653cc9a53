"""CONF017: the image keeps its programs from telling what goes wrong."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.config.environment import Environment
from layerscope.facts.config.process import Process
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.commands import find_server_command
from layerscope.facts.system.model_words import split_commands, split_words
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.log_levels import QuietLevel, find_quiet_option, find_quiet_variable, is_general, sets_level
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity


class SilencedLog(Rule):
    """The image keeps its programs from telling what goes wrong.

    What it checks: The level of a log, as the environment (`LOG_LEVEL`, `LOGLEVEL`, `…_LOG_LEVEL`,
        `VLLM_LOGGING_LEVEL`, `TRANSFORMERS_VERBOSITY`, `HF_HUB_VERBOSITY`, `RUST_LOG`) or the command
        (`--log-level`, `--uvicorn-log-level`) sets it: `error` hides warnings, `critical`, `fatal`, `off` and `none`
        hide errors as well. Of several commands the last one counts that is no helper of the shell.
    Why it matters: A container that says nothing is the hardest to help. That tensors of a checkpoint are missing and
        were made up, that a GPU is not used, or that a retry is on its way is told by warnings alone; without errors,
        a failing request leaves no trace.
    Example: `ENV VLLM_LOGGING_LEVEL=CRITICAL`, and `docker logs` is empty while every request ends with 500.
    Remedy: Set the program's usual level: `info`, for transformers, huggingface_hub, and the libraries of PyTorch and
        UCX `warning`.
    Fix safety: Review: logs grow, and at `info` some servers write what they are asked.
    Blind spots: Levels that a program sets itself, numbers, files with settings of logs, filters of single modules
        (`RUST_LOG=a=error`), and options in scripts are not seen. Programs that install or test (npm, pip, poetry,
        cypress) and the list of requests (`ACCESS_LOG_LEVEL`) are left out. What a variable of an unknown program
        means is told by its name alone; where the command says a level itself (`--log-level info`), nothing is said of
        it, since that usually wins, but of variables that are known to be heeded beside it.
    References: huggingface.co, "Logging" of transformers; docs.vllm.ai, "Environment Variables"; uvicorn.org,
        "Settings"; docs.rs/env_logger; docs.pytorch.org, "Debugging Environment Variables"; openucx/ucx wiki,
        "Logging".
    """

    code: ClassVar[str] = "CONF017"
    covers: ClassVar[tuple[int, ...]] = (122, 123, 124)
    severity: ClassVar[Severity] = Severity.LOW
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (Environment, Process)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each variable, and one for the command."""
        environment, process = facts.find(Environment), facts.find(Process)
        commands = split_commands(split_words(process.command)) if process is not None else ()
        words = find_server_command(commands)
        for name, value in sorted(
            {each.name: each.value for each in environment.variables}.items() if environment else ()
        ):
            level = find_quiet_variable(name, value)
            if level is not None and not (is_general(name) and sets_level(words)):
                yield self._tell(f"The image sets {name}={value}", level, _set_variable(name, level))
        found = find_quiet_option(words)
        if found is not None:
            option, level = found
            yield self._tell(f"The image's command says {option} {level.value}", level, _set_option(option, level))

    def _tell(self, what: str, level: QuietLevel, fix: Fix) -> Finding:
        """What is hidden, and how grave that is."""
        hidden = "errors and warnings are" if level.hides_errors else "warnings are"
        severity = Severity.MEDIUM if level.hides_errors else self.severity
        return self.finding(f"{what}: {hidden} not told", Evidence(), severity=severity, fixes=(fix,))


def _set_variable(name: str, level: QuietLevel) -> Fix:
    """The usual level in the environment."""
    return Fix(
        f"Set {name} to {level.better}",
        (f"ENV {name}={level.better}   in the final stage, or docker run --env {name}={level.better} for a while",),
        kind=FixKind.CONFIG_EDIT,
        edits=(SetVariable(name, level.better),),
    )


def _set_option(option: str, level: QuietLevel) -> Fix:
    """The usual level in the command, which nothing here writes: its words may be a shell's."""
    return Fix(
        f"Start with {option} {level.better}",
        (f"In the CMD or ENTRYPOINT: {option} {level.better} in the place of {option} {level.value}",),
        kind=FixKind.CONFIG_EDIT,
    )
