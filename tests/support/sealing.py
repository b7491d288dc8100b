# SPDX-License-Identifier: Apache-2.0
"""Seal made-up entries as a server's barrier does, with GnuTLS by ctypes: for
archives larger than a real server would make in a test's time."""
import base64
import ctypes
import hashlib
import json
import random
import struct

_TAG = 16


class _Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_uint)]


_lib = ctypes.CDLL("libgnutls.so.30")
_lib.gnutls_cipher_get_id.restype = ctypes.c_int
_lib.gnutls_cipher_get_id.argtypes = [ctypes.c_char_p]


class Aead:
    def __init__(self, key):
        self._key = key
        self._handle = ctypes.c_void_p()
        which = _lib.gnutls_cipher_get_id(b"AES-256-GCM")
        datum = _Datum(key, len(key))
        if _lib.gnutls_aead_cipher_init(ctypes.byref(self._handle), which,
                                        ctypes.byref(datum)) != 0:
            raise RuntimeError("no AES-256-GCM")

    def seal(self, nonce, plain, aad=b""):
        out = ctypes.create_string_buffer(len(plain) + _TAG)
        size = ctypes.c_size_t(len(out))
        if _lib.gnutls_aead_cipher_encrypt(
                self._handle, nonce, ctypes.c_size_t(len(nonce)), aad,
                ctypes.c_size_t(len(aad)), ctypes.c_size_t(_TAG), plain,
                ctypes.c_size_t(len(plain)), out, ctypes.byref(size)) != 0:
            raise RuntimeError("sealing failed")
        return nonce + out.raw


def _times(a, b):
    """In the field of Shamir's shares: that of AES."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def _over(a, b):
    inverse = 1
    for _ in range(254):
        inverse = _times(inverse, b)
    return _times(a, inverse)


def combine(shares):
    """The key of a seal, from enough of its shares in Base64."""
    raw = [base64.b64decode(s) for s in shares]
    xs = [r[-1] for r in raw]
    key = bytearray(len(raw[0]) - 1)
    for r, x in zip(raw, xs):
        weight = 1
        for other in xs:
            if other != x:
                weight = _times(weight, _over(other, other ^ x))
        for n in range(len(key)):
            key[n] ^= _times(r[n], weight)
    return bytes(key)


def blob(kek, plain):
    """Sealed under the key of the seal, as a server writes it."""
    sealed = Aead(kek).seal(hashlib.sha256(plain).digest()[:12], plain)
    size = len(sealed)
    head = bytes([size]) if size < 128 else \
        bytes([size & 0x7F | 0x80, size >> 7])
    return b"\x0a" + head + sealed


class SealedEntries:
    """`rows` (without the keys below) sealed under one term; one share."""

    def __init__(self, rows, seed=1):
        rng = random.Random(seed)
        self.rows = rows
        self.kek, self.root, self.key = (rng.randbytes(32) for _ in range(3))
        self.share = base64.b64encode(self.kek).decode()

    def sealed_sums(self, text):
        return blob(self.kek, text)

    def _fixed(self):
        keyring = json.dumps({"Keys": [{
            "Term": 1, "Version": 1,
            "Value": base64.b64encode(self.key).decode(),
            "InstallTime": "2024-01-01T00:00:00Z"}]}).encode()
        head = struct.pack(">IB", 1, 2)
        yield b"core/hsm/barrier-unseal-keys", blob(self.kek, json.dumps(
            [base64.b64encode(self.root).decode()]).encode())
        yield b"core/keyring", head + Aead(self.root).seal(
            b"\0" * 12, keyring, b"core/keyring")
        yield b"core/seal-config", json.dumps(
            {"type": "shamir", "secret_shares": 1,
             "secret_threshold": 1}).encode()

    def __iter__(self):
        head, aead, count = struct.pack(">IB", 1, 2), Aead(self.key), 0
        yield from self._fixed()
        for key, value in self.rows:
            if key.startswith(b"core/"):
                continue
            count += 1
            plain = value[:max(0, len(value) - len(head) - 28)]
            yield key, head + aead.seal(count.to_bytes(12, "big"), plain, key)
