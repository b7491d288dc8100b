#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server over raw sockets: what well-meaning clients never send, slow
clients, long polls and draining.  wire_test.py SERVER [tcp|tls|unix [TEST ...]],
where SERVER is built from wire_server.c."""
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = sys.argv[1]
KIND = sys.argv[2] if len(sys.argv) > 2 else "tcp"
FOLDER = tempfile.TemporaryDirectory(prefix="aw-")
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TLS.check_hostname = False
TLS.verify_mode = ssl.CERT_NONE
REQUEST_S, IDLE_S, SEND_S = 1.5, 2.5, 2.0  # as in wire_server.c
LATE_S = 1.0  # the sweeper's tick, and a busy machine


def certificate():
    """A certificate and its key, signed by itself."""
    cert, key = (os.path.join(FOLDER.name, x) for x in ("cert", "key"))
    if not os.path.exists(cert):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
             "/CN=wire", "-keyout", key, "-out", cert],
            check=True, capture_output=True)
    return [cert, key]


def arguments():
    if KIND == "unix":
        return [f"unix://{FOLDER.name}/socket-{time.monotonic_ns()}"]
    return ["127.0.0.1:0"] + (certificate() if KIND == "tls" else [])


class Server:
    """`limit`: how many connections, if not as many as wire_server.c says.
    What it logs is shown when it does not end well."""

    def __init__(self, *args, limit=None):
        args = args or arguments()
        self.tls = len(args) > 1
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, env=dict(
                os.environ, **({"CONNECTIONS": str(limit)} if limit else {})))
        self.address = self.process.stdout.readline().decode().strip()
        host, port = self.address.rsplit(":", 1)
        self.where = (self.address.removeprefix("unix://")
                      if host == "unix" else (host.strip("[]"), int(port)))

    def connect_plain(self, timeout=8):
        if isinstance(self.where, str):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(timeout)
            s.connect(self.where)
            return s
        return socket.create_connection(self.where, timeout=timeout)

    def connect(self, timeout=8):
        s = self.connect_plain(timeout)
        if not self.tls:
            return s
        return TLS.wrap_socket(s)

    def drain(self):
        self.process.stdin.close()

    def ended(self):
        """Its exit code, in the end."""
        code = self.process.wait(timeout=15)
        self.process.stdout.close()
        if code != 0:
            self.log.seek(0)
            sys.stderr.write(self.log.read().decode(errors="replace"))
        self.log.close()
        return code

    def stop(self):
        self.drain()
        return self.ended()


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def read_answer(s, head=False):
    """One answer, or None when the connection ends without."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = s.recv(65536)
        if not piece:
            return None
        data += piece
    top, _, body = data.partition(b"\r\n\r\n")
    lines = top.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    status = int(lines[0].split(" ")[1])
    if status == 100:
        return Answer(100, headers, body)
    length = int(headers.get("content-length", 0))
    while not head and len(body) < length:
        piece = s.recv(65536)
        if not piece:
            break
        body += piece
    return Answer(status, headers, body)


def request(path, method="GET", headers="", body="", token="good",
            version="HTTP/1.1"):
    if isinstance(path, bytes):
        path = path.decode("latin-1")
    if body and "Content-Length" not in headers \
            and "Transfer-Encoding" not in headers:
        headers += f"Content-Length: {len(body)}\r\n"
    return (f"{method} {path} {version}\r\nHost: a\r\n"
            f"X-Vault-Token: {token}\r\n{headers}\r\n{body}"
            ).encode("latin-1")


