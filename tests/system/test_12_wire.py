# SPDX-License-Identifier: Apache-2.0
"""What no well-meaning client sends."""
import re
import socket

import pytest


def raw(assay, text, timeout=10):
    """The first answer to these bytes, whole, or b"" when it hung up."""
    with socket.create_connection(("127.0.0.1", assay.port),
                                  timeout=timeout) as s:
        s.sendall(text)
        answer = b""
        try:
            while piece := s.recv(65536):
                answer += piece
                head, found, body = answer.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                if found and length and len(body) >= int(length[1]):
                    break
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer else None


def get(shared, path):
    return raw(shared.assay, f"GET {path} HTTP/1.1\r\nHost: a\r\n"
               f"X-Vault-Token: {shared.assay.token}\r\n\r\n".encode())


@pytest.mark.parametrize("path", [
    "/v1/assay/status%00", "/v1/assay%2Fstatus", "/v1/assay/../assay/status",
    "/v1/assay//status", "/v1/assay/%2e%2e/assay/status",
    "/v1/assay/snapshots%5Clatest"])
def test_12_paths_that_mean_two_things(shared, path):
    assert status(get(shared, path)) == 400, path


@pytest.mark.parametrize("headers", [
    "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    "Content-Length: 2\r\nContent-Length: 3\r\n"])
def test_12_two_lengths_are_smuggling(shared, headers):
    answer = raw(shared.assay, (
        "POST /v1/assay/backups HTTP/1.1\r\nHost: a\r\n"
        f"X-Vault-Token: {shared.assay.token}\r\n{headers}\r\n"
        "0\r\n\r\n").encode())
    assert status(answer) == 400
    assert b"close" in answer.lower()


def test_12_a_body_that_is_too_large(shared):
    answer = shared.assay.api("POST", "backups",
                              {"reason": "x" * (1 << 20)})
    assert answer.status == 413, answer


def test_12_json_that_is_too_deep(shared):
    answer = shared.assay.api("POST", "backups",
                              b"[" * 10000 + b"]" * 10000)
    assert answer.status == 400


def test_12_unknown_paths_and_verbs(shared):
    assert shared.assay.api("GET", "nothing").status == 404
    assert shared.assay.api("DELETE", "status").status == 405
