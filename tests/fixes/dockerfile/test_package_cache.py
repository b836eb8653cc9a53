"""LAY104's edit: the step that fills a package manager's cache cleans it up, or keeps none."""

import pytest
from msgspec.structs import replace

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.proposal import DockerfileProposal, propose_edits
from layerscope.rules.finding import Location
from support.contexts import make_context
from support.dockerfiles import cache_in, found_in, match, propose
from support.tar_member import file


def propose_for(run: str, *kinds: str, rest: str = "", before: str = "") -> DockerfileProposal:
    """What is edited where this RUN leaves these caches."""
    joined = run.replace("\\\n", "")
    matched = match(f"FROM base\n{before}RUN {run}\n{rest}", f"RUN /bin/sh -c {joined} # buildkit")
    return propose(matched, [cache_in(0, kind, f"cache/{kind}") for kind in kinds], found_in("LAY104", 0))


@pytest.mark.parametrize(
    ("kind", "run", "after"),
    [
        (
            "apt-lists",
            "apt-get update && apt-get install -y curl",
            "apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*",
        ),
        ("apt-archives", "apt-get install -y curl", "apt-get install -y curl && apt-get clean"),
        ("dnf", "dnf install -y curl", "dnf install -y curl && dnf clean all && rm -rf /var/cache/dnf /var/cache/yum"),
        ("conda", "conda install --yes numpy", "conda install --yes numpy && conda clean --all --yes"),
        ("npm", "npm ci", "npm ci && npm cache clean --force"),
        ("npm", "npm ci && npm uninstall x", "npm ci && npm uninstall x && npm cache clean --force"),
        (
            "npm",
            "timeout 9 npm ci && rm /root/.npmrc",
            "timeout 9 npm ci && rm /root/.npmrc && npm cache clean --force",
        ),
        (
            "conda",
            "conda install x && rm -r /opt/conda/pkgs/y",
            "conda install x && rm -r /opt/conda/pkgs/y && conda clean --all --yes",
        ),
        ("npm", "npm ci && rm -rf /tmp/npm", "npm ci && rm -rf /tmp/npm && npm cache clean --force"),
        (
            "conda",
            "conda install x && rm -r /root/conda",
            "conda install x && rm -r /root/conda && conda clean --all --yes",
        ),
        (
            "npm",
            "apk add npm && apk add --virtual .d gcc && npm ci && apk del .d",
            "apk add npm && apk add --virtual .d gcc && npm ci && apk del .d && npm cache clean --force",
        ),
        (
            "npm",
            "D='gcc make' && npm ci && apt-get purge -y $D",
            "D='gcc make' && npm ci && apt-get purge -y $D && npm cache clean --force",
        ),
        ("uv", "uv venv && uv run x", "uv venv --no-cache && uv run --no-cache x"),
        ("npm", "npx -y tool", "npx -y tool && npm cache clean --force"),
        (
            "dnf",
            "microdnf install -y curl",
            "microdnf install -y curl && microdnf clean all && rm -rf /var/cache/dnf /var/cache/yum",
        ),
        ("dnf", "yum -y install curl", "yum -y install curl && yum clean all && rm -rf /var/cache/dnf /var/cache/yum"),
        ("dnf", "zypper in -y curl", "zypper in -y curl && zypper clean --all && rm -rf /var/cache/zypp"),
        ("conda", "micromamba install -y numpy", "micromamba install -y numpy && micromamba clean --all --yes"),
        (
            "conda",
            "A=1 /opt/conda/bin/mamba create -n x",
            "A=1 /opt/conda/bin/mamba create -n x && /opt/conda/bin/mamba clean --all --yes",
        ),
        ("yarn", "yarn install", "yarn install && yarn cache clean"),
        (
            "pip",
            "pip install -U pip && pip3 install torch",
            "pip install --no-cache-dir -U pip && pip3 install --no-cache-dir torch",
        ),
        (
            "pip",
            "A=1 /opt/bin/python3.12 -m pip install torch",
            "A=1 /opt/bin/python3.12 -m pip install --no-cache-dir torch",
        ),
        ("pip", "pip install \\\n    torch \\\n    numpy", "pip install --no-cache-dir \\\n    torch \\\n    numpy"),
        ("uv", "uv pip install torch; uv sync", "uv pip install --no-cache torch; uv sync --no-cache"),
        ("apk", "apk add curl", "apk add --no-cache curl"),
        ("apk", "apk update && apk add curl", "apk update --no-cache && apk add --no-cache curl"),
        ("apk", "apk -q upgrade; apk add --no-cache curl", "apk -q upgrade --no-cache; apk add --no-cache curl"),
        ("poetry", "poetry install", "poetry install --no-cache"),
    ],
)
def test_each_package_manager_has_its_way(kind: str, run: str, after: str) -> None:
    """The lines around stay."""
    proposal = propose_for(run, kind, rest="# end\nCMD app\n")
    assert proposal.text == f"FROM base\nRUN {after}\n# end\nCMD app\n"
    assert [edit.safety for edit in proposal.edits] == ["safe"]


