"""Whether the container's process is a Python program, as far as the config and the scripts it names tell."""

from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.commands import PASSED_ARGUMENTS, base_name, find_final_command, is_python, is_shell
from layerscope.facts.system.programs import Program, ProgramFinder
from layerscope.facts.system.script_extractor import EntryScriptExtractor, ScriptExtractor

PYTHON_PROGRAMS: Final = frozenset({
    "accelerate", "airflow", "bentoml", "celery", "chainlit", "daphne", "dagster", "deepspeed", "fastapi", "flask",
    "gradio", "gunicorn", "huggingface-cli", "hypercorn", "jupyter", "jupyter-lab", "jupyterhub", "langgraph",
    "litellm", "mlflow", "pip", "prefect", "pytest", "ray", "rq", "sglang", "streamlit", "torchrun", "trtllm-serve",
    "uvicorn", "uwsgi", "vllm", "wandb",
})  # fmt: skip
"""Commands that Python distributions install, for files that are not in the image or could not be read."""

FOLLOWED_SCRIPTS: Final = 4
"""Entry scripts that hand over to one another."""


class PythonProcess(Fact, frozen=True):
    """A Python program that the container starts.

    `program` is the word that showed it. `is_unbuffered` tells that `-u`, or the entry script itself, switches
    buffering off; the config's environment is a fact of its own.
    """

    program: str
    is_unbuffered: bool


class PythonProcessCollector(Collector):
    """Looks through shells, wrappers and entry scripts for the program that runs in the end."""

    name = "system.python-process"
    extractors = (ScriptExtractor(), EntryScriptExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the Python process, if the config starts one."""
        runtime = context.image.config.runtime
        fact = _follow(context, ProgramFinder(context), (*runtime.entrypoint, *runtime.cmd), FOLLOWED_SCRIPTS)
        if fact is not None:
            yield fact


def _follow(context: FactContext, finder: ProgramFinder, command: Sequence[str], depth: int) -> PythonProcess | None:
    """The Python process that a command becomes."""
    words = find_final_command(command)
    if not words or depth == 0:
        return None
    program = finder.find(words[0])
    python = _find_python(program, words)
    if python is not None or program.path is None:
        return python
    for handover, is_unbuffered in _read_entry_script(context, program):
        rest = words[1:] if handover == [PASSED_ARGUMENTS] else handover
        found = _follow(context, finder, rest, depth - 1)
        if found is not None:
            return PythonProcess(found.evidence, found.program, found.is_unbuffered or is_unbuffered)
    return None


def _find_python(program: Program, words: Sequence[str]) -> PythonProcess | None:
    """The process of a program that is an interpreter, a script for one, or known to be written in Python."""
    evidence = Evidence() if program.layer is None else Evidence(layer=program.layer, path=program.path)
    if is_python(words[0]):
        return PythonProcess(evidence, base_name(words[0]), _has_unbuffered(words[1:]))
    if program.shebang is not None:
        if is_python(program.shebang.program):
            return PythonProcess(evidence, base_name(words[0]), _has_unbuffered(program.shebang.options))
        return None
    if base_name(words[0]) in PYTHON_PROGRAMS and not is_shell(words[0]):
        return PythonProcess(evidence, base_name(words[0]), is_unbuffered=False)
    return None


def _has_unbuffered(words: Sequence[str]) -> bool:
    """Whether `-u` stands among the interpreter's own switches."""
    for word in words:
        if not word.startswith("-") or word.startswith("--") or word in {"-m", "-c", "-"}:
            return False
        if "u" in word[1:] and not word.startswith(("-W", "-X", "-m", "-c")):
            return True
    return False


def _read_entry_script(context: FactContext, program: Program) -> Iterator[tuple[list[str], bool]]:
    """The commands that an entry script hands over to, and whether it switches Python's buffering off."""
    kept = context.find_extract(EntryScriptExtractor.name, program.path or "")
    if isinstance(kept, dict):
        for command in kept.get("commands", []):
            yield [str(word) for word in command], bool(kept.get("unbuffered"))
