"""What keeps each package manager's cache out of an image."""

from typing import Final

from layerscope.rules.fix import Fix, Safety
from layerscope.rules.wording import quote_instruction

_CURES: Final[dict[str, tuple[str, str, str, Safety]]] = {
    "apt-lists": (
        "Remove apt's package lists in the step that fetches them",
        "&& rm -rf /var/lib/apt/lists/*",
        "RUN --mount=type=cache,target=/var/lib/apt/lists,sharing=locked apt-get update && apt-get install -y …",
        Safety.SAFE,
    ),
    "apt-archives": (
        "Remove apt's package cache in the step that fills it",
        "&& apt-get clean",
        "RUN --mount=type=cache,target=/var/cache/apt,sharing=locked apt-get install -y …",
        Safety.SAFE,
    ),
    "apk": (
        "Let apk keep no cache",
        "apk add --no-cache …",
        "RUN --mount=type=cache,target=/etc/apk/cache apk add …",
        Safety.SAFE,
    ),
    "dnf": (
        "Remove dnf's cache in the step that installs",
        "&& dnf clean all && rm -rf /var/cache/dnf /var/cache/yum",
        "RUN --mount=type=cache,target=/var/cache/dnf,sharing=locked dnf install -y …",
        Safety.SAFE,
    ),
    "pip": (
        "Let pip keep no cache",
        "pip install --no-cache-dir …   (or once, above: ENV PIP_NO_CACHE_DIR=1)",
        "RUN --mount=type=cache,target=/root/.cache/pip pip install …",
        Safety.SAFE,
    ),
    "uv": (
        "Let uv keep no cache",
        "uv sync --no-cache …   (or once, above: ENV UV_NO_CACHE=1)",
        "RUN --mount=type=cache,target=/root/.cache/uv uv sync …   with ENV UV_LINK_MODE=copy",
        Safety.SAFE,
    ),
    "poetry": (
        "Let Poetry keep no cache",
        "poetry install --no-cache …",
        "RUN --mount=type=cache,target=/root/.cache/pypoetry poetry install …",
        Safety.SAFE,
    ),
    "conda": (
        "Remove conda's package folder in the step that installs",
        "&& conda clean --all --yes",
        "RUN --mount=type=cache,target=/opt/conda/pkgs conda install --yes …",
        Safety.SAFE,
    ),
    "npm": (
        "Remove npm's cache in the step that installs",
        "&& npm cache clean --force",
        "RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev",
        Safety.SAFE,
    ),
    "yarn": (
        "Remove Yarn's cache in the step that installs",
        "&& yarn cache clean",
        "RUN --mount=type=cache,target=/usr/local/share/.cache/yarn yarn install --frozen-lockfile",
        Safety.SAFE,
    ),
    "pnpm": (
        "Remove pnpm's store in the step that installs",
        "&& pnpm store prune && rm -rf $(pnpm store path)",
        "RUN --mount=type=cache,target=/root/.local/share/pnpm/store pnpm install --frozen-lockfile",
        Safety.REVIEW,
    ),
    "cargo": (
        "Build Rust programs in a stage of their own",
        "COPY --from=build /app/target/release/PROGRAM /usr/local/bin/PROGRAM",
        "RUN --mount=type=cache,target=/usr/local/cargo/registry cargo build --release",
        Safety.REVIEW,
    ),
    "go": (
        "Build Go programs in a stage of their own",
        "COPY --from=build /app/PROGRAM /usr/local/bin/PROGRAM",
        "RUN --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/go/pkg/mod go build …",
        Safety.REVIEW,
    ),
    "gradle": (
        "Build Java programs in a stage of their own",
        "COPY --from=build /app/build/libs/PROGRAM.jar /app/PROGRAM.jar",
        "RUN --mount=type=cache,target=/root/.gradle/caches gradle build",
        Safety.REVIEW,
    ),
    "ccache": (
        "Keep the compiler cache outside of the image",
        "&& rm -rf ~/.cache/ccache ~/.cache/bazel",
        "RUN --mount=type=cache,target=/root/.cache/ccache make",
        Safety.REVIEW,
    ),
}
"""For each kind: the title, the change in the step itself, the cache mount that takes its place, and the safety."""


def find_cleanup(kind: str) -> str:
    """The command that ends the step which fills a cache, in a shell's list; empty where that is not the cure."""
    _, change, _, safety = _CURES[kind]
    return change.removeprefix("&& ") if change.startswith("&& ") and safety is Safety.SAFE else ""


def suggest_cure(kind: str, instruction: str) -> Fix:
    """The fix for a cache of that kind, left behind by that instruction."""
    title, change, mount, safety = _CURES[kind]
    step = quote_instruction(instruction)
    where = f"In `{step}`: {change}" if step else change
    return Fix(title, (where, f"Or keep the cache for the next build, outside of the image: {mount}"), safety)
