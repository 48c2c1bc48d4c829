#!/usr/bin/env bash
# Puts hledger and ledger, which `make test` proves exported books with, into bin/ of the folder named by the argument.
#
# What is on the path is used as it is. Otherwise the Debian packages are downloaded with apt and unpacked into that
# folder, with those libraries they need that the system has not: nothing is installed, so no root is needed and
# nothing is left behind when the folder is removed.
set -euo pipefail

tools=$1
programs=(hledger ledger)

fail() {
    echo "The proof of exported books cannot be set up: $1" >&2
    echo "Install hledger and ledger (on Debian or Ubuntu: apt install hledger ledger; elsewhere both have packages of" >&2
    echo "those names), so that both are on the path, then run this again." >&2
    exit 1
}

# Without the settings of whoever runs this: they may be unreadable, or change what is printed.
works() {
    HOME="$tools" XDG_CONFIG_HOME="$tools" "$1" --version >"$tools/said" 2>&1
}

# apt with its own cache and, once `update` was called, its own lists; what it says is kept for when it fails.
own_lists=()
apt() {
    apt-get -q -y "${own_lists[@]}" \
        -o Dir::Cache::archives="$tools/packages" -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
        -o APT::Get::AllowUnauthenticated=false "$@" >"$tools/said" 2>&1
}

download() {
    apt install --download-only --no-install-recommends "$@"
}

# The lists of the system may be missing or too old; ours are new, and a user who is not root may write them.
update() {
    mkdir -p "$tools/lists/partial"
    own_lists=(-o Dir::State::lists="$tools/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
    apt update
}

# A starter that finds the unpacked libraries, and nothing else of what was unpacked.
write_starter() {
    local folders
    folders=$(find "$tools/root" -name '*.so*' -printf '%h\n' | sort -u | paste -s -d :)
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%q exec %q "$@"\n' "$folders" "$tools/root/usr/bin/$1" >"$tools/bin/$1"
    chmod +x "$tools/bin/$1"
}

mkdir -p "$tools"
tools=$(cd "$tools" && pwd)
rm -rf "$tools/bin" "$tools/root"
mkdir -p "$tools/bin" "$tools/packages/partial"

missing=()
for program in "${programs[@]}"; do
    found=$(command -v "$program" || true)
    if [ -n "$found" ] && works "$found"; then
        ln -s "$found" "$tools/bin/$program"
    else
        missing+=("$program")
    fi
done

if [ ${#missing[@]} -gt 0 ]; then
    for needed in apt-get dpkg-deb; do
        command -v "$needed" >/dev/null || fail "${missing[*]} not found, and without $needed they cannot be fetched."
    done
    echo "Fetching ${missing[*]} into $tools (once; a few seconds) ..." >&2
    download "${missing[@]}" || { update && download "${missing[@]}"; } ||
        fail "apt could not download ${missing[*]}; it said: $(tail -n 3 "$tools/said")"
    for package in "$tools"/packages/*.deb; do
        dpkg-deb --extract "$package" "$tools/root" || fail "$package could not be unpacked."
    done
    for program in "${missing[@]}"; do
        write_starter "$program"
        works "$tools/bin/$program" || fail "$program does not start; it said: $(head -n 3 "$tools/said")"
    done
    rm -rf "$tools/packages" "$tools/lists" "$tools/root/usr/share"
fi
rm -f "$tools/said"
