"""Seeds for the formats that are text."""

from typing import Final

_TOKEN: Final = "ghp_" + "a1B2c3D4e5F6g7H8i9" * 2

_METADATA: Final = b"""Metadata-Version: 2.1
Name: Torch_Extra
Version: 1.0+cu121
Requires-Python: >=3.8,<4
Requires-Dist: numpy (>=1.2) ; python_version < "3.9" and extra == 'test'
Requires-Dist: nvidia-cublas-cu12 ==12.1.3.1 ; platform_system == "Linux" and platform_machine == "x86_64"
Provides-Extra: test
Dynamic: version

Text.
"""

_DEB_STATUS: Final = b"""Package: libc6
Status: install ok installed
Source: glibc (2.36-9)
Architecture: amd64
Multi-Arch: same
Version: 1:2.36-9+deb12u10
Depends: libgcc-s1, libcrypt1 (>= 1:4.4.10-10~)
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
Description: shared libraries
 and more

Package: half
Status: deinstall ok config-files
Version: 1-1
"""

_APK: Final = b"""C:Q1qAbc=
P:musl
V:1.2.5-r0
A:x86_64
o:musl
D:so:libc.musl-x86_64.so.1 scanelf
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1abc=
R:libc.musl-x86_64.so.1

P:busybox
V:1
"""

_CONDA: Final = b"""{"name": "cudatoolkit", "version": "11.8.0", "build": "h37601d7_0", "build_number": 0,
"channel": "conda-forge", "subdir": "linux-64",
"depends": ["libgcc-ng >=12", "__glibc >=2.17,<3.0.a0", "python_abi 3.11.* *_cp311"],
"constrains": ["cuda >=11"], "files": ["lib/libcudart.so.11.0", "bin/x"], "paths_data": {"paths_version": 1,
"paths": [{"_path": "lib/libcudart.so", "path_type": "softlink", "sha256": "00", "size_in_bytes": 9}]}}"""

_NPM_LOCK: Final = b"""{"name": "app", "lockfileVersion": 3, "requires": true, "packages": {"": {"name": "app"},
"node_modules/@scope/a": {"version": "1.2.3", "resolved": "https://r/a.tgz", "integrity": "sha512-x", "dev": true,
"engines": {"node": ">=18 || ^16.3"}, "os": ["linux"], "cpu": ["!arm"]}}, "dependencies": {"b": {"version": "1",
"requires": {"c": "^1"}, "dependencies": {"c": {"version": "1.0.0"}}}}}"""

_SYSCONFIG: Final = b"""# system configuration generated and used by the sysconfig module
build_time_vars = {'ABIFLAGS': '', 'SOABI': 'cpython-311-x86_64-linux-gnu', 'Py_GIL_DISABLED': 0,
 'EXT_SUFFIX': '.cpython-311-x86_64-linux-gnu.so', 'LDVERSION': '3.11', 'CC': 'gcc -pthread '
       '-B', 'VERSION': "3.11"}
"""

_NODE_HEADER: Final = b"""#define NODE_MAJOR_VERSION 20
#define NODE_MINOR_VERSION 1
#define NODE_PATCH_VERSION 2
#define NODE_MODULE_VERSION 115
"""

