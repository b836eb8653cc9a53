"""What four builders print of a build that breaks, and which instruction of which line that was."""

import pytest

from layerscope.fixes.builds.failed_step import find_failed_instruction
from layerscope.fixes.builds.output import Breakdown, BuildOutput
from layerscope.formats.dockerfile import Instruction, parse_dockerfile

DOCKERFILE = """\
# test
FROM scratch AS base
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]

FROM base
ENV X=1
RUN echo hello && \\
    cat /no/such/file
CMD ["sh"]
"""
SCRIPT = "echo hello &&     cat /no/such/file"
SAID = ("hello", "cat: can't open '/no/such/file': No such file or directory")

BUILDX = f"""\
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 315B done
#1 DONE 0.0s

#4 [base 1/2] COPY busybox /bin/busybox
#4 CACHED

#5 [base 2/2] RUN ["/bin/busybox", "--install", "-s", "/bin"]
#5 0.5 Step 3/9 : RUN nothing
#5 DONE 0.5s

#6 [stage-1 1/1] RUN {SCRIPT}
#6 0.116 {SAID[0]}
#6 0.117 {SAID[1]}
#6 ERROR: process "/bin/sh -c {SCRIPT}" did not complete successfully: exit code: 1
------
 > [stage-1 1/1] RUN {SCRIPT}:
0.116 {SAID[0]}
------
Dockerfile:8
--------------------
   7 |     ENV X=1
   8 | >>> RUN echo hello && \\
--------------------
ERROR: failed to solve: process "/bin/sh -c {SCRIPT}" did not complete successfully: exit code: 1
"""
BUILDKIT_20 = f"""\
#5 [base 2/2] RUN ["/bin/busybox", "--install", "-s", "/bin"]
#5 sha256:d106ac5649eea9ead87c4e066c8b116a3f985115ba1e94ff91e2a07b96722162
#5 DONE 0.2s

#6 [stage-1 1/1] RUN {SCRIPT}
#6 sha256:86ffe5db71f9e03e8af4c560269c0972ecce5d66222273efc76861c1ea220b35
#6 0.059 {SAID[0]}
#6 0.061 {SAID[1]}
#6 ERROR: executor failed running [/bin/sh -c {SCRIPT}]: exit code: 1
------
 > [stage-1 1/1] RUN {SCRIPT}:
------
executor failed running [/bin/sh -c {SCRIPT}]: exit code: 1
"""
CLASSIC = f"""\
DEPRECATED: The legacy builder is deprecated and will be removed in a future release.
Sending build context to Docker daemon  1.985MB
Step 1/7 : FROM scratch AS base
 --->\x20
Step 2/7 : COPY busybox /bin/busybox
 ---> Using cache
 ---> 5bf17ab21af7
Step 3/7 : RUN ["/bin/busybox", "--install", "-s", "/bin"]
 ---> Running in 6e6c907a1c30
Step 1/2 : RUN this is what the program says
Removing intermediate container 6e6c907a1c30
 ---> 2f76cd463582
Step 4/7 : FROM base
 ---> 2f76cd463582
Step 5/7 : ENV X=1
 ---> Running in 4d4ba64d41ee
Step 6/7 : RUN {SCRIPT}
 ---> Running in 274f145629db
{SAID[0]}
{SAID[1]}
"""
PODMAN = f"""\
[1/2] STEP 1/3: FROM scratch AS base
[1/2] STEP 2/3: COPY busybox /bin/busybox
--> cec8648ec1a
[1/2] STEP 3/3: RUN ["/bin/busybox", "--install", "-s", "/bin"]
[2/2] STEP 7/4: RUN this is what the program says
--> 8fdfd780351
[2/2] STEP 1/4: FROM 8fdfd78035179a1ede1fa4952b3edc598c47d7453c8079de21b1bd8e599e62f8
[2/2] STEP 2/4: ENV X=1
--> e10354ce680
[2/2] STEP 3/4: RUN {SCRIPT}
{SAID[0]}
{SAID[1]}
"""


def read(text: str) -> Breakdown:
    """What is understood of an output."""
    output = BuildOutput()
    for line in text.split("\n"):
        output.add(line)
    return output.find_breakdown()


def find(breakdown: Breakdown, dockerfile: str = DOCKERFILE) -> Instruction | None:
    """The instruction that a build broke at."""
    return find_failed_instruction(parse_dockerfile(dockerfile.encode()), breakdown)


@pytest.mark.parametrize(
    "text", [BUILDX, BUILDKIT_20, CLASSIC, PODMAN], ids=["buildx", "buildkit", "classic", "podman"]
)
def test_the_step_that_failed_is_found_with_what_it_said(text: str) -> None:
    """What programs print that looks like a builder's heading is no heading."""
    breakdown = read(text)
    assert breakdown.output == SAID
    instruction = find(breakdown)
    assert instruction is not None
    assert (instruction.keyword, instruction.number) == ("RUN", 8)


def test_a_step_that_says_nothing_is_told_by_its_error() -> None:
    """As where a file to be copied is not there."""
    text = (
        '#4 [base 1/2] COPY busybox /bin/busybox\n#4 ERROR: "/busybox": not found\n------\nDockerfile:3\n----------\n'
    )
    breakdown = read(text)
    assert breakdown.output == ('"/busybox": not found',)
    assert breakdown.line == 3


def test_a_base_image_that_is_not_there_is_found_by_its_name() -> None:
    """BuildKit of 20.10 names no line, and the image in full."""
    text = "#2 [internal] load metadata for docker.io/acme/none:latest\n#2 ERROR: pull access denied\n"
    found = find(read(text), "ARG A\nFROM scratch AS one\nFROM acme/none\nRUN x\n")
    assert found is not None
    assert found.number == 3


def test_variables_have_their_values_in_what_builders_tell() -> None:
    """The most alike instruction of that keyword is meant; one that is unlike all is none."""
    dockerfile = "FROM x\nCOPY one /srv/one\nCOPY weights/${NAME}.bin /srv/models/\n"
    found = find(Breakdown("COPY weights/small.bin /srv/models/", 0, None, ()), dockerfile)
    assert found is not None
    assert found.number == 3
    assert find(Breakdown("COPY something else altogether", 0, None, ()), dockerfile) is None
    assert find(Breakdown("RUN x", 0, None, ()), dockerfile) is None


def test_a_file_that_the_builder_does_not_understand_is_told_by_line() -> None:
    """No step has begun."""
    breakdown = read("Error response from daemon: dockerfile parse error line 8: Unknown flag: chmod\n")
    assert breakdown.line == 8
    assert find(breakdown) is not None


def test_a_builder_that_never_began_leaves_its_words() -> None:
    """They say what is wrong."""
    breakdown = read("ERROR: BuildKit is enabled but the buildx component is missing or broken.\n")
    assert breakdown == Breakdown(
        "", 0, None, ("ERROR: BuildKit is enabled but the buildx component is missing or broken.",)
    )
    assert find(breakdown) is None
