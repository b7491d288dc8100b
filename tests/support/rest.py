# SPDX-License-Identifier: Apache-2.0
"""A small HTTP client that does nothing by itself: no redirects followed, no
retries, no exceptions for a status.  What was answered is what is seen."""
import http.client
import json
import socket
import urllib.parse


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # case-insensitive
        self.body = body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def data(self):
        """The `data` of Vault's envelope."""
        return (self.json or {}).get("data")

    @property
    def errors(self):
        return (self.json or {}).get("errors")

    def ok(self):
        """Itself, if the status is a good one: for steps that only prepare."""
        if self.status >= 400:
            raise AssertionError(f"{self.status}: {self.body[:2000]!r}")
        return self

    def __repr__(self):
        return f"<{self.status} {self.body[:500]!r}>"


class _Unix(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def request(base, method, path, body=None, *, token=None, headers=None,
            query=None, timeout=60, tls=None):
    """`body` may be bytes, or anything JSON has; `tls` is an SSLContext."""
    url = urllib.parse.urlsplit(base)
    if url.scheme == "unix":
        connection = _Unix(url.path, timeout)
    elif url.scheme == "https":
        connection = http.client.HTTPSConnection(
            url.hostname, url.port, timeout=timeout, context=tls)
    else:
        connection = http.client.HTTPConnection(url.hostname, url.port,
                                                timeout=timeout)
    sent = dict(headers or {})
    if token:
        sent.setdefault("X-Vault-Token", token)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    if query:
        path += "?" + urllib.parse.urlencode(query)
    try:
        try:
            connection.request(method, path, body=body, headers=sent)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has answered before it read everything
        answer = connection.getresponse()
        return Response(answer.status, answer.headers, answer.read())
    finally:
        connection.close()
