"""The entry point: `layerscope` and `python -m layerscope`."""

import gc
import sys


def main() -> int:
    """Run layerscope with the arguments of this process and return its exit code."""
    # an audit makes hundreds of thousands of objects that live to its end, none of them in cycles: looking for cycles
    # takes a fifth of the time that merging and judging them does
    gc.disable()
    try:
        from layerscope.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # pressed while modules were still being imported, or while stopping
        return 130


if __name__ == "__main__":
    sys.exit(main())
