"""SYS003: files of an installed package are gone."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.system.package_files import MissingPackageFiles
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.system_packages import reinstall_command, remove_command
from layerscope.rules.told_removals import find_told_removals
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_layer, tell_list, tell_path

_KINDS: Final = {
    "library": ("library", "libraries", Severity.HIGH),
    "program": ("program", "programs", Severity.MEDIUM),
    "other": ("file", "files", Severity.INFO),
}


class IncompletePackage(Rule):
    """Files of an installed package are gone.

    What it checks: Every file that dpkg, apk or rpm lists below /usr, /lib, /bin, /sbin and /opt is in the image;
        links between folders are followed, diversions heeded. Documentation, translations, configuration and files
        that rpm did not install are not looked at. Packages whose library ELF001 tells to be missed are left to it.
    Why it matters: A library deleted to save space is missed when something loads it: "cannot open shared object
        file". The package manager believes that it is there and will not bring it back. Deleting it in a later layer
        does not even make the image smaller.
    Example: `RUN rm -rf /usr/lib/x86_64-linux-gnu/libgomp*` after the packages were installed.
    Remedy: Do not delete single files of packages; leave the package out, or remove it with the package manager in
        the step that installs it.
    Fix safety: Review: reinstalling takes the version that the archive has now.
    Blind spots: Whether anything needs the file is not known here. Files that no layer ever had were left out when
        the base was made, on purpose as a rule, and are a hint only. Distroless images list files by their checksums.
        Nothing is said where a layer could not be read.
    References: dpkg(1) `--verify`; rpm(8) `--verify`; apk-audit(8).
    """

    code: ClassVar[str] = "SYS003"
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (MissingPackageFiles, UnmetNeed, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer and kind of file, and one for all that no layer ever had."""
        if has_unread_layers(facts):
            return
        groups: dict[tuple[int, str], list[MissingPackageFiles]] = {}
        never: list[MissingPackageFiles] = []
        told = find_told_removals(facts)
        for fact in facts.of(MissingPackageFiles):
            if fact.removed_by is None:
                never.append(fact)
            elif not told & set(fact.paths):
                groups.setdefault((fact.removed_by, fact.kind), []).append(fact)
        for (layer, kind), members in sorted(groups.items()):
            yield self._report_removed(layer, kind, members)
        if never:
            total = sum(fact.count for fact in never)
            names = tell_list(dict.fromkeys(fact.package for fact in never))
            verb, them = ("was", "it") if total == 1 else ("were", "them")
            message = (
                f"{tell_count(total, 'file')} of {names} {verb} never in the image, "
                f"though the package database lists {them}"
            )
            yield self.finding(message, *_locate(never), severity=Severity.LOW)

    def _report_removed(self, layer: int, kind: str, members: list[MissingPackageFiles]) -> Finding:
        """The finding for what one layer removed."""
        noun, plural, severity = _KINDS[kind]
        total = sum(fact.count for fact in members)
        count = f"{tell_count(total, noun, plural)} of"
        paths = tell_list(tell_path(path) for fact in members for path in fact.paths)
        names = tell_list(dict.fromkeys(fact.package for fact in members))
        who = tell_layer(layer, members[0].instruction)
        manager, packages = members[0].manager, sorted({fact.package for fact in members})
        message = f"{count} {names} {'is' if total == 1 else 'are'} gone, removed by {who}: {paths}"
        fix = Fix(
            f"Keep the {plural} of {names}, or remove the packages whole",
            (
                f"Take the deletion out of {who}",
                f"Or bring them back: RUN {reinstall_command(manager, packages)}",
                f"Or, where nothing needs them, in the step that installs: {remove_command(manager, packages)}",
            ),
        )
        return self.finding(message, *_locate(members), severity=severity, fixes=(fix,))


def _locate(members: list[MissingPackageFiles]) -> list[Evidence]:
    """Where the files were removed."""
    return [Evidence(layer=fact.removed_by, path=path) for fact in members for path in fact.paths][:SHOWN_LOCATIONS]
