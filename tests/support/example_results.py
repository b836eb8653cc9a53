"""Results that show what a report can show: a wasteful image, a damaged, an unread and a clean one."""

from dataclasses import replace

from layerscope.audit.result import AuditResult, BaseImage
from layerscope.facts.fact import Evidence
from layerscope.facts.gap import Gap
from layerscope.facts.system.os_release import OsRelease
from layerscope.image.config import Healthcheck, RuntimeConfig
from layerscope.rules.severity import Confidence, Severity
from support.results import ResultRecipe, make_finding, make_result
from support.tar_writer import TarMember, directory, file, symlink, whiteout

KILOBYTE = 1000

_WEIGHTS = [
    file("opt/models/generate/config.json", b"{}" * 500),
    file("opt/models/generate/model-1.safetensors", b"w" * 300 * KILOBYTE),
    file("opt/models/generate/model-2.safetensors", b"W" * 200 * KILOBYTE),
]

WASTEFUL = ResultRecipe(
    layers=[
        [
            directory("etc"),
            file("etc/os-release", b"ID=debian\nVERSION_ID=12\n"),
            file("usr/lib/libc.so.6", b"c" * 600 * KILOBYTE, mode=0o755),
            symlink("bin", "usr/bin"),
        ],
        [
            file("usr/bin/python3", b"p" * 120 * KILOBYTE, mode=0o755),
            file("var/lib/apt/lists/deb.debian.org_main", b"l" * 30 * KILOBYTE),
        ],
        _WEIGHTS,
        [replace(member, mode=0o755) for member in _WEIGHTS],
        [whiteout("var/lib/apt/lists/deb.debian.org_main"), file("app/serve.py", b"print('listening')\n")],
    ],
    instructions=[
        "/bin/sh -c #(nop) ADD file:b1c5e3a9d2e4 in / ",
        "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends python3 curl # buildkit",
        "COPY models/generate /opt/models/generate # buildkit",
        "RUN /bin/sh -c chmod -R a+rX /opt/models # buildkit",
        "RUN /bin/sh -c rm -rf /var/lib/apt/lists/* # buildkit",
    ],
    empty_instructions=["ENV HUB_TOKEN=vT8mKq2LxWz5RbN7cJ4d", 'ENTRYPOINT ["/app/serve.py"]'],
    runtime=RuntimeConfig(
        env=("PATH=/usr/bin:/bin", "HUB_TOKEN=vT8mKq2LxWz5RbN7cJ4d"),
        entrypoint=("/app/serve.py",),
        cmd=("--port", "8000", "--api-key", "vT8mKq2LxWz5RbN7cJ4d"),
        working_dir="/app",
        labels={"org.opencontainers.image.title": "generate"},
        exposed_ports=("8000/tcp",),
        stop_signal="SIGINT",
        healthcheck=Healthcheck(("CMD", "/usr/bin/python3", "-c", "pass"), interval_ns=30 * 10**9, retries=3),
    ),
    findings=[
        make_finding(
            "CONF002",
            rule="secret-in-environment",
            message="The variable HUB_TOKEN holds a token of 20 characters",
            severity=Severity.HIGH,
            fix="Pass the token when the container starts, and revoke this one",
            steps=["remove ENV HUB_TOKEN from the Dockerfile", "docker run --env-file secrets.env IMAGE"],
        ),
        make_finding(
            "LAY103",
            (3, "opt/models/generate/model-1.safetensors"),
            (3, "opt/models/generate/model-2.safetensors"),
            (3, "opt/models/generate/config.json"),
            (3, "opt/models/generate"),
            (2, "opt/models/generate/model-1.safetensors"),
            rule="metadata-only-copy",
            message="501.0 kB of layer 2 are shipped again by layer 3, which changes their permissions alone",
            severity=Severity.MEDIUM,
            wasted=501 * KILOBYTE,
            fix="Set the permissions in the instruction that adds the files",
            steps=["COPY --chmod=a+rX models/generate /opt/models/generate"],
        ),
        make_finding(
            "LAY101",
            (1, "var/lib/apt/lists/deb.debian.org_main"),
            message="30.0 kB of layer 1 are deleted by layer 4, and shipped all the same",
            severity=Severity.LOW,
            wasted=30 * KILOBYTE,
            fix="Delete the files in the instruction that makes them",
            steps=["append '&& rm -rf /var/lib/apt/lists/*' to the RUN of layer 1, drop the RUN of layer 4"],
        ),
        make_finding(
            "CONF001",
            rule="root-user",
            message="The process runs as root",
            severity=Severity.INFO,
            confidence=Confidence.MEDIUM,
        ),
    ],
    gaps=[Gap("the accounts", "/etc/passwd", "the file is not there")],
    facts=[OsRelease(Evidence(0, "etc/os-release"), "debian", "12", "bookworm", "Debian GNU/Linux 12", ())],
    base=BaseImage("docker.io/library/debian:12", 1, "layer prefix"),
    notes=("layers were read in place",),
)

CLEAN = ResultRecipe(
    layers=[[file("bin/true", b"t" * KILOBYTE, mode=0o755)]],
    instructions=["COPY true /bin/true"],
    reference="docker.io/acme/true:1",
)

DAMAGED = replace(
    CLEAN,
    findings=[
        make_finding(
            "LAY001",
            (0, None),
            rule="blob-digest-mismatch",
            message="The blob is sha256:00… and not what the manifest names",
            severity=Severity.CRITICAL,
            fix="Pull or build the image again",
        )
    ],
    unverified=frozenset({0}),
)

UNPROVED = replace(
    CLEAN,
    gaps=[Gap("the layer's contents", "layer 0", "the layer is foreign and not in this archive")],
    absent=frozenset({0}),
)


def make_hostile_members() -> list[TarMember]:
    """Files whose names try to write to the terminal, in markup, and in bytes that are not UTF-8."""
    return [file("a\x1b[2J[red]b"), file("evil\u202etxt.exe"), file("byte-\udcff")]


HOSTILE = ResultRecipe(
    layers=[make_hostile_members()],
    instructions=["RUN echo '\x1b]0;owned\x07' [bold]not markup[/bold] \u202eneila"],
    reference="docker.io/acme/[link=x]\x1b[31m:1",
    findings=[
        make_finding(
            "LAY009",
            (0, "a\x1b[2J[red]b"),
            (0, "byte-\udcff"),
            rule="irregular-entry",
            message="The name a\x1b[2J[red]b holds control characters",
            severity=Severity.LOW,
            fix="Rename a\x1b[2J",
        )
    ],
    gaps=[Gap("\x1b[1mbold", "/\u202e", "[red]why[/red]")],
    notes=("a note\x1b[5m",),
)


def make_wasteful() -> AuditResult:
    """The result with something in every section."""
    return make_result(WASTEFUL)
