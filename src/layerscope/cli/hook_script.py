"""The script that git runs as the pre-push hook: what it says, and how it is told from any other."""

import shlex
from pathlib import Path
from typing import Final

HOOK: Final = "pre-push"

_MARK: Final = "# The pre-push hook of layerscope"
_MARK_WITHIN: Final = 200
"""Bytes of a hook in which the mark stands."""

_HEAD: Final = f"""\
#!/bin/sh
{_MARK}: `layerscope hook install` writes it, `layerscope hook uninstall` takes it out.
stop() {{
    echo "layerscope: $1" >&2
    echo "layerscope: 'git push --no-verify' goes without the check" >&2
    exit 2
}}
"""
_OWN: Final = """\
python={python}
anew="'layerscope hook install', run by the layerscope that is to check, writes the hook anew"
[ -x "$python" ] || stop "the Python of this hook is gone: $python; $anew"
"$python" -P -c 'import layerscope' 2>/dev/null ||
    stop "the Python of this hook has no layerscope any more: $python; $anew"
exec "$python" -P -m layerscope hook run "$@"
"""
_COMMITTED: Final = """\
command -v layerscope >/dev/null ||
    stop "images are checked before a push, and no layerscope is on the PATH; install it"
exec layerscope hook run "$@"
"""


def make_script(python: str) -> str:
    """The hook of one person, by the Python that has layerscope."""
    return _HEAD + _OWN.format(python=shlex.quote(python))


def make_committed_script() -> str:
    """A hook that may be committed: it names nothing of one machine, and takes the layerscope on the PATH."""
    return _HEAD + _COMMITTED


def is_own_script(path: Path) -> bool:
    """Whether a hook is layerscope's; a link never is."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return _MARK.encode() in file.read(_MARK_WITHIN)
