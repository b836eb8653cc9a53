"""Where no Dockerfile is at hand, one is made of the history: it is read as one, and is marked as what it is."""

import pytest

from layerscope.fixes.dockerfile.matching import match_dockerfile
from layerscope.fixes.dockerfile.reconstruction import reconstruct_dockerfile
from layerscope.formats.dockerfile import parse_dockerfile
from support.dockerfiles import load_steps, make_steps

STAGES = """\
# Reconstructed by layerscope from the history of app:1: it is not the file that was built.
# A history does not tell stages, comments, mounts, and where copied files come from.
FROM dfbase
LABEL org.example.name="the app"
ENV APP_DIR=/opt/app OTHER="a b"
WORKDIR /opt/app
COPY /opt/app ./
COPY --chown=1000:1000 src/a.py /etc/a.py
COPY weights/ /models/
RUN chown -R 1000:1000 /models
RUN mkdir -p /var/cache/x && head -c 3000000 /dev/zero > /var/cache/x/big
ARG LATE=yes
RUN rm -rf /var/cache/x
EXPOSE 8000/tcp
VOLUME /data
USER 1000
HEALTHCHECK --interval=30s CMD echo ok || exit 1
STOPSIGNAL SIGTERM
SHELL ["/bin/sh", "-ec"]
ENTRYPOINT ["sh", "-c"]
CMD ["/bin/sh", "-ec", "echo hello $APP_DIR"]
"""


def test_the_steps_above_the_base_image_are_written() -> None:
    """With the quotes that builders leave out."""
    steps = load_steps("stages-buildkit")
    text = reconstruct_dockerfile(steps, "app:1", base="dfbase", base_layers=2)
    assert text.replace('ENV PATH=/bin:/usr/bin\nCMD ["sh"]\n', "") == STAGES


@pytest.mark.parametrize("name", ["stages-classic", "stages-buildkit", "documents-buildkit"])
def test_what_is_written_is_a_dockerfile_of_the_image(name: str) -> None:
    """Each instruction is matched with its step; what was copied by digest is a comment."""
    steps = load_steps(name)
    matched = match_dockerfile(parse_dockerfile(reconstruct_dockerfile(steps, name).encode()), steps)
    assert matched.unmatched_instructions == ()
    assert all(step.instruction.startswith(("COPY", "ADD", "/bin")) for step in matched.unmatched_steps)


def test_what_can_be_no_instruction_is_a_comment() -> None:
    """Whatever a history holds: tools of other kinds, documents without an end, more instructions; no credential."""
    steps = make_steps(
        "bazel build //:app",
        "COPY <<E /x # buildkit",
        "USER a\nRUN b",
        "RUN a \\",
        "ENV TOKEN=ghp_" + "a1B2c3D4e5F6" * 3,
        "USER \x1b[2J",
        "",
    )
    text = reconstruct_dockerfile(steps, "x\nRUN y")
    assert "\x1b" not in text
    assert [each.keyword for each in parse_dockerfile(text.encode()).instructions] == ["FROM", "ENV"]
    assert "ghp_" not in text
    assert "# no instruction is known that made layer 0: bazel build //:app\n" in text
