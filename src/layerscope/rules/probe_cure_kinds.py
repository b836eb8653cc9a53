"""What a probe's cure changes, told from its words: cures of a broken run come as sentences, from tables and causes."""

import re
from typing import Final

from layerscope.rules.fix import FixKind

_HOST: Final = re.compile(
    r"\bsudo |\bdriver of the host\b|\b[Uu]pdate the driver\b|\bnvidia-(?:smi|ctk)\b|\bdmesg\b"
    r"|\b[Oo]n the host\b|\bdaemon\.json\b"
)
_RUN: Final = re.compile(r"\bdocker (?:run|restart)\b|\bRun it with\b")
_REBUILD: Final = re.compile(r"\bdocker (?:build|buildx build|pull|push)\b")
_BUILD: Final = re.compile(
    r"\b(?:RUN|COPY|FROM) |\b(?:pip|uv|conda|apt-get|dnf|apk|sed|patchelf|hf|git) |\b[Ii]nstall\b|_config\.json"
)
_CONFIG: Final = re.compile(r"\bENV [A-Z]|\b[A-Z]+_[A-Z0-9_]+=|\bPYTHON[A-Z]+=")
_FLAG: Final = re.compile(r"(?:^|[\s(])--?[a-z]")

_WORDS: Final = (
    (FixKind.HOST_ACTION, _HOST),
    (FixKind.RUN_FLAGS, _RUN),
    (FixKind.REBUILD, _REBUILD),
    (FixKind.DOCKERFILE_EDIT, _BUILD),
    (FixKind.CONFIG_EDIT, _CONFIG),
    (FixKind.RUN_FLAGS, _FLAG),
)
"""The first that fits decides."""


def find_cure_kind(cure: str) -> FixKind:
    """What a cure changes; where no word tells, what the image is built of."""
    return next((kind for kind, words in _WORDS if words.search(cure)), FixKind.DOCKERFILE_EDIT)
