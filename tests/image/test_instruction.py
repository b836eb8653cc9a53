"""History entries of every builder, read as Dockerfile instructions."""

import time

import pytest

from layerscope.image.instruction import LONGEST_CLEANED, read_instruction

HASH = "4b4c122270fc" + "0" * 52

CLASSIC = [
    ('/bin/sh -c #(nop)  CMD ["python3"]', 'CMD ["python3"]'),
    ('/bin/sh -c #(nop)  ENTRYPOINT ["nginx" "-g" "daemon off;"]', 'ENTRYPOINT ["nginx", "-g", "daemon off;"]'),
    ("/bin/sh -c #(nop)  ENV LANG=C.UTF-8", "ENV LANG=C.UTF-8"),
    ("/bin/sh -c #(nop) WORKDIR /app", "WORKDIR /app"),
    ("/bin/sh -c #(nop)  ARG VERSION=1", "ARG VERSION=1"),
    (f"/bin/sh -c #(nop) ADD file:{HASH} in / ", "ADD file:4b4c122270fc /"),
    (f"/bin/sh -c #(nop) COPY dir:{HASH} in /app ", "COPY dir:4b4c122270fc /app"),
    (f"/bin/sh -c #(nop) COPY --chown=1:1 multi:{HASH} in / ", "COPY --chown=1:1 multi:4b4c122270fc /"),
    (f"/bin/sh -c #(nop) COPY --chown=1:1dir:{HASH} in /models ", "COPY --chown=1:1 dir:4b4c122270fc /models"),
    ("/bin/sh -c apt-get update", "RUN apt-get update"),
    ("/bin/sh -c set -eux; \t\tapt-get update; \tapt-get clean", "RUN set -eux; apt-get update; apt-get clean"),
    ("|1 V=3 /bin/sh -c make V=$V", "RUN make V=$V"),
    ("|2 A=x y B=z /bin/bash -o pipefail -c a | b", "RUN a | b"),
    ("|0 /bin/sh -c make", "RUN make"),
    ("cmd /S /C #(nop)  ENV A=b", "ENV A=b"),
    ("powershell -Command $x = 1", "RUN $x = 1"),
]

BUILDKIT = [
    ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
    ("RUN |2 A=1 B=x y /bin/sh -c pip install . # buildkit", "RUN pip install ."),
    ("RUN /bin/bash -o pipefail -c a | b # buildkit", "RUN a | b"),
    ("RUN /bin/bash -euxo pipefail -c a | b # buildkit", "RUN a | b"),
    ("RUN |1 A=1 make all # buildkit", "RUN make all"),
    ("RUN /usr/bin/make all # buildkit", "RUN /usr/bin/make all"),
    ("RUN /bin/sh -c echo '# buildkit' # buildkit", "RUN echo '# buildkit'"),
    ("RUN /bin/sh -c sh -c 'echo x' # buildkit", "RUN sh -c 'echo x'"),
    ("COPY --from=build /x /y # buildkit", "COPY --from=build /x /y"),
    ("WORKDIR /app", "WORKDIR /app"),
    ("EXPOSE map[443/tcp:{} 80/tcp:{}]", "EXPOSE 443/tcp 80/tcp"),
    ("EXPOSE [8080/tcp]", "EXPOSE 8080/tcp"),
    ("VOLUME [/data /logs]", "VOLUME /data /logs"),
    ('CMD ["python3" "-m" "http.server"]', 'CMD ["python3", "-m", "http.server"]'),
    ('CMD ["/bin/sh" "-c" "echo \\"x\\""]', 'CMD ["/bin/sh", "-c", "echo \\"x\\""]'),
    (
        'HEALTHCHECK &{["CMD-SHELL" "curl -f \\"x\\" || exit 1"] "30s" "3s" "0s" "5s" \'\\x03\'}',
        'HEALTHCHECK --interval=30s --timeout=3s --start-interval=5s CMD curl -f "x" || exit 1',
    ),
    (
        'HEALTHCHECK &{["CMD" "kong" "health"] "1m0s" "0s" "0s" \'\\n\'}',
        'HEALTHCHECK --interval=1m0s CMD ["kong", "health"]',
    ),
    ('HEALTHCHECK &{["NONE"] "0s" "0s" "0s" "0s" \'\\x00\'}', "HEALTHCHECK NONE"),
    (
        "RUN /bin/sh -c cat <<EOF > /etc/x\n  indented\n\ttab\nEOF\n # buildkit",
        "RUN cat <<EOF > /etc/x\n  indented\n\ttab\nEOF",
    ),
    ("COPY <<EOF /etc/x # buildkit", "COPY <<EOF /etc/x"),
]

OTHERS = [
    ("RUN apt-get update && apt-get install -y curl", "RUN apt-get update && apt-get install -y curl"),
    ("COPY . /app", "COPY . /app"),
    ('CMD ["a", "b"]', 'CMD ["a", "b"]'),
    ('VOLUME ["/data"]', 'VOLUME ["/data"]'),
    ("bazel build ...", "bazel build ..."),
    ("ko build ko://example.com/cmd", "ko build ko://example.com/cmd"),
    ("# debian.sh --arch 'amd64' out/ 'bookworm'", "# debian.sh --arch 'amd64' out/ 'bookworm'"),
    ("Buildpacks Process Types", "Buildpacks Process Types"),
    ("/bin/sh", "/bin/sh"),
    ("", ""),
    ("  \n", ""),
]


@pytest.mark.parametrize(("created_by", "instruction"), CLASSIC)
def test_the_classic_builder_and_buildah_are_read(created_by: str, instruction: str) -> None:
    """The shell, its `#(nop)` mark and build arguments go, the instruction stays."""
    assert read_instruction(created_by) == instruction


@pytest.mark.parametrize(("created_by", "instruction"), BUILDKIT)
def test_buildkit_is_read(created_by: str, instruction: str) -> None:
    """The shell, build arguments and the mark go; Go's notation becomes a Dockerfile's."""
    assert read_instruction(created_by) == instruction


@pytest.mark.parametrize(("created_by", "instruction"), OTHERS)
def test_other_builders_are_left_as_they_are(created_by: str, instruction: str) -> None:
    """What is an instruction already, or none at all, is not touched."""
    assert read_instruction(created_by) == instruction


@pytest.mark.parametrize(
    "hostile",
    [
        " " * 60000 + "x",
        "/bin/sh" + " -o pipefail" * 5000,
        "|1" + " /" * 30000,
        "|1" + " sh -a" * 10000,
        "|9999 " + "a " * 30000,
        "a " * 30000,
        "CMD [" + '"\\' * 30000 + "]",
        'CMD ["' + "\\" * 60000,
        'HEALTHCHECK &{["CMD" ' + '] "a" "b" "c" "d" e' * 3000,
        "ADD" + " --x" * 15000,
    ],
)
def test_hostile_entries_are_read_in_no_time(hostile: str) -> None:
    """No pattern takes more than linear time, whatever the entry holds."""
    began = time.process_time()
    read_instruction(hostile)
    assert time.process_time() - began < 1


def test_an_endless_entry_stays_as_it_is() -> None:
    """Beyond the limit nothing is cleaned."""
    endless = "/bin/sh -c " + "x" * LONGEST_CLEANED
    assert read_instruction(endless) == endless
