# SPDX-License-Identifier: Apache-2.0
"""What the daemon has given up when it runs, seen from outside; that it works
without is what all the other tests show."""
import os
import pathlib
import pwd
import shutil
import signal
import socket

import pytest

from tests.support import rest
from tests.support.assay import run_assay
from tests.support.process import until


def facts(pid):
    """/proc/<pid>/status as a dict."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return dict(line.split(":\t", 1) for line in f.read().splitlines()
                    if ":\t" in line)


def launchers(pid):
    """The processes that start sandboxes for that daemon."""
    found = []
    for name in os.listdir("/proc"):
        try:
            words = pathlib.Path(f"/proc/{name}/cmdline").read_bytes()
            if b"\0__launcher\0" in words and \
                    facts(name)["PPid"] == str(pid):
                found.append(int(name))
        except (OSError, KeyError):
            continue
    return found


def script(directory, name, text):
    path = directory / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_48_the_daemon_and_its_programs_are_confined(new_world):
    """A program that hands out key shares is one that the daemon starts: it
    tries what it must not, and says what came of it."""
    world = new_world(start=False)
    assay = world.assay
    # Where whoever built the program may write.
    outside = pathlib.Path(world.binary).parent / "assay-was-here"
    outside.unlink(missing_ok=True)
    keys = assay.config["clusters"]["main"]["unseal"]["key_files"]
    command = script(world.dir, "shares", f"""
exec 3> {world.dir}/said
( : > {outside} ) 2>/dev/null && echo outside >&3
( : > {assay.dir}/data/inside ) 2>/dev/null && echo inside >&3
grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status >&3
cat {' '.join(keys)}""")
    assay.config["clusters"]["main"]["unseal"] = {"command": [command]}
    assay.config["hardening"] = {"landlock": "required",
                                 "seccomp": "required"}
    assay.start()
    assay.token = world.login()

    pid = assay.process.pid
    seen = facts(pid)
    assert seen["NoNewPrivs"] == "1" and seen["Seccomp"] == "2", seen
    for task in os.listdir(f"/proc/{pid}/task"):
        assert facts(f"{pid}/task/{task}")["Seccomp"] == "2"
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        core = [x for x in f if x.startswith("Max core file size")][0]
    assert core.split()[4:6] in (["1", "1"], ["0", "0"]), core
    status = assay.api("GET", "status").ok().data
    assert status["hardening_landlock"] == "on"
    assert status["hardening_seccomp"] == "on"
    assert status["hardening_memory_locked"] in (True, False)
    assert "hardening: landlock on, seccomp on" in assay.log()

    snapshot = assay.backup()
    run = assay.run("validations", snapshot=snapshot)
    assert run["verdict"] == "valid", run["checks"]
    said = (world.dir / "said").read_text().split()
    assert not outside.exists()
    assert "outside" not in said and "inside" in said, said
    assert said[said.index("Seccomp:") + 1] == "2", said
    assert said[said.index("NoNewPrivs:") + 1] == "1", said

    # Without who starts the sandboxes nothing else breaks, and the run says
    # what is to be done.
    [starter] = launchers(pid)
    os.kill(starter, signal.SIGKILL)
    run = assay.run("validations", snapshot=snapshot)
    assert run["verdict"] != "valid", run
    assert "restart assay" in str(run["error"]), run["error"]
    assert assay.stop() == 0
    until(lambda: launchers(pid) == [], 10, "nothing is left")


def test_48_confining_can_be_left_off(new_world):
    world = new_world(start=False)
    assay = world.assay
    assay.config["hardening"] = {"landlock": "off", "seccomp": "off"}
    assay.start()
    assay.token = world.login()
    assert facts(assay.process.pid)["Seccomp"] == "0"
    assert launchers(assay.process.pid) == []
    status = assay.api("GET", "status").ok().data
    assert status["hardening_landlock"] == "off"
    assert status["hardening_seccomp"] == "off"
    assert "landlock and seccomp are off" in assay.log()
    assert assay.stop() == 0

    # A path that is not there is a typing error: it is said at the start.
    assay.config["hardening"] = {"write_paths": ["/there/is/no/such"]}
    done = run_assay(world.binary, "server", "-config", assay.write_config())
    assert done.returncode == 1
    assert "/there/is/no/such" in done.stderr, done.stderr


def own(path, user):
    os.chown(path, user.pw_uid, user.pw_gid)


def assert_user(seen, user, rights="0" * 16):
    """No id of anybody else's, and no right but these."""
    assert seen["Uid"].split() == [str(user.pw_uid)] * 4, seen
    assert seen["Gid"].split() == [str(user.pw_gid)] * 4, seen
    for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert seen[name] == rights, seen
    assert seen["NoNewPrivs"] == "1", seen


