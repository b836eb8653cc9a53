"""One Dockerfile for each rule whose fix edits it: built, changed by `layerscope fix --write`, and built again."""

from pathlib import Path
from typing import Final

import pytest

from layerscope.rules.fix import FixPlace
from layerscope.rules.registry import RULES
from support.built_image import build_image
from support.cuda_images import SITE as SITE_312
from support.cuda_images import development, toolkit, torch, wheels
from support.dockerfile_builds import OLD_NUMPY, PYTHON, ask, build, list_pip, list_shell, read_busybox, write_wheel
from support.fix_corpus import CORPUS
from support.live_engines import LiveEngine
from support.live_images import load
from support.python_files import interpreter
from support.python_image import build_python_image
from support.tar_member import file

DEVEL: Final = "nvidia/cuda:12.4.1-devel-ubuntu22.04"
BASE: Final = "nvidia/cuda:12.4.1-base-ubuntu22.04"
RUNTIME: Final = "nvidia/cuda:12.4.1-runtime-ubuntu22.04"

PASSWD: Final = file("etc/passwd", b"root:x:0:0::/root:/bin/sh\nserve:x:1000:1000::/opt/good:/bin/sh\n")
SETTINGS: Final = f"""\
FROM {DEVEL}
ENV KEPT=1 NCCL_P2P_DISABLE=1 \\
    CUDA_DISABLE_PTX_JIT=1
ENV NVIDIA_DRIVER_CAPABILITIES=all
ENV LD_LIBRARY_PATH=/opt/gone::/opt/good
COPY good /opt/good
EXPOSE 8000
CMD ["python3", "/opt/good/main.py"]
"""
SETTINGS_FIXED: Final = f"""\
FROM {RUNTIME}
ENV KEPT=1
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENV LD_LIBRARY_PATH=/opt/good
COPY good /opt/good
EXPOSE 8000
ENV PYTHONUNBUFFERED=1
HEALTHCHECK --interval=30s --timeout=5s --start-period=300s CMD \
python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)" || exit 1
USER 1000:1000
CMD ["python3", "/opt/good/main.py"]
"""
VARIABLES: Final = sorted(code for code, fault in CORPUS.items() if fault.environment)
CACHE: Final = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /var/lib/apt/lists && head -c 3000000 /dev/zero > /var/lib/apt/lists/x_Packages
"""
CACHE_FIXED: Final = CACHE.replace("x_Packages\n", "x_Packages \\\n    && rm -rf /var/lib/apt/lists/*\n")
LINKS: Final = """\
FROM scratch AS download
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /cache/m/blobs /cache/m/snapshots/abcdef01 && echo 1 > /cache/m/blobs/77 && \\
    ln -s ../../blobs/77 /cache/m/snapshots/abcdef01/config.json

FROM scratch
COPY --from=download --chown=1000:1000 /cache/m/snapshots /models/m/snapshots
# and what follows
COPY busybox /bin/busybox
"""
LINKS_FIXED: Final = LINKS.replace(
    "# and", "COPY --from=download --chown=1000:1000 /cache/m/blobs /models/m/blobs\n# and"
)
SECOND: Final = f"""\
FROM {RUNTIME}
COPY site /{SITE_312}
"""
SECOND_FIXED: Final = SECOND.replace("-runtime-", "-base-")

TESTED: Final = {
    *VARIABLES,
    *("CONF001", "CONF009", "CONF010", "CUDA020", "CUDA038", "LAY104", "PY001", "PY007"),
    *("LAY101", "LAY103", "LAY204"),
}
"""LAY101 and LAY103 by `test_dockerfile_fix`."""

PINS: Final = f"""\
FROM {PYTHON}
ENV PYTHONUNBUFFERED=1
COPY wheels /wheels
RUN pip install --no-index --find-links /wheels numpy
RUN pip install --no-index --find-links /wheels --no-deps acme
"""
PINS_FIXED: Final = PINS.replace(" numpy\n", " 'numpy<2,>=1.26'\n")


def compare_builds(
    engine: LiveEngine, context: Path, capfd: pytest.CaptureFixture[str], wanted: str | None = None
) -> tuple[set[str], set[str]]:
    """The codes that a changed Dockerfile removes, and those that it brings."""
    name = context.name.lower()
    build(engine, context, f"layerscope/{name}:1")
    ask(capfd, "fix", f"docker:layerscope/{name}:1", "--file", str(context / "Dockerfile"), "--write", "--reviewed")
    assert wanted is None or (context / "Dockerfile").read_text() == wanted
    build(engine, context, f"layerscope/{name}:2")
    first, last = (
        {each["code"] for each in ask(capfd, "audit", f"docker:layerscope/{name}:{number}")["findings"]}
        for number in (1, 2)
    )
    return first - last, last - first


@pytest.fixture(autouse=True)
def _own_cache(docker_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))


def test_settings_and_the_base_are_changed(
    docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Variables, health check, and the variant of NVIDIA's image that both stand on."""
    for tag, more in ((DEVEL, development()), (RUNTIME, [])):
        load(docker_engine, build_image([[PASSWD, *interpreter(), *toolkit(), *more]], tag=tag))
    context = tmp_path / "settings"
    (context / "good").mkdir(parents=True)
    (context / "good/main.py").write_text("print(1)\n")
    (context / "Dockerfile").write_text(SETTINGS)
    gone, new = compare_builds(docker_engine, context, capfd, SETTINGS_FIXED)
    assert gone >= {"CONF001", "CONF009", "CONF010", "CUDA038", "CUDA041", "CUDA046", "CUDA047", "ELF006", "ELF007"}
    assert not new


