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
        (("/usr/bin/server", "--uvx", "--cache-dir", "/root/.cache/uv"), ""),
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


APT = "var/lib/apt/lists/deb.debian.org_dists_bookworm_Packages.lz4"
PIP = "root/.cache/pip/wheels/six.whl"
APK = "var/cache/apk/APKINDEX.00740ba1.tar.gz"


@pytest.mark.parametrize(
    ("path", "words", "reader"),
    [
        (APT, "apt-get install -y jq && exec server", "`apt-get install`"),
        (APT, "apt-get update && apt-get install -y jq", ""),
        (APT, "apt list --upgradable", "`apt list`"),
        (APT, "pip list && python app.py", ""),
        (APT, "echo apt-getter; server --mode install", ""),
        (APT, "ls /var/lib/apt/lists", "the command"),
        (APT, "rm -rf /var/lib/apt/lists/* && server", ""),
        ("var/cache/apt/archives/jq.deb", "apt-get update && apt-get install -y jq", ""),
        ("var/cache/apt/archives/jq.deb", "apt-get install -y --no-download jq", "`apt-get --no-download`"),
        ("var/cache/apt/archives/jq.deb", "dpkg -i /var/cache/apt/archives/*.deb", "the command"),
        (APK, "apk add jq", "`apk add`"),
        (APK, "apk add --no-cache jq", ""),
        (APK, "apk --no-network add --no-cache jq", "`apk --no-network`"),
        ("var/cache/dnf/x/repomd.xml", "microdnf install jq", ""),
        ("var/cache/dnf/x/repomd.xml", "dnf -C install jq", "`dnf -C`"),
        ("root/.cache/uv/x.whl", "uv pip install --offline six", "`uv --offline`"),
        ("root/.cache/uv/x.whl", "UV_OFFLINE=1 uv pip install six", "`uv`"),
        ("root/.cache/uv/x.whl", "uv pip install six", ""),
        ("opt/conda/pkgs/x.conda", "conda create -n x --offline y", "`conda --offline`"),
        (PIP, "pip install --no-index --find-links /root/.cache/pip/wheels six", "the command"),
        (PIP, "pip install --no-index --find-links /wheels six", ""),
        (PIP, "cd ~/.cache/pip && ls wheels", "the command"),
        (PIP, "pip install --find-links=$HOME/.cache/pip/wheels six", "the command"),
        (PIP, "cp -r ${HOME}/.cache /srv", "the command"),
        (PIP, "ls ${XDG_CACHE_HOME:-/root/.cache}/pip", "the command"),
        (PIP, "ls $XDG_CACHE_HOME", "the command"),
        (PIP, "ls $PIP_CACHE_DIR/wheels", "the command"),
        (PIP, "ls $XDG_CACHE_HOME/uv ~/.cache/huggingface", ""),
        (PIP, "mkdir -p ~/.cache/pip && chown -R app ~/.cache && server", ""),
        (PIP, "export XDG_CACHE_HOME=/root/.cache && server", ""),
    ],
)
@pytest.mark.parametrize("place", ["command", "script", "plain script", "passed on", "second script"])
def test_what_a_container_starts_may_read_a_cache(path: str, words: str, reader: str, place: str) -> None:
    """By its own words, or by those of a script, be it called by name or given to a shell, or called by another."""
    told = f"{reader} in /opt/start.sh" if "`" in reader else reader and "/opt/start.sh"
    script = file("opt/start.sh", f"# apt-get install x\nset -e\n{words}\n".encode(), mode=0o644)
    named = file("opt/start.sh", f'#!/bin/bash\n{words}\nexec "$@"\n'.encode(), mode=0o755)
    caller = file("usr/local/bin/docker-entrypoint", b'#!/bin/sh\n/opt/start.sh\nexec "$@"\n', mode=0o755)
    shell = file("bin/sh", b"\x7fELF", mode=0o755)
    if place == "command":
        found = find_reader(path=path, runtime=RuntimeConfig(cmd=("/bin/sh", "-c", words)))
        assert found == reader
    elif place == "script":
        assert find_reader(named, path=path, runtime=RuntimeConfig(entrypoint=("/opt/start.sh",))) == told
    elif place == "plain script":
        runtime = RuntimeConfig(cmd=("start.sh",), entrypoint=("sh",), working_dir="/opt")
        assert find_reader(script, shell, path=path, runtime=runtime) == told
    elif place == "passed on":
        handed = file("entry.sh", b'#!/bin/sh\nexec "$@"\n', mode=0o755)
        runtime = RuntimeConfig(entrypoint=("/entry.sh",), cmd=("/opt/start.sh",))
        assert find_reader(named, handed, path=path, runtime=runtime) == told
    else:
        runtime = RuntimeConfig(entrypoint=("docker-entrypoint",), cmd=("server",), env=("PATH=/usr/local/bin:/bin",))
        assert find_reader(named, caller, path=path, runtime=runtime) == told


@pytest.mark.parametrize(
    ("line", "reader"),
    [
        (
            'subprocess.check_call(["apt-get","install","-y",os.environ["EXTRA"]])',
            "`apt-get install` in /app/manage.py",
        ),
        (
            'subprocess.run(\n    [\n        "apt-get",\n        "install",\n    ]\n)',
            "`apt-get install` in /app/manage.py",
        ),
        ('os.system("apt-get update && apt-get install -y jq")', ""),
        ('raise RuntimeError("jq is missing: apt-get install jq")', ""),
        ('# apt-get install jq\nprint("ok")', ""),
        ('LISTS = "/var/lib/apt/lists"', "/app/manage.py"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [("python3", "/app/manage.py"), ("python", "-u", "-m", "app.manage"), ("gunicorn", "app.manage:application")],
)
def test_a_program_of_python_may_read_a_cache(line: str, reader: str, command: tuple[str, ...]) -> None:
    """What it calls, and the folder that it names."""
    program = file("app/manage.py", f"import os, subprocess\n{line}\n".encode())
    assert find_reader(program, path=APT, runtime=RuntimeConfig(cmd=command, working_dir="/")) == reader


def test_a_script_that_nothing_starts_reads_no_cache() -> None:
    """Though it is called as those are that images start."""
    script = file("opt/start.sh", b"#!/bin/sh\napt-get install -y jq\n", mode=0o755)
    assert find_reader(script, path=APT, runtime=RuntimeConfig(cmd=("python3", "/app/main.py"))) == ""


def test_a_variable_may_hold_the_folder_of_a_cache_for_another_use() -> None:
    """Where its name does not say that the cache is to be there."""
    assert find_reader(path=PIP, runtime=RuntimeConfig(env=("PIP_FIND_LINKS=/root/.cache/pip",))) == (
        "the variable PIP_FIND_LINKS"
    )
    assert find_reader(path=PIP, runtime=RuntimeConfig(env=("PIP_CACHE_DIR=/root/.cache/pip",))) == ""
    runtime = RuntimeConfig(env=("UV_OFFLINE=1",), cmd=("uv", "pip", "install", "six"))
    assert find_reader(path="root/.cache/uv/x.whl", runtime=runtime) == "`uv`"
