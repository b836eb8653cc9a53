"""Modules built for NumPy 1 are told where NumPy 2 is installed."""

import pytest

from layerscope.facts.python.numpy_modules import NumpyModuleCollector, OldNumpyModules
from support.contexts import collect, make_context
from support.elf_writer import write_elf
from support.python_files import distribution, interpreter

OLD = b"_ARRAY_API\0numpy.core._multiarray_umath\0"
NEW = b"_ARRAY_API\0numpy.core._multiarray_umath\0numpy._core._multiarray_umath\0"


def find(numpy: str, words: bytes, metadata: str = "") -> tuple[OldNumpyModules, ...]:
    """The facts of an environment with that NumPy and a module that holds these words."""
    elf = write_elf()
    layer = distribution("acme", files={"acme/_c.abi3.so": elf + words}, metadata=metadata)
    context = make_context(
        interpreter(),
        layer,
        distribution("numpy", numpy, files={"numpy/_core/x.so": elf + OLD}),
        steps=["RUN python", "RUN pip install acme", "RUN pip install -U numpy"],
    )
    return collect(NumpyModuleCollector, context).of(OldNumpyModules)


def test_tells_modules_for_numpy_1_beside_numpy_2() -> None:
    """With both layers; NumPy's own modules are not told."""
    (found,) = find("2.1.0", OLD)
    assert (found.package, found.distribution, found.count, found.layer) == ("acme", "acme 1.0", 1, 1)
    assert not found.needs_numpy
    assert (found.numpy, found.numpy_layer, found.numpy_instruction) == ("2.1.0", 2, "RUN pip install -U numpy")


def test_a_requirement_shows_that_numpy_is_used() -> None:
    """That of another distribution with such a name does not."""
    assert [each.needs_numpy for each in find("2.1.0", OLD, "Requires-Dist: numpy>=1.21")] == [True]
    assert [each.needs_numpy for each in find("2.1.0", OLD, "Requires-Dist: numpy-stl")] == [False]


@pytest.mark.parametrize(("numpy", "words"), [("1.26.4", OLD), ("2.1.0", NEW), ("2.1.0", b""), ("nonsense", OLD)])
def test_passes_over_what_goes_together(numpy: str, words: bytes) -> None:
    """NumPy 1, modules that serve both, and modules that use neither."""
    assert find(numpy, words) == ()
