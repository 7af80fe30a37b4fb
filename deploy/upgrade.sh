#!/bin/sh
# upgrade.sh: a new version, or back to where it was. By `make upgrade`; VERSION=v0.2.0 names one, else the newest of this branch.
# FOLDER=/srv/aftercare, from a new clone: bring the version of the clone there, where the one of before knows no `make upgrade`.
# Stop, copy the database, change the program and its units, migrate, check, start.
# What fails on the way is undone: old program, old units, old database.
set -eu
umask 022  # the account that runs Aftercare reads what is new, whatever the umask of who upgrades
here=$(cd "$(dirname "$0")/.." && pwd)
cd "${FOLDER:-$here}"
bin=${BIN:-.venv/bin}
control=${SYSTEMCTL:-systemctl}
folder=${BACKUPS:-/var/backups/aftercare}
as=${RUN_AS-runuser -u aftercare --}
log=${UPGRADE_LOG:-/var/log/aftercare-upgrade.log}

# Version 0.1 gave the whole folder to its account. What git tidies up in the background does not hold the place of an upgrade.
git() { command git -c safe.directory="$PWD" "$@" 9<&-; }
say() { printf '%s\n' "$*" || :; } # also to a screen that is gone
stop() { say "$*" >&2; exit 1; }
flask() { $as "$bin/flask" --app app "$@"; }
requirements() { [ -n "${BIN:-}" ] || make --no-print-directory .venv/app.stamp; }

[ -z "$as" ] || [ "$(id -u)" = 0 ] || stop "make upgrade needs root: sudo make upgrade"
exec 9<. # whoever comes second would lay aside, copy and put back what the first has half done
flock -w 2 9 || stop "Another upgrade is going on here. Wait until it has ended, and see what it says."
lock=$(git rev-parse --git-path index.lock)
[ ! -e "$lock" ] || stop "git was broken off while it changed files here: the machine went off, say. Give" \
  "rm $lock && git checkout --force HEAD -- . ':!content' here, then upgrade."
[ -z "$(git status --porcelain --untracked-files=no -- . ':!content')" ] ||
  stop "Files of the program were changed here: git status. Undo that first, or keep them in a branch of your own."
old=$(git rev-parse HEAD)
before=$(git config aftercare.before || :) # from where an upgrade began that has not come to its end, by a machine that went off
[ "$before" != "$old" ] || before=
follows=$(git rev-parse --abbrev-ref '@{upstream}' 2>/dev/null || git config aftercare.follows || echo origin/HEAD)
git config aftercare.follows "$follows"  # a version that was upgraded to stands on no branch any more
if [ "$PWD" != "$here" ]; then
  # The clone may belong to the person who became root for this; it is trusted, or this script would not run.
  git fetch --quiet --tags --upload-pack "git -c 'safe.directory=*' upload-pack" "$here" ||
    stop "The version in $here cannot be read: see above. Nothing was changed."
  new=$(git rev-parse FETCH_HEAD)
else
  git fetch --quiet --tags || say "No newer version can be fetched; going on with what is here."
  new=$(git rev-parse --quiet --verify "$follows" || echo HEAD)
fi
[ -n "${VERSION:-}" ] || [ -z "$(git rev-list "$new..HEAD" --not --remotes --tags)" ] || # they would be left behind
  stop "Commits of your own are here (git log $new..HEAD). Make them changes in content/ again, which an upgrade takes" \
    "along: git reset --soft $(git merge-base HEAD "$new" || echo "$new")"
new=${VERSION:-$new}
git rev-parse --quiet --verify "$new^{commit}" >/dev/null || stop "There is no version $new."

[ -d "$folder" ] || { mkdir -p "$folder" && chmod 700 "$folder" && chown "$($as id -un)" "$folder"; } # version 0.1 made none
copy=$folder/before-upgrade-$(date -u +%Y-%m-%dT%H%M%SZ).backup

