"""The entry point: `layerscope` and `python -m layerscope`."""

import sys


def main() -> int:
    """Run layerscope with the arguments of this process and return its exit code."""
    try:
        from layerscope.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # pressed while modules were still being imported, or while stopping
        return 130


if __name__ == "__main__":
    sys.exit(main())
