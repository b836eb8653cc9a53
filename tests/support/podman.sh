#!/usr/bin/env bash
# A second engine type for tests: podman's Docker-compatible API on a private socket.
#
#   podman.sh install | start | env | status | stop | purge      prints "export CONTAINER_HOST=..." when ready
#
# Variables: LAYERSCOPE_PODMAN_DIR (default /tmp/layerscope-podman-$UID), LAYERSCOPE_PODMAN_WAIT
#
# Two things a plain `podman system service` trips over on a small VM or in a sandbox:
#  - without CAP_SYS_RESOURCE podman's default ulimits (1048576) cannot be set: the private
#    containers.conf asks for what the caller has (soft must equal hard);
#  - crun refuses cgroup v1 with a cgroup2 'unified' mount that holds controllers: the service
#    runs in its own mount namespace without that mount.
set -euo pipefail

DIR=${LAYERSCOPE_PODMAN_DIR:-/tmp/layerscope-podman-$(id -u)}
WAIT=${LAYERSCOPE_PODMAN_WAIT:-30}
SOCK=$DIR/podman.sock
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

say() { printf '%s\n' "podman: $*" >&2; }
die() { say "$*"; exit 1; }
ping() { curl -fsS --max-time 5 --unix-socket "$SOCK" http://localhost/_ping >/dev/null 2>&1; }
owned() {
  local pid
  pid=$(cat "$DIR/pid" 2>/dev/null) || return 0
  case $pid in ''|*[!0-9]*) return 0;; esac
  case $( (tr '\0' ' ' <"/proc/$pid/cmdline") 2>/dev/null || true) in *podman*"$DIR"*) printf '%s' "$pid";; esac
}

start() {
  [ "$(id -u)" = 0 ] || die "needs root"
  mkdir -p "$DIR"
  exec 9>"$DIR/lock"; flock -w "$WAIT" 9 || die "another start or stop holds $DIR/lock"
  if ping; then say "already up"; return 0; fi
  stop_pid; rm -f "$SOCK"
  local files procs
  files=$(ulimit -Hn); procs=$(ulimit -Hu)
  case $files in unlimited) files=65536;; esac
  case $procs in unlimited) procs=4096;; esac
  [ "$procs" -le 4096 ] || procs=4096
  cat >"$DIR/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=$procs:$procs"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
  : >"$DIR/log"
  CONTAINERS_CONF=$DIR/containers.conf setsid unshare --mount sh -c '
    if [ "$(stat -fc %T /sys/fs/cgroup)" = tmpfs ] && mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
    exec podman --root "$0/root" --runroot "$0/run" --log-level warn system service --time=0 "unix://$0/podman.sock"' "$DIR" \
    </dev/null >>"$DIR/log" 2>&1 9>&- &
  echo $! >"$DIR/pid"
  local n=0
  until ping; do
    n=$((n + 1))
    if ! kill -0 "$(cat "$DIR/pid")" 2>/dev/null || [ $n -gt $((WAIT * 10)) ]; then tail -n 20 "$DIR/log" >&2; stop_pid; die "did not come up"; fi
    sleep 0.1
  done
  say "up: $(podman --version)"
}

stop_pid() {
  local pid n=0
  pid=$(owned); [ -n "$pid" ] || { rm -f "$DIR/pid"; return 0; }
  kill -TERM "$pid" 2>/dev/null || true
  while [ -n "$(owned)" ]; do n=$((n + 1)); [ $n -le 50 ] || { kill -KILL "$pid" 2>/dev/null || true; break; }; sleep 0.1; done
  rm -f "$DIR/pid"
}

# podman has no daemon: containers and their monitors outlive the service
stop_containers() {
  local pid
  CONTAINERS_CONF=$DIR/containers.conf podman --root "$DIR/root" --runroot "$DIR/run" rm -fa -t 1 >/dev/null 2>&1 || true
  for pid in $(grep -lsF -- "$DIR/root/overlay-containers/" /proc/[0-9]*/cmdline 2>/dev/null | sed 's|/proc/\([0-9]*\)/.*|\1|'); do
    case $( (tr '\0' ' ' <"/proc/$pid/cmdline") 2>/dev/null || true) in *conmon*) kill -KILL "$pid" 2>/dev/null || true;; esac
  done
}

case ${1:-} in
  install)
    command -v podman >/dev/null && command -v crun >/dev/null && exit 0
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq; apt-get install -y -qq --no-install-recommends podman crun conmon curl >&2;;
  start) start; echo "export CONTAINER_HOST=unix://$SOCK";;
  env) echo "export CONTAINER_HOST=unix://$SOCK";;
  status) ping;;
  stop) [ -d "$DIR" ] || exit 0; stop_pid; stop_containers; rm -f "$SOCK"; say stopped;;
  purge) bash "$0" stop
    awk '{print $2}' /proc/self/mounts | sort -r | while read -r m; do case $m in "$DIR"/*) umount -l "$m" 2>/dev/null || true;; esac; done
    rm -rf --one-file-system "$DIR";;
  *) sed -n '2,15p' "$0" >&2; exit 2;;
esac