class Wire(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def send(self, data):
        with self.server.connect() as s:
            s.sendall(data)
            return read_answer(s)

    def refused(self, data, status=400):
        """Refused as JSON in our envelope, and hung up on."""
        with self.server.connect() as s:
            s.sendall(data)
            answer = read_answer(s)
            self.assertIsNotNone(answer, data)
            self.assertEqual(answer.status, status, data)
            self.assertEqual(len(answer.json()["errors"]), 1)
            self.assertEqual(answer.headers["content-type"],
                             "application/json")
            self.assertEqual(answer.headers["connection"], "close")
            self.assertEqual(s.recv(1), b"")


class Reading(Wire):
    def test_keep_alive_and_envelope(self):
        with self.server.connect() as s:
            for n in range(3):
                s.sendall(request(f"/v1/assay/things/a?count={n}"))
                answer = read_answer(s)
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.json()["data"]["count"], n)
                self.assertEqual(answer.headers["cache-control"], "no-store")
                self.assertEqual(answer.headers["content-type"],
                                 "application/json")

    def test_pipelined(self):
        with self.server.connect() as s:
            s.sendall(request("/livez") + request("/livez"))
            data = b""
            while data.count(b"200 OK") < 2 or not data.endswith(b"ok\n"):
                data += s.recv(65536)

    def test_http_1_0(self):
        answer = self.send(b"GET /livez HTTP/1.0\r\n\r\n")
        self.assertEqual(answer.status, 200)

    def test_head(self):
        with self.server.connect() as s:
            s.sendall(request("/v1/assay/things/a", "HEAD"))
            answer = read_answer(s, head=True)
            self.assertEqual(answer.status, 200)
            self.assertGreater(int(answer.headers["content-length"]), 100)
            self.assertEqual(answer.body, b"")
            s.sendall(request("/livez"))
            self.assertEqual(read_answer(s).body, b"ok\n")

    def test_no_content(self):
        with self.server.connect() as s:
            s.sendall(request("/v1/assay/things/a", "DELETE"))
            answer = read_answer(s)
            self.assertEqual((answer.status, answer.body), (204, b""))
            s.sendall(request("/livez"))
            self.assertEqual(read_answer(s).status, 200)

    def test_not_modified(self):
        with self.server.connect() as s:
            s.sendall(request("/v1/assay/things/a"))
            etag = read_answer(s).headers["etag"]
            s.sendall(request("/v1/assay/things/a",
                              headers=f"If-None-Match: {etag}\r\n"))
            answer = read_answer(s)
            self.assertEqual((answer.status, answer.body), (304, b""))
            self.assertEqual(answer.headers["etag"], etag)
            self.assertEqual(answer.headers["cache-control"], "no-store")

    def test_bodies(self):
        for headers, body in [
                ("", '{"count":"7"}'),
                ("Content-Type: application/x-www-form-urlencoded\r\n",
                 "count=7"),
                ("Content-Type: application/x-www-form-urlencoded\r\n",
                 '{"count":7}'),
                ("Transfer-Encoding: chunked\r\n",
                 '6\r\n{"coun\r\n5\r\nt":7}\r\n0\r\n\r\n')]:
            for method in ("PUT", "POST"):
                answer = self.send(request("/v1/assay/things/a", method,
                                           headers, body))
                self.assertEqual(answer.status, 200, answer.body)
                self.assertEqual(answer.json()["data"]["count"], 7)

    def test_expect_100(self):
        with self.server.connect() as s:
            s.sendall(request("/v1/assay/things/a", "PUT",
                              "Content-Length: 11\r\nExpect: 100-continue\r\n"))
            self.assertEqual(read_answer(s).status, 100)
            s.sendall(b'{"count":7}')
            self.assertEqual(read_answer(s).json()["data"]["count"], 7)

    def test_blocking_authorization(self):
        began = time.monotonic()
        answer = self.send(request("/v1/assay/things/a", token="slow"))
        self.assertEqual(answer.status, 200)
        self.assertGreater(time.monotonic() - began, 0.25)

    def test_tokens(self):
        for token, path, status in [
                ("", "things/a", 403), ("bad", "things/a", 403),
                ("dead", "things/a", 403), ("dead", "runs/other", 403),
                ("dead", "runs/mine", 200), ("good", "runs/other", 200)]:
            answer = self.send(request("/v1/assay/" + path, token=token))
            self.assertEqual(answer.status, status, (token, path))

    def test_v6(self):
        try:
            server = Server("[::1]:0")
        except (ValueError, OSError):
            self.skipTest("no IPv6 here")
        try:
            with server.connect() as s:
                s.sendall(request("/livez"))
                self.assertEqual(read_answer(s).status, 200)
        finally:
            server.stop()


