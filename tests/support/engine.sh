#!/usr/bin/env bash
# A private Docker engine for tests, started by hand: no service manager, nothing shared
# with any other engine on the host (own data-root, exec-root, socket, pidfiles, containerd).
#
#   engine.sh install            put the engine's programs in place (root, Debian 12)
#   engine.sh start              idempotent; prints "export DOCKER_HOST=..." when ready
#   engine.sh env                the same line, without starting anything
#   engine.sh status             exit 0 when the engine answers
#   engine.sh stop               SIGTERM by pid, wait, SIGKILL by pid, unmount leftovers
#   engine.sh purge              stop, then delete the engine's folder
#
#   eval "$(tests/support/engine.sh start)"; docker info
#
# Variables (all optional)
#   LAYERSCOPE_ENGINE_DIR     folder of this engine, by default one for each suite and driver or store
#                             (keep it short: a socket path holds 107 bytes)
#   LAYERSCOPE_ENGINE_DRIVER  overlay2 (default) | vfs | fuse-overlayfs
#   LAYERSCOPE_ENGINE_STORE   graph (default) | containerd   (containerd needs engine >= 24)
#   LAYERSCOPE_ENGINE_ARGS    more dockerd arguments
#   LAYERSCOPE_ENGINE_SUITE   host (default): docker.io of this Debian (engine 20.10, API 1.41)
#                             trixie: engine 26.1, API 1.45    forky: engine 28.5, API 1.51
#                             (unpacked beside the host's files, not installed; runc is the host's)
#   LAYERSCOPE_TOOLS          where other suites' programs are unpacked
#                             (default ${XDG_CACHE_HOME:-~/.cache}/layerscope-tools)
#   LAYERSCOPE_ENGINE_WAIT    seconds to wait for the engine (default 60)
set -euo pipefail

DRIVER=${LAYERSCOPE_ENGINE_DRIVER:-overlay2}
STORE=${LAYERSCOPE_ENGINE_STORE:-graph}
SUITE=${LAYERSCOPE_ENGINE_SUITE:-host}
KIND=$DRIVER; [ "$STORE" = graph ] || KIND=$STORE
DIR=${LAYERSCOPE_ENGINE_DIR:-/tmp/layerscope-engine-$(id -u)-$SUITE-$KIND}
TOOLS=${LAYERSCOPE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/layerscope-tools}
MIRROR=${LAYERSCOPE_DEBIAN_MIRROR:-}
WAIT=${LAYERSCOPE_ENGINE_WAIT:-60}
SOCK=$DIR/docker.sock
CSOCK=$DIR/c/containerd.sock
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
[ "$SUITE" = host ] || PATH=$TOOLS/$SUITE/usr/sbin:$TOOLS/$SUITE/usr/bin:$PATH
export PATH

say() { printf '%s\n' "engine: $*" >&2; }
die() { say "$*"; exit 1; }

ping() { curl -fsS --max-time 5 --unix-socket "$SOCK" http://localhost/_ping >/dev/null 2>&1; }

# owned PIDFILE WORD: print the pid in PIDFILE if that process is alive, is ours (its command
# line names $DIR) and runs WORD; a stale or recycled pid prints nothing.
owned() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 0
  case $pid in ''|*[!0-9]*) return 0;; esac
  case $( (tr '\0' ' ' <"/proc/$pid/cmdline") 2>/dev/null || true) in # empty for a zombie
    *"$2"*"$DIR"*) printf '%s' "$pid";;
  esac
}

have() { command -v "$1" >/dev/null; }

# The mirror this machine's own apt uses, so that no host name is written here.
mirror() {
  [ -n "$MIRROR" ] && { printf '%s' "$MIRROR"; return; }
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -m1 'debian$' ||
    die "no Debian mirror among apt's sources; set LAYERSCOPE_DEBIAN_MIRROR"
}

