# SPDX-License-Identifier: Apache-2.0
"""The built `assay`, as a daemon with a configuration and as a program."""
import json
import os
import pathlib
import signal
import subprocess

from . import rest
from .process import (Process, free_port, transient_servers, transients,
                      until)

OVER = ("succeeded", "failed", "cancelled", "interrupted", "rejected",
        "expired")


def run_assay(binary, *args, env=None, timeout=60):
    """`assay …` to its end."""
    return subprocess.run(
        [binary, *map(str, args)], capture_output=True, text=True,
        timeout=timeout, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                              **(env or {})})


def policy(binary, *names):
    """The text that `assay policy` prints for these names."""
    done = run_assay(binary, "policy", *names)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Assay:
    """`assay server` beside a cluster, with storage and data in `dir`.

    `config` is merged over what every test needs; a value of None removes a
    setting."""

    def __init__(self, binary, directory, *, config, user=None, env=None,
                 port=None):
        self.binary = binary
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.user, self.env = user, env
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.config = merge({
            "listen": [{"address": f"127.0.0.1:{self.port}"}],
            "data_dir": str(self.dir / "data"),
            "storage": {"disk": {"type": "local",
                                 "path": str(self.dir / "snapshots")}},
        }, config)
        self.token = None  # of whoever the tests are, unless they say
        self.approver = None  # gives a token of somebody else
        self.process = None

    @property
    def storage(self):
        return self.dir / "snapshots"

    def write_config(self):
        path = self.dir / "assay.json"
        path.write_text(json.dumps(self.config, indent=2))
        path.chmod(0o644)
        return path

    def reload(self):
        """Let a running daemon see the configuration as it is now."""
        self.write_config()
        before = self.log().count("reload: ")
        self.process.signal(signal.SIGHUP)
        until(lambda: self.log().count("reload: ") > before, 15,
              "the configuration is read again")
        said = [x for x in self.log().splitlines() if "reload: " in x][-1]
        assert said.endswith("reload: done"), said

    def start(self, ready=True):
        path = self.write_config()
        self.process = Process(
            [self.binary, "server", "-config", path], self.dir / "assay.log",
            env=self.env, cwd=self.dir, user=self.user)
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self):
        def look():
            if not self.process.alive():
                raise RuntimeError(f"assay ended: {self.process.output()}")
            try:
                return rest.request(self.address, "GET", "/readyz",
                                    timeout=5).status == 200
            except OSError:
                return False
        until(look, 20, "assay is ready")

    def stop(self):
        if self.process is not None:
            return self.process.stop(30)
        return None

    def log(self):
        return self.process.output() if self.process else ""

    # What a caller does.

    def api(self, method, path, body=None, *, token=None, headers=None,
            query=None, timeout=60):
        return rest.request(self.address, method, "/v1/assay/" + path, body,
                            token=token or self.token, headers=headers,
                            query=query, timeout=timeout)

    def create(self, kind, token=None, **fields):
        """POST backups, validations or restores: the run, as it began."""
        return self.api("POST", kind, fields, token=token).ok().data

    def wait(self, kind, run_id, token=None, seconds=90):
        """The run once it is over."""
        def look():
            run = self.api(
                "GET", f"{kind}/{run_id}", token=token,
                query={"wait": "20s", "until": "done"}).ok().data
            return run if run["status"] in OVER else None
        return until(look, seconds, f"{kind}/{run_id} is over", every=0.2)

    def pending(self, run_id, token=None, seconds=60):
        """The restore once it waits for approval, or is over."""
        def look():
            run = self.api("GET", f"restores/{run_id}", token=token,
                           query={"wait": "1s"}).ok().data
            return run if run["status"] in (*OVER, "pending_approval") \
                else None
        return until(look, seconds, f"restores/{run_id} waits", every=0.05)

    def approve(self, run_id, by=None, revision=None, token=None):
        """Agree to the restore's plan as it is, once there is one."""
        run = self.pending(run_id, token=token)
        if run["status"] in OVER:
            return run
        answer = self.api(
            "POST", f"restores/{run_id}/approve", token=by or self.approver(),
            headers={"If-Match":
                     f'"{revision or run["plan"]["revision"]}"'})
        return answer.ok().data

    def run(self, kind, token=None, seconds=90, **fields):
        """Create, have it approved where that takes somebody, and wait."""
        made = self.create(kind, token=token, **fields)
        if made.get("approvals_needed"):
            self.approve(made["id"], token=token)
        return self.wait(kind, made["id"], token=token, seconds=seconds)

    def plan(self, **fields):
        """The findings of a restore's dry run, by name."""
        run = self.run("restores", dry_run=True, **fields)
        assert run["status"] == "succeeded", run
        return {f["name"]: f for f in run["plan"]["findings"]}

    def backup(self, **fields):
        """A backup that must succeed: its snapshot's id."""
        run = self.run("backups", **fields)
        assert run["status"] == "succeeded", run
        return run["snapshot_id"]

    def snapshot(self, ref):
        return self.api("GET", f"snapshots/{ref}").ok().data

    def snapshot_ids(self, **query):
        answer = self.api("LIST", "snapshots", query=query)
        if answer.status == 404:
            return []
        return answer.ok().data["keys"]

    def transients(self):
        """Everything that belongs to transient clusters: pid, arguments."""
        return transients(self.dir.parent)

    def transient_servers(self):
        return transient_servers(self.dir.parent)

    def parts(self):
        """Files that say something was left half done.  The end of the audit
        record is being written at any time."""
        return [p for p in self.dir.rglob("*.part")
                if "audit" not in p.relative_to(self.dir).parts]


def merge(base, over):
    """`over` wins, objects go together, None removes."""
    out = dict(base)
    for key, value in over.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = merge(out[key], value)
        else:
            out[key] = value
    return out


def check(run, name):
    """One check of a validation, by its name."""
    for each in run["checks"]:
        if each["name"] == name:
            return each
    raise AssertionError(f"no check {name}: {run['checks']}")
