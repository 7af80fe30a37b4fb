# bare.sh: an empty Debian in a folder. Read by fresh.sh and container.sh; needs root and mmdebstrap.
[ "$(id -u)" = 0 ] && command -v mmdebstrap >/dev/null || { echo "$0 needs root and mmdebstrap: apt install mmdebstrap" >&2; exit 2; }

bare() {  # bare RELEASE FOLDER
  mmdebstrap --quiet --variant=minbase --include=ca-certificates "$1" "$2"
  cp -L /etc/resolv.conf "$2/etc/resolv.conf"
  echo "127.0.0.1 localhost" > "$2/etc/hosts" # as every installed system has it
  chmod 1777 "$2/dev/shm" # its devices are its own: this machine's /dev is not lent to what is deleted
  # How this machine reaches its package indexes.
  for file in /etc/pip.conf /etc/xdg/pip /opt/wheels /usr/local/share/ca-certificates /etc/ssl/certs/ca-certificates.crt; do
    if [ -e "$file" ]; then mkdir -p "$2$(dirname "$file")" && cp -rL "$file" "$2$(dirname "$file")/"; fi
  done
}

# inside FOLDER COMMAND…: what is mounted for it is gone with its last process, before the folder can be deleted.
inside() {
  folder=$1; shift
  unshare --mount --pid --fork --kill-child sh -euc \
    'folder=$1; shift; mount -t proc proc "$folder/proc"; exec chroot "$folder" env -i "$@"' \
    inside "$folder" HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    $(env | grep '^PIP_' || true) "$@"
}
