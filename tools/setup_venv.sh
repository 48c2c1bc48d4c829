#!/usr/bin/env bash
# Sets up the virtual environment named by the first argument, with khata and its development tools in it.
set -euo pipefail

venv=$1

fail() {
    echo "khata cannot set itself up: $1" >&2
    exit 1
}

# The first Python on the path that is new enough; a plain python3 if it is.
find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python) || fail "Python 3.11 or newer is needed (on Debian: apt install python3 python3-venv)."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python has no venv module (on Debian: apt install python3-venv)."
    echo "Setting up $venv (once; about a minute) ..." >&2
    rm -rf "$venv"
    "$python" -m venv "$venv" || fail "$python -m venv $venv failed; its message is above."
fi

"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[dev]' ||
    fail "pip could not install what pyproject.toml names; its message is above. Is a package index in reach?"