# unpack_suite SUITE PACKAGE...: download the packages of another suite with a private apt
# state (signatures checked by the host's debian-archive-keyring) and unpack them in
# $TOOLS/SUITE. Go programs of trixie and forky need no newer glibc than Debian 12 has, so they
# run as they are; runc, crun, skopeo, podman and buildah of those suites do not.
unpack_suite() {
  local suite=$1 dir=$TOOLS/$1 work; shift
  work=$(mktemp -d)
  mkdir -p "$dir" "$work/lists/partial" "$work/cache/archives/partial" "$work/debs"
  echo "deb $(mirror) $suite main" >"$work/sources.list"
  cat >"$work/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::State::status "/dev/null";
Dir::Cache "$work/cache";
APT::Sandbox::User "root";
Acquire::Check-Valid-Until "false";
CONF
  APT_CONFIG=$work/apt.conf apt-get update -qq
  (cd "$work/debs" && APT_CONFIG=$work/apt.conf apt-get download -qq "$@")
  local d
  for d in "$work"/debs/*.deb; do dpkg-deb -x "$d" "$dir"; done
  rm -rf "$work"
}

install_pkgs() {
  if ! { have runc && have iptables && have curl && [ -x /usr/sbin/dockerd ]; }; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends docker.io iptables curl ca-certificates >&2
  fi
  [ "$SUITE" = host ] || [ -x "$TOOLS/$SUITE/usr/sbin/dockerd" ] ||
    unpack_suite "$SUITE" docker.io containerd docker-cli docker-buildx
  say "installed: $(dockerd --version 2>/dev/null | head -n 1)"
}

# dockerd needs the cgroup controllers; a bare machine may have none mounted.
mount_cgroups() {
  mountpoint -q /sys/fs/cgroup && return 0
  if grep -qw cgroup2 /proc/filesystems && mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null; then
    # usable only if the controllers are not bound to v1 elsewhere
    grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null && return 0
    umount /sys/fs/cgroup
  fi
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  local c
  # only what runc needs: each further controller mounted here would be taken from cgroup2
  for c in cpuset cpu cpuacct blkio memory devices freezer pids; do
    awk -v c="$c" '$1 == c && $4 == 1 {found = 1} END {exit !found}' /proc/cgroups || continue
    mkdir -p "/sys/fs/cgroup/$c"
    mountpoint -q "/sys/fs/cgroup/$c" || mount -t cgroup -o "$c" cgroup "/sys/fs/cgroup/$c" ||
      rmdir "/sys/fs/cgroup/$c"
  done
}

start() {
  [ "$(id -u)" = 0 ] || die "needs root"
  have dockerd || die "dockerd not found: run '$0 install'"
  [ ${#SOCK} -le 100 ] || die "LAYERSCOPE_ENGINE_DIR is too long for a unix socket: $SOCK"
  mkdir -p "$DIR/c" /run
  exec 9>"$DIR/lock"
  flock -w "$WAIT" 9 || die "another start or stop holds $DIR/lock"
  if ping; then say "already up"; return 0; fi
  # half a start, or one that died: clear what is left before the new one
  stop_pids
  rm -f "$SOCK" "$CSOCK" "$DIR/dockerd.pid" "$DIR/dockerd.own.pid" "$DIR/containerd.pid"
  mount_cgroups

  cat >"$DIR/containerd.toml" <<TOML
version = 2
root = "$DIR/c/root"
state = "$DIR/c/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.btrfs"]
[grpc]
  address = "$CSOCK"
[ttrpc]
  address = "$CSOCK.ttrpc"
TOML
  : >"$DIR/containerd.log"
  setsid containerd --config "$DIR/containerd.toml" --log-level warn \
    </dev/null >>"$DIR/containerd.log" 2>&1 9>&- &
  echo $! >"$DIR/containerd.pid"

  local n=0 drv=$DRIVER args=()
  until [ -S "$CSOCK" ]; do
    n=$((n + 1))
    if ! kill -0 "$(cat "$DIR/containerd.pid")" 2>/dev/null || [ $n -gt $((WAIT * 10)) ]; then
      tail -n 20 "$DIR/containerd.log" >&2
      stop_pids
      die "containerd did not come up"
    fi
    sleep 0.1
  done

  local snapshotter=false
  [ "$STORE" != containerd ] || { snapshotter=true; drv=; }
  echo "{\"features\": {\"containerd-snapshotter\": $snapshotter, \"cdi\": true}}" >"$DIR/daemon.json"
  [ -z "$drv" ] || args+=(--storage-driver "$drv")
  : >"$DIR/dockerd.log"
  # No bridge and no iptables rules: containers get network 'none' (or 'host'), and no second
  # engine on the host is disturbed.
  setsid dockerd \
    --config-file "$DIR/daemon.json" --containerd "$CSOCK" \
    --data-root "$DIR/data" --exec-root "$DIR/exec" --pidfile "$DIR/dockerd.own.pid" \
    --host "unix://$SOCK" --group root \
    --bridge none --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false \
    --userland-proxy=false --exec-opt native.cgroupdriver=cgroupfs \
    "${args[@]}" ${LAYERSCOPE_ENGINE_ARGS:-} \
    </dev/null >>"$DIR/dockerd.log" 2>&1 9>&- &
  echo $! >"$DIR/dockerd.pid"

  n=0
  until ping; do
    n=$((n + 1))
    if ! kill -0 "$(cat "$DIR/dockerd.pid")" 2>/dev/null || [ $n -gt $((WAIT * 10)) ]; then
      tail -n 30 "$DIR/dockerd.log" >&2
      stop_pids
      die "dockerd did not come up"
    fi
    sleep 0.1
  done
  say "up: $(curl -fsS --unix-socket "$SOCK" http://localhost/version |
    sed -n 's/.*"Version":"\([^"]*\)","ApiVersion":"\([^"]*\)".*/version \1, API \2/p')"
}

