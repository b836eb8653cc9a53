"""Whether the container's process is a Python program, as far as the config and the scripts it names tell."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.commands import base_name, find_final_command, is_python, is_shell
from layerscope.facts.system.programs import Program, ProgramFinder
from layerscope.facts.system.script_extractor import EntryScriptExtractor, ScriptExtractor
from layerscope.facts.system.started_commands import find_started

PYTHON_PROGRAMS: Final = frozenset({
    "accelerate", "airflow", "bentoml", "celery", "chainlit", "daphne", "dagster", "deepspeed", "fastapi", "flask",
    "gradio", "gunicorn", "huggingface-cli", "hypercorn", "jupyter", "jupyter-lab", "jupyterhub", "langgraph",
    "litellm", "mlflow", "pip", "prefect", "pytest", "ray", "rq", "sglang", "streamlit", "torchrun", "trtllm-serve",
    "uvicorn", "uwsgi", "vllm", "wandb",
})  # fmt: skip
"""Commands that Python distributions install, for files that are not in the image or could not be read."""


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
        finder = ProgramFinder(context)
        for command, is_unbuffered in _iter_commands(context):
            words = find_final_command(command)
            found = _find_python(finder.find(words[0]), words) if words else None
            if found is not None:
                yield replace(found, is_unbuffered=found.is_unbuffered or is_unbuffered)
                return


def _iter_commands(context: FactContext) -> Iterator[tuple[Sequence[str], bool]]:
    """What the process starts as and becomes, and whether a script on the way switches Python's buffering off."""
    runtime = context.image.config.runtime
    yield (*runtime.entrypoint, *runtime.cmd), False
    for each in context.shared(find_started):
        if each.is_handover:
            yield each.words, each.is_unbuffered


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
