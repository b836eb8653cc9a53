"""Instructions are shown on one line and without credentials."""

from layerscope.image.history import BuildStep
from layerscope.report.instruction import LONGEST, UNRECORDED, tell_created_by, tell_instruction


def _step(text: str) -> BuildStep:
    return BuildStep(0, None, text, text, empty=False, layer=0)


def test_a_credential_in_an_instruction_is_not_shown() -> None:
    """The value goes, the name and the rest stay."""
    step = _step("RUN API_TOKEN=vT8mKq2LxWz5RbN7cJ4d make")
    assert tell_instruction(step) == "RUN API_TOKEN=*** make"
    assert tell_created_by(step) == "RUN API_TOKEN=*** make"


def test_an_instruction_cannot_write_to_the_terminal() -> None:
    """Escape sequences are written out."""
    assert tell_instruction(_step("RUN echo \x1b[2J")) == r"RUN echo \x1b[2J"


def test_a_long_instruction_is_cut() -> None:
    """A heredoc of pages does not fill the screen."""
    assert len(tell_instruction(_step("x" * 10 * LONGEST))) == LONGEST


def test_a_layer_without_a_step_says_so() -> None:
    """Silence is not shown as an empty cell."""
    assert tell_instruction(None) == tell_instruction(_step("")) == UNRECORDED
    assert tell_created_by(None) is None
