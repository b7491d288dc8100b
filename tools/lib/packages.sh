# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Debian packages: what is missing, and only that.  Sourced, not run.

# "a|b": either will do, a is the one we install.
packages_build=(
    gcc libc6-dev cmake ninja-build "pkgconf|pkg-config"
    libgnutls28-dev libmicrohttpd-dev
    "libcurl4-gnutls-dev|libcurl4-openssl-dev"
    libcjson-dev libsqlite3-dev libdeflate-dev zlib1g-dev
    ca-certificates curl python3 python3-venv
)
# shellcheck disable=SC2034  # the demo does not check
packages_check=(
    libcmocka-dev clang clang-tidy shellcheck git openssl
)

package_installed() {
    local status
    status=$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) || return 1
    [ "$status" = "install ok installed" ]
}

# packages_need NAME…: asks, installs, or says what to install by hand.
packages_need() {
    local missing=() wanted name
    if ! have apt-get || ! have dpkg-query; then
        warn "not a Debian system; this needs the equivalents of: $*"
        return 0
    fi
    for wanted in "$@"; do
        for name in ${wanted//|/ }; do
            package_installed "$name" && continue 2
        done
        missing+=("${wanted%%|*}")
    done
    [ ${#missing[@]} -eq 0 ] && return 0

    say "missing packages: ${missing[*]}"
    agreed "Install them with apt-get?" ||
        die "install them and come again: apt-get install ${missing[*]}"
    mkdir -p "$cache"
    quietly "$cache/apt.log" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get update || warn "apt-get update failed; trying with what is known"
    quietly "$cache/apt.log" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}" ||
        die "apt-get install failed"
}