def test_two_caches_of_one_step_are_cured_together() -> None:
    """Each edit has a diff of its own, too."""
    proposal = propose_for(
        "apt-get update \\\n && apt-get install -y curl \\\n && pip install torch", "apt-lists", "pip"
    )
    assert proposal.text == (
        "FROM base\nRUN apt-get update \\\n && apt-get install -y curl \\\n && pip install --no-cache-dir torch \\\n"
        " && rm -rf /var/lib/apt/lists/*\n"
    )
    pip, apt = (replace(found_in("LAY104"), locations=(Location(0, f"cache/{kind}"),)) for kind in ("pip", "apt-lists"))
    assert (proposal.find_patch([pip]) or "").count("\n+") == 2
    assert (proposal.find_patch([apt]) or "").count("\n+") == 3
    assert proposal.find_patch([found_in("LAY101", 0)]) is None


def test_a_long_line_is_continued() -> None:
    """By the sign that the file continues lines with."""
    run = "apt-get install -y " + "curl-of-a-long-name " * 6 + "curl"
    proposal = propose_for(run, "apt-archives")
    assert proposal.text == f"FROM base\nRUN {run} \\\n    && apt-get clean\n"


@pytest.mark.parametrize(
    ("kind", "run", "reason"),
    [
        ("pip", "sh install.sh", "no command of line 2 is seen to fill pip's cache"),
        ("pip", "pip install --no-cache-dir torch", "no command of line 2 is seen to fill pip's cache"),
        (
            "apt-lists",
            "if x; then apt-get update; fi",
            "the commands of line 2 are not a plain list joined by && and ;",
        ),
        ("apt-archives", "sudo apt-get install -y x", "line 2 is root by sudo only: what cleans up has to be so, too"),
        (
            "conda",
            "bash Miniconda3.sh -b",
            "no command of line 2 is seen to fill conda's package folder and to be there at its end",
        ),
        (
            "npm",
            "npm ci && apt-get purge -y nodejs",
            "no command of line 2 is seen to fill npm's cache and to be there at its end",
        ),
        *(
            (kind, run, f"no command of line 2 is seen to fill {kind}'s cache and to be there at its end")
            for kind, run in (
                ("npm", "apk add --virtual .d nodejs npm && npm ci && apk del .d"),
                ("npm", "npm ci && apt-get purge -y --auto-remove $D"),
                ("npm", "D='nodejs npm' && npm ci && apt-get purge -y ${D}"),
                ("npm", "npm ci && rm /usr/local/bin/npm"),
                ("dnf", "dnf install -y x && rpm -e --nodeps dnf"),
            )
        ),
        (
            "go",
            "go build",
            "Go's module and build cache is best left in a stage of its own: what is built there is copied from it",
        ),
    ],
)
def test_what_is_not_understood_is_not_edited(kind: str, run: str, reason: str) -> None:
    """The reason is told."""
    proposal = propose_for(run, kind)
    assert proposal.diff == ""
    assert [each.reason for each in proposal.refused] == [reason]


def test_lists_that_a_later_step_installs_with_are_kept() -> None:
    """Deleting them would break it; a step that fetches its own needs none."""
    proposal = propose_for("apt-get update", "apt-lists", rest="RUN apt-get install -y curl\n")
    assert [each.reason for each in proposal.refused] == [
        "line 3 installs with the lists that line 2 fetches: join them first"
    ]
    proposal = propose_for("apt-get update", "apt-lists", rest="RUN apt-get update && apt-get install -y curl\n")
    assert "RUN apt-get update && rm -rf /var/lib/apt/lists/*\n" in proposal.text


