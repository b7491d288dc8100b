# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests: a CA in a folder, and what it signs."""
import pathlib
import ssl
import subprocess


class Authority:
    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.pem = self.dir / "ca.pem"
        self._new_key("ca")
        self._openssl("req", "-x509", "-new", "-key", self.dir / "ca.key",
                      "-days", "2", "-subj", "/CN=ca", "-out", self.pem)

    def _openssl(self, *args):
        subprocess.run(["openssl", *map(str, args)], check=True,
                       capture_output=True)

    def _new_key(self, name):
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
                      "-out", self.dir / f"{name}.key")

    def sign(self, name, extension):
        """A certificate with this common name: its file, and its key's."""
        made = [self.dir / f"{name}.{end}" for end in ("pem", "key")]
        self._new_key(name)
        request = self.dir / f"{name}.csr"
        text = self.dir / f"{name}.ext"
        text.write_text(extension + "\n")
        self._openssl("req", "-new", "-key", made[1], "-subj", f"/CN={name}",
                      "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.pem,
                      "-CAkey", self.dir / "ca.key", "-CAcreateserial",
                      "-days", "2", "-extfile", text, "-out", made[0])
        return made

    def server(self, name):
        """For 127.0.0.1."""
        return self.sign(name, "subjectAltName=IP:127.0.0.1")

    def client(self, name):
        return self.sign(name, "extendedKeyUsage=clientAuth")

    def trusting(self, pair=None):
        """What a client needs that trusts this authority alone."""
        context = ssl.create_default_context(cafile=self.pem)
        if pair:
            context.load_cert_chain(*pair)
        return context
