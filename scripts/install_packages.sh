#!/usr/bin/env bash
# Installs Debian's MariaDB, Redis and Chromium when they are absent: tests start private instances of them.
# The packages' own services are not started, and a machine that has the programs is left as it is.
set -euo pipefail

PATH="$PATH:/usr/sbin:/usr/local/sbin"
wanted=()
command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null && command -v mariadb >/dev/null ||
    wanted+=(mariadb-server)
command -v redis-server >/dev/null || wanted+=(redis-server)
command -v chromium-headless-shell >/dev/null || wanted+=(chromium-headless-shell fonts-liberation)
[ ${#wanted[@]} -gt 0 ] || exit 0

fail() {
    echo "make: $1" >&2
    exit 1
}

command -v apt-get >/dev/null || fail "the tests need ${wanted[*]}: please install them (there is no apt-get here)"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "the tests need ${wanted[*]}: as root, apt-get install ${wanted[*]}"
    as_root=(sudo)
fi

# Debian asks this file before it starts a service of a new package; 101 means no. One that is there already stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi

echo "Installing ${wanted[*]} (the tests start private instances; no system service is started)"
log=$(mktemp)
install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${wanted[@]}"
}
# The first try uses the package lists as they are; on a fresh machine they are empty or old.
if ! install >"$log" 2>&1; then
    if ! { "${as_root[@]}" apt-get update && install; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install ${wanted[*]}: see above"
    fi
fi
rm -f "$log"
