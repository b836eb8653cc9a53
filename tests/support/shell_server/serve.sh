#!/bin/sh
# A server of models by a shell alone, under the name of one that is known. FAULT breaks it.
case $FAULT in
  crash) echo 'loading kernels' >&2; exit 132 ;;
  silent) echo 'waiting for the hub'; while :; do sleep 1; done ;;
  file) exec >/tmp/server.log 2>&1 ;;
  nowhere) exec >/dev/null 2>&1 ;;
esac
echo "listening on ${PORT:-8000}"
exec nc -ll -p "${PORT:-8000}" -e /app/answer.sh