begun=  # nothing of the database is touched before it is copied, nor of the program before the clinic's own is laid aside
# What the clinic has changed in content/ is laid aside and put onto the new version, or back onto the old one. It stays in
# git's list until all is done: where the machine goes off on the way, the next upgrade finds it there.
laid() { git stash list --format='%gd %H %gs' | grep 'aftercare-upgrade$' | cut -d' ' -f"$1" | head -n 1; }
aside() { git diff --quiet HEAD -- content || git stash push --quiet --message aftercare-upgrade -- content; own=$(laid 2); }
put_on() { [ -z "$own" ] || git stash apply --quiet "$own" >/dev/null; }
let_go() { [ -z "$own" ] || git stash drop --quiet "$(laid 1)"; }
own=$(laid 2)
if [ -n "$own" ]; then
  say "An upgrade was interrupted here: what you had changed in content/ before it is put back."
  git diff --quiet HEAD -- content || {
    git diff --binary HEAD -- content | $as tee "$copy.content" >/dev/null
    say "What was changed there since is in $copy.content"
  }
  git checkout --quiet HEAD -- content
  put_on || {
    git checkout --quiet --force HEAD -- content
    stop "It does not fit the version that is here. See git stash show -p, put what you need into content/, give git stash drop, then upgrade."
  }
  let_go
fi

copied=
copies() { git cat-file -e "$1:deploy/database.py" 2>/dev/null; }  # version 0.1 does not: the new one does it in its place
dump() { (umask 077 && $as "$bin/python" deploy/database.py dump "$copy") && copied=yes; }
restore() { [ -z "$copied" ] || { $as "$bin/python" deploy/database.py restore "$copy" && copied=; }; }

. "$here/deploy/units.sh"

old_program() {
  own=$(laid 2)
  [ "$begun$own" != yes ] || return 0 # neither checked out nor laid aside: what the clinic has changed stands where it stood
  git checkout --quiet --force "$old" && put_on || return 1
  let_go || :
  requirements || say "Not all that the old program needs is installed: see above." >&2
}

back() {
  trap '' HUP INT TERM
  trap - EXIT
  # Here no redirection of what was broken off is in force any more. An exec that fails would end the way back.
  [ -z "$gone" ] || ! (: >>"$log") || exec >>"$log" 2>&1
  say "The upgrade did not work. Going back to where it was ..." >&2
  left=  # what is not back: with another program, content or database than before nothing is started
  copies "$old" || restore || :
  [ -z "$begun" ] || old_program || left="git checkout --force $old; git stash apply, where git stash list has aftercare-upgrade. "
  if put_units_back; then rm -rf "$saved"; else say "The units of before could not be put back: they are in $saved." >&2; fi
  [ -z "$begun" ] || restore || left="${left}Put $copy back (docs/deploy.md, Back up and restore). "
  [ -z "$left" ] || stop "Not all is back, so web and worker stand still; why stands above. Put that right, then: ${left}Then:" \
    "$control start aftercare-web aftercare-worker"
  $control start aftercare-web aftercare-worker
  [ -z "$before" ] || stop "Back in the middle of the upgrade that was broken off before. To go back to where that began:" \
    "make upgrade VERSION=$before"
  git config --unset aftercare.before || :
  stop "Back at $(git describe --tags --always "$old"), with the data of before. What failed stands above."
}

faults=  # a clinic that is still being set up, say, may have some before: the upgrade is not to blame for them
flask check >/dev/null 2>&1 || faults=yes

gone=  # the screen
trap back EXIT
trap 'exit 1' INT TERM
trap 'gone=yes; exit 1' HUP
$control stop aftercare-web aftercare-worker
! copies "$old" || dump
begun=yes
[ -n "$before" ] || git config aftercare.before "$old"
aside
begun=all
git checkout --quiet "$new"
put_on || stop "The new version changes the same lines of content/ as you did: see docs/deploy.md, Upgrade."
requirements
copies "$old" || dump
renew_units
flask migrate
flask check || [ -n "$faults" ]
[ -z "$faults" ] || flask status >/dev/null  # what a check in order has shown: it starts, and reads what was migrated
trap '' HUP INT TERM
trap - EXIT
let_go || :
git config --unset aftercare.before || :
rm -rf "$saved"
$control start aftercare-web aftercare-worker
[ -z "$faults" ] || say "Something was to be put right before the upgrade, too: see above."
say "Now at $(git describe --tags --always). The database of before is in $copy."
