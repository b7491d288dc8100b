# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of a real server that may hand out another archive.

Everything goes through to the server, but a snapshot is the one that it was
given: an honest archive of the same cluster at another time is authentic,
decryptable, restorable and lossless, and only not what the primary had when
the snapshot was taken."""
import http.client
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SNAPSHOT = "/v1/sys/storage/raft/snapshot"
_OURS = ("connection", "host", "transfer-encoding", "content-length",
         "keep-alive")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True
    swap = None
    link = None

    def log_message(self, *args):
        pass

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        self.swap.before(self.command, self.path)
        if self.command == "GET" and self.path == SNAPSHOT \
                and self.swap.archive is not None:
            return self.answer(200, [("Content-Type", "application/gzip")],
                               self.swap.archive)
        try:
            got = self.forward(body)
            return self.answer(got.status, got.getheaders(), got.read())
        except (OSError, http.client.HTTPException):
            self.link = None
            self.close_connection = True
            self.connection.close()

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.serve
        raise AttributeError(name)

    def forward(self, body):
        if self.link is None:
            self.link = http.client.HTTPConnection(
                *self.swap.server, timeout=60)
        headers = {k: v for k, v in self.headers.items()
                   if k.lower() not in _OURS}
        self.link.request(self.command, self.path, body=body, headers=headers)
        return self.link.getresponse()

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _OURS:
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass  # a caller that went away


class Swap:
    """`archive`: what a snapshot is, None for the server's own.  `on`: called
    with method and path before a request goes through; may be None."""

    def __init__(self, address):
        url = urllib.parse.urlsplit(address)
        self.server = (url.hostname, url.port)
        self.archive = None
        self.on = None
        handler = type("Handler", (_Handler,), {"swap": self})
        self.http = _Server(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def before(self, method, path):
        on = self.on
        if on is not None:
            on(method, path)

    def stop(self):
        self.http.shutdown()
        self.http.server_close()
