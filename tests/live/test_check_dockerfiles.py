"""Images that engines' own builders make are what their Dockerfiles build, until those are changed."""

import subprocess
from typing import Final

import pytest

from layerscope.cli.main import run
from support.build_workshop import Workshop

BASE: Final = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ONBUILD RUN echo on > /onbuild
"""
MANY: Final = """\
ARG BASE=layerscope/match-base:1
FROM ${BASE} AS one
ARG TARGETARCH
ARG WHO=me
ARG GIVEN
ENV DIR=/srv NAME="a b" \\
    MODE=fast
WORKDIR $DIR
COPY --chown=1000:1000 token ${DIR}/token-${WHO}
COPY token /srv/${TARGETARCH:-none}/x
RUN mkdir -p /a && \\
    # why
    echo "$WHO" > /a/who
LABEL team="llm" version=1.${WHO}
EXPOSE 8000 9000/udp
VOLUME ["/data", "/models"]
ONBUILD RUN true
STOPSIGNAL SIGINT
SHELL ["/bin/sh", "-ec"]
RUN echo shelled
USER 1000:1000
FROM one AS final
MAINTAINER me
ADD token /add/
COPY --from=one /srv/token-me /srv/again
HEALTHCHECK --interval=30s CMD true || exit 1
ENTRYPOINT ["sh", "-c"]
CMD echo hello $NAME
"""
POLICY: Final = """\
[check]
fail-on = "never"
images = [
    {dockerfile = "Dockerfile", tag = "layerscope/match:1"},
    {dockerfile = "Dockerfile", tag = "layerscope/match-one:1", target = "one"},
]
"""


def build(workshop: Workshop, tag: str, *options: str) -> None:
    """Build the context by the engine's own program."""
    words = ["docker"] if workshop.scheme == "docker" else ["podman", "--url", workshop.engine.host]
    command = [*words, "build", "--quiet", "--network=none", "-t", tag, *options, "."]
    subprocess.run(command, cwd=workshop.context, env=workshop.environment, capture_output=True, check=True)


def test_an_image_is_told_from_another_state_of_its_dockerfile(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every instruction, options of the build and triggers included, is found again; one that changes is told."""
    for name, value in workshop.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(workshop.context)
    (workshop.context / ".dockerignore").unlink()
    (workshop.context / "Dockerfile.base").write_text(BASE)
    dockerfile = workshop.context / "Dockerfile"
    dockerfile.write_text(MANY)
    (workshop.context / "layerscope.toml").write_text(POLICY)
    base = ("layerscope/match-base:1", "-f", "Dockerfile.base")
    build(workshop, *base)
    build(workshop, "layerscope/match:1", "--build-arg", "GIVEN=1", "--label", "extra=1")
    build(workshop, "layerscope/match-one:1", "--target", "one")

    def check() -> tuple[int, str]:
        capfd.readouterr()
        code = run(["check", "--dockerfiles", "Dockerfile"])
        return code, " ".join(capfd.readouterr().out.split())

    code, told = check()
    assert (code, told.endswith("all 2 images keep to the policy")) == (0, True), told
    dockerfile.write_text(MANY.replace("echo shelled", "echo shelled twice"))
    code, told = check()
    assert (code, told.count("line 20 was changed since: the image has RUN echo shelled")) == (1, 2)
    dockerfile.write_text(MANY.replace('ENTRYPOINT ["sh", "-c"]\n', ""))
    code, told = check()
    assert (code, told.count("no line makes a step: ENTRYPOINT")) == (1, 1)
    dockerfile.write_text(MANY)
    (workshop.context / "Dockerfile.base").write_text(BASE + "RUN echo newer > /newer\n")
    build(workshop, *base)
    code, told = check()
    assert code == 1
    assert told.count("line 2: its lowest layers are not those that layerscope/match-base:1 has here") == 2
