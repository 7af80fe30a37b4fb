#!/bin/sh
# container.sh: the Dockerfile step by step on an empty Debian, where no image can be pulled; then what compose.yaml starts:
# migrate, worker and web, without root and capabilities, on a read-only file system, until the health check says yes.
# Needs root and mmdebstrap. Not tried: the images of PostgreSQL and Caddy, the network between the services.
set -eu
umask 022 # of the harness alone
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/deploy/bare.sh"
release=$(sed -n 's/^FROM debian:\([a-z]*\).*/\1/p' "$here/Dockerfile" | tail -1)
top=$(mktemp -d)
build=$top/build final=$top/final
trap 'rm -rf --one-file-system "$top"' EXIT

steps() { awk -v wanted="$1" '/^FROM/ {stage++} stage == wanted && sub(/^RUN /, "")' "$here/Dockerfile"; }
each_step() {  # each_step STAGE FOLDER
  steps "$1" | while read -r step; do echo "RUN $step"; inside "$2" sh -euc "$step" </dev/null >"$top/log" 2>&1 || { cat "$top/log"; exit 1; }; done
}

bare "$release" "$build"
cp -a "$build" "$final"
cp "$here/requirements/app.lock" "$build/tmp/app.lock"
mkdir "$build/srv/aftercare"
(cd "$here" && git archive HEAD) | tar -xf - -C "$build/srv/aftercare"
chmod -R go= "$build/srv/aftercare" # as with a umask of 077
each_step 1 "$build"
each_step 2 "$final"
cp -a "$build/srv/venv" "$final/srv/venv"
cp -a "$build/srv/aftercare/." "$final/srv/aftercare"
rm -rf "$build"

# What the Dockerfile says of the running container.
said() { sed -n "s/^$1 //p" "$here/Dockerfile" | tail -1; }
given=$(said ENV | sed "s#\\\$PATH#/usr/sbin:/usr/bin:/sbin:/bin#")
words() { printf '%s' "$1" | sed 's/^[^[]*//' | python3 -c 'import json, shlex, sys; print(shlex.join(json.load(sys.stdin)))'; }
start=$(words "$(said CMD)") healthy=$(words "$(said HEALTHCHECK)") user=$(said USER)

cat > "$final/srv/run" <<END
cd /srv/aftercare
for place in . content /srv/venv /usr /etc /home; do
  if touch "\$place/written" 2>/dev/null; then echo "\$place can be written to"; exit 1; fi
done
if grep -qv "^Cap[A-Z][a-z]*:.*0000000000000000$" <<CAPS
\$(grep "^Cap[IPEB]" /proc/self/status)
CAPS
then echo "It has capabilities."; exit 1; fi
export AFTERCARE_SETUP=open AFTERCARE_ENV=development PUBLIC_URL=http://localhost:8000
python -m settings > /tmp/keys && set -a && . /tmp/keys && set +a
flask --app app migrate
flask --app app work & $start &
for second in \$(seq 60); do
  sleep 1
  if $healthy 2>/tmp/why; then echo "Healthy after \$second s as \$(id -un), on a read-only file system."; exit 0; fi
done
cat /tmp/why; exit 1
END
unshare --mount --pid --net --fork --kill-child sh -euc '
  final=$1 user=$2; shift 2
  ip link set lo up 2>/dev/null || python3 -c "import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack(\"16sh\", b\"lo\", 1))"
  mount --bind "$final" "$final"
  mount -t proc proc "$final/proc"
  mount -t tmpfs tmpfs "$final/tmp"
  mount -t tmpfs -o mode=700,uid=$(awk -F: -v name="$user" "\$1 == name {print \$3}" "$final/etc/passwd") tmpfs "$final/srv/aftercare/var"
  mount -o remount,bind,ro "$final"
  exec chroot "$final" setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
    env -i HOME=/srv/aftercare "$@" sh -eu /srv/run' container "$final" "$user" $given
echo "The steps of the Dockerfile work on an empty $release."
