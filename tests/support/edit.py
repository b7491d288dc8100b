# SPDX-License-Identifier: Apache-2.0
"""Edit an archive the way somebody with bad intentions, or a bad disk, would:
the entries change, the sums are made again, the sealed sums stay."""
import io
import json
import tarfile

from . import mksnap


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _rows(state):
    at = 0
    while at < len(state):
        size, at = _varint(state, at)
        end, row = at + size, {1: b"", 2: b""}
        while at < end:
            tag, at = _varint(state, at)
            length, at = _varint(state, at)
            row[tag >> 3] = state[at:at + length]
            at += length
        yield row[1], row[2]


class Archive:
    def __init__(self, data):
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            members = {m.name: tar.extractfile(m).read() for m in tar}
        self.meta = json.loads(members[mksnap.META])
        self.sealed = members[mksnap.SEALED]
        self.rows = list(_rows(members[mksnap.STATE]))

    def find(self, *texts, begins=""):
        """The place of the first entry whose key contains all the texts, and
        begins so (those of namespaces begin otherwise)."""
        return next(n for n, (key, _) in enumerate(self.rows)
                    if key.startswith(begins.encode())
                    and all(text.encode() in key for text in texts))

    def drop(self, *texts, begins=""):
        del self.rows[self.find(*texts, begins=begins)]
        return self

    def damage(self, *texts, begins=""):
        """One bit of one ciphertext; the key of the entry."""
        at = self.find(*texts, begins=begins)
        key, value = self.rows[at]
        middle = len(value) // 2
        self.rows[at] = (key, value[:middle] + bytes([value[middle] ^ 1]) +
                         value[middle + 1:])
        return key.decode()

    def bytes(self, sealed=None):
        """`sealed`: makes sealed sums of sums; without it they stay."""
        return mksnap.build(
            self.rows, index=self.meta["Index"], term=self.meta["Term"],
            sealed=sealed or self.sealed)
