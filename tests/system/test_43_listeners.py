# SPDX-License-Identifier: Apache-2.0
"""Every way in: TLS, with clients' certificates, a unix socket, through a
proxy; and how many may come at once."""
import http.client
import json
import os
import pathlib
import shutil
import ssl
import stat

import pytest

from tests.support import rest
from tests.support.assay import Assay, merge, run_assay
from tests.support.certs import Authority
from tests.support.process import free_port, until
from tests.support.world import World

from tests.system.conftest import make_directory


class Place:
    """One daemon with a listener of each kind."""

    def __init__(self, directory, server, binary):
        self.world = World(directory, server, binary)
        self.dir = pathlib.Path(directory)
        self.ca = Authority(self.dir / "ca")
        self.client = self.ca.client("somebody")
        self.cert, self.key = self.dir / "cert.pem", self.dir / "key.pem"
        self.use("first")
        ports = [free_port() for _ in range(3)]
        self.https, self.strict = (f"https://127.0.0.1:{p}"
                                   for p in ports[:2])
        self.proxied = f"http://127.0.0.1:{ports[2]}"
        self.socket = self.dir / "assay.sock"
        files = {"tls_cert_file": str(self.cert),
                 "tls_key_file": str(self.key)}
        self.listen = [
            {"address": self.https.removeprefix("https://"), **files},
            {"address": self.strict.removeprefix("https://"), **files,
             "tls_min_version": "tls13", "tls_require_client_cert": True,
             "tls_client_ca_file": str(self.ca.pem)},
            {"address": f"unix://{self.socket}", "socket_mode": "0660"},
            {"address": self.proxied.removeprefix("http://"),
             "x_forwarded_for_authorized_addrs": ["127.0.0.0/8"]}]

    def use(self, name):
        """Put a new certificate where the daemon looks for it."""
        for made, place in zip(self.ca.server(name), (self.cert, self.key)):
            shutil.copy(made, place)

    def up(self):
        self.world.up(start=False)
        self.assay = self.world.assay
        self.assay.config["listen"] += self.listen
        self.assay.start()
        self.assay.token = self.world.login("alice")
        return self

    def logged(self, text):
        """The line about a request is written after its answer."""
        until(lambda: text in self.assay.log(), 30, f"the log says {text}")

    def status(self, base, token=None, **more):
        return rest.request(base, "GET", "/v1/assay/status",
                            token=token or self.assay.token, **more)


@pytest.fixture(scope="module")
def place(server, binary):
    path = make_directory()
    made = Place(path, server, binary)
    try:
        yield made.up()
    finally:
        made.world.down()
        shutil.rmtree(path, ignore_errors=True)


def shown(base, context):
    """The common name of the certificate that a new connection gets, and the
    connection."""
    port = int(base.rsplit(":", 1)[1])
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30,
                                             context=context)
    connection.connect()
    subject = connection.sock.getpeercert()["subject"]
    return dict(pair[0] for pair in subject)["commonName"], connection


def livez(connection):
    connection.request("GET", "/livez")
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_43_https_and_vaults_own_cli(place):
    assert place.status(place.https, tls=place.ca.trusting()).status == 200
    done = place.world.server.cli(
        place.https, place.assay.token, "read", "-format=json",
        "assay/status", env={"VAULT_CACERT": str(place.ca.pem),
                             "BAO_CACERT": str(place.ca.pem)})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["cluster"] == "main"
    # Whoever does not know the authority sends no token.
    with pytest.raises(ssl.SSLCertVerificationError):
        place.status(place.https, tls=ssl.create_default_context())


def test_43_what_is_too_old_is_refused(place):
    context = place.ca.trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert place.status(place.https, tls=context).status == 200
    context.load_cert_chain(*place.client)
    with pytest.raises(ssl.SSLError):
        place.status(place.strict, tls=context)


def test_43_clients_must_show_a_certificate(place, tmp_path):
    assert place.status(place.strict,
                        tls=place.ca.trusting(place.client)).status == 200
    # It opens the door; what one may do there is the token's.
    assert place.status(place.strict, token="s.nobody",
                        tls=place.ca.trusting(place.client)).status == 403
    stranger = Authority(tmp_path).client("stranger")
    for context in (place.ca.trusting(), place.ca.trusting(stranger)):
        with pytest.raises((ssl.SSLError, ConnectionError,
                            http.client.HTTPException)):
            place.status(place.strict, tls=context)


