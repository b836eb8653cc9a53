"""What an image shows of an error: findings on what the message names, and facts on it."""

from typing import Final

import pytest
from msgspec.structs import replace

from layerscope.audit.evidence import ErrorEvidence, find_evidence
from layerscope.audit.statement import Bearing
from layerscope.facts.cuda.gpu_verdict import Verdict
from layerscope.facts.cuda.libraries import CudaLibrary, RemovedCudaLibrary
from layerscope.facts.elf.inventory import ElfInventory, SymbolVersion
from layerscope.facts.elf.libc import LibcProvided
from layerscope.facts.fact import Evidence, Fact
from layerscope.policies.error_search import find_explanations
from layerscope.policies.policies import Policies
from layerscope.rules.finding import Finding, Location
from layerscope.rules.severity import Confidence, Severity
from support.elf_facts import NEED
from support.gpu_facts import library, sm, torch, verdict
from support.results import ResultRecipe, make_result
from support.sample_facts import PROOF

POLICIES: Final = Policies()
CUDA: Final = "usr/local/cuda-13.2/lib64"
CUDART: Final = CudaLibrary(
    Evidence(1, f"{CUDA}/libcudart.so.13"), "cudart", "cuda-runtime", "13", "13.2.75", 700_000, "usr/local/cuda-13.2"
)
LIBC: Final = LibcProvided(Evidence(0, "lib/libc.so.6"), "glibc", "2.36", "lib/libc.so.6", 0, 9)
MISSING: Final = Finding(
    "ELF001",
    "missing-library",
    "A library is missing",
    "/opt/plugin.so needs libfabric.so.1",
    Severity.INFO,
    Confidence.LOW,
    (Location(1, "opt/plugin.so"),),
)


def find(message: str, *facts: Fact, findings: tuple[Finding, ...] = ()) -> ErrorEvidence:
    """The evidence for the first error that a message shows."""
    result = make_result(ResultRecipe(facts=facts, findings=findings))
    return find_evidence(result, find_explanations(POLICIES.errors, message)[0], POLICIES)


def tell(evidence: ErrorEvidence) -> list[tuple[Bearing, str]]:
    """The statements with what they mean."""
    return [(each.bearing, each.text) for each in evidence.statements]


def test_gpus_that_nobody_asked_about_are_told_from_the_common_ones() -> None:
    """Rules on GPUs are silent without a GPU, which is no all-clear."""
    verdicts = (
        verdict(Verdict.NONE, name="B200", capability="10.0", is_asked=False),
        verdict(Verdict.NATIVE, is_asked=False),
    )
    evidence = find("no kernel image is available for execution on the device", *verdicts)
    assert tell(evidence) == [
        (
            Bearing.OPEN,
            "not judged without --gpu NAME; of the common GPUs, it does not run on B200 (10.0); it runs on T4 (7.5)",
        )
    ]
    assert evidence.unjudged == ("missing-device-code", "partial-device-code", "dropped-architecture")


def test_a_gpu_that_was_asked_about_has_its_verdict() -> None:
    """With the reason; then nothing is unjudged."""
    evidence = find("no kernel image is available for execution on the device", verdict(Verdict.NONE))
    assert tell(evidence) == [(Bearing.EXPLAINS, "it does not run on T4 (7.5): the reason")]
    assert evidence.unjudged == ()
    assert find("cudaErrorNoKernelImageForDevice", library("libx.so", (1, sm(90)))).statements == ()
    (none,) = find("cudaErrorNoKernelImageForDevice").statements
    assert none.text == "no device code is in it, for any GPU"


@pytest.mark.parametrize(
    ("found", "bearing", "end"),
    [
        ("12020", Bearing.EXPLAINS, "the driver of the message serves CUDA 12.2 (R535), which is too old"),
        ("13020", Bearing.CONTRADICTS, "the driver of the message serves CUDA 13.2 (R595), which is new enough"),
        ("12095", Bearing.EXPLAINS, "the driver of the message serves CUDA 12.9 (R575), which is too old"),
    ],
)
def test_a_driver_in_a_message_is_compared_with_the_image(found: str, bearing: Bearing, end: str) -> None:
    """Its number is a CUDA version, and the floor is that of the CUDA which a framework was built for."""
    evidence = find(f"The NVIDIA driver on your system is too old (found version {found}).", torch("13.2"))
    assert tell(evidence) == [
        (bearing, f"torch 2.15.0 was built for CUDA 13.2, which starts with driver 580.65.06 and newer; {end}")
    ]


