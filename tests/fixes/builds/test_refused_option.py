"""Options that a builder refuses: its own words tell them from a step that fails."""

import pytest

from layerscope.fixes.builds.output import BuildOutput, BuildRun
from layerscope.fixes.builds.refused_option import find_refused_option

CLASSIC = (
    "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n"
    "            BuildKit is currently disabled; enable it by removing the DOCKER_BUILDKIT=0\n"
    "            environment-variable.\n\n"
)


def find(text: str, *options: str, code: int = 125) -> str:
    """What is refused of these options by a builder that says so."""
    output = BuildOutput()
    for line in text.splitlines():
        output.add(line)
    return find_refused_option(BuildRun(("builder",), code, output.find_breakdown()), options)


@pytest.mark.parametrize(
    ("text", "option", "told"),
    [
        ("unknown flag: --nonsense\nSee 'docker buildx build --help'.", "--nonsense", "unknown flag: --nonsense"),
        (f"{CLASSIC}unknown flag: --nonsense\nSee 'docker build --help'.", "--nonsense=1", "unknown flag: --nonsense"),
        ("Error: unknown flag: --nonsense\nSee 'podman build --help'", "--nonsense", "unknown flag: --nonsense"),
        ("unknown shorthand flag: 'Z' in -Zx", "-Zx", "unknown shorthand flag: 'Z' in -Zx"),
        (
            f'{CLASSIC}invalid argument "x" for "-m, --memory" flag: invalid size: \'x\'',
            "-mx",
            'invalid argument "x" for "-m, --memory" flag: invalid size: \'x\'',
        ),
        (
            'Error: invalid argument "maybe" for "--no-cache" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
            "--no-cache=maybe",
            'invalid argument "maybe" for "--no-cache" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
        (
            "Error: invalid value for memory: invalid size: 'x'",
            "--memory=x",
            "invalid value for memory: invalid size: 'x'",
        ),
        (
            "ERROR: \"docker buildx build\" requires exactly 1 argument.\nSee 'docker buildx build --help'.",
            "--build-arg",
            '"docker buildx build" requires exactly 1 argument.',
        ),
    ],
)
def test_an_option_is_told_in_the_builder_s_words(text: str, option: str, told: str) -> None:
    """As buildx, the classic builder and podman spell it."""
    assert find(text, "--build-arg=A=1", option) == told


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("unknown flag: --no-cache-filter\nSee 'docker buildx build --help'.", "--build-arg=A=1"),
        ("Step 1/2 : FROM a\nStep 2/2 : RUN make\nunknown flag: --nonsense\n", "--nonsense"),
        ("#5 [2/2] RUN make\n#5 0.1 unknown flag: --nonsense\n#5 ERROR: exit code: 1\n", "--nonsense"),
        ("[1/1] STEP 1/1: FROM a\nunknown flag: --nonsense", "--nonsense"),
        ("ERROR: Cannot connect to the Docker daemon", "--nonsense"),
        ('"docker build" requires exactly 1 argument.', "--build-arg=A=1"),
    ],
)
def test_what_else_breaks_is_no_wrong_use(text: str, option: str) -> None:
    """Options that were not given, what a step says, and an engine that is gone."""
    assert not find(text, option)
    assert not find(text, option, code=0)