@pytest.mark.parametrize("code", VARIABLES)
def test_a_variable_is_changed_where_it_is_set(
    code: str, docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """On an image with the files that the variable is wrong for."""
    fault, base = CORPUS[code], f"layerscope/base-{code.lower()}:1"
    load(docker_engine, build_image(fault.layers, tag=base, runtime=fault.runtime))
    context = tmp_path / code
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {base}\nENV {' '.join(fault.environment)}\n")
    gone, new = compare_builds(docker_engine, context, capfd)
    assert code in gone
    assert not new


def test_a_cache_is_left_out_of_the_step_that_fills_it(
    docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """At its end, so that no layer has it."""
    context = tmp_path / "cache-left"
    context.mkdir()
    (context / "busybox").write_bytes(read_busybox())
    (context / "busybox").chmod(0o755)
    (context / "Dockerfile").write_text(CACHE)
    assert compare_builds(docker_engine, context, capfd, CACHE_FIXED) == ({"LAY104"}, set())


def test_what_links_lead_to_is_copied_too(
    docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """From the stage that has both, with the same owner."""
    context = tmp_path / "links"
    context.mkdir()
    (context / "busybox").write_bytes(read_busybox())
    (context / "busybox").chmod(0o755)
    (context / "Dockerfile").write_text(LINKS)
    assert compare_builds(docker_engine, context, capfd, LINKS_FIXED) == ({"LAY204"}, set())


def test_a_second_copy_of_cuda_goes_with_the_base_that_brought_it(
    docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The wheels bring their own."""
    declared = {"Env": ["NV_CUDA_LIB_VERSION=12.4.1-1", "CUDA_VERSION=12.4.1"]}
    for tag, more in ((RUNTIME, toolkit(size=51_000_000)), (BASE, [])):
        load(docker_engine, build_image([[PASSWD, *more]], tag=tag, runtime=declared))
    context = tmp_path / "second"
    for member in (*torch(), *wheels()):
        place = context / "site" / member.name.removeprefix(f"{SITE_312}/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(member.content)
    (context / "Dockerfile").write_text(SECOND)
    gone, new = compare_builds(docker_engine, context, capfd)
    assert "CUDA020" in gone
    assert not new
    assert (context / "Dockerfile").read_text().startswith(SECOND_FIXED)


def test_every_rule_that_says_so_has_a_dockerfile_here() -> None:
    """A rule whose fix is made in a Dockerfile must be tried on one, too."""
    assert {rule.code for rule in RULES if FixPlace.DOCKERFILE in rule.fixed_in} == TESTED


def test_pip_is_asked_for_what_suits_everyone(
    docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A real pip then finds the older version by itself."""
    load(docker_engine, build_python_image(PYTHON, *list_shell(), *list_pip()))
    context = tmp_path / "pins"
    (context / "wheels").mkdir(parents=True)
    for name, version, requires in (
        ("numpy", "1.26.4", ()),
        ("numpy", "2.4.6", ()),
        ("acme", "1.0", ("numpy<2", "numpy>=1.26")),
    ):
        write_wheel(context / "wheels", name, version, requires, OLD_NUMPY if name == "acme" else b"")
    (context / "Dockerfile").write_text(PINS)
    gone, new = compare_builds(docker_engine, context, capfd, PINS_FIXED)
    assert gone == {"PY001", "PY007"}
    assert not new
