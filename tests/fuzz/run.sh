#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fuzz the snapshot reader for SECONDS (60): tests/fuzz/run.sh [SECONDS]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${ASSAY_BUILD:-$here/../../build/fuzz}
cmake -S "$here/../.." -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_COMPILER=clang -DASSAY_FUZZ=ON \
    -DASSAY_SANITIZE=fuzzer-no-link,address,undefined >/dev/null
ninja -C "$build" fuzz_snapshot
corpus=$build/corpus/snapshot
python3 "$here/seed_snapshot.py" "$corpus.seed"
mkdir -p "$corpus"
"$build/tests/fuzz/fuzz_snapshot" -max_total_time="${1:-60}" -max_len=65536 \
    -artifact_prefix="$build/" -rss_limit_mb=2048 -print_final_stats=1 "$corpus" "$corpus.seed"
