#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fuzz the snapshot reader and the request parsers for SECONDS (60) each:
# tests/fuzz/run.sh [SECONDS]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${ASSAY_BUILD:-$here/../../build/fuzz}
cmake -S "$here/../.." -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_COMPILER=clang -DASSAY_FUZZ=ON \
    -DASSAY_SANITIZE=fuzzer-no-link,address,undefined >/dev/null
ninja -C "$build" fuzz_snapshot fuzz_request
corpus=$build/corpus/snapshot
python3 "$here/seed_snapshot.py" "$corpus.seed"
mkdir -p "$corpus"
"$build/tests/fuzz/fuzz_snapshot" -max_total_time="${1:-60}" -max_len=65536 \
    -artifact_prefix="$build/" -rss_limit_mb=2048 -print_final_stats=1 "$corpus" "$corpus.seed"

corpus=$build/corpus/request
mkdir -p "$corpus.seed" "$corpus"
printf '/v1/a/x/1/y/2?d=1h&l=a,b\napplication/json\n{"i":"5","b":true,"l":["x"]}' \
    >"$corpus.seed/json"
printf '/v1/a/x%%20y/?t=%%41+b\napplication/x-www-form-urlencoded\ni=5&b=t&zz=1' \
    >"$corpus.seed/form"
"$build/tests/fuzz/fuzz_request" -max_total_time="${1:-60}" -max_len=8192 \
    -artifact_prefix="$build/" -print_final_stats=1 "$corpus" "$corpus.seed"
