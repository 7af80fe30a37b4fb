#!/bin/sh
# fresh.sh [bookworm|trixie]: the README's first steps on an empty Debian, by a person without root. Needs root and mmdebstrap.
# With `container` as second word: the steps of the Dockerfile instead, where no image can be pulled.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
release=${1:-bookworm}
way=${2:-demo}
[ "$(id -u)" = 0 ] && command -v mmdebstrap >/dev/null || { echo "fresh.sh needs root and mmdebstrap: apt install mmdebstrap" >&2; exit 2; }
root=$(mktemp -d)
# What is mounted below the root leaves before it; should that fail, what is not the root's own stays.
trap 'umount -l "$root/proc" 2>/dev/null; rm -rf --one-file-system "$root"' EXIT

inside() { chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive $(env | grep '^PIP_' || true) "$@"; }

mmdebstrap --quiet --variant=minbase --include=ca-certificates "$release" "$root"
mount -t proc proc "$root/proc"
chmod 1777 "$root/dev/shm" # its devices are its own: this machine's /dev is not lent to what is deleted
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
echo "127.0.0.1 localhost" > "$root/etc/hosts" # as every installed system has it
# How this machine reaches its package indexes.
for file in /etc/pip.conf /etc/xdg/pip /opt/wheels /usr/local/share/ca-certificates /etc/ssl/certs/ca-certificates.crt; do
  if [ -e "$file" ]; then mkdir -p "$root$(dirname "$file")" && cp -rL "$file" "$root$(dirname "$file")/"; fi
done

if [ "$way" = container ]; then
  exec_steps() { # each RUN of the Dockerfile, in order; COPY of the folder is what the tar does
    sed -n 's/^RUN //p' "$here/Dockerfile"
  }
  mkdir -p "$root/srv/aftercare" "$root/tmp"
  (cd "$here" && git archive HEAD) | tar -xf - -C "$root/srv/aftercare"
  cp "$here/requirements/app.lock" "$root/tmp/app.lock"
  exec_steps | while read -r step; do echo "RUN $step"; inside sh -euc "$step" </dev/null || exit 1; done
  inside sh -euc 'cd /srv/aftercare && export PATH=/srv/venv/bin:$PATH && python -m settings > /dev/null && su -s /bin/sh aftercare -c "PATH=$PATH PYTHONDONTWRITEBYTECODE=1 flask --app app --help" | head -3'
  echo "The steps of the Dockerfile work on an empty $release."
  exit 0
fi

packages=$(sed -n 's/^apt install \([a-z0-9 -]*\).*/\1/p' "$here/README.md" | head -1)
inside apt-get update -qq >/dev/null
inside apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends $packages >/dev/null
inside useradd --create-home clinic
mkdir "$root/home/clinic/aftercare"
(cd "$here" && git archive HEAD) | tar -xf - -C "$root/home/clinic/aftercare"
inside chown -R clinic: /home/clinic
inside su clinic -c "cd ~/aftercare && ONCE=1 make demo" || { tail -n 20 "$root"/home/clinic/aftercare/var/demo/*.log; exit 1; }
echo "The README's first steps work on an empty $release, with: $packages"
