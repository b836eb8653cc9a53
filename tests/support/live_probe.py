"""A probe of an image in a live engine, as a person starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.live_engines import LiveEngine


def probe(engine: LiveEngine, tag: str, cache: Path, *options: str) -> tuple[int, Mapping[str, Any], str]:
    """Exit code, the probe of the report, and talk."""
    command = [sys.executable, "-m", "layerscope", "probe", f"{engine.kind.scheme}:{tag}", "-o", "json", *options]
    done = subprocess.run(
        [*command, "--cache-dir", str(cache)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **engine.environment},
    )
    return done.returncode, json.loads(done.stdout)["probe"] if done.stdout else {}, done.stderr