@pytest.mark.parametrize(
    "reader",
    [
        "RUN sh /install.sh",
        "RUN cd /src && make deps",
        "RUN rosdep install -y --from-paths src",
        "RUN bash -c 'curl -s https://x/install | bash'",
        'RUN ["/install.sh"]',
        "RUN <<END\n/install.sh\nEND",
        "RUN python3 install_deps.py",
        "RUN --mount=type=bind,source=x,target=/x /x/run.sh && apt-get update",
    ],
)
def test_lists_that_a_script_may_install_with_are_somebodys_to_judge(reader: str) -> None:
    """What it calls is not known."""
    run = "apt-get update && apt-get install -y make"
    (edit,) = propose_for(run, "apt-lists", rest=f"{reader}\n").edits
    assert edit.safety == "review"
    assert edit.title.endswith("/lists/*; line 3 may need what is in it")


@pytest.mark.parametrize(
    "rest",
    [
        'RUN if [ -n "$X" ]; then npm ci; fi',
        "RUN apt-get update && sh /install.sh",
        "RUN bash -c 'cd /srv && git clone https://x/y'",
        "RUN rm -rf /var/lib/apt/lists/*",
        "FROM base AS other\nRUN sh /install.sh",
        'CMD ["/install.sh"]',
        "RUN nvidia-smi && vllm --version && php -v && tool -V && perl -v",
        "RUN add-apt-repository -y ppa:x/y && apt-get update && apt-get install -y z",
    ],
)
def test_lists_that_nothing_installs_with_go_unread(rest: str) -> None:
    """Known programs, a step that fetches its own, another stage, and what the container starts."""
    matched = match(
        f"FROM base AS own\nRUN apt-get update && apt-get install -y curl\n{rest}\n",
        "RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit",
        target="own",
    )
    (edit,) = propose(matched, [cache_in(0, "apt-lists", "var/lib/apt/lists")], found_in("LAY104", 0)).edits
    assert edit.safety == "safe"


def judge_with_layer(run: str, *changed: str) -> str:
    """The safety of an edit of lists, where a later RUN made a layer with these files; why there is none else."""
    first = "apt-get update && apt-get install -y curl"
    steps = [f"RUN /bin/sh -c {each} # buildkit" for each in (first, run)]
    matched = match(f"FROM base\nRUN {first}\nRUN {run}\n", *(steps if changed else steps[:1]))
    lower = file("var/lib/apt/lists/x", b"x"), file("var/lib/dpkg/status", b"1")
    tree = make_context(lower, tuple(file(path, b"2") for path in changed)).tree
    proposal = propose(matched, [cache_in(0, "apt-lists", "var/lib/apt/lists")], found_in("LAY104", 0), tree=tree)
    return next((edit.safety.value for edit in proposal.edits), "") or proposal.refused[0].reason


PROGRAMS = (
    "python3 /m/go.py",
    "cd /s && python3 setup.py install_all",
    "python3 main.py --bootstrap",
    "set -ex; pip3.12 install torch && python -c 'import torch'",
    "python -m spacy download en && pytest",
    "python3 download_model.py && sudo -E chown -R 1000 /srv",
    "sh -c 'perl -e 1'",
    "node x.js",
)


@pytest.mark.parametrize("folder", ["root/.cache/pip", "home/app/.cache/pip"])
@pytest.mark.parametrize(
    ("step", "safety"),
    [
        ("RUN cp -r ${HOME}/.cache /srv/cache", "review"),
        ("RUN tar cf /x.tar ~/.cache", "review"),
        ("RUN cp -r $XDG_CACHE_HOME /srv", "review"),
        ("RUN cp -r ${XDG_CACHE_HOME:-/root/.cache}/. /srv", "review"),
        ("RUN test -f $XDG_CACHE_HOME/pip/x", "review"),
        ("RUN cp ${XDG_CACHE_HOME}/pip/x /srv", "review"),
        ("RUN cp -r $PIP_CACHE_DIR/wheels /srv", "review"),
        ("RUN cp -r ~/.cache/pip /srv", "review"),
        ("CMD cp -r ~/.cache /srv && server", "review"),
        ("RUN mkdir -p ~/.cache/pip && chown -R app $HOME/.cache", "safe"),
        ("RUN rm -rf ~/.cache", "safe"),
        ("RUN cp -r $XDG_CACHE_HOME/uv /srv", "safe"),
        ("RUN cp -r ~/.cache/huggingface /srv", "safe"),
        ("ENV XDG_CACHE_HOME=/tmp/.cache", "safe"),
        ("RUN pip install --cache-dir $PIP_CACHE_DIR x", "safe"),
    ],
)
def test_a_cache_may_be_named_by_a_variable_or_with_those_beside_it(folder: str, step: str, safety: str) -> None:
    """By a later step that reads it; what makes, gives away or removes the folder needs nothing in it."""
    matched = match(f"FROM base\nRUN pip install x\n{step}\n", "RUN /bin/sh -c pip install x # buildkit")
    (edit,) = propose(matched, [cache_in(0, "pip", folder)], found_in("LAY104", 0)).edits
    assert edit.safety == safety
    assert edit.title.endswith("; line 3 may need what is in it") == (safety == "review")


