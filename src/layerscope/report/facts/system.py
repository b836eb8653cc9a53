"""The system as a person reads it: the stack from the application down to the kernel, packages, runtimes, accounts."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from layerscope.facts.system.accounts import Accounts
from layerscope.facts.system.distribution import DistributionRelease
from layerscope.facts.system.java import JavaArchives, JavaRuntime
from layerscope.facts.system.node import NodeRuntime, NpmPackages
from layerscope.facts.system.openssl import OpenSslLibrary
from layerscope.facts.system.os_release import OsRelease
from layerscope.facts.system.packages import SystemPackage, SystemPackages
from layerscope.facts.system.python_process import PythonProcess
from layerscope.facts.system.scripts import Scripts
from layerscope.facts.system.secret_files import SecretFile
from layerscope.facts.system.stack import StackLevel
from layerscope.facts.system.started_commands import StartedCommand
from layerscope.report.escape import escape_line
from layerscope.report.facts.sheet import INDENT, Sheet, slashed, tell, tell_path
from layerscope.report.places import root_path
from layerscope.report.terminal.page import start_fields
from layerscope.rules.wording import tell_count, tell_list

LEVELS: Final = {"libc": "C library", "openssl": "OpenSSL"}
_NO_LOGIN: Final = ("nologin", "false", "sync")
_DRAWN: Final = (
    StackLevel, OsRelease, DistributionRelease, SystemPackages, OpenSslLibrary, NodeRuntime, NpmPackages, JavaRuntime,
    JavaArchives, Accounts, Scripts, SecretFile, PythonProcess, StartedCommand,
)  # fmt: skip


def draw_system(sheet: Sheet, *, is_alone: bool) -> None:
    """Draw the family; the packages themselves only where nothing else was asked for."""
    _draw_stack(sheet)
    fields = start_fields()
    for add in (_add_release, _add_packages, _add_openssl, _add_node, _add_java, _add_accounts, _add_scripts):
        add(sheet, fields)
    _add_secrets(sheet, fields)
    if fields.row_count:
        sheet.page.add_blank()
        sheet.page.add(fields, indent=INDENT)
    if is_alone:
        for packages in sheet.facts.of(SystemPackages):
            _draw_packages(sheet, packages)
    sheet.rest(_DRAWN)


def _draw_stack(sheet: Sheet) -> None:
    """The chain from what the image starts down to what it needs of its host."""
    levels = sheet.facts.of(StackLevel)
    if not levels:
        return
    releases = sheet.facts.of(DistributionRelease)
    sheet.section("Stack", "from the application down to the kernel")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="label", no_wrap=True)
    table.add_column(overflow="fold")
    if not sheet.page.is_narrow:
        table.add_column(overflow="fold")
        table.add_column(overflow="fold", style="muted")
    for level in reversed(levels):
        layer = "the host" if level.level == "kernel" else sheet.in_layer(level.layer)
        name, detail = f"{level.name} {level.version}".strip(), level.detail
        if level.level == "kernel":
            name = f"{level.name} {sheet.page.symbols.at_least}{level.version}"
            detail = detail.rpartition(": ")[2]
        elif detail == level.version or (level.level == "distribution" and releases):
            detail = ""  # it is told below
        label = LEVELS.get(level.level) or escape_line(level.level)
        if sheet.page.is_narrow:
            table.add_row(label, slashed(tell(", ".join(filter(None, (name, layer, detail))))))
        else:
            table.add_row(label, slashed(tell(name)), layer, slashed(tell(detail)))
    sheet.page.add(table, indent=4)


def _add_release(sheet: Sheet, fields: Table) -> None:
    """The distribution's release with the end of its support."""
    for release in sheet.facts.of(DistributionRelease):
        told = Text(escape_line(release.name))
        if release.end_of_life is None:
            told.append("; the end of its support is not known here", "muted")
        elif release.is_expired:
            told.append(f"; support ended {release.end_of_life}", "bad")
        else:
            told.append(f"; supported until {release.end_of_life}")
        if release.successor and release.successor != f"{release.id} {release.version}":
            told.append(f" (newest: {escape_line(release.successor)})", "muted")
        fields.add_row("release", told)


def _add_packages(sheet: Sheet, fields: Table) -> None:
    """How many packages each manager installed, in which layers."""
    for found in sheet.facts.of(SystemPackages):
        layers = Counter(package.layer for package in found.packages)
        if len(layers) == 1:
            places = f", in {sheet.in_layer(next(iter(layers)))}"
        else:
            places = ": " + ", ".join(
                f"{count:,} in {sheet.in_layer(layer)}" for layer, count in sorted(layers.items())
            )
        broken = [package.name for package in found.packages if package.status]
        told = Text(f"{tell_count(len(found.packages), 'package')} of {escape_line(found.manager)}{places}")
        if broken:
            told.append(f"; not whole: {escape_line(tell_list(broken))}", "doubt")
        fields.add_row("packages", told)


