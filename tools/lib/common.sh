# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the tools share: words, questions, places.  Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/assay
yes=${CI:-}

# shellcheck disable=SC2034  # not every tool uses every colour
if [ -t 2 ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' dim='' red='' green='' plain=''
fi

say() { printf '%s\n' "${bold}==> $*${plain}" >&2; }
note() { printf '%s\n' "${dim}    $*${plain}" >&2; }
warn() { printf '%s\n' "${red}    $*${plain}" >&2; }
die() {
    printf '%s\n' "${red}error: $*${plain}" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# agreed "question": with -y or CI=true always, else whoever sits there says.
agreed() {
    case $yes in 1 | true | yes) return 0 ;; esac
    [ -t 0 ] || return 1
    local answer
    read -r -p "$1 [y/N] " answer
    case $answer in y | Y | yes) return 0 ;; *) return 1 ;; esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "need root for: $* (and there is no sudo)"
    fi
}

# quietly LOG command…: its output goes to the file, and is shown if it fails.
quietly() {
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1; then
        tail -n 60 "$log" >&2
        return 1
    fi
}

# venv NAME REQUIREMENTS: a private Python environment under the cache, made
# again whenever the requirements change.  Prints its directory.
venv() {
    local sum dir
    sum=$(cat "$2" - <<<"$(python3 --version)" | sha256sum | cut -c1-16)
    dir=$cache/$1-$sum
    if [ ! -e "$dir/.complete" ]; then
        note "fetching $1, pinned by hash, into $cache (once)"
        mkdir -p "$cache"
        rm -rf "$dir"
        quietly "$cache/$1.log" python3 -m venv "$dir" || return 1
        quietly "$cache/$1.log" "$dir/bin/python" -m pip install \
            --quiet --disable-pip-version-check --only-binary :all: \
            --require-hashes -r "$2" || return 1
        touch "$dir/.complete"
    fi
    printf '%s\n' "$dir"
}