@pytest.mark.parametrize("run", PROGRAMS)
def test_the_layer_of_a_later_program_tells_whether_it_installed(run: str) -> None:
    """By what it changed of packages; without a layer nobody knows, and words alone prove nothing."""
    assert judge_with_layer(run, "srv/x", "var/lib/dpkg/info/x.list") == "safe"
    assert judge_with_layer(run, "srv/x", "var/lib/dpkg/status") == "review"
    assert judge_with_layer(run, "var/cache/apt/archives/jq.deb") == "review"
    assert judge_with_layer(run, "lib/apk/db/installed") == "review"
    assert judge_with_layer(run) == "review"
    assert judge_with_layer(f"apt-get update && {run}", "var/lib/dpkg/status") == "safe"
    assert judge_with_layer(f"{run} && apt-get update", "var/lib/dpkg/status") == "review"


def test_a_known_program_that_changed_packages_used_the_lists() -> None:
    """Unless the words tell what did it without them."""
    assert judge_with_layer("git clone https://x/y", "var/lib/dpkg/status") == "review"
    assert judge_with_layer("git clone https://x/y", "srv/y") == "safe"
    for words in ("dpkg -i /x.deb", "apt-get purge -y curl && apt-get autoremove -y", "apk del curl"):
        assert judge_with_layer(words, "var/lib/dpkg/status") == "safe"
        assert judge_with_layer(words) == "safe"
        assert judge_with_layer(f"{words} && python3 x.py", "var/lib/dpkg/status") == "review"


@pytest.mark.parametrize(
    "run",
    [
        """python3 -m compileall -q /s && python3 -c 'import subprocess; subprocess.run(["apt-get","install","jq"])'""",
        """perl -e 'system("apt-get","install","-y","jq")==0 or die'""",
    ],
)
def test_a_call_in_a_program_on_the_line_is_a_call(run: str) -> None:
    """With whatever quotes and commas a language wants."""
    reason = "line 3 installs with the lists that line 2 fetches: join them first"
    assert judge_with_layer(run, "srv/x") == judge_with_layer(run) == reason


@pytest.mark.parametrize(
    ("kind", "folder", "run", "rest"),
    [
        ("apt-archives", "var/cache/apt", "apt-get install -d curl", "RUN dpkg -i /var/cache/apt/archives/*.deb"),
        ("apt-archives", "var/cache/apt", "apt-get install -y -d curl", "RUN sh /install.sh"),
        ("apt-archives", "var/cache/apt", "apt-get install -y curl", "WORKDIR /var/cache/apt/archives"),
        ("npm", "root/.npm", "npm ci", "RUN npm ci --prefer-offline --omit=dev"),
        ("conda", "opt/conda/pkgs", "conda install x", "RUN --network=none conda create -n y x"),
        (
            "apt-archives",
            "var/cache/apt",
            "apt-get install -d curl",
            "FROM base\nCOPY --from=own /var/cache/apt/archives/curl.deb /x.deb",
        ),
        (
            "pip",
            "root/.cache/pip",
            "pip install torch",
            "FROM base\nRUN --mount=type=bind,from=own,source=/root/.cache/pip,target=/c pip install /c/x.whl",
        ),
        ("apk", "var/cache/apk", "apk update && ./install.sh", ""),
        ("apk", "var/cache/apk", "apk update", "RUN if x; then apk add curl; fi"),
    ],
)
def test_a_cache_that_another_step_may_read_is_somebodys_to_judge(kind: str, folder: str, run: str, rest: str) -> None:
    """It names the place, does without the network, or copies from the stage."""
    matched = match(f"FROM base AS own\nRUN {run}\n{rest}\n", f"RUN /bin/sh -c {run} # buildkit", target="own")
    (edit,) = propose(matched, [cache_in(0, kind, folder)], found_in("LAY104", 0)).edits
    assert edit.safety == "review"
    assert edit.title.endswith(" may need what is in it")


