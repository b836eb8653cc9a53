"""Whether the config's command leads what it prints to files, where no engine's log has it."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.commands import find_shell_script
from layerscope.facts.system.programs import join_path
from layerscope.formats.shell_output import find_led_output

LONGEST: Final = 200
"""Characters of a path that is told."""

_STREAM: Final = re.compile(r"/dev/(?:std(?:out|err)|fd/\d+|tty|console)|/proc/(?:self|1|\$\$)/fd/\d+")
_TOLD: Final = re.compile(r"[\w./+@%:,-]+", re.ASCII)


class LedAwayOutput(Fact, frozen=True):
    """The files to which the command's standard output and standard error go; empty for one that an engine gets."""

    output: str
    error: str


class LedOutputCollector(Collector):
    """Reads the redirections of a shell form."""

    name = "config.led-output"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield at most one fact."""
        runtime = context.image.config.runtime
        text = find_shell_script((*runtime.entrypoint, *runtime.cmd))
        led = find_led_output(text or "")
        output, error = (_find_file(context, word) for word in (led.output, led.error))
        if output or error:
            yield LedAwayOutput(Evidence(), output, error)


def _find_file(context: FactContext, word: str) -> str:
    """A word as the path of a file; empty for a stream, what links to one, and what is not known."""
    if not _TOLD.fullmatch(word) or len(word) > LONGEST or _STREAM.fullmatch(word):
        return ""
    path = join_path(context.image.config.runtime.working_dir, word)
    node = context.tree.resolve(path, follow_last=False)
    return "" if node is not None and _STREAM.fullmatch(node.link or "") else f"/{path.lstrip('/')}"
