# SPDX-License-Identifier: Apache-2.0
"""Bad days of transient clusters that are somebody else's: whatever goes
wrong, the verdict is true, a sentence says what to do, and what was raised is
destroyed, or everybody hears of it."""
import contextlib
import http.server
import json
import signal
import sys
import threading

import pytest

from tests.support import contained, raised, rest
from tests.support.assay import check, merge
from tests.support.process import halt, send, until

UP = [sys.executable, str(raised.LAUNCHER)]


def program(bench, name, text):
    path = bench.path / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return [str(path)]


def prints(bench, name, answer):
    return program(bench, name, f"cat >/dev/null\nprintf '%s' '{answer}'\n")


@contextlib.contextmanager
def configured(bench, **transient):
    """Other settings, for as long as it takes; the daemon goes on."""
    assay = bench.world.assay
    before = assay.config
    assay.config = merge(before, {"transient": transient})
    assay.reload()
    try:
        yield assay
    finally:
        assay.config = before
        assay.reload()


def prove(bench, driver):
    assay = bench.world.assay
    run = assay.create("validations", snapshot=bench.snapshot, driver=driver)
    return assay.wait("validations", run["id"])


def said(bench, driver):
    """What an inconclusive verdict says; nothing is left."""
    run = prove(bench, driver)
    assert run["status"] == "succeeded", run["error"]
    assert run["verdict"] == "inconclusive", run["checks"]
    assert check(run, "authentic")["outcome"] == "pass"
    assert bench.rigs[driver].left(bench.data) == []
    text = check(run, "restorable")["message"]
    assert check(run, "restorable")["outcome"] == "not_run"
    print(text)
    return text


def command(bench, up, **settings):
    place = bench.rigs["command"].place
    return {"command": {"up": up, "down": UP + ["down", str(place)],
                        "status": None, "timeout": "5s", **settings}}


# What `up` may do.

@pytest.mark.parametrize("text,expected", [
    ("cat >/dev/null; echo hello", "printed"),
    ("cat >/dev/null", "no JSON object"),
    ("cat >/dev/null; echo '{}'", "vault_addr"),
    ("echo 'no quota left' >&2; exit 3", "exit code 3: no quota left"),
    ("sleep 60", "did not end within 1 s"),
    ("kill -9 $$", "signal 9"),
    ("yes", "larger than"),
    ("echo '{\"vault_addr\": \"http://10.1.2.3:8200\"}'", "vault_cacert"),
    ("echo '{\"vault_addr\": \"gopher://x\"}'", "no address"),
    ("echo '{\"vault_addr\": \"unix:///nowhere/s\"}'", "no usable server"),
])
def test_up_does_not_do_it(bench, text, expected):
    up = program(bench, "up", text + "\n")
    with configured(bench, **command(bench, up, timeout="1s")):
        assert expected in said(bench, "command")


def test_no_such_program(bench):
    with configured(bench, **command(bench, ["/nonexistent/up"])):
        assert "/nonexistent/up: there is no such program" in said(
            bench, "command")


