#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the seed corpus for fuzz_snapshot into a directory.

seed_snapshot.py DIR
"""

import gzip
import pathlib
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import mksnap  # noqa: E402


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    rows = [(b"core/a", b"one"), (b"core/b/c", b""), (b"sys/x/y", b"z" * 40)]

    def put(name, kind, data):
        (out / name).write_bytes(bytes((kind, 16)) + data)

    put("good", 0, mksnap.build(rows))
    put("stored", 0, mksnap.build(rows, compress=False))
    put("tar", 1, gzip.decompress(mksnap.build(rows)))
    put("tar-state-first", 1, gzip.decompress(mksnap.build(
        rows, order=(mksnap.STATE, mksnap.SUMS, mksnap.SEALED, mksnap.META),
        state_sum_first=True)))
    put("state", 2, b"".join(mksnap.state_bytes(rows)))
    text = b"".join(b"%d words and %d more " % (n, n * n)
                    for n in range(3000))
    for level, strategy in ((0, 0), (1, 0), (9, 0), (6, 2), (6, 4)):
        z = zlib.compressobj(level, zlib.DEFLATED, -15, 8, strategy)
        put("deflate-%d-%d" % (level, strategy), 3,
            z.compress(text) + z.flush())
    for how in mksnap.BREAKS:
        put("break-" + how, 0, mksnap.build(rows, broken=how))
        if how not in ("empty", "html", "truncate", "trailing", "bad-crc",
                       "bad-length"):
            put("tar-" + how, 1, gzip.decompress(mksnap.build(
                rows, broken=how)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