def test_a_driver_that_is_not_told_is_not_judged() -> None:
    """The floor is told all the same."""
    evidence = find("CUDA driver version is insufficient for CUDA runtime version", CUDART)
    ((bearing, text),) = tell(evidence)
    assert bearing is Bearing.OPEN
    assert text.startswith(f"/{CUDA}/libcudart.so.13 was built for CUDA 13.2.75, which starts with driver 580.65.06")


def test_the_c_library_is_compared_with_the_version_asked_for() -> None:
    """Whether or not a rule found who asks for it."""
    message = "libc.so.6: version `GLIBC_{}' not found (required by /opt/tool)"
    assert tell(find(message.format("2.38"), LIBC)) == [
        (
            Bearing.EXPLAINS,
            "/lib/libc.so.6 (layer 0) provides versions up to GLIBC_2.36: GLIBC_2.38 is not among them",
        )
    ]
    ((bearing, text),) = tell(find(message.format("2.36"), LIBC))
    assert bearing is Bearing.CONTRADICTS
    assert "so GLIBC_2.36 is there" in text
    musl = replace(LIBC, kind="musl", version="", path="lib/ld-musl-x86_64.so.1")
    assert "is musl (/lib/ld-musl-x86_64.so.1)" in tell(find(message.format("2.36"), musl))[0][1]


def test_every_copy_of_the_c_plus_plus_library_is_told() -> None:
    """The nearest to the root first."""
    cxx = (
        SymbolVersion("CXXABI", "1.3.13", "lib/libstdc++.so.6", 0),
        SymbolVersion("GLIBCXX", "3.4.30", "lib/libstdc++.so.6", 0),
        SymbolVersion("GLIBCXX", "3.4.33", "opt/conda/lib/libstdc++.so.6", 1),
    )
    inventory = ElfInventory(Evidence(0, "bin/sh"), 2, ((62, 2),), ((3, 2),), (), 0, (), (), None, cxx)
    told = tell(find("version `GLIBCXX_3.4.32' not found", inventory))
    assert [(bearing, text.partition(" ")[0]) for bearing, text in told] == [
        (Bearing.EXPLAINS, "/lib/libstdc++.so.6"),
        (Bearing.CONTRADICTS, "/opt/conda/lib/libstdc++.so.6"),
    ]
    (none,) = find("version `GLIBCXX_3.4.32' not found").statements
    assert none.text == "there is no libstdc++.so.6 in it that provides GLIBCXX versions"


def test_copies_of_a_cuda_library_are_told() -> None:
    """Under another name, under the name itself, and removed by a layer."""
    message = "libcudart.so.{}: cannot open shared object file"
    other = f"/{CUDA}/libcudart.so.13 (layer 1, version 13.2.75) is another one than libcudart.so.12"
    assert tell(find(message.format("12"), CUDART)) == [(Bearing.EXPLAINS, other)]
    ((bearing, text),) = tell(find(message.format("13"), CUDART))
    assert bearing is Bearing.OPEN
    assert f"only objects whose RPATH or RUNPATH names /{CUDA}" in text
    assert tell(find(message.format("13"), replace(CUDART, search="LD_LIBRARY_PATH")))[0][0] is Bearing.CONTRADICTS
    assert tell(find(message.format("13"))) == [(Bearing.EXPLAINS, "no file called libcudart.so* is in it")]
    removed = RemovedCudaLibrary(Evidence(3, "opt/libcudnn.so.9"), "cudnn", "RUN rm")
    told = tell(find("libcudnn.so.9: cannot open shared object file", removed))
    assert told[0] == (Bearing.EXPLAINS, "layer 3 removed /opt/libcudnn.so.9")