@pytest.fixture
def beside_nobody(new_world):
    """A world whose Assay, started as root, is to become `nobody`, to whom
    its files belong."""
    world = new_world(start=False)
    nobody = pwd.getpwnam("nobody")
    for path in (world.assay.dir, *(world.dir / "keys").iterdir()):
        own(path, nobody)
    # Where it is, only root may get at it.
    server = world.dir / world.server.path.name
    shutil.copyfile(world.server.path, server)
    server.chmod(0o755)
    world.assay.config["transient"]["server"] = str(server)
    world.assay.config["user"] = "nobody"
    return world


def low_port():
    """A port that takes a right to listen on; None where that cannot be
    tried."""
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start",
              encoding="ascii") as f:
        if int(f.read()) < 1024:
            return None
    for port in range(1023, 512, -1):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except PermissionError:
                return None
            except OSError:
                continue
    return None


needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become somebody else")


@needs_root
def test_48_root_becomes_the_user_that_is_configured(beside_nobody):
    world, assay = beside_nobody, beside_nobody.assay
    nobody = pwd.getpwnam("nobody")
    # What is found by a program that the daemon starts.
    said = assay.dir / "said"
    keys = assay.config["clusters"]["main"]["unseal"]["key_files"]
    command = script(world.dir, "shares", f"""
cat /proc/self/status > {said}
cat {' '.join(keys)}""")
    assay.config["clusters"]["main"]["unseal"] = {"command": [command]}
    low = low_port()
    if low is not None:
        assay.config["listen"].append({"address": f"127.0.0.1:{low}"})
    assay.start()
    assay.token = world.login()
    if low is not None:
        assert rest.request(f"http://127.0.0.1:{low}", "GET",
                            "/readyz").status == 200
    pid = assay.process.pid
    [starter] = launchers(pid)
    for each in [pid, starter]:
        for task in os.listdir(f"/proc/{each}/task"):
            assert_user(facts(f"{each}/task/{task}"), nobody)
    # Undumpable: its files in /proc are root's.
    assert os.stat(f"/proc/{pid}/environ").st_uid == 0
    assert f"running as user nobody ({nobody.pw_uid})" in assay.log()
    assert "stays root" not in assay.log()

    snapshot = assay.backup()
    run = assay.create("validations", snapshot=snapshot)

    def transient():
        for server in assay.transient_servers():
            try:
                return facts(server)
            except (OSError, KeyError):
                continue
        return None
    seen = until(transient, 60, "there is a transient server", every=0.01)
    # One right, over files of its own: transient/sandbox_room.c.
    assert_user(seen, nobody, rights="0000000000000002")
    run = assay.wait("validations", run["id"])
    assert run["verdict"] == "valid", run["checks"]
    started = dict(x.split(":\t", 1) for x in said.read_text().splitlines()
                   if ":\t" in x)
    assert_user(started, nobody)

    for path in (assay.dir / "data", assay.storage):
        for each in (path, *path.rglob("*")):
            assert each.lstat().st_uid == nobody.pw_uid, each
    assay.config["log"] = {"level": "debug"}
    assay.reload()
    assert assay.stop() == 0


@needs_root
def test_48_what_that_user_lacks_is_said_at_the_start(beside_nobody):
    world, assay = beside_nobody, beside_nobody.assay
    nobody = pwd.getpwnam("nobody")

    def refused():
        done = run_assay(world.binary, "server", "-config",
                         assay.dir / "assay.json")
        assert done.returncode == 1, done.stderr
        return done.stderr

    # It runs, and SIGHUP would not work.
    assay.write_config().chmod(0o600)
    assay.process = None
    assay.write_config = lambda: assay.dir / "assay.json"
    assay.start()
    assert "SIGHUP will not work" in assay.log()
    assert str(assay.dir / "assay.json") in assay.log()
    assert assay.stop() == 0
    del assay.write_config

    # Files of the time when it ran as root.
    data = assay.dir / "data"
    for path, named in ((data / "assay.db", data), (data, data),
                        (assay.storage, assay.storage)):
        assay.write_config()
        os.chown(path, 0, 0)
        said = refused()
        assert f"user nobody cannot write to {path} " in said, said
        assert f"chown -R nobody {named})" in said, said
        own(path, nobody)
    shutil.rmtree(data)
    os.chown(assay.dir, 0, 0)
    said = refused()
    assert f"user nobody cannot make {data} " in said, said
    own(assay.dir, nobody)

    # A socket for a group that it is not a member of.
    assay.config["listen"].append({"address": f"unix://{assay.dir}/socket",
                                   "socket_group": "root"})
    assay.write_config()
    said = refused()
    assert f"cannot give unix://{assay.dir}/socket" in said, said
    assay.config["listen"].pop()

    assay.config["user"] = "no-such-user"
    assay.write_config()
    assert "error: user: no user no-such-user here" in refused()
    del assay.config["user"]
    done = run_assay(world.binary, "config", "check", "-config",
                     assay.write_config())
    assert done.returncode == 0, done.stderr
    assert "warning: user: not set" in done.stderr, done.stderr
