#!/bin/sh
# install.sh: Aftercare on one small server, as root, by `make install`. Give it again after any change: it begins where it stopped.
# PREFIX=/srv/aftercare is where it lives; DESTDIR puts everything under another root (packages, tests) and starts nothing.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd -P)
prefix=${PREFIX:-/srv/aftercare}
root=${DESTDIR:-}
home=$root$prefix
units=$root/etc/systemd/system

say() { printf '%s\n' "$*"; }
stop() { say "$*" >&2; exit 1; }

case $prefix in
  [!/]* | *[!A-Za-z0-9/._-]*) stop "PREFIX is a whole path of plain letters, digits, and the signs . _ - /, such as /srv/aftercare." ;;
  /home/* | /root/*) [ -n "$root" ] || stop "The units see no home folders: choose another PREFIX, such as /srv/aftercare." ;;
esac
[ -n "$root" ] || [ "$(id -u)" = 0 ] || stop "make install needs root: sudo make install"
[ -n "$root" ] || id aftercare >/dev/null 2>&1 || useradd --system --home-dir "$prefix" --shell /usr/sbin/nologin aftercare

version() { git -C "$1" -c safe.directory="$1" rev-parse HEAD 2>/dev/null || :; }
whole=$home/.installed # what was broken off on the way is laid once more, as if nothing were there
is_whole() { [ -e "$whole" ] || [ -e "$home/.venv/app.stamp" ]; }
! is_whole || [ "$(version "$here")" = "$(version "$home")" ] ||
  stop "Another version of Aftercare is in $prefix already. A new one comes by: make upgrade FOLDER=$prefix"

mkdir -p "$home/var" "$units" "$root/var/backups/aftercare"
if [ "$here" != "$(cd "$home" && pwd -P)" ]; then
  # Everything that belongs to the version; never .env, var or an environment of another machine, nor over a clinic's own content.
  own=; ! is_whole || own=--exclude=./content
  (cd "$here" && tar -cf - --exclude=./.venv --exclude=./var --exclude=./.env --exclude=./build --exclude=./.installed $own .) | tar -xf - -C "$home"
fi
: > "$whole"
[ -n "$root" ] || make -C "$home" .venv/app.stamp
# Only the two keys: the rest is said in the browser, and a line here would win over it.
[ -n "$root" ] || [ -e "$home/.env" ] || (umask 077 && cd "$home" && .venv/bin/python -m settings > .env)

for unit in "$home"/deploy/*.service "$home"/deploy/*.timer; do
  made=$(sed "s#/srv/aftercare#$prefix#g" "$unit") there=$units/${unit##*/}
  [ ! -e "$there" ] || printf '%s\n' "$made" | cmp -s - "$there" || {
    cp -p "$there" "$there.before"
    say "$there was another one: that is $there.before now. Put what is yours into: systemctl edit ${unit##*/}"
  }
  printf '%s\n' "$made" > "$there"
done

# What runs goes on meanwhile: its data and keys are never taken from its account, nor opened to another.
program() { (cd "$home" && find . \( -path ./var -o -path ./.env \) -prune -o ! -type l -exec "$@" {} +); }
if [ -z "$root" ]; then
  # The program belongs to root, so that nobody who gets into it can change it; what it writes belongs to its account.
  program chown root:aftercare
  chown -R aftercare:aftercare "$home/var" /var/backups/aftercare
  chown aftercare:aftercare "$home/.env"
fi
# Whatever the umask of who installs; the database is nobody else's, also when this is given again.
program chmod g+rX,o-rwx
chmod -R go-rwx "$home/var" "$root/var/backups/aftercare"
[ ! -e "$home/.env" ] || chmod 600 "$home/.env"

say "Aftercare is in $prefix. Next:"
say "  1. TLS: copy deploy/Caddyfile to /etc/caddy/Caddyfile with your host in it, and reload it (nginx: see docs/deploy.md)"
say "  2. cd $prefix && runuser -u aftercare -- .venv/bin/python -m deploy.start --only-address --address https://care.example.com   (your address)"
say "  3. systemctl daemon-reload && systemctl enable --now aftercare-web aftercare-worker aftercare-backup.timer"
say "  4. open the address that step 2 printed: the rest is said in the browser"
