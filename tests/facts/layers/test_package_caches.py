"""What package managers leave behind is found by where it lies."""

import pytest

from layerscope.facts.layers.package_caches import KINDS, PackageCache, PackageCacheCollector
from support.contexts import collect, make_context
from support.tar_member import TarMember, directory, file, hardlink, whiteout

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