TEXT_SEEDS: Final[dict[str, tuple[bytes, ...]]] = {
    "apk_installed": (_APK,),
    "apt_release": (b"Origin: Debian\nSuite: stable\nDate: Sat, 17 May 2025 08:38:12 UTC\nValid-Until: x\n",),
    "conda_meta": (_CONDA,),
    "deb_status": (
        _DEB_STATUS,
        b"/.\n/usr\n/usr/lib/x86_64-linux-gnu/libc.so.6\n",
        b"/bin/sh\n/bin/sh.distrib\ndash\n",
        b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/x\n",
    ),
    "direct_url": (
        b'{"url": "https://h/r.git", "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": "ab"}}',
        b'{"url": "file:///src", "dir_info": {"editable": true}, "subdirectory": "a"}',
        b'{"url": "https://h/a.whl", "archive_info": {"hash": "sha256=ab", "hashes": {"sha256": "ab"}}}',
    ),
    "dist_metadata": (_METADATA,),
    "dist_record": (
        b'a/b.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"a,b.py",,\n../../bin/x,sha256=AA,12\n',
    ),
    "dockerfile": (
        b"# escape=`\nARG B=x\nFROM --platform=a ${B} AS c\nRUN --mount=type=cache,target=/d e `\n # f\n && g\nCMD h\n",
        b'FROM a\nCOPY --chown=1:2 ["b", "c d"]\r\nRUN <<-"E" f && <<G h\n\ti\n\tE\nG\n',
        b'FROM a\nONBUILD RUN <<J\nJ\nENV K="L \\\n"\n',
        b'["sh", "-c", "a"]',
    ),
    "dockerfile_words": (b"A=1 B=\"c d\" E='f' \\$g ${h:-i}", b"A b c"),
    "egg_info": (b"numpy>=1.2\n\n[test]\npytest\n\n[:python_version<'3.8']\ntyping\n",),
    "entry_points": (b"[console_scripts]\nrun = pkg.mod:main.run [extra]\n; comment\n[a.b]\nx=y\n",),
    "extension_suffix": (
        b"_C.cpython-311-x86_64-linux-gnu.so",
        b"x.cpython-313t-x86_64-linux-musl.so",
        b"y.abi3.so",
        b"z.pypy310-pp73-x86_64-linux-gnu.so",
    ),
    "gradle_lock": (b"# comment\ncom.google:guava:31.1-jre=compileClasspath,runtimeClasspath\nempty=x\n",),
    "java_release": (b'IMPLEMENTOR="Eclipse"\nJAVA_VERSION="17.0.9"\nJAVA_RUNTIME_VERSION="17.0.9+9"\nOS_ARCH="x"\n',),
    "javascript_imports": (
        b"#!/usr/bin/env node\nconst { a, b } = require('express');\nimport c, { d } from \"./c.js\";\n/*\n*/\n",
        b"const {\n  e\n} = require('f')\nexport * from 'g'\n",
    ),
    "ld_conf": (b"include /etc/ld.so.conf.d/*.conf\n# c\n/usr/local/lib:/opt/a=x86, /b\nhwcap 1 nosegneg\n",),
    "ld_musl_path": (b"/lib:/usr/local/lib\n/usr/lib\n",),
    "ld_preload": (b"/usr/lib/libjemalloc.so.2 libx.so:liby.so # c\n",),
    "maven_range": (b"[1.0,2.0),(3.0,],[4.1]", b"1.2-SNAPSHOT"),
    "maven_version": (b"1.0-alpha-1", b"31.1-jre"),
    "node_version": (
        b"x\0https://nodejs.org/download/release/v20.11.1/node-v20.11.1-headers.tar.gz\0",
        _NODE_HEADER,
    ),
    "npm_package": (
        _NPM_LOCK,
        b'{"name": "@s/a", "version": "1.0.0", "dependencies": {"b": "^1.2.3"}, "engines": {"node": ">=18"}}',
    ),
    "npm_range": (b"^1.2.3 || >=2.0.0-rc.1 <3 || 4.x || ~5 || 6.0.0 - 7", b"*"),
    "os_release": (
        b'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\nID_LIKE="a b"\nVERSION_CODENAME=bookworm\n',
        b'ID=\'alpine\'\n# comment\nVERSION_ID=3.20.1\nPRETTY_NAME="a \\"b\\" \\$c"\n',
    ),
    "passwd": (
        b"root:x:0:0:root:/root:/bin/bash\napp:$6$hash:1000:1000::/home/app:/bin/sh\n+nis::::::\n",
        b"wheel:x:10:ada,bob\nempty:x:11:\n",
        b"root:$6$salt$hash:19000::::::\ndaemon:*:19000::::::\n",
    ),
    "patchlevel": (
        b"#define PY_MAJOR_VERSION\t3\n#define PY_MINOR_VERSION 11\n#define PY_MICRO_VERSION 2\n",
        b'#define PY_VERSION "3.11.2"\n',
    ),
    "ptx_text": (b"//\n// Generated by NVIDIA NVVM Compiler\n\n.version 8.7\n.target sm_90a\n.address_size 64\n",),
    "pth_file": (b"# c\n../lib\nimport sys; sys.path.insert(0, 'x')\n/abs/path\n",),
    "python_imports": (
        b"import os, torch.nn as nn\nfrom . import a\nfrom .b import (c,\n d)\n",
        b"try:\n    import e\nexcept ImportError:\n    pass\n",
        b"if TYPE_CHECKING:\n    import x\ndef f():\n    from y.z import *\n",
    ),
    "python_model_calls": (
        b'M = "/models/a"\nm = A.from_pretrained(M, token="x")\np = pipeline("t",\n  model="acme/b")\n',
        b"LLM(model='/m', x=f(2))\nSentenceTransformer(\n'acme/c')\n",
    ),
    "python_data_loaders": (
        b"x = DataLoader(data, batch_size=max(1, 2),\n  num_workers=4)\nDataLoader(num_workers=n)\n",
    ),
    "python_torch_hub": (
        b"import torch\nm = torch.hub.load('a/b', 'c')\nfrom torch.hub import load_state_dict_from_url\n",
    ),
    "python_words": (b'a = "b"  # c\nd("e", [1]) \\\n f\n',),
    "pyvenv": (b"home = /usr/bin\ninclude-system-site-packages = true\nversion = 3.11.2\nuv = 0.4\n",),
    "secret_log": (
        f"using key {_TOKEN}\nRuntimeError: HF_TOKEN={_TOKEN} https://u:p4ss@host/x?token=abc123".encode(),
        b"token: hello, token=hf_token, api_key = load('x')[0]; tokens_per_second=12.5\nPassword: correct horse",
    ),
    "secret_text": (
        f"export GITHUB_TOKEN={_TOKEN} && curl -H 'Authorization: Bearer {_TOKEN}' https://u:p4ss@host/x".encode(),
        b'{"password": "correct horse", "api_key": "k3y-0f-s0me-k1nd"}\nRUN --mount=type=secret,id=x ARG A=b',
        b"|2 A=b c=d /bin/sh -c echo",
    ),
    "semantic_version": (b"1.2.3-rc.1+build.5", b"v10.0.0"),
    "shebang": (b"#!/usr/bin/env -S python3 -u\nprint()\n", b"#! /bin/sh -e\r\n"),
    "requirements_file": (
        b"numpy[x]>=1.24,!=1.25 ; python_version<'3.9' # c\n-r other.txt\npandas==2.1 \\\n --hash=sha256:00\n-e .\n",
        b"--index-url https://x/simple\n./a-1.0-py3-none-any.whl\nb @ https://x/b.whl\n",
    ),
    "secret_blocks": (
        b"password: |\n  Zt7pWq4hYd2k\n  more\nauths:\n  ghcr.io: {auth: dXNlcjpwYXNz}\n",
        b"<password>\nabc</password>\ntoken = [\n 'a',\n 'b']\nname: api_key\nvalue: x\n",
    ),
    "shell_list": (b"a 'b' && \"$(c ${d})\" | e 2>&1 >f; g || h \\; i", b"if a; then b; fi # c\ncat <<d"),
    "shell_output": (b"exec python3 serve.py >/tmp/log 2>&1 & wait $!; tail -f /tmp/log | grep -v x", b"a &>/dev/null"),
    "shell_script": (
        b'#!/bin/bash\nset -e # c\n: "${A:=/m}"\nB=(x "$A" \\\n y)\nexec vllm serve "${B[@]}" --port ${P:-90} "$@"\n',
        b"if [ -z \"$A\" ]; then A='$x'; fi\ncat <<-E >&2\n\tz\n\tE\ncase $1 in a|b) exec x ;; esac\n",
        b"f() { (y | z) & }\n`a` $(b)\nOLLAMA_HOST=x:1 ollama serve\n",
    ),
    "shell_words": (
        b'A=$(b \'(\' | tr -d ")" # c\'s\n) ${D:-\'}\'} "${E:-$(f "g")}" > >(tee h) <(i) $((1 << 2))\n',
        b"$(cat <<E\nit's )\nE\n) && $(case $a in b) c;; esac)\n$(d 'e\nf ${g\n",
    ),
    "sysconfig_data": (_SYSCONFIG,),
    "token_forms": (
        _TOKEN.encode(),
        b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nAKIA" + b"Q3WE5RTY7UIOP2AS",
    ),
    "wheel_file": (
        b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: false\nTag: cp311-cp311-manylinux2014_x86_64\n",
    ),
}
