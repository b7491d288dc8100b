#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much memory does the daemon take for a small and a large archive?

    tests/bench/memory.py PATH/TO/assay [--small 64M] [--large 2G] [--pairs 5]

Starts the daemon anew for each backup from the scripted stand-in and reads
its peak resident set (VmHWM) afterwards; small and large in turn.  Prints
medians and their ratio.  It never fails for being large.
"""

import argparse
import pathlib
import re
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support import mksnap, process  # noqa: E402
from tests.support.assay import Assay  # noqa: E402
from tests.support.trouble import TroubledWorld  # noqa: E402


def peak_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", text).group(1))


def one(world, archive, token):
    world.standin.control(archive=str(archive))
    config = dict(world.assay.config)
    config.pop("listen")
    assay = Assay(world.binary, world.dir / "a", config=config)
    assay.start()
    assay.token = token
    try:
        snapshot = assay.backup()
        peak = peak_kib(assay.process.pid)
    finally:
        assay.stop()
    for path in assay.storage.rglob(f"{snapshot}.*"):
        path.unlink()
    return peak


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("assay", type=pathlib.Path)
    p.add_argument("--small", type=mksnap.parse_size, default=64 << 20)
    p.add_argument("--large", type=mksnap.parse_size, default=2 << 30)
    p.add_argument("--value-size", type=int, default=4096)
    p.add_argument("--pairs", type=int, default=5)
    p.add_argument("--dir", help="where to write; $TMPDIR by default")
    a = p.parse_args()
    with tempfile.TemporaryDirectory(dir=a.dir) as folder:
        world = TroubledWorld(folder, a.assay.resolve())
        try:
            archives = []
            for name, size in (("small", a.small), ("large", a.large)):
                path = world.dir / f"{name}.snap"
                count = max(1, size // (a.value_size + 130))
                mksnap.write(str(path), mksnap.entries(count, a.value_size))
                archives.append(path)
            token = world.standin.login()
            rows = [[one(world, path, token) for path in archives]
                    for _ in range(a.pairs)]
        finally:
            world.down()
            process.stop_all()
    small, large = (statistics.median(column) for column in zip(*rows))
    print("small  %6.1f MiB peak" % (small / 1024))
    print("large  %6.1f MiB peak" % (large / 1024))
    print("ratio  %.3f (%d pairs)" % (large / small, a.pairs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
