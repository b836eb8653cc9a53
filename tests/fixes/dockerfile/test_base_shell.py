"""The shell of a RUN that the Dockerfile does not name: the base image does, by its config or in its history."""

import pytest

from layerscope.fixes.dockerfile.moving import find_shell_defect
from support.dockerfiles import cache_in, found_in, match, propose
from support.sample_facts import PROCESS

BASH = ("/bin/bash", "-o", "pipefail", "-c")
POWERSHELL = ("powershell", "-Command")
LISTS = "var/lib/apt/lists"


def tell_defect(dockerfile: str, *steps: str, configured: tuple[str, ...] = ()) -> str:
    """Why the last line of a Dockerfile is not understood."""
    matched = match(dockerfile, *steps, configured=configured)
    return find_shell_defect(matched, matched.instructions[-1])


@pytest.mark.parametrize(
    ("steps", "configured"),
    [
        (("SHELL [/bin/bash -o pipefail -c]", "RUN /bin/bash -o pipefail -c make it # buildkit"), ()),
        (("/bin/sh -c #(nop)  SHELL [/bin/bash -o pipefail -c]", "/bin/bash -o pipefail -c make it"), ()),
        (("RUN /bin/bash -o pipefail -c make it # buildkit",), BASH),
    ],
)
def test_a_step_is_found_behind_the_shell_of_the_base(steps: tuple[str, ...], configured: tuple[str, ...]) -> None:
    """As the history tells it, or the config, where the Dockerfile names none."""
    matched = match("FROM base\nRUN make it\n", *steps, configured=configured)
    assert matched.base_shell == BASH
    assert [pair.is_same for pair in matched.matches] == [True]
    assert not find_shell_defect(matched, matched.instructions[0])


@pytest.mark.parametrize(
    "words", [POWERSHELL, ("cmd", "/S", "/C"), ("/usr/bin/pwsh", "-c"), ("/usr/bin/python3", "-c")]
)
def test_no_line_is_understood_that_another_shell_runs(words: tuple[str, ...]) -> None:
    """By the config or by the history; the message names the shell."""
    told = f"line 2 is run by {words[0]}, the SHELL of the base image, which is no POSIX shell"
    assert tell_defect("FROM base\nRUN make it\n", f"RUN {' '.join(words)} make it", configured=words) == told
    step = f"RUN {' '.join(words)} make it"
    assert tell_defect("FROM base\nRUN make it\n", f"SHELL [{' '.join(words)}]", step) == told


def test_the_dockerfile_s_own_word_comes_after_the_base_s() -> None:
    """The config has the last SHELL of all, which is not the base's then."""
    text = 'FROM base\nSHELL ["/bin/sh", "-c"]\nRUN make it\n'
    own = ("SHELL [/bin/sh -c]", "RUN /bin/sh -c make it # buildkit")
    assert not tell_defect(text, "SHELL [powershell -Command]", *own, configured=("/bin/sh", "-c"))
    text = 'FROM base\nRUN make it\nSHELL ["/bin/sh", "-c"]\n'
    matched = match(
        text, "SHELL [powershell -Command]", "RUN powershell -Command make it", own[0], configured=("/bin/sh", "-c")
    )
    assert matched.base_shell == POWERSHELL
    assert find_shell_defect(matched, matched.instructions[0])
    matched = match(text, "RUN /bin/sh -c make it # buildkit", own[0], configured=("/bin/sh", "-c"))
    assert matched.base_shell == ()


def test_nothing_is_put_into_a_line_of_another_shell() -> None:
    """Neither the end of a cache nor a health check; in bash, both."""
    text = "FROM base\nRUN apt-get update && apt-get install -y x\nEXPOSE 80\n"
    run = "apt-get update && apt-get install -y x"
    health = found_in("CONF009", steps=("HEALTHCHECK CMD curl x || exit 1",))
    for shell, count in ((BASH, 2), (POWERSHELL, 0)):
        steps = (f"RUN {' '.join(shell)} {run}", "EXPOSE map[80/tcp:{}]")
        matched = match(text, *steps, configured=shell)
        proposal = propose(matched, [cache_in(0, "apt-lists", LISTS), PROCESS], found_in("LAY104", 0), health)
        assert len(proposal.edits) == count, [each.reason for each in proposal.refused]
        assert (proposal.text == text) is not count
