"""CONF011: a layer holds a file with credentials."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.secret_files import SecretFile
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.layer_fixes import drop_paths
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, begin, tell_count, tell_layer, tell_list, tell_path

LESSER: Final = {
    "encrypted private key": Severity.MEDIUM,
    "SSH host key": Severity.MEDIUM,
    "login password hash": Severity.MEDIUM,
    "web password hash": Severity.MEDIUM,
}
"""Kinds that need one more step before they are worth something."""


class SecretInLayer(Rule):
    """A layer holds a file with credentials.

    What it checks: Files of every layer, those that a later layer deletes included: private keys; what netrc, npm,
        pip, git, Docker, AWS, Google Cloud, Azure, Kubernetes, Hugging Face and others keep their credentials in;
        `.env` files; and tokens of known form in small configuration files. Values are neither stored nor shown.
    Why it matters: Whoever can pull the image can read every layer. Deleting the file in a later step hides it from
        the container and from nobody else.
    Example: The key is in the first of these layers, for ever:

            COPY id_ed25519 /root/.ssh/
            RUN git clone git@github.com:org/private && rm /root/.ssh/id_ed25519

    Remedy: Revoke the credential; use it in the build as a secret or through an ssh agent, outside every layer:

            RUN --mount=type=ssh git clone git@github.com:org/private

    Fix safety: Review: the credential has to be revoked, and pushed tags hold it still.
    Blind spots: Files over 64 KiB are searched at their start; source code, notebooks, databases and binary key
        stores are not searched. Test keys that packages ship are told together with low severity. A token that has
        expired looks like one that has not.
    References: Docker, "Build secrets"; CIS Docker benchmark, 4.10.
    """

    code: ClassVar[str] = "CONF011"
    covers: ClassVar[tuple[int, ...]] = (52,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (SecretFile,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer and fate of its files, and one for all samples."""
        groups: dict[tuple[int, int], list[SecretFile]] = {}
        samples = []
        for secret in facts.of(SecretFile):
            if secret.is_sample:
                samples.append(secret)
            else:
                hidden_by = -1 if secret.hidden_by is None else secret.hidden_by
                groups.setdefault((secret.layer, hidden_by), []).append(secret)
        for _, secrets in sorted(groups.items()):
            yield self._report(secrets)
        if samples:
            paths = dict.fromkeys(secret.path for secret in samples)
            message = (
                f"Keys or tokens in {tell_count(len(paths), 'file')} where packages keep tests and examples: "
                f"{_name_files(samples)}"
            )
            places = list(dict.fromkeys(secret.evidence for secret in samples))[:SHOWN_LOCATIONS]
            yield self.finding(message, *places, severity=Severity.LOW, confidence=Confidence.LOW)

    def _report(self, secrets: list[SecretFile]) -> Finding:
        """The files of one layer with the same fate."""
        first = secrets[0]
        places = dict.fromkeys(secret.evidence for secret in secrets)
        fate = ""
        if first.hidden_by is not None:
            them = "it" if len(places) == 1 else "them"
            fate = f"; layer {first.hidden_by} deletes or replaces {them}, but the image still holds {them}"
        message = (
            f"{begin(tell_layer(first.layer, first.instruction))} brings credentials in "
            f"{tell_count(len(places), 'file')}: {_name_files(secrets)}{fate}"
        )
        severity = max(LESSER.get(secret.kind, self.severity) for secret in secrets)
        return self.finding(message, *list(places)[:SHOWN_LOCATIONS], severity=severity, fixes=_suggest(secrets))


def _name_files(secrets: list[SecretFile]) -> str:
    """The first files, each with the kinds of its credentials."""
    kinds: dict[str, list[str]] = {}
    for secret in secrets:
        if secret.kind not in kinds.setdefault(secret.path, []):
            kinds[secret.path].append(secret.kind)
    return tell_list(f"{tell_path(path)} ({', '.join(found)})" for path, found in kinds.items())


def _suggest(secrets: list[SecretFile]) -> tuple[Fix, Fix]:
    """Revoke, and keep out of every layer; what lies there can be taken out, and is known to whoever has the image."""
    path = tell_path(secrets[0].path)
    rebuild = Fix(
        f"Revoke the credential of {path} and keep it out of every layer",
        (
            "Revoke it where it was issued: whoever has the image has it.",
            f"If the build needs it: RUN --mount=type=secret,id=ID,target={path} …   and docker build --secret id=ID",
            f"If it came along with COPY: add {path.rpartition('/')[2]} to .dockerignore",
            "Rebuild the layers from there on, and delete the tags that hold the old one.",
        ),
    )
    return rebuild, drop_paths((secret.path for secret in secrets), "Revoke the credential all the same.")
