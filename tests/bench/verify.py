#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast is `assay snapshot verify`, next to `gzip -t` of the same file?

    tests/bench/verify.py PATH/TO/assay [--size 512M] [--pairs 5]

Makes an archive as Vault writes it (compressed) and one as OpenBao does
(stored blocks), runs both programs in turn on each, and prints medians and
the ratio of each pair's times.  It never fails for being slow.
"""

import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import mksnap  # noqa: E402


def timed(argv):
    """Wall seconds, CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, (after.ru_utime - before.ru_utime +
                  after.ru_stime - before.ru_stime)


def bench(name, path, assay, pairs):
    ours = [str(assay), "snapshot", "verify", path]
    theirs = ["gzip", "-t", "-S", ".snap", path]
    timed(ours)  # into the page cache
    rows = [(timed(ours), timed(theirs)) for _ in range(pairs)]
    mib = os.path.getsize(path) / (1 << 20)
    for what, at in (("assay snapshot verify", 0), ("gzip -t", 1)):
        wall = statistics.median(r[at][0] for r in rows)
        cpu = statistics.median(r[at][1] for r in rows)
        print("%-8s %-22s %6.3f s  %5.0f MiB/s  %6.3f CPU s" % (
            name, what, wall, mib / wall, cpu))
    ratios = sorted(r[1][0] / r[0][0] for r in rows)
    print("%-8s ratio of wall times   %.2f (%.2f to %.2f, %d pairs)" % (
        name, statistics.median(ratios), ratios[0], ratios[-1], pairs))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("assay", type=pathlib.Path)
    p.add_argument("--size", type=mksnap.parse_size, default=512 << 20)
    p.add_argument("--value-size", type=int, default=1024)
    p.add_argument("--pairs", type=int, default=5)
    a = p.parse_args()
    rows = mksnap.entries(max(1, a.size // (a.value_size + 130)),
                          a.value_size)
    with tempfile.TemporaryDirectory() as folder:
        for name, compress in (("vault", True), ("openbao", False)):
            path = os.path.join(folder, name + ".snap")
            mksnap.write(path, rows, compress=compress)
            bench(name, path, a.assay.resolve(), a.pairs)
            os.unlink(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