@pytest.mark.parametrize(
    ("kind", "run", "rest"),
    [
        ("apt-lists", "apt-get update", "apt-get download x"),
        ("apt-lists", "apt-get update", "apt reinstall -y x"),
        ("apt-lists", "apt-get update", "V=$(apt-cache madison x) && echo $V"),
        ("apk", "apk update", "apk fetch curl"),
    ],
)
@pytest.mark.parametrize("keyword", ["RUN", "ONBUILD RUN"])
def test_whatever_reads_an_index_needs_it(kind: str, run: str, rest: str, keyword: str) -> None:
    """By whatever verb, also where a build starts from this image."""
    folder = {"apt-lists": "var/lib/apt/lists", "apk": "var/cache/apk"}[kind]
    matched = match(f"FROM base\nRUN {run}\n{keyword} {rest}\n", f"RUN /bin/sh -c {run} # buildkit")
    proposal = propose(matched, [cache_in(0, kind, folder)], found_in("LAY104", 0))
    assert [edit for edit in proposal.edits if edit.safety == "safe"] == []


def test_what_does_without_a_network_gets_no_option_that_needs_one() -> None:
    """It reads the index that an earlier step fetched."""
    matched = match(
        "FROM base\nRUN apk update\nRUN apk add --no-network curl\n",
        "RUN /bin/sh -c apk update # buildkit",
        "RUN /bin/sh -c apk add --no-network curl # buildkit",
    )
    proposal = propose(matched, [cache_in(0, "apk", "var/cache/apk")], found_in("LAY104", 0))
    assert "--no-network curl" in proposal.text
    assert [edit.safety for edit in proposal.edits] in ([], ["review"])


def test_a_copy_of_the_folder_above_is_no_reader() -> None:
    """As of a whole conda: what environments need is not in its cache alone."""
    matched = match(
        "FROM base AS own\nRUN conda install x\nFROM base\nCOPY --from=own /opt/conda /opt/conda\n",
        "RUN /bin/sh -c conda install x # buildkit",
        target="own",
    )
    (edit,) = propose(matched, [cache_in(0, "conda", "opt/conda/pkgs")], found_in("LAY104", 0)).edits
    assert edit.safety == "safe"


def test_an_index_that_is_kept_no_more_is_fetched_by_those_that_install_with_it() -> None:
    """All of them get the option."""
    runs = ("apk update", "apk add curl && apk info", "apk add --no-cache git")
    matched = match("FROM base\n" + "".join(f"RUN {run}\n" for run in runs), *(f"RUN /bin/sh -c {run}" for run in runs))
    proposal = propose(matched, [cache_in(0, "apk", "var/cache/apk")], found_in("LAY104", 0))
    assert proposal.text == (
        "FROM base\nRUN apk update --no-cache\nRUN apk add --no-cache curl && apk info\nRUN apk add --no-cache git\n"
    )
    assert [(edit.title, edit.safety) for edit in proposal.edits] == [
        ("Let apk keep no cache in lines 2 and 3", "safe")
    ]


def test_a_cache_that_the_container_reads_is_somebodys_to_judge() -> None:
    """As an environment of uvx is."""
    matched = match("FROM base\nRUN uv tool install x\n", "RUN /bin/sh -c uv tool install x # buildkit")
    cache = replace(cache_in(0, "uv", "root/.cache/uv"), reader="`uvx`")
    proposal = propose_edits((found_in("LAY104", 0),), FactSet([cache]), matched, is_safe=True)
    assert proposal.edits == ()
    assert [edit.title for edit in proposal.withheld] == [
        "Let uv keep no cache in line 2; `uvx` may need what is in it"
    ]


def safeties(kind: str, folder: str, run: str, rest: str, before: str = "") -> list[str]:
    """How the edits of a cache's step are, with these lines behind it and in front."""
    matched = match(f"FROM base AS own\n{before}RUN {run}\n{rest}\n", f"RUN /bin/sh -c {run} # buildkit", target="own")
    proposal = propose(matched, [cache_in(0, kind, folder)], found_in("LAY104", 0))
    assert len(proposal.edits) == 1, proposal.refused
    return [edit.safety for edit in proposal.edits]


