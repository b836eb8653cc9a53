"""What package managers leave behind is found by where it lies."""

import pytest

from layerscope.facts.layers.package_caches import KINDS, PackageCache, PackageCacheCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.tar_member import TarMember, directory, file, hardlink, symlink, whiteout

LEFTOVERS = {
    "apt-lists": ("var/lib/apt/lists", "deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4"),
    "apt-archives": ("var/cache/apt", "archives/curl_7.88_amd64.deb"),
    "apk": ("var/cache/apk", "APKINDEX.00740ba1.tar.gz"),
    "dnf": ("var/cache/dnf", "baseos/repodata/repomd.xml"),
    "pip": ("root/.cache/pip", "http-v2/a/b/c"),
    "uv": ("home/app/.cache/uv", "wheels-v1/x.whl"),
    "poetry": ("root/.cache/pypoetry", "artifacts/x.whl"),
    "conda": ("opt/conda/pkgs", "numpy-1.26.conda"),
    "npm": ("root/.npm", "_cacache/content-v2/x"),
    "yarn": ("usr/local/share/.cache/yarn", "v6/x.tgz"),
    "pnpm": ("root/.local/share/pnpm/store", "v3/files/x"),
    "cargo": ("usr/local/cargo/registry", "cache/x.crate"),
    "go": ("root/.cache/go-build", "00/x-d"),
    "gradle": ("root/.gradle/caches", "modules-2/x.jar"),
    "ccache": ("root/.cache/ccache", "0/x"),
}


def caches(*layers: tuple[TarMember, ...]) -> tuple[PackageCache, ...]:
    """The caches of these layers."""
    return collect(PackageCacheCollector, make_context(*layers)).of(PackageCache)


@pytest.mark.parametrize("kind", KINDS)
def test_knows_every_kind(kind: str) -> None:
    """Folder, files and bytes."""
    folder, name = LEFTOVERS[kind]
    (cache,) = caches((directory(folder), file(f"{folder}/{name}", b"x" * 100)))
    assert (cache.kind, cache.path, cache.files, cache.size) == (kind, folder, 1, 100)


@pytest.mark.parametrize(
    "path",
    [
        "var/lib/apt/lists/lock",
        "var/cache/apt/archives/lock",
        "var/cache/ldconfig/aux-cache",
        "root/.cache/huggingface/hub/model.safetensors",
        "root/.cache/torch/hub/x.pth",
        "root/.cache/pypoetry/virtualenvs/x/bin/python",
        "usr/share/cargo/bin/x",
        "srv/docker/registry/x",
        "srv/pkgs/data.bin",
        "usr/lib/python3/dist-packages/__pycache__/pip.cpython-311.pyc",
    ],
)
def test_leaves_other_files_alone(path: str) -> None:
    """Locks, models, environments, and folders that merely sound alike."""
    assert caches((file(path, b"x" * 100),)) == ()


def test_adds_up_the_files_of_one_folder() -> None:
    """One fact a layer and folder."""
    layer = (file("root/.cache/pip/a", b"12"), file("root/.cache/pip/b", b"345"), file("root/.cache/uv/c", b"6"))
    assert [(cache.kind, cache.files, cache.size) for cache in caches(layer)] == [("pip", 2, 5), ("uv", 1, 1)]


def test_a_cache_that_a_later_layer_deletes_is_not_left_behind() -> None:
    """It is waste of another kind."""
    assert caches((file("root/.cache/pip/a", b"12"),), (whiteout("root/.cache"),)) == ()


def test_files_that_environments_link_to_are_not_counted() -> None:
    """Deleting conda's name for them frees nothing."""
    layer = (
        file("opt/conda/pkgs/numpy/core.so", b"x" * 100),
        file("opt/conda/pkgs/numpy.conda", b"y" * 10),
        hardlink("opt/conda/lib/core.so", "opt/conda/pkgs/numpy/core.so"),
    )
    (cache,) = caches((directory("opt/conda/pkgs"), *layer))
    assert cache.size == 10


def test_byte_code_in_a_cache_is_not_counted() -> None:
    """It belongs to what Python wrote when it ran from there; its neighbours count."""
    folder = "opt/conda/pkgs/numpy/lib/__pycache__"
    members = (file(f"{folder}/a.cpython-312.pyc", b"x" * 10), file(f"{folder}/b.nbi", b"x" * 7))
    (cache,) = caches(members)
    assert (cache.kind, cache.files, cache.size) == ("conda", 1, 7)


UV = "root/.cache/uv/archive-v0/abc/bin/server"
PNP = "root/.yarn/berry/cache/x.zip"


