"""The stack as one chain, from the kernel that is needed up to the application, each level with its layer."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.commands import base_name, find_final_command
from layerscope.facts.system.distribution import bare_version, find_libc, find_os_release
from layerscope.facts.system.java import find_java_runtimes
from layerscope.facts.system.node import find_node_runtimes
from layerscope.facts.system.node_packages import find_modules
from layerscope.facts.system.openssl import find_openssl
from layerscope.facts.system.package_databases import find_package_databases
from layerscope.facts.system.programs import ProgramFinder

_OPENSSL_PACKAGES: Final = ("libssl3", "libssl3t64", "libssl1.1", "openssl-libs", "libopenssl3", "libopenssl1_1")
_PYTHON: Final = re.compile(r"(?:^|.*/)bin/python(3\.\d+t?)")

_MINIMUM_KERNELS: Final = {"amd64": "3.2.0", "arm64": "3.7.0"}
"""arch_minimum_kernel of glibc since 2.26:
https://sourceware.org/git/?p=glibc.git;f=sysdeps/unix/sysv/linux/configure.ac and .../aarch64/configure.ac."""
_FIRST_WITH_MINIMUM: Final = (2, 26)


class StackLevel(Fact, frozen=True):
    """One level of the chain; `layer` is where this version came, None for what the image does not bring.

    `level` is one of kernel, distribution, libc, openssl, runtime, packages, application, in that order.
    """

    level: str
    name: str
    version: str
    layer: int | None
    detail: str = ""


class StackCollector(Collector):
    """Puts together what other collectors find."""

    name = "system.stack"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the levels, lowest first; those that the image does not show are left out."""
        yield from _iter_kernel(context)
        yield from _iter_distribution(context)
        yield from _iter_libraries(context)
        yield from _iter_runtimes(context)
        yield from _iter_packages(context)
        yield from _iter_application(context)


def _iter_kernel(context: FactContext) -> Iterator[StackLevel]:
    """The oldest kernel on which the C library starts."""
    libc = context.shared(find_libc)
    oldest = _MINIMUM_KERNELS.get(context.image.config.architecture)
    if libc is None or oldest is None or libc.name == "musl":
        return
    match = re.match(r"(\d{1,4})\.(\d{1,4})", bare_version(libc.version))
    if match is not None and (int(match[1]), int(match[2])) >= _FIRST_WITH_MINIMUM:
        detail = f"or newer, on the host: glibc {bare_version(libc.version)} starts on nothing older"
        yield StackLevel(Evidence(layer=libc.layer), "kernel", "Linux", oldest, None, detail)


def _iter_distribution(context: FactContext) -> Iterator[StackLevel]:
    """The distribution's release."""
    release = context.shared(find_os_release)
    if release is not None:
        layer = release.evidence.layer
        yield StackLevel(release.evidence, "distribution", release.id, release.version_id, layer, release.pretty_name)


def _iter_libraries(context: FactContext) -> Iterator[StackLevel]:
    """The C library, and OpenSSL by its package, else by its files."""
    databases = context.shared(find_package_databases)
    libc = context.shared(find_libc)
    if libc is not None:
        name = "musl" if libc.name == "musl" else "glibc"
        yield StackLevel(Evidence(layer=libc.layer), "libc", name, bare_version(libc.version), libc.layer, libc.version)
    packages = [databases.find_version(name) for name in _OPENSSL_PACKAGES]
    package = next((each for each in packages if each is not None), None)
    if package is not None:
        version = bare_version(package.version)
        yield StackLevel(
            Evidence(layer=package.layer), "openssl", "OpenSSL", version, package.layer, f"package {package.name}"
        )
        return
    for library in context.shared(find_openssl):
        if library.is_system:
            detail = f"/{library.path}"
            yield StackLevel(library.evidence, "openssl", "OpenSSL", library.series, library.layer, detail)


def _iter_runtimes(context: FactContext) -> Iterator[StackLevel]:
    """Interpreters and virtual machines: Python, Node.js, Java."""
    for path in sorted(path for path in context.tree if "bin/python3." in path):
        match = _PYTHON.fullmatch(path)
        node = context.tree.resolve(path)
        if match is not None and node is not None and node.path == path:
            yield StackLevel(
                Evidence(layer=node.layer, path=path), "runtime", "Python", match[1], node.layer, f"/{path}"
            )
    for node_js in context.shared(find_node_runtimes):
        detail = f"/{node_js.path}"
        yield StackLevel(node_js.evidence, "runtime", "Node.js", node_js.version, node_js.layer, detail)
    for java in context.shared(find_java_runtimes):
        yield StackLevel(java.evidence, "runtime", "Java", java.version, java.layer, f"/{java.path}")


def _iter_packages(context: FactContext) -> Iterator[StackLevel]:
    """How many packages each manager has, at the layer that brought the last of them."""
    for database in context.shared(find_package_databases).databases:
        installed = [package for package in database.packages if package.is_installed]
        if installed:
            layer = max(package.layer for package in installed)
            evidence = Evidence(layer=layer, path=database.path)
            yield StackLevel(evidence, "packages", database.manager, _count(len(installed)), layer)
    installed_modules = [module for module in context.shared(find_modules) if module.is_installed]
    if installed_modules:
        layer = max(module.layer for module in installed_modules)
        yield StackLevel(Evidence(layer=layer), "packages", "npm", _count(len(installed_modules)), layer)


def _iter_application(context: FactContext) -> Iterator[StackLevel]:
    """The program that the config starts in the end, with its version where a package.json beside it says."""
    runtime = context.image.config.runtime
    words = find_final_command((*runtime.entrypoint, *runtime.cmd))
    if not words:
        return
    program = ProgramFinder(context).find(words[0])
    application = context.shared(find_modules).by_folder.get(runtime.working_dir.strip("/"))
    version = application.version if application is not None and not application.is_installed else ""
    evidence = Evidence(layer=program.layer, path=program.path) if program.layer is not None else Evidence()
    detail = f"/{program.path}" if program.path is not None else ""
    yield StackLevel(evidence, "application", base_name(words[0]), version, program.layer, detail)


def _count(packages: int) -> str:
    """So many packages."""
    return "1 package" if packages == 1 else f"{packages:,} packages"