@pytest.mark.parametrize(
    ("kind", "folder", "run", "rest"),
    [
        ("npm", "root/.npm", "npm ci", "COPY --from=own /root /root\nRUN npm ci --offline"),
        ("npm", "root/.npm", "npm ci", "COPY --from=own /root /home/node\nRUN ls /home/node/.npm/_cacache"),
        ("npm", "root/.npm", "npm ci", "COPY --from=own / /\nENV NPM_CONFIG_OFFLINE=true\nRUN npm ci"),
        ("npm", "root/.npm", "npm ci", "COPY --from=own / /\nRUN npm_config_offline=true npm ci"),
        ("uv", "root/.cache/uv", "uv sync", "COPY --from=0 /root/ /root/\nRUN uv pip install --offline x"),
        ("uv", "root/.cache/uv", "uv sync", "COPY --from=own /root /root\nENV UV_OFFLINE=1\nRUN uv sync"),
        ("uv", "root/.cache/uv", "uv sync", "COPY --from=own --parents /root /\nRUN ls /root/.cache/uv/wheels-v5"),
        ("uv", "root/.cache/uv", "uv sync", "COPY --from=own $HOME /root\nRUN uv sync --offline"),
        ("uv", "root/.cache/uv", "uv sync", "COPY --from=$STAGE / /\nRUN uv sync --offline"),
        (
            "uv",
            "root/.cache/uv",
            "uv sync",
            "COPY --from=own / /\nFROM base\nCOPY --from=1 /root /r\nRUN UV_CACHE_DIR=/r/.cache/uv uv sync --offline",
        ),
        ("pip", "root/.cache/pip", "pip install x", "COPY --from=own /root /root\nRUN pip install --no-index x"),
        (
            "pip",
            "root/.cache/pip",
            "pip install x",
            "COPY --from=own /root /root\nRUN pip install --no-index --find-links ~/.cache/pip/wheels x",
        ),
        (
            "pip",
            "root/.cache/pip",
            "pip install x",
            "COPY --from=own /root /root\nENV W=/root/.cache/pip/w\nRUN pip install -f $W x",
        ),
        (
            "pip",
            "root/.cache/pip",
            "pip install x",
            "COPY --from=own /root /root\nENV PIP_FIND_LINKS=/root/.cache/pip/w\nRUN pip install x",
        ),
        ("pip", "root/.cache/pip", "pip install x", "COPY --from=own /root/.cache /root/.cache"),
        (
            "pip",
            "root/.cache/pip",
            "pip install x",
            "RUN --mount=type=bind,from=own,source=/root,target=/r cp -r /r/.cache/pip /x",
        ),
        (
            "pip",
            "root/.cache/pip",
            "pip install x",
            "COPY --from=own / /\nFROM base\nCOPY --from=1 /root/.cache/pip /x",
        ),
        ("conda", "opt/conda/pkgs", "conda install x", "COPY --from=own /opt /opt\nRUN conda install --offline x"),
        ("conda", "opt/conda/pkgs", "conda install x", "COPY --from=own /opt /opt\nRUN cp -r $CONDA_DIR/pkgs /x"),
        ("dnf", "var/cache/dnf", "dnf install x", "COPY --from=own / /\nRUN dnf -C install y"),
        (
            "apt-archives",
            "var/cache/apt",
            "apt-get install x",
            "COPY --from=own / /\nRUN apt-get --no-download install y",
        ),
    ],
)
def test_a_stage_that_copies_a_folder_above_a_cache_may_read_it(kind: str, folder: str, run: str, rest: str) -> None:
    """By an option of its program, a variable, or the path in the folder that was copied; or for want of the folder."""
    assert safeties(kind, folder, run, f"FROM base\n{rest}") == ["review"]


@pytest.mark.parametrize(
    ("kind", "folder", "run", "rest"),
    [
        ("npm", "root/.npm", "npm ci", "COPY --from=own / /\nRUN npm ci && npm run build"),
        ("npm", "root/.npm", "npm ci", "COPY --from=own /app /app\nRUN npm ci --offline"),
        (
            "npm",
            "root/.npm",
            "npm ci",
            "COPY --from=own / /\nRUN --mount=type=cache,target=/root/.npm npm ci --offline",
        ),
        ("uv", "root/.cache/uv", "uv sync", "COPY --from=own /root /root\nENV UV_OFFLINE=0\nRUN uv sync"),
        ("uv", "root/.cache/uv", "uv sync", "COPY --from=own / /\nENV UV_CACHE_DIR=/root/.cache/uv\nRUN uv sync"),
        (
            "pip",
            "root/.cache/pip",
            "pip wheel -w /wheels x",
            "COPY --from=own / /\nRUN pip install --no-index --find-links=/wheels x",
        ),
        (
            "pip",
            "root/.cache/pip",
            "pip install x",
            "COPY --from=own / /\nRUN pip install --no-index --no-deps -t /x .",
        ),
        ("pip", "root/.cache/pip", "pip install x", "COPY --from=own /root /root\nRUN rm -rf ~/.cache/pip && sh x.sh"),
        ("pip", "root/.cache/pip", "pip install x", "COPY --from=other /root /root\nRUN pip install --no-index x"),
        (
            "conda",
            "opt/conda/pkgs",
            "conda install x",
            "COPY --from=own /opt/conda /opt/conda\nRUN python -c 'import x'",
        ),
        ("dnf", "var/cache/dnf", "dnf install x", "COPY --from=own / /\nRUN dnf install y"),
    ],
)
def test_a_copy_of_what_is_above_a_cache_alone_reads_nothing(kind: str, folder: str, run: str, rest: str) -> None:
    """Neither do commands behind it that do not name the cache, or ask the network."""
    assert safeties(kind, folder, run, f"FROM base\n{rest}") == ["safe"]