def _add_openssl(sheet: Sheet, fields: Table) -> None:
    """Each libssl, and whether every program finds it."""
    for library in sheet.facts.of(OpenSslLibrary):
        reach = "" if library.is_system else "; only for programs that name its place"
        told = Text(f"{escape_line(library.series)}, ").append_text(tell_path(library.path))
        fields.add_row("OpenSSL", slashed(told, (f", {sheet.in_layer(library.layer)}{reach}", "muted")))


def _add_node(sheet: Sheet, fields: Table) -> None:
    """Node.js runtimes with the end of their support, and the packages beside them."""
    for node in sheet.facts.of(NodeRuntime):
        told = Text(f"{escape_line(node.version)}, ").append_text(tell_path(node.path))
        told.append(f", {sheet.in_layer(node.layer)}", "muted")
        told.append(", first on the PATH" if node.is_default else "")
        if node.end_of_life is not None:
            ended = (
                f"; support ended {node.end_of_life}" if node.is_expired else f"; supported until {node.end_of_life}"
            )
            told.append(ended, "bad" if node.is_expired else "")
        fields.add_row("Node.js", slashed(told))
    for npm in sheet.facts.of(NpmPackages):
        installed = sum("node_modules/" in f"{row.folder}/" for row in npm.packages)
        applications = [f"{row.name} {row.version}".strip() for row in npm.packages
                        if "node_modules/" not in f"{row.folder}/"]  # fmt: skip
        told = Text(tell_count(installed, "npm package"))
        if applications:
            told.append(f"; applications: {escape_line(tell_list(applications))}")
        fields.add_row("npm", told)


def _add_java(sheet: Sheet, fields: Table) -> None:
    """Java runtimes, and how many archives there are."""
    for java in sheet.facts.of(JavaRuntime):
        told = Text(f"{escape_line(f'{java.version} {java.implementor}'.strip())}, ").append_text(tell_path(java.path))
        told.append(f", {sheet.in_layer(java.layer)}", "muted")
        fields.add_row("Java", slashed(told, ", first on the PATH" if java.is_default else ""))
    for found in sheet.facts.of(JavaArchives):
        nested = sum("!/" in archive.path for archive in found.archives)
        count = tell_count(len(found.archives) - nested, "archive")
        fields.add_row("jars", f"{count}, {nested:,} more inside them" if nested else count)


def _add_accounts(sheet: Sheet, fields: Table) -> None:
    """How many there are, and who has a shell."""
    accounts = sheet.facts.find(Accounts)
    if accounts is None:
        return
    if accounts.users is None:
        fields.add_row("accounts", tell("none: /etc/passwd is not there"))
        return
    shells = [
        f"{user.name} ({user.uid})" for user in accounts.users if not user.shell.endswith(_NO_LOGIN) and user.shell
    ]
    groups = "no /etc/group" if accounts.groups is None else tell_count(len(accounts.groups), "group")
    told = f"{tell_count(len(accounts.users), 'user')}, {groups}"
    fields.add_row("accounts", f"{told}; with a shell: {escape_line(tell_list(shells))}" if shells else told)


def _add_scripts(sheet: Sheet, fields: Table) -> None:
    """How many scripts each interpreter runs, most first."""
    scripts = sheet.facts.of(Scripts)
    counts: Counter[str] = Counter()
    for each in scripts:
        counts[each.interpreter or "no interpreter named"] += each.count
    if not counts:
        return
    told = Text(f"{tell_count(counts.total(), 'script')}: ")
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told.append(escape_line(tell_list((f"{count:,} {name}" for name, count in most), shown=4)))
    lost = sum(each.count for each in scripts if each.missing is not None)
    if lost:
        told.append(f"; {tell_count(lost, 'script has', 'scripts have')} no interpreter here", "doubt")
    fields.add_row("scripts", told)


def _add_secrets(sheet: Sheet, fields: Table) -> None:
    """How many files of some layer hold what looks like a credential; none of it is shown."""
    secrets = [secret for secret in sheet.facts.of(SecretFile) if not secret.is_sample]
    if not secrets:
        return
    files = len({(secret.layer, secret.path) for secret in secrets})
    hidden = len({(secret.layer, secret.path) for secret in secrets if secret.hidden_by is not None})
    told = f"in {tell_count(files, 'file')}"
    told += f", {hidden:,} of them hidden by a later layer and still in the image" if hidden else ""
    fields.add_row("secrets", Text(f"{told}; layerscope audit says where", "doubt"))


def _draw_packages(sheet: Sheet, found: SystemPackages) -> None:
    """The packages of one manager by name."""
    sheet.section(f"Packages of {escape_line(found.manager)}", escape_line(root_path(found.evidence.path or "")))

    def row(package: SystemPackage) -> Sequence[Text | str]:
        return (
            tell(package.name), tell(package.version), tell(package.architecture), sheet.layer(package.layer),
            tell(package.status, "doubt"),
        )  # fmt: skip

    packages = sorted(found.packages, key=lambda package: (package.name, package.architecture))
    has_status = any(package.status for package in packages)
    columns = ("name", "~version", "arch", ">layer", *(("~state",) if has_status else ()))
    sheet.table(columns, packages, (row if has_status else lambda package: row(package)[:-1]), noun="package")
