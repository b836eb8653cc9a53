"""Stages: each ends with a record, whatever goes wrong in it."""

import subprocess
import sys
from pathlib import Path

import pytest

from layerscope.probe.payload_text import render_payload

LIMIT = "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))"

RUN = """
class Told:
    def write(self, record, **values):
        print(record, values.get("status", ""), values.get("detail", ""), sorted(values.get("values", ())))

def work():
    {work}

assert "traceback" not in sys.modules
print(sorted(run_stages([Stage("a", work), Stage("b", lambda: ("done", {{}}))], Told()).items()))
"""


@pytest.mark.parametrize(
    ("work", "told"),
    [
        ("raise OSError('no such disk')", "OSError: no such disk"),
        ("held = [os.open('/dev/null', 0) for _ in iter(int, 1)]", "OSError: [Errno 24] Too many open files"),
        ("class Odd(Exception):\n        __str__ = None\n    raise Odd", "Odd: (its message cannot be shown)"),
        ("sys.path[:] = []; sys.modules['traceback'] = None; raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_stage_that_fails_is_told_where_nothing_more_can_be_loaded(work: str, told: str, tmp_path: Path) -> None:
    """No descriptor left, or a traceback of the image's own: the trace is missing then, the record is not."""
    program = tmp_path / "program.py"
    payload = render_payload().replace('if __name__ == "__main__":', "if False:")
    program.write_text(f"import resource, sys\n{payload}\n{LIMIT}{RUN.format(work=work)}")
    done = subprocess.run(
        [sys.executable, "-S", "-B", str(program)], capture_output=True, text=True, check=False, timeout=60
    )
    assert f"end failed {told}" in done.stdout, done.stderr
    assert "[('a', 'failed'), ('b', 'passed')]" in done.stdout