class Ambiguous(Wire):
    def test_smuggling(self):
        for headers in [
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                "Content-Length: 5\r\nContent-Length: 5\r\n",
                "Content-Length: 5\r\nContent-Length: 6\r\n",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
                "Transfer-Encoding: gzip, chunked\r\n",
                "X-Vault-Token: good\r\n"]:
            self.refused(request("/v1/assay/things/a", "POST", headers,
                                 "0\r\n\r\nGET /livez HTTP/1.1\r\n\r\n"))

    def test_bad_lengths_never_reach_a_handler(self):
        for value in ("+5", "0x5", "5 5", "-1", "5, 5", "99999999999999999999"):
            with self.server.connect() as s:
                s.sendall(request("/v1/assay/things/a", "POST",
                                  f"Content-Length: {value}\r\n", "12345"))
                answer = read_answer(s)
                if answer is not None:
                    self.assertIn(answer.status, (400, 413), value)
                    self.assertEqual(answer.headers["connection"], "close")

    def test_odd_header_lines_never_hide_a_length(self):
        for line in ("Content-Length : 5", "Content-Length\t: 5",
                     " Content-Length: 5", "Content\x00Length: 5"):
            with self.server.connect() as s:
                s.sendall(request("/v1/assay/things/a", "POST",
                                  line + "\r\nTransfer-Encoding: chunked\r\n",
                                  "0\r\n\r\n"))
                answer = read_answer(s)
                if answer is not None:
                    self.assertEqual(answer.status, 400, line)

    def test_targets(self):
        for path in (b"/v1/assay/things/a%00b", b"/v1/assay/things/a%2Fb",
                     b"/v1/assay/things/a%2fb", b"/v1/assay/things/a%5Cb",
                     b"/v1/assay/things/a%0ab", b"/v1/assay/things/\x01",
                     b"/v1/assay/things/\xc3\xa4", b"/v1/assay/./things/a",
                     b"/v1/assay/../assay/things/a", b"/v1//assay/things/a",
                     b"//v1/assay/things/a", b"/v1/assay/things/a//",
                     b"/v1/assay/%2e%2e/assay/things/a",
                     b"/v1/assay/things/a%", b"/v1/assay/things/a?text=%00",
                     b"/v1/assay/things/a\\b", b"http://a/v1/assay/things/a",
                     b"*"):
            self.refused(request(path))

    def test_a_nul_in_the_target(self):
        for path in (b"/v1/assay/things/a\x00b", b"/v1/assay/things/a\x00",
                     b"/v1/assay/things/a?text=x\x00y"):
            with self.server.connect() as s:
                s.sendall(request(path))
                answer = read_answer(s)
                if answer is not None:
                    self.assertEqual(answer.status, 400, path)

    def test_token_in_a_trailer_does_not_count(self):
        data = ("POST /v1/assay/things/a HTTP/1.1\r\nHost: a\r\n"
                "Transfer-Encoding: chunked\r\nTrailer: X-Vault-Token\r\n\r\n"
                "2\r\n{}\r\n0\r\nX-Vault-Token: good\r\n\r\n").encode()
        self.assertEqual(self.send(data).status, 403)

    def test_wrapping_is_not_ignored(self):
        self.refused(request("/v1/assay/things/a",
                             headers="X-Vault-Wrap-TTL: 60\r\n"))


class Bounded(Wire):
    def test_url(self):
        self.refused(request("/v1/assay/things/" + "a" * 5000), 414)

    def test_headers(self):
        many = "".join(f"X-{n}: y\r\n" for n in range(80))
        self.refused(request("/livez", headers=many), 431)
        self.refused(request("/livez", headers=f"X: {'y' * 9000}\r\n"), 431)

    def test_headers_beyond_the_connections_memory(self):
        answer = self.send(request("/livez", headers=f"X: {'y' * 60000}\r\n"))
        self.assertIn(answer.status, (413, 431))

    def test_body(self):
        # Announced and modest, announced and absurd, not announced.
        self.refused(request("/v1/assay/things/a", "PUT", body="x" * 70000),
                     413)
        self.refused(request("/v1/assay/things/a", "PUT",
                             "Content-Length: 99999999\r\n"), 413)
        chunk = "10000\r\n" + "x" * 0x10000 + "\r\n"
        self.refused(request("/v1/assay/things/a", "PUT",
                             "Transfer-Encoding: chunked\r\n",
                             chunk * 2 + "0\r\n\r\n"), 413)

    def test_endless_body(self):
        with self.server.connect() as s:
            s.sendall(request("/v1/assay/things/a", "PUT",
                              "Transfer-Encoding: chunked\r\n"))
            chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
            with self.assertRaises(OSError):
                for _ in range(200):
                    s.sendall(chunk)
                if read_answer(s) is None:
                    raise OSError

    def test_connections(self):
        # Two at a time: the third is not turned away, it waits.
        server = Server(limit=2)
        held = [server.connect() for _ in range(2)]
        for s in held:
            s.sendall(request("/v1/assay/watch?wait=3s"))
        with server.connect() as third:
            third.sendall(request("/livez"))
            third.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                third.recv(1)
            third.settimeout(15)
            for s in held:
                self.assertEqual(read_answer(s).status, 200)
                s.close()
            self.assertEqual(read_answer(third).status, 200)
        self.assertEqual(server.stop(), 0)

    def test_depth(self):
        body = '{"a":' * 100 + "1" + "}" * 100
        answer = self.send(request("/v1/assay/things/a", "PUT", body=body))
        self.assertEqual(answer.status, 400)