def test_findings_on_other_libraries_are_no_evidence() -> None:
    """They are counted and not shown, while those on the library are."""
    about = replace(MISSING, message="/opt/x.so needs libcudart.so.12", locations=(Location(1, "opt/x.so"),))
    mismatch = replace(MISSING, rule="framework-cuda-mismatch", code="CUDA001", message="torch is for CUDA 12")
    evidence = find("libcudart.so.12: cannot open shared object file", findings=(MISSING, about, mismatch))
    assert evidence.telling == (about, mismatch)
    assert evidence.related == (MISSING,)
    alone = find("libcudart.so.12: cannot open shared object file", CUDART, findings=(MISSING,))
    assert alone.telling == ()


def test_a_layer_that_a_runtime_does_not_read_is_looked_for() -> None:
    """By the rules about refused layers; of zstd, which no rule names, by the proof of each layer."""
    xz = replace(MISSING, code="LAY012", rule="unspecified-compression", message="compressed with xz")
    message = "failed to register layer: archive/tar: invalid tar header"
    evidence = find(message, PROOF, findings=(MISSING, xz))
    assert (evidence.telling, evidence.statements) == ((xz,), ())
    assert evidence.checked == ("refused-entry", "unspecified-compression", "truncated-layer")
    packed = [replace(PROOF, layer=layer, found_compression="zstd") for layer in (4, 2)]
    text = "compressed with zstd: Docker older than 23.0 and containerd older than 1.5 do not unpack that"
    assert tell(find(message, PROOF, *packed)) == [(Bearing.OPEN, f"layers 2 and 4 are {text}")]
    assert tell(find(message, packed[0])) == [(Bearing.OPEN, f"layer 4 is {text}")]
    assert tell(find("exec /app: exec format error", packed[0])) != [(Bearing.OPEN, f"layer 4 is {text}")]


def test_who_needs_a_library_in_vain_is_told() -> None:
    """Also of a library that is not CUDA's."""
    (bearing, text), absent = tell(find("libx.so.1: cannot open shared object file", NEED))
    assert bearing is Bearing.EXPLAINS
    assert text.endswith("needs libx.so.1 and does not find it")
    assert absent == (Bearing.EXPLAINS, "libx.so.1 is not in the image")


def test_a_driver_that_was_asked_about_is_compared() -> None:
    """Where the message tells none."""
    message = "CUDA driver version is insufficient for CUDA runtime version"
    for driver, bearing, end in (
        ("470.57.02", Bearing.EXPLAINS, "is too old"),
        ("580.65.06", Bearing.CONTRADICTS, "is new enough"),
    ):
        asked = replace(verdict(Verdict.NATIVE), driver=driver)
        ((told, text),) = tell(find(message, torch("13.2"), asked))
        assert told is bearing
        assert text.endswith(f"{driver}, the driver in question, {end}")


def test_findings_on_other_modules_and_programs_are_no_evidence() -> None:
    """A message that names one is about no other."""
    other = replace(MISSING, rule="mismatched-abi-tag", message="python cannot use regex 2026.9 and PyYAML 6.0")
    assert find("No module named 'yaml'", findings=(other,)).telling == (other,)
    assert find("No module named 'numpy.core'", findings=(other,)).telling == ()
    script = replace(MISSING, rule="crlf-shebang", message="/app/run.sh has Windows line endings")
    assert find("exec /app/run.sh: no such file or directory", findings=(script,)).telling == (script,)
    assert find("exec /opt/tool: no such file or directory", findings=(script,)).telling == ()


def test_a_framework_that_needs_the_library_is_evidence() -> None:
    """One that needs another version of it is none."""
    need = replace(NEED, needed="libcublasLt.so.13")
    on_cpu = replace(MISSING, rule="onnxruntime-on-cpu", message="onnxruntime finds no CUDA 13")
    message = "libcublasLt.so.{}: cannot open shared object file"
    assert find(message.format("13"), need, findings=(on_cpu,)).telling == (on_cpu,)
    assert find(message.format("12"), need, findings=(on_cpu,)).telling == ()
