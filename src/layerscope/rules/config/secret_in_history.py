"""CONF003: the build history records a credential."""

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

PLACES: Final = frozenset({SecretPlace.HISTORY, SecretPlace.BUILD_ARGUMENT})


class SecretInHistory(Rule):
    """The build history records a credential.

    What it checks: The instruction of every build step, the values of build arguments included (builders record
        them as `|1 TOKEN=… /bin/sh -c …`), for tokens of known form, passwords in addresses, headers and options,
        and values of names like a secret. A credential that the config still sets is CONF002's.
    Why it matters: The history is part of the config: `docker history --no-trunc` prints it for everyone who can
        pull the image. `ARG` was never meant for secrets, and an `ENV` that a later step empties stays in the
        history.
    Example: A token given as a build argument:

            ARG GITHUB_TOKEN
            RUN git clone https://x-access-token:${GITHUB_TOKEN}@github.com/org/private

    Remedy: Revoke the credential, and give it to the step as a build secret:

            RUN --mount=type=secret,id=github,env=GITHUB_TOKEN git clone …

    Fix safety: Review: the old credential has to be revoked; a rebuild does not take it back from pushed images.
    Blind spots: Credentials that a step reads from files leave no trace here; the files are CONF011's. A value told
        by its name alone may be harmless; confidence is medium then, and low for a number.
    References: Dockerfile reference, "ARG" (warning) and "RUN --mount=type=secret".
    """

    code: ClassVar[str] = "CONF003"
    covers: ClassVar[tuple[int, ...]] = (52,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (ConfigSecret,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a credential."""
        for secret in facts.of(ConfigSecret):
            if secret.place not in PLACES:
                continue
            step = f"number {(secret.step or 0) + 1}, without a layer,"
            made = step if secret.layer is None else f"for layer {secret.layer}"
            if secret.place is SecretPlace.BUILD_ARGUMENT:
                where = f"in the build argument {secret.name}".rstrip()
            else:
                where = f"{f'as {secret.name} ' if secret.name else ''}in its instruction"
            length = tell_count(secret.length, "character")
            message = f"The history entry {made} records a {secret.kind} {where} ({length})"
            confidence = judge_confidence(secret)
            yield self.finding(
                message, secret.evidence, confidence=confidence, fixes=(_suggest(secret), *take_out(secret))
            )


def _suggest(secret: ConfigSecret) -> Fix:
    """Revoke, and use a build secret."""
    name = name_credential(secret)
    is_argument = secret.place is SecretPlace.BUILD_ARGUMENT
    replaced = f"ARG {secret.name}".rstrip() if is_argument else "the value in the instruction"
    return Fix(
        f"Revoke the credential and give {secret.name or 'it'} to the build as a secret",
        (
            REVOKE,
            f"Dockerfile: {tell_mount(secret)}   in place of {replaced}",
            f"Build: docker build --secret id={name.lower()},env={name} -t IMAGE .",
            "Rebuild without cache, and delete the tags that hold the old history.",
        ),
    )
