#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write raft snapshot archives, good ones and broken ones.

The archive has the form that Vault (--compress) and OpenBao (--stored) write:
gzip of a ustar of meta.json, state.bin, SHA256SUMS and SHA256SUMS.sealed.
Keys look like a server's, values like its ciphertext (random bytes); the
sealed sums are random bytes too, since nothing here holds a seal.  The same
arguments always give the same bytes.

    mksnap.py --entries 1000 --value-size 512 --compress --seed 7 OUT
    mksnap.py --size 512M --stored OUT
    mksnap.py --entries 50 --break no-sealed OUT

As a module: entries() for the rows, build() for bytes, write() for files.
"""

import argparse
import hashlib
import io
import json
import random
import struct
import sys
import zlib

STATE, META = "state.bin", "meta.json"
SUMS, SEALED = "SHA256SUMS", "SHA256SUMS.sealed"

BREAKS = {
    "empty": "no bytes at all",
    "truncate": "the last part of the file is missing",
    "no-sealed": "SHA256SUMS.sealed is missing",
    "empty-sealed": "SHA256SUMS.sealed has no bytes",
    "no-sums": "SHA256SUMS is missing",
    "no-meta": "meta.json is missing",
    "no-state": "state.bin is missing",
    "bad-sum": "the sum of state.bin is wrong",
    "bad-meta-sum": "the sum of meta.json is wrong",
    "short-sums": "SHA256SUMS has no line for state.bin",
    "bad-crc": "the gzip trailer has a wrong CRC",
    "bad-length": "the gzip trailer has a wrong length",
    "bad-meta": "meta.json is not JSON",
    "wrong-size": "meta.json has a wrong Size",
    "trailing": "bytes follow the gzip stream",
    "second-stream": "a second gzip stream follows",
    "unknown-member": "a fifth member in the tar",
    "twice": "meta.json occurs twice",
    "disorder": "two entries have changed places",
    "same-key": "two entries have one key",
    "bad-entry": "an entry is not the protobuf message it should be",
    "no-entries": "state.bin has no bytes",
    "no-tar-end": "the two zero blocks at the end are missing",
    "after-tar": "data follows the end of the tar",
    "bad-tar": "the checksum of a tar header is wrong",
    "html": "an error page instead of an archive",
}


def _hex(rng, digits):
    return "%0*x" % (digits, rng.getrandbits(4 * digits))


def _uuid(rng):
    text = _hex(rng, 32)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20],
                     text[20:]))


class entries:
    """`count` (key, value) pairs, ascending by key; may be walked again."""

    FIXED = ("core/auth", "core/cluster/local/info", "core/keyring",
             "core/leader/1", "core/mounts", "core/seal-config")

    def __init__(self, count, value_size=512, seed=1):
        self.count, self.value_size, self.seed = count, value_size, seed

    def keys(self):
        rng = random.Random(self.seed)
        fixed = self.FIXED[:self.count]
        rest = self.count - len(fixed)
        tokens, policies = rest // 16, rest // 32
        secrets = rest - tokens - policies
        yield from fixed
        mounts = sorted(_uuid(rng) for _ in range(4))
        done = 0
        for at, mount in enumerate(mounts):
            until = secrets * (at + 1) // len(mounts)
            inner = _uuid(rng)
            for n in range(done, until):
                yield "logical/%s/%s/versions/%08x%s" % (
                    mount, inner, n, _hex(rng, 54))
            done = until
        for n in range(policies):
            yield "sys/policy/team-%08d" % n
        for n in range(tokens):
            yield "sys/token/id/h%08x%s" % (n, _hex(rng, 56))

    def __iter__(self):
        rng = random.Random(self.seed + 1)
        head = b"\0\0\0\1\2"  # term 1, version 2: how a barrier value begins
        for key in self.keys():
            if self.value_size > len(head):
                value = head + rng.randbytes(self.value_size - len(head))
            else:
                value = rng.randbytes(self.value_size)
            yield key.encode(), value


def uvarint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def message(key, value):
    """One entry of state.bin, with its length before it."""
    body = b"\x0a" + uvarint(len(key)) + key
    if value:  # proto3 leaves out what is empty
        body += b"\x12" + uvarint(len(value)) + value
    return uvarint(len(body)) + body


def state_bytes(rows, broken=None):
    """The pieces of state.bin, one per entry."""
    if broken == "no-entries":
        return
    held = None
    for at, (key, value) in enumerate(rows):
        piece = message(key, value)
        if broken == "same-key" and at == 2:
            yield piece
        if broken == "bad-entry" and at == 1:
            piece = uvarint(5) + b"\x0a\x7fabc"
        if broken == "disorder" and at == 1:
            held = piece
            continue
        yield piece
        if held is not None:
            yield held
            held = None


def tar_header(name, size, mtime=1700000000, kind=b"0"):
    octal = b"%011o\0" % size
    if size >= 8 ** 11:  # as GNU and Go do it: base 256
        octal = b"\x80" + size.to_bytes(11, "big")
    head = bytearray(512)
    head[0:len(name)] = name.encode()
    head[100:108] = b"0000600\0"
    head[108:116] = head[116:124] = b"0000000\0"
    head[124:136] = octal
    head[136:148] = b"%011o\0" % mtime
    head[148:156] = b" " * 8
    head[156:157] = kind
    head[257:265] = b"ustar\x0000"
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def tar_padding(size):
    return b"\0" * (-size % 512)


class _Gzip:
    """A gzip stream like Go's: no name, no time, unknown system."""

    def __init__(self, out, compress):
        self.out, self.crc, self.size = out, 0, 0
        self.stream = zlib.compressobj(6 if compress else 0, zlib.DEFLATED,
                                       -15)
        out.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff")

    def write(self, data):
        self.crc = zlib.crc32(data, self.crc)
        self.size += len(data)
        self.out.write(self.stream.compress(data))

    def close(self, broken=None):
        self.out.write(self.stream.flush())
        crc = self.crc ^ 1 if broken == "bad-crc" else self.crc
        size = self.size + (broken == "bad-length")
        self.out.write(struct.pack("<II", crc, size & 0xFFFFFFFF))