class Slow(Wire):
    def trickle(self, data, within, first=b""):
        """Send a byte now and then: the server hangs up in time."""
        began = time.monotonic()
        with self.server.connect() as s:
            s.sendall(first)
            try:
                while time.monotonic() - began < within + 3:
                    if data:
                        s.sendall(data[:1])
                        data = data[1:]
                    s.settimeout(0.1)
                    try:
                        if s.recv(1000) == b"":
                            break
                    except TimeoutError:
                        pass
            except (ConnectionResetError, BrokenPipeError):
                pass
            took = time.monotonic() - began
        self.assertLess(took, within + LATE_S)
        self.assertGreater(took, within - 0.3)

    def test_request_line(self):
        self.trickle(b"GET /" + b"a" * 500, REQUEST_S)

    def test_headers(self):
        self.trickle(b"X: y\r\n" * 100, REQUEST_S,
                     b"GET /livez HTTP/1.1\r\n")

    def test_body(self):
        began = time.monotonic()
        with self.server.connect() as s:
            s.sendall(request("/v1/assay/things/a", "PUT",
                              "Content-Length: 100\r\n"))
            try:
                while time.monotonic() - began < 5:
                    s.sendall(b" ")
                    time.sleep(0.1)
            except OSError:
                pass
        self.assertLess(time.monotonic() - began, REQUEST_S + LATE_S)

    def test_silent(self):
        self.trickle(b"", REQUEST_S)

    def test_idle(self):
        with self.server.connect() as s:
            s.sendall(request("/livez"))
            self.assertEqual(read_answer(s).status, 200)
            began = time.monotonic()
            self.assertEqual(s.recv(1), b"")
            took = time.monotonic() - began
            self.assertLess(took, IDLE_S + LATE_S)
            self.assertGreater(took, IDLE_S - 0.3)

    def test_reader(self):
        with self.server.connect() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            s.sendall(request("/v1/assay/large"))
            time.sleep(SEND_S + LATE_S)
            size = 0
            try:
                while piece := s.recv(1 << 20):
                    size += len(piece)
            except ConnectionResetError:
                pass
            self.assertLess(size, 7_500_000)  # of 7.8 MB

    @unittest.skipIf(KIND == "tls", "Handshakes has its like")
    def test_many_do_not_keep_others_out(self):
        held = [self.server.connect() for _ in range(150)]
        for s in held:
            s.sendall(b"GET /livez HTTP/1.1\r\nX: ")
        answer = self.send(request("/livez"))
        self.assertEqual(answer.status, 200)
        for s in held:
            s.close()


class LongPolls(Wire):
    def change(self):
        answer = self.send(request("/v1/assay/change", "PUT"))
        self.assertEqual(answer.status, 204)

    def test_wakes(self):
        with self.server.connect() as s:
            s.sendall(request("/v1/assay/watch?wait=5s"))
            time.sleep(0.3)
            began = time.monotonic()
            self.change()
            self.assertTrue(read_answer(s).json()["data"]["changed"])
            self.assertLess(time.monotonic() - began, 2)

    def test_deadline(self):
        began = time.monotonic()
        answer = self.send(request("/v1/assay/watch?wait=700ms"))
        took = time.monotonic() - began
        self.assertFalse(answer.json()["data"]["changed"])
        self.assertGreater(took, 0.65)
        self.assertLess(took, 1.5)

    def test_is_not_swept(self):
        # Longer than the time a request may take to arrive.
        began = time.monotonic()
        answer = self.send(request("/v1/assay/watch?wait=4s"))
        self.assertEqual(answer.status, 200)
        self.assertGreater(time.monotonic() - began, 3.9)

    def test_keeps_the_connection(self):
        with self.server.connect() as s:
            for _ in range(3):
                s.sendall(request("/v1/assay/watch?wait=100ms", token="slow"))
                self.assertEqual(read_answer(s).status, 200)

    def test_the_ninth_is_answered_at_once(self):
        held = [self.server.connect() for _ in range(8)]
        for s in held:
            s.sendall(request("/v1/assay/watch?wait=5s"))
        time.sleep(0.3)
        began = time.monotonic()
        answer = self.send(request("/v1/assay/watch?wait=5s"))
        self.assertEqual(answer.status, 200)
        self.assertLess(time.monotonic() - began, 1)
        self.change()
        for s in held:
            self.assertTrue(read_answer(s).json()["data"]["changed"])
            s.close()

    def test_a_client_that_left_frees_its_place(self):
        held = [self.server.connect() for _ in range(8)]
        for s in held:
            s.sendall(request("/v1/assay/watch?wait=30s"))
        time.sleep(0.3)
        for s in held:
            s.close()
        time.sleep(2.2)
        began = time.monotonic()
        self.send(request("/v1/assay/watch?wait=700ms"))
        self.assertGreater(time.monotonic() - began, 0.65)

    @unittest.skipIf(KIND == "tls", "TLS has no such thing as half an end")
    def test_half_closed_is_answered(self):
        with self.server.connect() as s:
            s.sendall(request("/v1/assay/watch?wait=30s"))
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(read_answer(s).status, 200)

    def test_under_load(self):
        failures = []

        def poll():
            for _ in range(15):
                answer = self.send(request("/v1/assay/watch?wait=200ms"))
                if answer is None or answer.status != 200:
                    failures.append(answer)

        threads = [threading.Thread(target=poll) for _ in range(12)]
        for t in threads:
            t.start()
        while any(t.is_alive() for t in threads):
            self.change()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])


