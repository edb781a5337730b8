#!/bin/sh
# Makes the locked environments: .venv (the workspace) and cloud/.venv (the emulator), with uv.
# uv comes from the PATH, else from a venv of its own in .uv. Nothing is done when nothing changed.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:$PWD/.uv/bin:${HOME:-/}/.local/bin
# Interpreters are the machine's own, unless the caller says otherwise.
export UV_PYTHON_DOWNLOADS="${UV_PYTHON_DOWNLOADS:-never}"
# Compiled now, not while the first `up` is timed.
export UV_COMPILE_BYTECODE="${UV_COMPILE_BYTECODE:-1}"
unset VIRTUAL_ENV

say() { printf '%s\n' "$*"; }
fail() { printf 'bootstrap: %s\n' "$*" >&2; exit 1; }

# What the environments are made from; the folder too, for it is written into them.
wanted() { pwd; cksum uv.lock pyproject.toml ./*/pyproject.toml services/*/pyproject.toml cloud/uv.lock; }

up_to_date() {
  [ -x .venv/bin/skillsync ] && [ -x .venv/bin/python ] && [ -x cloud/.venv/bin/python ] &&
    [ -f .venv/.synced ] && [ "$(wanted)" = "$(cat .venv/.synced)" ]
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if is_new_enough "$name"; then
      # A shim's path is not the interpreter's.
      "$name" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  return 1
}

has_uv() { uv --version >/dev/null 2>&1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

may_be_root() { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; }

uv_by_pip() {
  rm -rf .uv
  "$python" -m venv .uv >/dev/null 2>&1 && .uv/bin/python -m pip install --quiet --disable-pip-version-check uv
}

# Debian's Python has no ensurepip without this package, and its pip refuses to install for the system.
add_venv_package() {
  command -v apt-get >/dev/null && may_be_root || return 1
  say "Installing python3-venv with apt-get…"
  install="env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv"
  # shellcheck disable=SC2086
  as_root $install >/dev/null 2>&1 || { as_root apt-get update -qq >/dev/null 2>&1 && as_root $install >/dev/null; }
}

uv_by_its_installer() {
  say "Trying uv's own installer…"
  mkdir -p .uv
  "$python" -c 'import sys, urllib.request; urllib.request.urlretrieve(*sys.argv[1:])' \
    https://astral.sh/uv/install.sh .uv/install.sh 2>/dev/null &&
    UV_INSTALL_DIR="$PWD/.uv/bin" UV_NO_MODIFY_PATH=1 sh .uv/install.sh >/dev/null 2>&1
}

if up_to_date; then exit 0; fi

python=$(find_python) || fail "Python 3.11 or newer is needed: install it (on Debian: apt-get install python3), then try again."

if ! has_uv; then
  say "Installing uv into .uv…"
  uv_by_pip || { add_venv_package && uv_by_pip; } || uv_by_its_installer || true
  has_uv || fail "uv could not be installed: see https://docs.astral.sh/uv/getting-started/installation, then try again."
fi

# An environment that is there keeps its interpreter.
sync() { # FOLDER OPTIONS…
  folder=$1
  shift
  if [ -x "$folder/.venv/bin/python" ]; then
    uv sync --quiet --frozen --directory "$folder" "$@"
  else
    uv sync --quiet --frozen --directory "$folder" --python "$python" "$@"
  fi
}

started=$(date +%s)
say "Installing the locked dependencies (.venv)…"
sync . --all-packages || fail "uv could not make .venv: see the lines above."
say "Installing the emulator (cloud/.venv)…"
sync cloud || fail "uv could not make cloud/.venv: see the lines above."
# uv leaves our own packages, which are used where they lie.
.venv/bin/python -m compileall -q kit/skillsync_kit cli/skillsync services/*/skillsync_*/ || true
wanted >.venv/.synced
say "Installed in $(($(date +%s) - started)) s."