class Broken(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(500, "made to fail")

    do_POST = do_PUT = do_GET

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def broken():
    """The address of a server that answers 500 to everything."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_address_answers_500(bench):
    with broken() as address:
        up = prints(bench, "up", json.dumps({"vault_addr": address}))
        with configured(bench, **command(bench, up, timeout="2s")):
            text = said(bench, "command")
    assert "no usable server" in text and "500" in text


def test_the_scratch_cluster_answers_500(bench):
    with broken() as address:
        with configured(bench, existing={"address": address}):
            text = said(bench, "existing")
    assert "transient.existing.address" in text and "500" in text


# Containment.

def test_nobody_says_that_it_is_contained(bench):
    with configured(bench, egress_blocked=False):
        for driver in sorted(set(bench.rigs) - {"process"}):
            assert "transient.egress_blocked" in said(bench, driver)


def test_the_server_itself_reaches_the_primary(bench):
    place = bench.rigs["command"].place
    up = UP + ["open", str(bench.world.server.path), str(place)]
    with configured(bench, **command(bench, up, timeout="60s")):
        text = said(bench, "command")
    assert "it can reach " + bench.world.cluster.address in text
    assert "block its way out" in text


def test_the_operators_probe_gets_out(bench):
    place = bench.rigs["command"].place
    up = UP + ["up", str(bench.world.server.path), str(place)]
    probe = prints(bench, "probe", '{"egress_probe": "open"}')
    with configured(bench, **command(bench, up, egress_probe=probe,
                                     timeout="60s")):
        assert 'says "open"' in said(bench, "command")


# How it is reached.

def test_over_tls_with_the_ca_that_was_handed_out(bench):
    place = bench.rigs["command"].place
    up = UP + ["tls", str(bench.world.server.path), str(place)]
    with configured(bench, **command(bench, up, timeout="60s")):
        run = prove(bench, "command")
    assert run["verdict"] == "valid", run["checks"]


def test_a_certificate_of_somebody_else_is_refused(bench):
    place = bench.rigs["command"].place
    up = program(bench, "up", f"{sys.executable} {raised.LAUNCHER} tls "
                              f"{bench.world.server.path} {place} | "
                              "sed 's/vault_cacert/other/'\n")
    with configured(bench, **command(bench, up, timeout="8s")):
        text = said(bench, "command")
    assert "no usable server" in text and "certificate" in text


# A server with a life of its own.

def test_a_server_that_is_initialised_already(bench):
    place = bench.rigs["command"].place
    up = UP + ["born", "3", "2", str(bench.world.server.path), str(place)]
    with configured(bench, **command(bench, up, timeout="60s")):
        run = prove(bench, "command")
    assert run["verdict"] == "valid", run


def test_of_another_share_count_it_would_not_unseal(bench):
    place = bench.rigs["command"].place
    up = UP + ["born", "1", "1", str(bench.world.server.path), str(place)]
    with configured(bench, **command(bench, up, timeout="60s")):
        assert "initialise it with the same" in said(bench, "command")


# A server that dies under way: that says nothing about the snapshot.

def dies(bench, driver, came, tries=4):
    """The run during which it was killed, once it had come so far."""
    for _ in range(tries):
        run = killed(bench, driver, came)
        if run["verdict"] != "valid":  # it was asked everything already
            break
    assert run["verdict"] in (None, "inconclusive"), run["checks"]
    assert not any(c["outcome"] == "fail" for c in run["checks"]), run
    assert bench.rigs[driver].left(bench.data) == []
    return run


def killed(bench, driver, came):
    assay, rig = bench.world.assay, bench.rigs[driver]
    run = assay.create("validations", snapshot=bench.snapshot, driver=driver)

    def servers():
        return assay.transient_servers() if driver == "process" else list(
            filter(None, [contained.alive(rig.place)]))

    send(halt(lambda: assay.api("GET", f"validations/{run['id']}").ok().data,
              servers, came), signal.SIGKILL)
    return assay.wait("validations", run["id"])


def is_of_death(text):
    """What there is to be said depends on what was under way."""
    return any(said in text for said in (
        "was killed", "cannot connect to", "closed the connection"))


def at_status(status):
    return lambda run: run["status"] == status


def at_phase(*names):
    return lambda run: run["phase"] in names


@pytest.mark.parametrize("came", [
    lambda run: True, at_status("restoring"), at_phase("unseal", "active")],
    ids=["up", "restoring", "active"])
def test_our_own_server_dies(bench, came):
    """It is inconclusive or has failed, and says at once of what."""
    run = dies(bench, "process", came)
    text = run["error"]
    if run["status"] == "succeeded":
        assert run["verdict"] == "inconclusive", run
        text = check(run, "restorable")["message"]
    else:
        assert run["verdict"] is None
    print(text)
    assert run["restore_seconds"] is not None or is_of_death(text), text


@pytest.mark.parametrize("came", [
    at_status("restoring"), at_phase("active")], ids=["restoring", "active"])
def test_somebodys_server_dies(bench, came):
    """Nobody waits for ever for one that is dead."""
    with configured(bench, **command(
            bench, UP + ["up", str(bench.world.server.path),
                         str(bench.rigs["command"].place)], timeout="6s")):
        run = dies(bench, "command", came)
    assert run["status"] == "succeeded", run["error"]
    assert run["verdict"] == "inconclusive", run["checks"]
    found = check(run, "restorable")
    if found["outcome"] != "pass":
        assert found["outcome"] == "not_run"
        print(found["message"])
        assert is_of_death(found["message"]), found


@pytest.mark.parametrize("driver", ["process", "command"])
def test_it_dies_while_it_is_asked(bench, driver):
    run = dies(bench, driver, at_status("checking"))
    assert run["status"] == "succeeded", run["error"]
    assert run["verdict"] == "inconclusive", run["checks"]
    assert check(run, "restorable")["outcome"] == "pass"
    found = check(run, "lossless")
    assert found["outcome"] == "not_run"
    print(found["message"])
    assert "; the restored copy is gone (" in found["message"]
    assert is_of_death(found["message"].rsplit("gone (")[1])
    assert found["message"].endswith("): validate again")


@contextlib.contextmanager
def lives(bench):
    """Stopped and started with other settings, until the end."""
    assay = bench.world.assay
    before = assay.config
    try:
        yield assay
    finally:
        assay.stop()
        assay.config = before
        assay.start()


def crash_while_it_is_lent(bench, assay):
    """Production's data is in it."""
    rig = bench.rigs["existing"]
    assay.create("validations", snapshot=bench.snapshot, driver="existing")
    until(lambda: rig.status()["sealed"] or rig.there(), 60, "it is filled",
          every=0.01)
    assay.process.kill()
    for key in bench.world.cluster.keys:
        rest.request(rig.address, "PUT", "/v1/sys/unseal", {"key": key})
    raised.wait_active(rig.address)


def test_a_scratch_cluster_that_became_production(bench):
    """Whoever lost the primary may make its copy the new one: the next life
    must not put the old data over it.  The one after that, which may, has the
    copy's key shares from a command."""
    rig, world = bench.rigs["existing"], bench.world
    with lives(bench) as assay:
        crash_while_it_is_lent(bench, assay)
        before = assay.config
        assay.config = merge(before, {"clusters": {"new": {
            **before["clusters"]["main"], "address": rig.address}}})
        assay.start()
        assert "is not put back" in assay.log()
        assert 'is the cluster "new" now' in assay.log()
        assert rig.there()
        assay.stop()
        rest.request(rig.address, "PUT", "/v1/sys/seal",
                     token=world.cluster.root).ok()
        raised.wait_sealed(rig.address)
        shares = "".join(f"echo {k}\n" for k in world.cluster.keys)
        assay.config = merge(before, {"clusters": {"main": {"unseal": {
            "key_files": None,
            "command": program(bench, "shares", shares)}}}})
        assay.start()
        assert rig.left(bench.data) == []


# Terraform.

@pytest.fixture
def module(bench):
    """The module's file; written back at the end."""
    if "terraform" not in bench.rigs:
        pytest.skip("there is neither terraform nor tofu on PATH")
    path = bench.rigs["terraform"].module / "main.tf"
    before = path.read_text()
    yield path
    path.write_text(before)


def test_a_module_that_does_not_apply(bench, module):
    module.write_text(module.read_text() + """
resource "terraform_data" "late" {
  depends_on = [terraform_data.server]
  lifecycle {
    precondition {
      condition     = terraform_data.server.id == ""
      error_message = "The account has no quota left."
    }
  }
}
""")
    text = said(bench, "terraform")
    assert "terraform apply" in text and "no quota left" in text


def test_a_module_that_is_none(bench, module):
    module.write_text("resource {")
    assert "terraform init" in said(bench, "terraform")


def test_a_module_without_the_output(bench, module):
    module.write_text('variable "python" {}\noutput "x" { value = 1 }\n')
    assert "vault_addr" in said(bench, "terraform")


def test_what_the_module_raised_answers_500(bench, module):
    with broken() as address:
        module.write_text(
            'variable "python" {}\nvariable "launcher" {}\n'
            'variable "server" {}\nvariable "place" {}\n'
            'variable "fail" {}\n'
            f'output "vault_addr" {{ value = "{address}" }}\n')
        with configured(bench, terraform={"timeout": "15s"}):
            text = said(bench, "terraform")
    assert "no usable server" in text and "500" in text


def test_secrets_of_the_environment_are_hidden(bench, module):
    module.write_text(module.read_text() + """
resource "terraform_data" "tell" {
  lifecycle {
    precondition {
      condition     = terraform_data.server.id == ""
      error_message = "It is ${var.fail}."
    }
  }
}
""")
    text = said(bench, "terraform")
    assert "It is ****" in text and "no-value-to-be-seen" not in text


# What does not go away.

def loud(bench, driver, *words):
    run = prove(bench, driver)
    assert run["status"] == "failed" and run["verdict"] is None, run
    for word in ("NOT GONE", *words):
        assert word in run["error"], run["error"]
    until(lambda: run["error"] in bench.world.assay.log(), 10, "it is logged")
    assert bench.rigs[driver].left(bench.data) != []


def next_start(bench, driver):
    """With what is configured then."""
    assay = bench.world.assay
    assay.stop()
    assay.start()
    assay.token = bench.world.login()
    assert bench.rigs[driver].left(bench.data) == []


def test_a_destroy_that_fails_is_loud(bench, module):
    good = module.read_text()
    stop = bench.path / "stop"
    stop.touch()
    module.write_text(good.replace(
        "command = \"${self.input.python} ${self.input.launcher} down",
        f"command = \"test ! -e {stop} && ${{self.input.python}} "
        "${self.input.launcher} down"))
    loud(bench, "terraform", "terraform destroy", str(bench.data))
    stop.unlink()
    next_start(bench, "terraform")


def test_a_down_that_fails_is_loud(bench):
    """Also after an `up` that did: who knows what it left."""
    up = program(bench, "up", "exit 1\n")
    down = program(bench, "down", "cat >/dev/null; echo 'not today' >&2; "
                                  "exit 1\n")
    with configured(bench, **command(bench, up, down=down, timeout="60s")):
        loud(bench, "command", "not today")
    next_start(bench, "command")


def test_a_down_that_lies_is_noticed(bench):
    place = bench.rigs["command"].place
    up = UP + ["up", str(bench.world.server.path), str(place)]
    down = program(bench, "down", "cat >/dev/null\n")
    with configured(bench, **command(bench, up, down=down, timeout="60s")):
        loud(bench, "command", "still answers")
    next_start(bench, "command")


# The scratch cluster.

def raft_index(cluster):
    return cluster.nodes[0].applied_index()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_primary_is_no_scratch_cluster(bench, host):
    world, rig = bench.world, bench.rigs["existing"]
    before = world.cluster.snapshot()
    token = rig.secret("primary-token", world.cluster.root)
    address = world.cluster.address.replace("127.0.0.1", host)
    with configured(bench, existing={"address": address,
                                     "token_file": token}):
        text = said(bench, "existing")
    assert "it is not touched" in text
    assert before  # and it still answers, as itself
    assert world.cluster.kv("shop/item-3") == {"price": "300"}


def test_without_its_keys_it_could_not_be_put_back(bench):
    with configured(bench, existing={"key_files": None}):
        assert "transient.existing.key_files" in said(bench, "existing")


def test_with_a_dead_token_it_is_left_alone(bench):
    token = bench.rigs["existing"].secret("dead", "s.nobody")
    with configured(bench, existing={"token_file": token}):
        said(bench, "existing")


def test_a_copy_of_the_primary_is_left_alone(bench):
    """A scratch cluster that still holds the last copy, say."""
    rig, cluster = bench.rigs["existing"], bench.world.cluster
    own = rest.request(rig.address, "GET", "/v1/sys/storage/raft/snapshot",
                       token=rig.root).ok().body

    def force(body, token, keys):
        rest.request(rig.address, "POST",
                     "/v1/sys/storage/raft/snapshot-force", body,
                     token=token).ok()
        raised.wait_sealed(rig.address)
        for key in keys:
            rest.request(rig.address, "PUT", "/v1/sys/unseal",
                         {"key": key}).ok()
        raised.wait_active(rig.address)

    force(cluster.snapshot(), rig.root, cluster.keys[:2])
    token = rig.secret("copy-token", cluster.root)
    run = None
    with configured(bench, existing={"token_file": token}):
        run = prove(bench, "existing")
    force(own, cluster.root, rig.keys)
    assert run["verdict"] == "inconclusive", run
    assert "cluster id" in check(run, "restorable")["message"]


# Who logs in.

def test_root_is_the_last_resort(bench):
    auth = {"method": "approle", "role_id": "nobody", "secret_id": "nothing"}
    with configured(bench, auth=auth):
        assert "cannot log in" in said(bench, "process")
    with configured(bench, auth=auth, allow_generate_root=True):
        run = prove(bench, "process")
    assert run["verdict"] == "valid", run["checks"]
    assert "asked as root" in check(run, "restorable")["message"]


# Which driver.

def test_a_driver_must_be_known_and_configured(bench):
    assay = bench.world.assay
    answer = assay.api("POST", "validations", {"driver": "nomad"})
    assert answer.status == 400
    assert "process, terraform, command, existing" in answer.errors[0]
    with configured(bench, command=None):
        answer = assay.api("POST", "validations", {"driver": "command"})
    assert answer.status == 400
    assert "transient.command.up" in answer.errors[0]


def test_everything_is_as_it_was(bench):
    """After all of the above."""
    for rig in bench.rigs.values():
        assert rig.left(bench.data) == []
    assert contained.alive(bench.rigs["existing"].place)
