#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast is `assay snapshot prove`, next to `verify` of the same file?

    tests/bench/prove.py PATH/TO/assay [--size 512M] [--pairs 5]

Makes a sealed archive as Vault writes it (compressed) and one as OpenBao does
(stored blocks), runs both commands in turn on each, and prints medians, the
ratio of each pair's times, and the largest resident size.  It never fails for
being slow.
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
import sealing  # noqa: E402


def timed(argv):
    """Wall seconds."""
    start = time.monotonic()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("assay", type=pathlib.Path)
    p.add_argument("--size", type=mksnap.parse_size, default=512 << 20)
    p.add_argument("--value-size", type=int, default=1024)
    p.add_argument("--pairs", type=int, default=5)
    a = p.parse_args()
    assay = str(a.assay.resolve())
    rows = sealing.SealedEntries(mksnap.entries(
        max(1, a.size // (a.value_size + 130)), a.value_size))
    with tempfile.TemporaryDirectory() as folder:
        keys = os.path.join(folder, "keys")
        pathlib.Path(keys).write_text(rows.share + "\n")
        for name, compress in (("vault", True), ("openbao", False)):
            path = os.path.join(folder, name + ".snap")
            mksnap.write(path, rows, compress=compress,
                         sealed=rows.sealed_sums)
            verify = [assay, "snapshot", "verify", path]
            prove = [assay, "snapshot", "prove", "-key-file", keys, path]
            timed(verify)  # into the page cache
            pairs = [(timed(prove), timed(verify)) for _ in range(a.pairs)]
            mib = os.path.getsize(path) / (1 << 20)
            for what, at in (("prove", 0), ("verify", 1)):
                wall = statistics.median(r[at] for r in pairs)
                print("%-8s %-7s %6.3f s  %5.0f MiB/s" % (
                    name, what, wall, mib / wall))
            ratios = sorted(r[1] / r[0] for r in pairs)
            print("%-8s speed of prove to verify  %.2f (%.2f to %.2f)" % (
                name, statistics.median(ratios), ratios[0], ratios[-1]))
            os.unlink(path)
    print("largest resident size  %d MiB" % (
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10))
    return 0


if __name__ == "__main__":
    sys.exit(main())
