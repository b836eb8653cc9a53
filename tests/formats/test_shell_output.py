"""Where the last command of a shell's text leads its output."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.shell_output import LedOutput, find_led_output


@pytest.mark.parametrize(
    ("text", "output", "error"),
    [
        ("serve > /log 2>&1", "/log", "/log"),
        ("serve 2>&1 > /log", "/log", ""),
        ("serve >/dev/null 2>/dev/null", "/dev/null", "/dev/null"),
        ("serve &> '/a log'", "/a log", "/a log"),
        ("serve &>>/log", "/log", "/log"),
        ("serve >& /log", "/log", "/log"),
        ("serve >> /log", "/log", ""),
        ("serve 2> /log", "", "/log"),
        ("serve 1>&2 2>/log", "", "/log"),
        ("2>/log exec serve", "", "/log"),
        ("exec > /log 2>&1; cd /x; exec serve", "/log", "/log"),
        ("exec > /log; serve > /dev/stdout", "/dev/stdout", ""),
        ("cd / > /dev/null 2>&1 && exec serve", "", ""),
        ("serve > /log 2>&1 & tail -f /log", "", ""),
        ("tail -f /log & exec serve > /log 2>&1", "", ""),
        ("mkfifo /log; cat /log & serve > /log 2>&1", "", ""),
        ("ship-logs & serve > /log 2>&1", "", ""),
        ("ln -sf /dev/stdout /log; exec serve > /log 2>&1", "", ""),
        ("touch /log && chown app /log && exec serve > /log 2>&1", "/log", "/log"),
        ("serve & wait $! 2>/dev/null", "", ""),
        ("serve 2>&1 | grep -v health 2>/dev/null", "", ""),
        ("serve 2>&1 | svlogd /l 2>/dev/null", "", ""),
        ("serve | while read line; do echo $line; done 2>/dev/null", "", ""),
        ("while true; do serve; sleep 1; done > /log 2>&1", "/log", "/log"),
        ("{ serve; } > /log 2>&1", "/log", "/log"),
        ("serve || exec fallback > /log 2>&1", "", ""),
        ("serve; rm -f /run/pid 2>/dev/null", "", ""),
        ("A=1 exec /bin/tail -f /x 2>/dev/null", "", ""),
        ("A=1 exec /opt/serve 2>/dev/null", "", "/dev/null"),
        ("serve 2>&1 | tee /log", "", ""),
        ('serve "> /log 2>&1"', "", ""),
        ("serve < /in", "", ""),
        ("serve $(x > /y 2>&1)", "", ""),
        ("serve 3> /log", "", ""),
        ("# > /log 2>&1", "", ""),
        ("", "", ""),
    ],
)
def test_the_last_command_counts(text: str, output: str, error: str) -> None:
    """From left to right, as a shell takes them."""
    assert find_led_output(text) == LedOutput(output, error)


@given(st.text(alphabet="ab >&<12|;()$'\"\\\n/", max_size=60))
def test_takes_any_text(text: str) -> None:
    """Nothing raises."""
    find_led_output(text)
