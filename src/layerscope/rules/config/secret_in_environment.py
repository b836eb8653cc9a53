"""CONF002: the config sets a credential."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.secrets import ConfigSecret, SecretPlace
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.credentials import REVOKE, judge_confidence, name_credential, take_out, tell_mount
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count

PLACES: Final = frozenset({SecretPlace.ENVIRONMENT, SecretPlace.LABEL, SecretPlace.COMMAND, SecretPlace.HEALTH_CHECK})
"""What a running container gets from the config; the history is CONF003's."""


class SecretInEnvironment(Rule):
    """The config sets a credential.

    What it checks: Environment variables, labels, entrypoint, command and health check of the config, for tokens of
        known form (GitHub, AWS, Hugging Face, OpenAI, private keys, …), passwords in addresses, and values of
        variables named like a secret. Values are neither stored nor shown.
    Why it matters: Whoever can pull the image can read the config without starting it; `docker inspect` shows it,
        crash reports and child processes inherit it. A credential that was pushed must be considered known.
    Example: `ENV HF_TOKEN=hf_…` so that the first start can download a model.
    Remedy: Revoke the credential, take it out of the Dockerfile, and give it to the container when it starts.
    Fix safety: Review: the program has to get the value in another way, and the old one has to be revoked.
    Blind spots: A value told by its variable's name alone may be a default without worth; confidence is medium
        then, and low for a number. Placeholders, paths, numbers in names like tokens, and values that are a reference
        (`${NAME}`) are left out, and with them a password that looks like one.
    References: Dockerfile reference, "ENV"; Docker, "Build secrets"; CIS Docker benchmark, 4.10.
    """

    code: ClassVar[str] = "CONF002"
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (ConfigSecret,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a credential."""
        for secret in facts.of(ConfigSecret):
            if secret.place not in PLACES:
                continue
            place = "environment variable" if secret.place is SecretPlace.ENVIRONMENT else secret.place.value
            where = f"{place} {secret.name}".strip()
            message = f"The {where} holds a {secret.kind} ({tell_count(secret.length, 'character')})"
            confidence = judge_confidence(secret)
            yield self.finding(
                message, secret.evidence, confidence=confidence, fixes=(_suggest(secret), *take_out(secret))
            )


def _suggest(secret: ConfigSecret) -> Fix:
    """Revoke, remove, and pass at run time."""
    name = name_credential(secret)
    return Fix(
        f"Revoke the credential and pass {secret.name or 'it'} at run time",
        (
            REVOKE,
            f"Delete it from the Dockerfile's {secret.place.value}, and rebuild.",
            f"At run time: docker run --env-file FILE or -e {name}   (Kubernetes: env.valueFrom.secretKeyRef)",
            f"If only the build needs it: {tell_mount(secret)}",
        ),
    )