@pytest.mark.parametrize(
    ("kind", "folder", "run", "rest", "safety"),
    [
        ("pip", "root/.cache/pip", "pip install x", "RUN chown -R 1000 /root/.cache/pip", "review"),
        ("pip", "root/.cache/pip", "pip install x", "RUN chown -R 1000 /root/.cache", "review"),
        ("pip", "root/.cache/pip", "pip install x", "RUN chown -R 1000 /root/.cache || true", "safe"),
        ("pip", "root/.cache/pip", "pip install x", "RUN mkdir -p ~/.cache/pip && chown -R 1 ~/.cache/pip", "safe"),
        ("pip", "root/.cache/pip", "pip install x", "RUN chown -R 1000 /root/.cache/huggingface", "safe"),
        ("pip", "root/.cache/pip", "pip install x", "RUN rm -r /root/.cache/pip", "review"),
        ("pip", "root/.cache/pip", "pip install x", "RUN test -d ~/.cache/pip && rm -r ~/.cache/pip || true", "safe"),
        ("pip", "root/.cache/pip", "pip install x", 'RUN ["pip", "install", "--no-index", "y"]', "review"),
        ("pip", "root/.cache/pip", "pip install x", "FROM b\nCOPY --from=own /root/.cach? /x/", "review"),
        ("pip", "root/.cache/pip", "pip install x", "FROM b\nCOPY --from=own /root/.* /x/", "review"),
        ("pip", "root/.cache/pip", "pip install x", "FROM b\nCOPY --from=own /root/*.txt /x/", "safe"),
        ("npm", "root/.npm", "npm ci", "FROM b\nCOPY --from=own /r* /x/\nRUN ls /x/.npm/_cacache", "review"),
        (
            "npm",
            "root/.npm",
            "npm ci",
            "FROM b\nCOPY --from=own --parents /root/./ /x/\nRUN cp -r /x/.npm /y",
            "review",
        ),
        ("uv", "root/.cache/uv", "uv sync", 'CMD ["uv", "sync", "--offline"]', "review"),
        ("uv", "root/.cache/uv", "uv sync", 'CMD ["uv", "run", "--offline", "--no-sync", "server"]', "safe"),
        ("uv", "root/.cache/uv", "uv sync", "ONBUILD RUN uv sync --offline", "review"),
        ("pip", "root/.cache/pip", "pip install x", "RUN find /root/.cache/pip -delete", "review"),
        ("pip", "root/.cache/pip", "pip install x && du -sh /root/.cache/pip", "", "review"),
        ("pip", "root/.cache/pip", "pip install x && cp -r ~/.cache/pip /x", "", "review"),
        ("pip", "root/.cache/pip", "mkdir -p ~/.cache/pip && pip install x && chmod -R 777 ~/.cache/pip", "", "safe"),
        ("pip", "root/.cache/pip", "PIP_CACHE_DIR=/root/.cache/pip pip install x", "", "safe"),
        ("uv", "root/.cache/uv", "uv sync && uv pip install --offline .", "", "review"),
        ("npm", "root/.npm", "npm ci && chown -R 1000 /root/.npm", "", "safe"),
        ("npm", "root/.npm", "npm ci", "RUN chown -R 1000:1000 /root/.npm", "safe"),
        ("npm", "root/.npm", "npm ci", "RUN chown -R 1000:1000 /root/.npm/_cacache", "review"),
        ("apt-archives", "var/cache/apt", "apt-get install x", "RUN rm /var/cache/apt/archives/*.deb", "review"),
    ],
)
def test_what_needs_the_folder_of_a_cache_would_not_find_it(
    kind: str, folder: str, run: str, rest: str, safety: str
) -> None:
    """pip, uv and Poetry make none where they keep no cache; npm's stays, without its content."""
    assert safeties(kind, folder, run, rest) == [safety]


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("pip install x && chown -R app:app /root/.cache/pip", "pip install --no-cache-dir x"),
        ("pip install x && chmod -R 777 ~/.cache/pip && x --y", "pip install --no-cache-dir x && x --y"),
    ],
)
def test_who_owns_a_cache_is_not_asked_where_none_is_kept(run: str, after: str) -> None:
    """The command would fail, and does nothing else: it goes with the cache."""
    matched = match(f"FROM base\nRUN {run}\n", f"RUN /bin/sh -c {run} # buildkit")
    proposal = propose(matched, [cache_in(0, "pip", "root/.cache/pip")], found_in("LAY104", 0))
    assert proposal.text == f"FROM base\nRUN {after}\n"
    assert [edit.safety for edit in proposal.edits] == ["safe"]


