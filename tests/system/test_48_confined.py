# SPDX-License-Identifier: Apache-2.0
"""What the daemon has given up when it runs, seen from outside; that it works
without is what all the other tests show."""
import os
import pathlib
import signal

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