class Draining(unittest.TestCase):
    def under_way(self, s, data, after_s):
        """Send it on a connection that is served already, and let it begin."""
        s.sendall(request("/livez"))
        self.assertEqual(read_answer(s).status, 200)
        s.sendall(data)
        time.sleep(after_s)

    def test_parked_are_answered_and_new_ones_refused(self):
        server = Server()
        with server.connect() as s, server.connect() as idle:
            idle.sendall(request("/livez"))
            self.assertEqual(read_answer(idle).status, 200)
            self.under_way(s, request("/v1/assay/watch?wait=30s"), 0.3)
            began = time.monotonic()
            server.drain()
            answer = read_answer(s)
            self.assertEqual(answer.status, 200)
            self.assertFalse(answer.json()["data"]["changed"])
            self.assertEqual(answer.headers["connection"], "close")
            self.assertEqual(server.ended(), 0)
            self.assertLess(time.monotonic() - began, 2)
        with self.assertRaises(OSError):
            server.connect(timeout=1)

    def test_one_under_way_is_finished(self):
        server = Server()
        with server.connect() as s:
            self.under_way(s, request("/v1/assay/things/a", token="slower"), 1)
            server.drain()
            self.assertEqual(read_answer(s).status, 200)
            self.assertEqual(server.ended(), 0)

    def test_one_that_does_not_end_is_cut(self):
        server = Server()
        with server.connect() as s:
            self.under_way(s, request("/v1/assay/large"), 0.2)
            # A slow reader: the send deadline and the drain's meet.
            began = time.monotonic()
            server.drain()
            self.assertIn(server.ended(), (0, 3))
            self.assertLess(time.monotonic() - began, 4)

    def test_whenever_it_comes_it_is_survived(self):
        # The library's own way of listening no more aborts now and then.
        for _ in range(20):
            server = Server()
            held = [server.connect() for _ in range(4)]
            for s in held:
                s.sendall(request("/livez"))
            server.drain()
            for s in held:
                s.close()
            self.assertEqual(server.ended(), 0)


@unittest.skipUnless(KIND == "tls", "of TLS")
class Handshakes(Wire):
    def test_one_that_never_begins_or_never_ends_is_cut(self):
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        for trickled in (b"", hello + b"\x00" * 500):
            began = time.monotonic()
            with self.server.connect_plain() as s:
                s.settimeout(0.1)
                try:
                    while time.monotonic() - began < REQUEST_S + 4:
                        if trickled:
                            s.sendall(trickled[:1])
                            trickled = trickled[1:]
                        try:
                            if s.recv(1000) == b"":
                                break
                        except TimeoutError:
                            pass
                except (ConnectionResetError, BrokenPipeError):
                    pass
            self.assertLess(time.monotonic() - began, REQUEST_S + 3)

    def test_in_the_clear_nothing_is_answered(self):
        with self.server.connect_plain() as s:
            s.sendall(request("/livez"))
            try:
                answer = s.recv(1000)
            except ConnectionResetError:
                answer = b""
            self.assertNotIn(b"HTTP/", answer)

    def test_many_unfinished_do_not_keep_others_out(self):
        held = [self.server.connect_plain() for _ in range(150)]
        self.assertEqual(self.send(request("/livez")).status, 200)
        for s in held:
            s.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
