"""Texts of CUDA packages are read as text, whatever they hold."""

from hypothesis import given
from hypothesis import strategies as st

from layerscope.facts.cuda.text_extractor import CudaTextExtractor

PATHS = (
    "s/torch/version.py", "s/onnxruntime/capi/version_info.py", "s/tensorflow/python/platform/build_info.py",
    "s/xformers/cpp_lib.json", "usr/local/cuda-12.4/version.json", "usr/local/cuda/version.txt",
    "s/vllm-0.1.dist-info/METADATA", "s/torch-2.1.dist-info/METADATA", "s/flash_attn-2.dist-info/direct_url.json",
)  # fmt: skip


def extract(path: str, content: bytes) -> object:
    """What is kept of a file."""
    return CudaTextExtractor().extract(path, content, size=len(content), mode=0o644)


@given(st.sampled_from(PATHS), st.binary(max_size=300))
def test_any_bytes_leave_texts_or_nothing(path: str, content: bytes) -> None:
    """It never raises."""
    value = extract(path, content)
    assert value is None or isinstance(value, dict)


@given(
    st.recursive(st.text(max_size=5), lambda inner: st.dictionaries(st.sampled_from(["version", "cuda", "url"]), inner))
)
def test_any_json_leaves_texts_or_nothing(value: object) -> None:
    """Whatever type stands where a text is expected."""
    import json

    for path in PATHS:
        if path.endswith(".json"):
            extract(path, json.dumps(value).encode())


def test_nothing_is_executed_or_kept_beyond_plain_literals() -> None:
    """A call is no value."""
    assert extract("s/torch/version.py", b"__version__ = open('/etc/passwd').read()\ncuda = '12.4'\n") == {
        "cuda": "12.4"
    }
    assert extract("s/other/version.py", b"cuda = '12.4'\n") is None
    assert extract("s/torch/version.py", b"cuda = '" + b"1" * 500 + b"'\n") is None


def test_deep_json_is_nothing() -> None:
    """Depth has its end in the decoder."""
    assert extract("usr/local/cuda-12.4/version.json", b'{"cuda":' * 20000) is None


def test_files_of_other_packages_are_passed_over() -> None:
    """They bear the same names."""
    for path in ("srv/version.json", "s/requests-2.dist-info/METADATA", "app/build_info.py", "s/vllm.egg/METADATA"):
        assert extract(path, b"Requires-Dist: torch==2.1\n") is None
