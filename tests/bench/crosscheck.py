#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long does the cross-check of two clusters take, next to what `wrk` needs
to send the same servers the same requests, and how much memory?

    tests/bench/crosscheck.py PATH/TO/bench_crosscheck SERVER [--secrets 20000]

SERVER is a `bao` or `vault` program.  Two clusters are started and filled
with KV version 2 secrets, 100 to a folder; then both programs run in turn.
wrk has no count (and no LIST), so it runs for some seconds with 64 connections to each of
the servers at once; from its rates follows how long it would have needed.  It
asks for what the walk asks for: the metadata of each secret on Vault, folders
with all their metadata on OpenBao.  Needs wrk (a package of that name).  It
never fails for being slow.
"""

import argparse
import http.client
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support import process, seed  # noqa: E402
from tests.support.cluster import Cluster, Server  # noqa: E402

FOLDER = 100
WRITERS = 8
SCRIPT = """
local count, folder, at = %d, %d, 0
request = function()
  at = (at + 7919) %% count
  return wrk.format("GET", string.format("%s", at / folder, at))
end
wrk.headers["X-Vault-Token"] = "%s"
wrk.headers["X-Vault-Request"] = "true"
"""


def name(i):
    return f"d{i // FOLDER:05d}/s{i:06d}"


def fill(cluster, begin, end):
    host = cluster.address.split("//")[1]

    def write(first):
        connection = http.client.HTTPConnection(host)
        for i in range(first, end, WRITERS):
            connection.request(
                "POST", f"/v1/secret/data/{name(i)}",
                json.dumps({"data": {"user": f"u{i}", "password": f"p{i}"}}),
                {"X-Vault-Token": cluster.root})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
    threads = [threading.Thread(target=write, args=(begin + k,))
               for k in range(WRITERS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


class Bench:
    def __init__(self, program, server, folder):
        self.program, self.dir = program, pathlib.Path(folder)
        self.bao = server.product == "openbao"
        self.clusters, self.tokens = [], []
        for i in range(2):
            cluster = Cluster(server, self.dir / f"c{i}", shares=1,
                              threshold=1).start()
            seed.fill(cluster, 0)
            token = self.dir / f"token{i}"
            token.write_text(cluster.root)
            self.clusters.append(cluster)
            self.tokens.append(token)
        self.secrets = 0

    def grow(self, secrets):
        for cluster in self.clusters:
            fill(cluster, self.secrets, secrets)
        self.secrets = secrets

    def walk(self):
        """Seconds, requests, peak KiB."""
        argv = [self.program, self.dir]
        for cluster, token in zip(self.clusters, self.tokens):
            argv += [cluster.address, token]
        out = subprocess.run(argv, check=True, capture_output=True,
                             text=True).stdout.split()
        # Both have the secrets; accessors and the like are each one's own.
        assert int(out[2]) >= self.secrets, out
        return float(out[0]), int(out[1]), int(out[4])

    def wrk(self, requests, seconds):
        """Seconds that wrk would need for so many, half to each server."""
        running = []
        for i, cluster in enumerate(self.clusters):
            script = self.dir / f"wrk{i}.lua"
            path = \
                "/v1/secret/detailed-metadata/d%05d/?list=true&limit=500" \
                if self.bao else "/v1/secret/metadata/d%05d/s%06d"
            script.write_text(SCRIPT % (
                self.secrets, FOLDER, path, cluster.root))
            running.append(subprocess.Popen(
                ["wrk", "-t1", "-c64", f"-d{seconds}s", "-s", script,
                 cluster.address], stdout=subprocess.PIPE, text=True))
        rates = []
        for child in running:
            out = child.communicate()[0]
            assert "Non-2xx" not in out, out
            rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)",
                                         out)[1]))
        return max(requests / 2 / rate for rate in rates)

    def stop(self):
        for cluster in self.clusters:
            cluster.stop()


def report(bench, a):
    bench.grow(1000)
    small = statistics.median(bench.walk()[2] for _ in range(3))
    bench.grow(a.secrets)
    bench.walk()
    rows = []
    for _ in range(a.pairs):
        seconds, requests, peak = bench.walk()
        rows.append((seconds, bench.wrk(requests, a.seconds), requests, peak))
    large = statistics.median(r[3] for r in rows)
    print("cross-check  %6.3f s  %d requests" % (
        statistics.median(r[0] for r in rows), rows[0][2]))
    print("wrk          %6.3f s for as many" % (
        statistics.median(r[1] for r in rows)))
    ratios = sorted(r[0] / r[1] for r in rows)
    print("ratio        %6.2f (%.2f to %.2f, %d pairs)" % (
        statistics.median(ratios), ratios[0], ratios[-1], a.pairs))
    print("peak memory  %.1f MiB with 1000 secrets, %.1f MiB with %d: "
          "+%.1f MiB" % (small / 1024, large / 1024, a.secrets,
                         (large - small) / 1024))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("program", type=pathlib.Path)
    p.add_argument("server", type=pathlib.Path)
    p.add_argument("--secrets", type=int, default=20000)
    p.add_argument("--seconds", type=int, default=4, help="of a run of wrk")
    p.add_argument("--pairs", type=int, default=5)
    a = p.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is not installed: nothing to compare with")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(a.program.resolve(), Server(a.server), folder)
        try:
            report(bench, a)
        finally:
            bench.stop()
            process.stop_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