def test_a_command_that_gives_more_away_than_a_cache_is_left_to_a_person() -> None:
    """It cannot go, and fails without the folder."""
    assert safeties("pip", "root/.cache/pip", "pip install x && chown -R app /app /root/.cache/pip", "") == ["review"]
    assert safeties("pip", "root/.cache/pip", "pip install x; chown -R app /root/.cache/pip", "") == ["review"]


@pytest.mark.parametrize(
    ("kind", "ran", "line", "cure"),
    [
        ("pip", "pip install six", "pip install --no-cache-dir six", "--no-cache-dir"),
        ("apt-archives", "apt-get install -y jq", "apt-get install -y jq && apt-get clean", "apt-get clean"),
    ],
)
def test_a_line_that_was_edited_already_is_not_edited_again(kind: str, ran: str, line: str, cure: str) -> None:
    """A build brings what it holds."""
    matched = match(f"FROM base\nRUN {line}\n", f"RUN /bin/sh -c {ran} # buildkit")
    proposal = propose(matched, [cache_in(0, kind, f"cache/{kind}")], found_in("LAY104", 0))
    assert proposal.edits == ()
    (refused,) = proposal.refused
    assert refused.reason == f"line 2 has {cure} already: build the image again"
    assert (refused.is_held, refused.remade) == (True, (2,))


def test_a_line_that_was_edited_for_one_cache_is_edited_for_another() -> None:
    """What it lacks is put in behind."""
    matched = match(
        "FROM base\nRUN apt-get update && apt-get install -y jq && apt-get clean\n",
        "RUN /bin/sh -c apt-get update && apt-get install -y jq # buildkit",
    )
    caches = [cache_in(0, kind, f"cache/{kind}") for kind in ("apt-archives", "apt-lists")]
    proposal = propose(matched, caches, found_in("LAY104", 0))
    assert proposal.text.endswith("jq && apt-get clean && rm -rf /var/lib/apt/lists/*\n")
    assert len(proposal.edits) == 1


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("apt-get install -y jq # and no more", "apt-get install -y jq && apt-get clean # and no more"),
        ("apt-get update; apt-get install -y jq;", "apt-get update; apt-get install -y jq && apt-get clean;"),
        (
            "apt-get update \\\n  && apt-get install -y jq # it's small",
            "apt-get update \\\n  && apt-get install -y jq \\\n  && apt-get clean # it's small",
        ),
    ],
)
def test_what_cleans_up_stands_before_what_ends_a_line(run: str, after: str) -> None:
    """Behind a comment it would never run, and behind a semicolon the shell would not take it; twice it is not put."""
    proposal = propose_for(run, "apt-archives")
    assert proposal.text == f"FROM base\nRUN {after}\n"
    ran = run.replace("\\\n", "")
    again = match(f"FROM base\nRUN {after}\n", f"RUN /bin/sh -c {ran} # buildkit")
    assert propose(again, [cache_in(0, "apt-archives", "cache/apt-archives")], found_in("LAY104", 0)).edits == ()
    assert all(pair.is_edited for pair in again.matches)


def test_a_copied_cache_is_told_by_its_name() -> None:
    """In words, and not as the kinds are told apart within."""
    matched = match("FROM base\nCOPY lists /var/lib/apt/lists\n", "COPY lists /var/lib/apt/lists # buildkit")
    proposal = propose(matched, [cache_in(0, "apt-lists", "var/lib/apt/lists")], found_in("LAY104", 0))
    assert [each.reason for each in proposal.refused] == [
        "line 2 copies apt's package lists: copy less, or clean it where it is made"
    ]
