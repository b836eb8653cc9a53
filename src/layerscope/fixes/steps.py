"""The steps of a fix as text: which are instructions or commands to be copied, and which are told in words."""

import re
from typing import Final

REMARK: Final = "   "
"""What stands between a command and the remark after it."""

_INSTRUCTION: Final = re.compile(
    r"FROM [^\s,]+(?: AS \S+)?\Z|(?:RUN|COPY|ADD|ENV|USER|WORKDIR|ENTRYPOINT|CMD|HEALTHCHECK|LABEL|ARG|SHELL) \S"
)
_COMMAND: Final = re.compile(r"(?:docker|skopeo|crane|nerdctl|layerscope|sudo) [a-z-]")
_JOINED: Final = re.compile(r", (?:and|or)\b")
"""Words between two commands: such a step is read, not copied."""


def read_command(step: str) -> str:
    """The instruction or command of a step, without the remark after it."""
    return step.partition(REMARK)[0].strip()


def read_remark(step: str) -> str:
    """The remark after a command; empty where there is none."""
    remark = step.partition(REMARK)[2].strip()
    return remark[1:-1] if remark.startswith("(") and remark.endswith(")") and remark.count("(") == 1 else remark


def is_instruction(step: str) -> bool:
    """Whether a step is a line of a Dockerfile."""
    command = read_command(step)
    return _INSTRUCTION.match(command) is not None and _JOINED.search(command) is None


def is_command(step: str) -> bool:
    """Whether a step is a line of a Dockerfile or of a shell."""
    command = read_command(step)
    return is_instruction(step) or (_COMMAND.match(command) is not None and _JOINED.search(command) is None)
