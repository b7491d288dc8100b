#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast is a backup, next to what people write by hand?

    tests/bench/backup.py PATH/TO/assay [--size 512M] [--pairs 5]

Both take the same archive from the scripted stand-in on loopback, durably,
and know its digest afterwards:

    assay    POST backups, waited for: stored, synced, digested, every sum of
             the archive checked, signed and catalogued
    by hand  curl -o f && sync -d f && tar xzO -f f state.bin | sha256sum

in turn, and prints medians and the ratio of each pair's times.  It never
fails for being slow.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support import mksnap, process  # noqa: E402
from tests.support.trouble import TroubledWorld  # noqa: E402

BY_HAND = """set -e
curl -sf -H "X-Vault-Token: root" -o "$1/f.snap" \
    "$0/v1/sys/storage/raft/snapshot"
sync -d "$1/f.snap"
tar xzOf "$1/f.snap" state.bin | sha256sum >"$1/sum"
"""


def by_hand(world):
    start = time.monotonic()
    subprocess.run(["sh", "-c", BY_HAND, world.standin.address, world.dir],
                   check=True)
    took = time.monotonic() - start
    (world.dir / "f.snap").unlink()
    return took


def by_assay(world):
    start = time.monotonic()
    snapshot = world.assay.backup()
    took = time.monotonic() - start
    for path in world.assay.storage.rglob(f"{snapshot}.*"):
        path.unlink()
    return took


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("assay", type=pathlib.Path)
    p.add_argument("--size", type=mksnap.parse_size, default=512 << 20)
    p.add_argument("--value-size", type=int, default=1024)
    p.add_argument("--pairs", type=int, default=5)
    p.add_argument("--dir", help="where both write; $TMPDIR by default")
    a = p.parse_args()
    with tempfile.TemporaryDirectory(dir=a.dir) as folder:
        world = TroubledWorld(folder, a.assay.resolve())
        try:
            for name, compress in (("vault", True), ("openbao", False)):
                bench(world, name, compress, a)
        finally:
            world.down()
            process.stop_all()
    return 0


def bench(world, name, compress, a):
    archive = world.dir / f"{name}.snap"
    count = max(1, a.size // (a.value_size + 130))
    mksnap.write(str(archive), mksnap.entries(count, a.value_size),
                 compress=compress)
    world.standin.control(archive=str(archive))
    if world.assay.process is None:
        world.up()
    by_assay(world)  # into the page cache
    rows = [(by_assay(world), by_hand(world)) for _ in range(a.pairs)]
    mib = archive.stat().st_size / (1 << 20)
    for what, at in (("assay", 0), ("by hand", 1)):
        wall = statistics.median(r[at] for r in rows)
        print("%-8s %-8s %6.3f s  %5.0f MiB/s" % (
            name, what, wall, mib / wall))
    ratios = sorted(r[1] / r[0] for r in rows)
    print("%-8s ratio of wall times %.2f (%.2f to %.2f, %d pairs)" % (
        name, statistics.median(ratios), ratios[0], ratios[-1], a.pairs),
        flush=True)
    archive.unlink()


if __name__ == "__main__":
    sys.exit(main())