def _meta(index, term, size, servers, broken):
    if broken == "bad-meta":
        return b"{\"Version\":1,"
    meta = {
        "Version": 1, "ID": "bolt-snapshot", "Index": index, "Term": term,
        "Peers": None,
        "Configuration": {"Servers": [
            {"Suffrage": 0, "ID": s, "Address": "127.0.0.1:%d" % (8201 + n)}
            for n, s in enumerate(servers)]},
        "ConfigurationIndex": 1,
        "Size": size + 1 if broken == "wrong-size" else size,
    }
    return json.dumps(meta, separators=(",", ":")).encode() + b"\n"


def write_stream(out, rows, compress=True, broken=None, index=157, term=3,
                 servers=("n1",), order=(META, STATE, SUMS, SEALED),
                 state_sum_first=False, sealed=None, seed=1):
    """Write the archive to the file object `out`.

    `rows` is walked twice or more: a list or entries(), no generator.
    """
    if broken == "empty":
        return
    if broken == "html":
        out.write(b"<html><body>502 Bad Gateway</body></html>\n")
        return
    size, digest = 0, hashlib.sha256()
    for piece in state_bytes(rows, broken):
        size += len(piece)
        digest.update(piece)
    meta = _meta(index, term, size, servers, broken)
    sums = {META: hashlib.sha256(meta).hexdigest(), STATE: digest.hexdigest()}
    for name, what in ((STATE, "bad-sum"), (META, "bad-meta-sum")):
        if broken == what:
            sums[name] = ("1" if sums[name][0] == "0" else "0") + \
                sums[name][1:]
    if broken == "short-sums":
        del sums[STATE]
    names = (STATE, META) if state_sum_first else (META, STATE)
    text = "".join("%s  %s\n" % (sums[n], n) for n in names if n in sums)
    if callable(sealed):
        sealed = sealed(text.encode())
    if sealed is None:
        sealed = random.Random(seed).randbytes(len(text) + 40)
    if broken == "empty-sealed":
        sealed = b""
    small = {META: meta, SUMS: text.encode(), SEALED: sealed}
    _write_tar(out, rows, compress, broken, order, small, size)


def _write_tar(out, rows, compress, broken, order, small, state_size):
    order = list(order)
    missing = {"no-sealed": SEALED, "no-sums": SUMS, "no-meta": META,
               "no-state": STATE}.get(broken)
    if missing:
        order.remove(missing)
    if broken == "twice":
        order.insert(1, META)
    if broken == "unknown-member":
        order.append("extra.txt")
        small["extra.txt"] = b"hello\n"
    gz = _Gzip(out, compress)
    for name in order:
        size = state_size if name == STATE else len(small[name])
        head = bytearray(tar_header(name, size))
        if broken == "bad-tar" and name == SUMS:
            head[110] ^= 1
        gz.write(bytes(head))
        if name == STATE:
            for piece in state_bytes(rows, broken):
                gz.write(piece)
        else:
            gz.write(small[name])
        gz.write(tar_padding(size))
    if broken != "no-tar-end":
        gz.write(b"\0" * 1024)
    if broken == "after-tar":
        gz.write(b"more")
    gz.close(broken)
    if broken == "trailing":
        out.write(b"more")
    if broken == "second-stream":
        _Gzip(out, compress).close()


def build(rows, broken=None, **options):
    """The archive as bytes, for small ones."""
    out = io.BytesIO()
    write_stream(out, rows, broken=broken, **options)
    data = out.getvalue()
    return data[:len(data) * 6 // 10] if broken == "truncate" else data


def write(path, rows, broken=None, **options):
    with open(path, "wb") as out:
        write_stream(out, rows, broken=broken, **options)
        if broken == "truncate":
            out.truncate(out.tell() * 6 // 10)


def parse_size(text):
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(text[:-1]) * units[text[-1]] if text[-1] in units else int(text)


def main():
    p = argparse.ArgumentParser(
        description="Write a raft snapshot archive.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="broken archives:\n" + "".join(
            "  %-15s %s\n" % item for item in BREAKS.items()))
    p.add_argument("--entries", type=int, default=200)
    p.add_argument("--value-size", type=int, default=512)
    p.add_argument("--size", type=parse_size,
                   help="about this many bytes instead of --entries (64M)")
    form = p.add_mutually_exclusive_group()
    form.add_argument("--compress", action="store_true", default=True,
                      help="as Vault does (default)")
    form.add_argument("--stored", action="store_true", help="as OpenBao does")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--index", type=int, default=157)
    p.add_argument("--term", type=int, default=3)
    p.add_argument("--break", dest="broken", choices=sorted(BREAKS),
                   metavar="HOW")
    p.add_argument("--state-first", action="store_true",
                   help="state.bin before meta.json, and last line first")
    p.add_argument("out", metavar="OUT")
    a = p.parse_args()
    count = a.entries
    if a.size is not None:
        count = max(1, a.size // (a.value_size + 130))
    order = (META, STATE, SUMS, SEALED)
    if a.state_first:
        order = (STATE, SUMS, SEALED, META)
    write(a.out, entries(count, a.value_size, a.seed), broken=a.broken,
          compress=not a.stored, index=a.index, term=a.term, seed=a.seed,
          order=order, state_sum_first=a.state_first)
    return 0


if __name__ == "__main__":
    sys.exit(main())