def test_43_health_finds_every_door(place, binary):
    def health(*args, **env):
        return run_assay(binary, "health", *args, env=env).returncode

    ca = str(place.ca.pem)
    assert health(ASSAY_ADDRESS=place.https, ASSAY_CACERT=ca) == 0
    assert health(ASSAY_ADDRESS=place.https) == 1
    assert health("-tls-skip-verify", ASSAY_ADDRESS=place.https) == 0
    assert health("-address", place.strict, "-ca-cert", ca) == 1
    assert health("-address", place.strict, "-ca-cert", ca, "-client-cert",
                  place.client[0], "-client-key", place.client[1]) == 0
    assert health("-address", f"unix://{place.socket}") == 0


def test_43_a_new_certificate_without_dropping_anybody(place):
    context = place.ca.trusting()
    name, old = shown(place.https, context)
    assert livez(old) == 200
    place.use("second")
    place.assay.reload()
    young_name, young = shown(place.https, context)
    assert (name, young_name) == ("first", "second")
    assert livez(young) == 200
    assert livez(old) == 200
    # Half of it, as an agent may leave it: what was there goes on.
    good = place.key.read_bytes()
    place.key.write_text("nothing")
    with pytest.raises(AssertionError, match="nothing has changed"):
        place.assay.reload()
    place.key.write_bytes(good)
    assert shown(place.https, context)[0] == "second"
    assert livez(old) == 200 and livez(young) == 200
    old.close()
    young.close()


def test_43_a_unix_socket(place):
    assert stat.S_IMODE(place.socket.stat().st_mode) == 0o660
    base = f"unix://{place.socket}"
    assert place.status(base).status == 200
    place.logged(f"from unix uid={os.getuid()}")
    done = place.world.server.cli(base, place.assay.token, "read",
                                  "-field=cluster", "assay/status")
    assert (done.returncode, done.stdout.strip()) == (0, "main"), done.stderr


def test_43_a_second_daemon_leaves_the_socket_alone(place, binary):
    other = Assay(binary, place.dir / "other", config=merge(
        place.world.config, {"listen": [
            {"address": f"unix://{place.socket}"}]}))
    other.start(ready=False)
    assert other.process.wait(30) == 1, other.log()
    assert "somebody else does" in other.log()
    assert place.status(f"unix://{place.socket}").status == 200


def test_43_a_socket_left_behind_is_replaced(place):
    place.assay.process.kill()
    assert place.socket.exists()
    place.assay.start()
    assert place.status(f"unix://{place.socket}").status == 200
    assert place.assay.stop() == 0
    assert not place.socket.exists()
    place.assay.start()


def test_43_in_the_clear_only_if_that_is_meant(place, binary, tmp_path):
    path = tmp_path / "assay.json"

    def check(**listen):
        path.write_text(json.dumps(merge(place.assay.config,
                                         {"listen": [listen]})))
        return run_assay(binary, "config", "check", "-config", path)

    done = check(address="0.0.0.0:8210")
    assert done.returncode == 1
    assert "tokens would travel in the clear" in done.stderr + done.stdout
    assert check(address="0.0.0.0:8210", tls_disable=True).returncode == 0
    assert check(address="0.0.0.0:8210", tls_cert_file=str(place.cert),
                 tls_key_file=str(place.key)).returncode == 0


def test_43_through_a_proxy(place):
    def ask(forwarded, base=place.proxied):
        answer = place.status(base, headers={"X-Forwarded-For": forwarded}
                              if forwarded else {})
        return answer.status

    assert ask("203.0.113.9, 198.51.100.7") == 200
    place.logged("from 198.51.100.7")
    assert "203.0.113.9" not in place.assay.log()
    # Somebody who came past the proxy; somebody who makes things up.
    assert ask(None) == 400
    assert ask("somebody") == 400
    # Where no proxy is named the header is not looked at.
    before = place.assay.log().count("from 127.0.0.1")
    assert ask("192.0.2.99", place.assay.address) == 200
    until(lambda: place.assay.log().count("from 127.0.0.1") > before, 30,
          "the log has it")
    assert "192.0.2.99" not in place.assay.log()


def test_43_too_many_requests(place):
    bob = place.world.login("bob")
    place.assay.config["limits"] = {"caller_requests_per_second": 1,
                                    "caller_burst": 10}
    place.assay.reload()
    try:
        # Sooner or later, for nobody asks once a second only.
        answer = until(lambda: next(
            (a for a in (place.status(place.assay.address)
                         for _ in range(20)) if a.status != 200), None),
            60, "there were too many")
        assert answer.status == 429, answer
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.errors == ["rate limit exceeded: too many requests "
                                 "from this token"]
        # Another one from there is another caller; and probes are none.
        assert place.status(place.assay.address, token=bob).status == 200
        for _ in range(20):
            assert rest.request(place.assay.address, "GET",
                                "/livez").status == 200
    finally:
        del place.assay.config["limits"]
        place.assay.reload()
    until(lambda: place.status(place.assay.address).status == 200, 30,
          "there is room again")
