"""SYS004 altered-package: what it flags and what it lets pass."""

from layerscope.facts.fact import Evidence
from layerscope.facts.system.package_files import AlteredPackageFiles, MissingPackageFiles
from layerscope.rules.system.altered_package import AlteredPackage
from support.cases import flags, ignores

ALTERED = AlteredPackageFiles(
    evidence=Evidence(3, "usr/lib64/libstdc++.so.6"),
    manager="rpm",
    package="libstdc++",
    version="11.4",
    count=1,
    paths=("usr/lib64/libstdc++.so.6",),
    layer=3,
    instruction="COPY libstdc++.so.6 /usr/lib64/",
)


def test_flags_a_library_that_was_copied_over() -> None:
    """With the layer that did it."""
    (finding,) = flags(AlteredPackage, ALTERED)
    assert finding.message == (
        "1 file of libstdc++ in layer 3 (COPY libstdc++.so.6 /usr/lib64/) differs from what the package brought: "
        "/usr/lib64/libstdc++.so.6"
    )
    assert "dnf reinstall -y libstdc++" in finding.fixes[0].steps[0]


def test_ignores_packages_as_they_came() -> None:
    """A file that is gone is another matter."""
    gone = MissingPackageFiles(Evidence(3, "usr/bin/a"), "rpm", "tools", "1", "program", 1, ("usr/bin/a",), 3, "RUN rm")
    ignores(AlteredPackage, gone)
