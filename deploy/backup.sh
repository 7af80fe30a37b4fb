#!/bin/sh
# backup.sh FOLDER: a copy of the database while everything runs, and the journal of erasures beside it.
# KEEP=14 copies stay. Have another machine fetch the folder, and keep it apart from .env: with both, every answer can be read.
set -eu
umask 077
cd "$(dirname "$0")/.."
folder=${1:?name the folder for the backups}
bin=${BIN:-.venv/bin}
mkdir -p "$folder"
"$bin/python" deploy/database.py dump "$folder/$(date -u +%Y-%m-%dT%H%M%SZ).backup"
"$bin/flask" --app app journal > "$folder/journal.part"
mv "$folder/journal.part" "$folder/journal.txt"
# What was erased must leave the backups too, so the oldest go, and with them what upgrades older than that have left. Those
# take no night's place.
ls -1 "$folder" | sed -n 's/^\(before-upgrade-\)*\([0-9].*\)\.backup.*/\2 &/p' | sort -r |
  awk -v keep="${KEEP:-14}" 'nights >= keep {print $2} $2 ~ /^[0-9].*backup$/ {nights++}' | while read -r old; do rm -f "$folder/$old"; done
find "$folder" -name '*.part' -mmin +1440 -exec rm -f {} + # of copies that never came to their end
# At the very end: the clinic hears of it when nothing came so far for two days.
"$bin/flask" --app app backup --made
