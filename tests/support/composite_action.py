"""A composite action, run step by step as a runner of GitHub does it.

https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#runs-for-composite-actions
"""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

BASH: Final = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""What `shell: bash` stands for, with the script as a file behind it."""

_EXPRESSION: Final = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
_HIDDEN: Final = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
"""Variables of a test run that a runner has not."""


@dataclass(frozen=True)
class ActionRun:
    """How an action ended, what its steps printed, its outputs and the summary of the job."""

    code: int
    printed: str
    outputs: Mapping[str, str]
    summary: str


def run_action(
    action: Path, workspace: Path, *, used: Mapping[str, str], environment: Mapping[str, str], **inputs: str
) -> ActionRun:
    """Run an action in the folder of a job; the steps that use another action have what that would put out.

    `used` are those outputs, as `steps.python.outputs.python-path`, and `environment` are the variables of the job.
    """
    document: dict[str, Any] = yaml.safe_load(action.read_text())
    values = {f"inputs.{name}": str(each.get("default", "")) for name, each in document["inputs"].items()}
    values |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
    values |= {"github.action_path": str(action.parent), **used}
    temporary = workspace.parent / "runner"
    temporary.mkdir(exist_ok=True)
    summary, printed, code = temporary / "summary", "", 0
    for number, step in enumerate(document["runs"]["steps"]):
        if "run" not in step or code:
            continue
        output, script = temporary / f"output-{number}", temporary / f"{number}.sh"
        output.touch()
        script.write_text(_fill(step["run"], values))
        own = {name: _fill(text, values) for name, text in step.get("env", {}).items()}
        files = {"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary, "RUNNER_TEMP": temporary}
        variables = {name: value for name, value in environment.items() if name not in _HIDDEN}
        variables |= {name: str(path) for name, path in files.items()} | {"GITHUB_ACTIONS": "true", "CI": "true"}
        done = subprocess.run(
            [*BASH, str(script)], cwd=workspace, env=variables | own, capture_output=True, text=True, check=False
        )
        code, printed = done.returncode, f"{printed}{done.stdout}{done.stderr}"
        told = (line.partition("=") for line in output.read_text().splitlines())
        values |= {f"steps.{step.get('id', number)}.outputs.{name}": value for name, _, value in told}
    outputs = {name: _fill(each["value"], values) for name, each in document.get("outputs", {}).items()}
    return ActionRun(code, printed, outputs, summary.read_text() if summary.exists() else "")


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of expressions; an output that no step gave is empty, as for a runner."""
    return _EXPRESSION.sub(lambda found: values.get(found[1], ""), text)
