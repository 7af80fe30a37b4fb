#!/bin/sh
# fresh.sh [bookworm|trixie]: the README's first steps on an empty Debian, by a person without root. Needs root and mmdebstrap.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
release=${1:-bookworm}
. "$here/deploy/bare.sh"
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
bare "$release" "$root"

packages=$(sed -n 's/^apt install \([a-z0-9 -]*\).*/\1/p' "$here/README.md" | head -1)
inside "$root" apt-get update -qq >/dev/null
inside "$root" apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends $packages >/dev/null
inside "$root" useradd --create-home clinic
mkdir "$root/home/clinic/aftercare"
(cd "$here" && git archive HEAD) | tar -xf - -C "$root/home/clinic/aftercare"
inside "$root" chown -R clinic: /home/clinic
inside "$root" su clinic -c "cd ~/aftercare && ONCE=1 make demo" || { tail -n 20 "$root"/home/clinic/aftercare/var/demo/*.log; exit 1; }
echo "The README's first steps work on an empty $release, with: $packages"
