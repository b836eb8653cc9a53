"""The settings of a check as a person reads them, and as a program searches them."""

from typing import Final

from layerscope.gate.setting import Origin, Setting
from layerscope.report.context import RenderContext
from layerscope.report.gate.configuration import render_settings_text

FILE: Final = "/home/somebody/projects/language-models/release-of-the-second-quarter/layerscope.toml"
IMAGES: Final = [{"dockerfile": "Dockerfile", "tag": "team/llm:1.5", "against": "team/llm:1.4", "max-growth": "1%"}]
SETTINGS: Final = [
    Setting("check.images", IMAGES, Origin.FILE, FILE),
    Setting("check.baseline", "quality/accepted-findings/layerscope-baseline.json", Origin.FILE, FILE),
]


def test_a_pipe_gets_each_setting_as_one_line() -> None:
    """So that a search for a path, or for a value, finds it."""
    text = render_settings_text(SETTINGS, RenderContext(width=80))
    assert [line.partition(" ")[0] for line in text.splitlines()] == ["setting", "images[0]", "baseline"]
    assert text.count(f"file {FILE}\n") == 2
    assert 'tag = "team/llm:1.5", against = "team/llm:1.4", max-growth = "1%"' in text


def test_a_terminal_gets_paths_that_break_at_slashes() -> None:
    """No line is wider than it, and no name in a path is cut."""
    lines = render_settings_text(SETTINGS, RenderContext(width=80, is_terminal=True)).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.endswith((" layerscope.toml", "/layerscope.toml")) for line in lines) == 2
    words = {word for line in lines for word in line.split()}
    assert words >= {"release-of-the-second-quarter/", 'layerscope-baseline.json"'}
