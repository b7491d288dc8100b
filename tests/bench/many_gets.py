#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GET, parse and hash many secrets from a fast local server over 64
connections, next to the same in Go, and next to one connection.

    tests/bench/many_gets.py BUILD_DIRECTORY [--count 100000] [--pairs 5]

BUILD_DIRECTORY has bench_kv_server and bench_many_gets (cmake --build …
--target bench_kv_server bench_many_gets).  Prints medians of wall and of CPU
seconds, and the ratio of each pair's times.  Without Go that part is left
out.  It never fails for being slow.
"""

import argparse
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def timed(argv):
    """Wall seconds, as it says itself, and CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([str(x) for x in argv], check=True,
                         capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(out.split()[0]), (after.ru_utime - before.ru_utime +
                                   after.ru_stime - before.ru_stime)


def show(name, rows, count):
    wall = statistics.median(r[0] for r in rows)
    print("%-22s %6.3f s  %6.0f/s  %6.3f CPU s" % (
        name, wall, count / wall, statistics.median(r[1] for r in rows)))


def ratio(name, ours, theirs, scale=1.0):
    for what, at in (("wall", 0), ("CPU", 1)):
        all_ = sorted(t[at] / scale / o[at] for o, t in zip(ours, theirs))
        print("%-22s %5.2f (%.2f to %.2f) in %s" % (
            name, statistics.median(all_), all_[0], all_[-1], what))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("build", type=pathlib.Path)
    p.add_argument("--count", type=int, default=100000)
    p.add_argument("--pairs", type=int, default=5)
    a = p.parse_args()
    programs = a.build / "tests/bench"
    ours = programs / "bench_many_gets"
    with tempfile.TemporaryDirectory() as folder:
        theirs = pathlib.Path(folder) / "many_gets"
        if shutil.which("go"):
            subprocess.run(["go", "build", "-o", theirs,
                            HERE / "many_gets/main.go"], check=True)
        else:
            print("no Go: nothing to compare with")
        server = subprocess.Popen([programs / "bench_kv_server"],
                                  stdout=subprocess.PIPE, text=True)
        try:
            address = server.stdout.readline().strip()
            # One connection is slow: a tenth of it will do.
            few = a.count // 10
            timed([ours, address, few, 64])
            many, go, one = [], [], []
            for _ in range(a.pairs):
                many.append(timed([ours, address, a.count, 64]))
                if theirs.exists():
                    go.append(timed([theirs, address, a.count, 64]))
                one.append(timed([ours, address, few, 1]))
        finally:
            server.kill()
            server.wait()
    show("64 connections", many, a.count)
    show("one connection", one, few)
    ratio("times one connection", many, one, few / a.count)
    if go:
        show("Go, 64 goroutines", go, a.count)
        ratio("times Go", many, go)
    return 0


if __name__ == "__main__":
    sys.exit(main())
