"""layerscope without its facts, to measure what they cost: layers are read, proved and merged, nothing else is asked.

The first argument says what is left out: `facts` all of them, with the rules; `collecting` what is collected and judged
after the pass, so that what files are shown to still sees them.
"""

import sys

from layerscope.facts import extractors, registry
from layerscope.rules import registry as rules


def main() -> None:
    """Run layerscope with the lists emptied, before anyone has read them."""
    what = sys.argv.pop(1)
    if what == "facts":
        extractors.EXTRACTORS = ()  # type: ignore[misc]  # only here
    registry.COLLECTORS = ()  # type: ignore[misc]  # only here
    rules.RULES = ()  # type: ignore[misc]  # only here
    from layerscope.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
