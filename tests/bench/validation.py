#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From trigger to verdict on a small real cluster, next to the server's CLI.

    tests/bench/validation.py PATH/TO/assay PATH/TO/bao-or-vault [--pairs 5]

    assay    POST backups, then POST validations, both waited for: verdict
    by hand  the same steps with the server's own CLI: snapshot save; a fresh
             server started and initialised with as many shares, snapshot
             restore -force, waited for until it answers, unsealed with the
             production keys, a snapshot saved from it, everything stopped

in turn.  By hand nothing is compared, isolated or written down.  Prints
medians and the ratio of each pair's times; it never fails for being slow.
"""
import argparse
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support import process  # noqa: E402
from tests.support.cluster import Cluster, Server  # noqa: E402
from tests.support.process import until  # noqa: E402
from tests.support.world import World  # noqa: E402


def cli(cluster, *args):
    done = cluster.server.cli(cluster.address, cluster.root, *args)
    if done.returncode != 0:
        raise RuntimeError(f"{args}: {done.stderr}")


def by_hand(world):
    folder = world.dir / "by-hand"
    folder.mkdir()
    production = world.cluster
    began = time.monotonic()
    cli(production, "operator", "raft", "snapshot", "save", folder / "one")
    copy = Cluster(production.server, folder / "copy").start()
    cli(copy, "operator", "raft", "snapshot", "restore", "-force",
        folder / "one")
    copy.keys, copy.root = production.keys, production.root
    node = copy.nodes[0]
    until(lambda: (node.status() or {}).get("sealed"), 60, "it is restored")
    node.unseal()
    until(lambda: node.health() == 200, 60, "it is active")
    cli(copy, "operator", "raft", "snapshot", "save", folder / "two")
    copy.stop()
    took = time.monotonic() - began
    shutil.rmtree(folder)
    return took


def by_assay(world):
    began = time.monotonic()
    snapshot = world.assay.backup()
    run = world.assay.run("validations", snapshot=snapshot)
    took = time.monotonic() - began
    if run["verdict"] != "valid":
        raise RuntimeError(f"not valid: {run}")
    return took


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("assay", type=pathlib.Path)
    p.add_argument("server", type=pathlib.Path)
    p.add_argument("--pairs", type=int, default=5)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder).chmod(0o755)
        world = World(folder, Server(a.server), a.assay.resolve())
        try:
            world.up()
            by_assay(world)
            rows = [(by_assay(world), by_hand(world)) for _ in range(a.pairs)]
        finally:
            world.down()
            process.stop_all()
    for what, at in (("assay", 0), ("by hand", 1)):
        print("%-8s %6.2f s" % (what, statistics.median(r[at] for r in rows)))
    ratios = sorted(r[1] / r[0] for r in rows)
    print("ratio of wall times %.2f (%.2f to %.2f, %d pairs)" % (
        statistics.median(ratios), ratios[0], ratios[-1], a.pairs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