def find_reader(*members: TarMember, path: str = UV, runtime: RuntimeConfig | None = None) -> str:
    """What may read a cache beside these files."""
    context = make_context((file(path, b"x" * 100), *members), runtime=runtime)
    (cache,) = collect(PackageCacheCollector, context).of(PackageCache)
    return cache.reader


@pytest.mark.parametrize(
    ("words", "reader"),
    [
        (("uvx", "server"), "`uvx`"),
        (("/bin/sh", "-c", "cd /srv && exec uv --offline tool run server"), "`uv --offline tool run`"),
        (("uv", "run", "main.py"), "`uv run`"),
        (("uv", "run", "--no-sync", "--frozen", "uvicorn", "main:app"), ""),
        (("uv", "run", "--no-sync", "--", "python", "main.py"), ""),
        (("/bin/sh", "-c", "uv run --no-sync --group web -m gunicorn; sleep 1"), ""),
        (("/bin/sh", "-c", "uv run --no-sync true && uv run x"), "`uv run`"),
        (("uv", "run", "--no-sync", "main.py"), "`uv run`"),
        (("uv", "run", "--no-sync", "--with", "x", "server"), "`uv run`"),
        (("uv", "run", "--no-sync", "--isolated", "server"), "`uv run`"),
        (("uv", "run", "server", "--no-sync"), "`uv run`"),
        (("uv", "tool", "run", "--no-sync", "server"), "`uv tool run`"),
        (("/root/.cache/uv/archive-v0/abc/bin/server",), "the command"),
        (("/usr/bin/server", "--uvx", "/root/.cache/uv"), ""),
    ],
)
def test_a_container_that_starts_from_a_cache_reads_it(words: tuple[str, ...], reader: str) -> None:
    """By the cache's own program, or by path."""
    assert find_reader(runtime=RuntimeConfig(cmd=words)) == reader


def test_a_variable_may_have_uv_leave_its_environment_as_it_is() -> None:
    """Then nothing of the cache is asked for."""
    command = ("uv", "run", "server")
    assert find_reader(runtime=RuntimeConfig(cmd=command, env=("UV_NO_SYNC=1",))) == ""
    assert find_reader(runtime=RuntimeConfig(cmd=command, env=("UV_NO_SYNC=0",))) == "`uv run`"


def test_an_entry_script_may_start_from_a_cache() -> None:
    """As the config itself does."""
    script = file("entrypoint.sh", b"#!/bin/sh\nexec uvx server\n", mode=0o755)
    assert find_reader(script, runtime=RuntimeConfig(entrypoint=("/entrypoint.sh",))) == "`uvx`"


def test_a_variable_may_lead_into_a_cache() -> None:
    """Where it names something in it; the folder itself says only where the cache is."""
    assert find_reader(runtime=RuntimeConfig(env=("PATH=/bin:/root/.cache/uv/archive-v0/abc/bin",))) == (
        "the variable PATH"
    )
    assert find_reader(runtime=RuntimeConfig(env=("UV_CACHE_DIR=/root/.cache/uv/",))) == ""


@pytest.mark.parametrize("target", [f"/{UV}", "../../root/.cache/uv/archive-v0/abc", "/home/me/.cache/uv/archive-v0"])
def test_a_link_from_outside_leads_into_a_cache(target: str) -> None:
    """To a file or a folder, through whatever links."""
    home = symlink("home/me", "/root")
    assert find_reader(directory("app/bin"), home, symlink("app/bin/server", target)) == "/app/bin/server"


def test_links_within_a_cache_and_to_others_are_none() -> None:
    """Uv has its own, and a model's cache is no package cache."""
    inner = symlink("root/.cache/uv/wheels/server", "../archive-v0/abc")
    other = symlink("app/model", "/root/.cache/huggingface/hub/x")
    assert find_reader(inner, other) == ""


def test_a_script_may_be_run_by_an_interpreter_in_a_cache() -> None:
    """Its first line says so."""
    script = file("usr/local/bin/x", b"#!/root/.cache/uv/archive-v0/abc/bin/python\n", mode=0o755)
    assert find_reader(script) == "/usr/local/bin/x"


def test_a_loader_of_plug_n_play_reads_the_cache_of_yarn() -> None:
    """It names the archives; one that comes with a package does not, and other caches are not read by it."""
    assert find_reader(file("app/.pnp.cjs", b"1"), path=PNP) == "/app/.pnp.cjs"
    assert find_reader(file("app/node_modules/x/.pnp.cjs", b"1"), path=PNP) == ""
    assert find_reader(file("app/.pnp.cjs", b"1")) == ""
