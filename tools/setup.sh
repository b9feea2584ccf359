#!/bin/sh
# Installs what the build and the tests need and this machine lacks (Debian 12, Ubuntu 24.04 and
# their kin: apt, as root or through sudo). Does nothing when all is there.
set -eu

# What is looked for, and the package that brings it. A tool that is there from elsewhere counts.
commands='cc:build-essential c++:build-essential make:build-essential cmake:cmake ninja:ninja-build
  pkg-config:pkg-config mandoc:mandoc sqlite3:sqlite3'
libraries='lmdb:liblmdb-dev libzstd:libzstd-dev jansson:libjansson-dev libxxhash:libxxhash-dev
  cmocka:libcmocka-dev sqlite3:libsqlite3-dev libedit:libedit-dev'
# With it the command ring of a GPU can lie in the GPU's memory.
if command -v nvcc >/dev/null 2>&1; then
  libraries="$libraries vulkan:libvulkan-dev"
fi
files='/usr/share/nodejs/d3/dist/d3.min.js:node-d3'

find_missing() {
  missing=
  for pair in $commands; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
  done
  for pair in $libraries; do
    pkg-config --exists "${pair%%:*}" 2>/dev/null || missing="$missing ${pair#*:}"
  done
  for pair in $files; do
    [ -e "${pair%%:*}" ] || missing="$missing ${pair#*:}"
  done
  # shellcheck disable=SC2086 # a list of names
  missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
  missing=${missing% }
}

find_missing
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "setup.sh: missing, by their Debian names: $missing. There is no apt-get here:" \
    "install them with this system's own package manager, then run this again." >&2
  exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
  root=
elif ! command -v sudo >/dev/null 2>&1; then
  echo "setup.sh: missing: $missing. Installing them needs root and there is no sudo:" \
    "run 'apt-get install $missing' as root, then run this again." >&2
  exit 1
elif [ -t 0 ] || sudo -n true 2>/dev/null; then
  root=sudo
else
  echo "setup.sh: missing: $missing. sudo wants a password and there is no terminal to ask on:" \
    "run 'sudo apt-get install $missing', then run this again." >&2
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  $root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get -q -y \
    -o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1
}
# shellcheck disable=SC2086 # a list of names
install() { apt update && apt install --no-install-recommends $missing; }

echo "setup.sh: installing $missing" >&2
if ! install && { sleep 3 && ! install; }; then
  tail -n 20 "$log" >&2
  echo "setup.sh: apt-get could not install $missing (its last words are above):" \
    "install them by hand, then run this again." >&2
  exit 1
fi

find_missing
if [ -n "$missing" ]; then
  echo "setup.sh: $missing: installed, and still not found;" \
    "look at PATH and PKG_CONFIG_PATH." >&2
  exit 1
fi