stop_pids() {
  local f word pid n
  for f in dockerd containerd; do
    word=$f
    pid=$(owned "$DIR/$f.pid" "$word")
    [ -n "$pid" ] || continue
    kill -TERM "$pid" 2>/dev/null || true
    n=0
    while [ -n "$(owned "$DIR/$f.pid" "$word")" ]; do
      n=$((n + 1)); [ $n -le 200 ] || { kill -KILL "$pid" 2>/dev/null || true; break; }
      sleep 0.1
    done
    rm -f "$DIR/$f.pid"
  done
  # shims that outlived a killed containerd name our socket on their command line
  for pid in $(grep -lsF -- "$CSOCK" /proc/[0-9]*/cmdline 2>/dev/null | sed 's|/proc/\([0-9]*\)/.*|\1|'); do
    case $( (tr '\0' ' ' <"/proc/$pid/cmdline") 2>/dev/null || true) in *containerd-shim*) kill -KILL "$pid" 2>/dev/null || true;; esac
  done
}

stop() {
  [ -d "$DIR" ] || return 0
  exec 9>"$DIR/lock"
  flock -w "$WAIT" 9 || die "another start or stop holds $DIR/lock"
  stop_pids
  # mounts left in the engine's folder: overlays, the data-root's own bind mount, netns files
  awk '{print $2}' /proc/self/mounts | sort -r | while read -r m; do
    case $m in "$DIR"/*) umount -l "$m" 2>/dev/null || true;; esac
  done
  rm -f "$SOCK" "$CSOCK"
  say "stopped"
}

case ${1:-} in
  install) install_pkgs;;
  start) start; echo "export DOCKER_HOST=unix://$SOCK";;
  env) echo "export DOCKER_HOST=unix://$SOCK";;
  status) ping;;
  stop) stop;;
  purge) stop; rm -rf --one-file-system "$DIR";;
  *) sed -n '2,25p' "$0" >&2; exit 2;;
esac
