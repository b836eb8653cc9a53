"""Copies of CUDA's libraries are told apart by where they lie."""

from layerscope.facts.cuda.libraries import CudaCopy, CudaLibrary, CudaLibraryCollector
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.fact_set import FactSet
from layerscope.facts.image_facts import ImageFacts, decode_image_facts, encode_image_facts
from layerscope.filesystem.weight import measure_weight
from support.contexts import collect
from support.cuda_images import (
    LIBRARIES,
    SITE,
    collect_all,
    cuda_context,
    development,
    installed,
    sized,
    toolkit,
    torch,
    wheels,
)
from support.tar_member import file, symlink


def find_copies(*members: object, env: tuple[str, ...] = ()) -> tuple[FactSet, list[CudaCopy]]:
    """The facts and the copies of an image with one layer."""
    facts = collect(CudaLibraryCollector, cuda_context(list(members), env=env))  # type: ignore[arg-type]
    return facts, list(facts.of(CudaCopy))


def test_wheels_have_the_versions_of_their_distributions() -> None:
    """Their files are named for the major version alone."""
    facts, (copy,) = find_copies(*wheels(size=1000))
    assert (copy.kind, copy.root, copy.release) == (CopyKind.WHEEL, f"{SITE}/nvidia", "12.4")
    assert copy.environment == SITE
    assert [(part.name, part.version) for part in copy.parts] == [
        ("cublas", "12.4.5.8"),
        ("cuda-runtime", "12.4.127"),
        ("cudnn", "9.1.0.70"),
    ]
    assert {library.suffix for library in facts.of(CudaLibrary)} == {"12", "9"}
    assert copy.size == 1000 + copy.files - 1


def test_wheels_for_cuda_13_are_one_copy_with_what_all_versions_share() -> None:
    """CuDNN stays where it was; with two toolkits in one environment, there are two copies."""
    newer = [
        installed("nvidia-cuda-runtime", "13.2.86"),
        installed("nvidia-cudnn-cu13", "9.26.0.51"),
        sized(f"{SITE}/nvidia/cu13/lib/libcudart.so.13"),
        sized(f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9"),
    ]
    _, (copy,) = find_copies(*newer)
    assert (copy.root, copy.release) == (f"{SITE}/nvidia/cu13", "13.2")
    assert [(part.name, part.version) for part in copy.parts] == [("cuda-runtime", "13.2.86"), ("cudnn", "9.26.0.51")]
    older = sized(f"{SITE}/nvidia/cuda_runtime/lib/libcudart.so.12"), installed("nvidia-cuda-runtime-cu12", "12.8.90")
    _, copies = find_copies(*newer, *older)
    assert [(each.root, each.release) for each in copies] == [
        (f"{SITE}/nvidia", "12.8"),
        (f"{SITE}/nvidia/cu13", "13.2"),
    ]


def test_wheels_in_a_target_directory_are_wheels() -> None:
    """Its distributions lie there; elsewhere the same folders are somebody's own."""
    _, (copy,) = find_copies(*wheels(site="app/deps"))
    assert (copy.kind, copy.root, copy.release) == (CopyKind.WHEEL, "app/deps/nvidia", "12.4")
    _, (copy,) = find_copies(sized("srv/nvidia/cublas/lib/libcublas.so.12"))
    assert copy.kind is CopyKind.BUNDLED


def test_toolkit_files_count_once_however_many_links_lead_to_them() -> None:
    """Its stubs are no copies."""
    facts, (copy,) = find_copies(*toolkit(), sized(f"{LIBRARIES}/stubs/libcublas.so"))
    assert (copy.kind, copy.root, copy.release, copy.files) == (CopyKind.TOOLKIT, "usr/local/cuda-12.4", "12.4", 2)
    assert [library.version for library in facts.of(CudaLibrary)] == ["12.4.5.8", "12.4.127"]


def test_system_conda_bundled_and_cached_copies() -> None:
    """Each has a root of its own."""
    _, copies = find_copies(
        sized("usr/lib/x86_64-linux-gnu/libcudnn.so.9.5.1"),
        file("opt/conda/conda-meta/cuda-cudart-12.1.105-0.json", b"{}"),
        sized("opt/conda/lib/libcudart.so.12.1.105"),
        sized(f"{SITE}/torch/lib/libcudart-d0da41ae.so.11.0"),
        sized("root/.cache/uv/archive-v0/abc/nvidia/cublas/lib/libcublas.so.12"),
        sized("usr/local/lib/ollama/cuda_v12/libcublas.so.12.8.4.1"),
    )
    assert [(copy.kind, copy.root, copy.release) for copy in copies] == [
        (CopyKind.CONDA, "opt/conda", "12.1"),
        (CopyKind.CACHE, "root/.cache/uv/archive-v0/abc/nvidia/cublas/lib", "12"),
        (CopyKind.BUNDLED, f"{SITE}/torch", "11"),
        (CopyKind.SYSTEM, "usr/lib/x86_64-linux-gnu", ""),
        (CopyKind.BUNDLED, "usr/local/lib/ollama/cuda_v12", "12"),
    ]


def test_libraries_on_a_search_path_say_what_names_their_folder() -> None:
    """The environment's comes before ldconfig's; links are followed."""
    facts, _ = find_copies(
        *toolkit(),
        symlink(f"{LIBRARIES[:-4]}/lib64", "lib"),
        sized("opt/nvidia/libnccl.so.2.21.5"),
        file("etc/ld.so.conf.d/nccl.conf", b"# ours\n/opt/nvidia\n"),
        env=("LD_LIBRARY_PATH=/nowhere:/usr/local/cuda/targets/x86_64-linux/lib64",),
    )
    assert {library.part: library.search for library in facts.of(CudaLibrary)} == {
        "cublas": "LD_LIBRARY_PATH",
        "cuda-runtime": "LD_LIBRARY_PATH",
        "nccl": "/etc/ld.so.conf.d/nccl.conf",
    }


def test_other_libraries_are_not_cuda() -> None:
    """Names that only begin alike are others' own."""
    _, copies = find_copies(
        sized("usr/lib/libcudawrapper.so.1"), sized("usr/lib/libcurl.so.4"), sized("usr/lib/libnvme.so")
    )
    assert copies == []


def test_facts_survive_the_cache() -> None:
    """All of the family's are encoded and decoded between audits."""
    members = [*torch(), *wheels(), *toolkit(), *development()]
    context = cuda_context(members, env=["CUDA_VERSION=12.4.1", "CC=gcc"])
    facts = collect_all(context)
    known = ImageFacts(measure_weight(context.tree), FactSet(facts), ())
    again = decode_image_facts(memoryview(encode_image_facts(known)))
    assert sorted(map(repr, again.facts)) == sorted(map(repr, facts))
