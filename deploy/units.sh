# units.sh: the systemd units of an upgrade, and those of before. Read by upgrade.sh, which knows $control, $old and say.
# A unit that somebody changed on this machine stays as it is: what belongs to the machine stands in `systemctl edit`.
units=${UNITS:-/etc/systemd/system}
saved=$(mktemp -d)
whole=  # yes once all of them are in $saved: what was not saved must not be put back, nor taken for new

placed() { sed "s#/srv/aftercare#$PWD#g"; }

is_ours() {  # $1, as it stands on this machine, is what one version or another put there
  for version in $(git log --format=%H "$old" HEAD -- "deploy/$1"); do
    git show "$version:deploy/$1" 2>/dev/null | placed | cmp -s - "$units/$1" && return 0
  done
  return 1
}

renew_units() {
  [ -e "$units/aftercare-web.service" ] || return 0
  for unit in "$units"/aftercare-*; do [ ! -f "$unit" ] || cp -p "$unit" "$saved"; done
  whole=yes
  for path in deploy/*.service deploy/*.timer; do
    unit=${path##*/}
    if [ ! -e "$units/$unit" ]; then
      ! grep -q '^\[Install\]' "$path" || say "New: $unit. To start it: $control enable --now $unit"
    elif ! is_ours "$unit"; then
      placed < "$path" | cmp -s - "$units/$unit" || say "$units/$unit was changed on this machine and stays;" \
        "take it away before an upgrade to have the one of Aftercare, and put what is yours into: $control edit $unit"
      continue
    fi
    placed < "$path" > "$units/$unit"
  done
  $control daemon-reload
}

put_units_back() {
  [ -n "$whole" ] || return 0
  for unit in "$units"/aftercare-*; do [ ! -f "$unit" ] || [ -e "$saved/${unit##*/}" ] || rm -f "$unit"; done
  cp -p "$saved"/aftercare-* "$units" && $control daemon-reload
}
