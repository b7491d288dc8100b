# SPDX-License-Identifier: Apache-2.0
"""One transient cluster per driver, as an operator would configure it, and
how to see from outside whether anything of it is left."""
import json
import pathlib
import shutil
import sys

from . import contained, rest
from .assay import policy
from .process import until
from .world import World

LAUNCHER = pathlib.Path(contained.__file__).resolve()

# It names a backend that nobody may use, and wants variables.
_MODULE = """
terraform {
  backend "http" {
    address = "http://127.0.0.1:1/state"
  }
}
variable "python" {}
variable "launcher" {}
variable "server" {}
variable "place" {}
variable "fail" { default = "" }

# Destroyed whatever became of the next one: what a resource that failed to
# begin would do at its end is not done.
resource "terraform_data" "place" {
  input = {
    launcher = var.launcher
    python   = var.python
    place    = var.place
  }
  provisioner "local-exec" {
    when    = destroy
    command = "${self.input.python} ${self.input.launcher} down ${self.input.place}"
  }
}
resource "terraform_data" "server" {
  input = var.fail
  provisioner "local-exec" {
    command = "${var.python} ${var.launcher} up ${var.server} ${terraform_data.place.output.place}"
  }
}
output "vault_addr" {
  value      = "unix://${var.place}/api.sock"
  depends_on = [terraform_data.server]
}
output "egress_probe" {
  value = "blocked"
}
"""


def terraform():
    """A program, or None."""
    return shutil.which("terraform") or shutil.which("tofu")


def wait_active(address):
    until(lambda: rest.request(address, "GET",
                               "/v1/sys/health").status == 200, 30,
          "it is active")


def wait_sealed(address):
    until(lambda: rest.request(address, "GET",
                               "/v1/sys/seal-status").json["sealed"], 30,
          "it is sealed")


class Raised:
    """What all of them have: settings for `transient`, and a look around."""
    name = "process"

    def __init__(self, directory, server):
        self.dir = pathlib.Path(directory) / self.name
        self.server = server
        self.place = self.dir / "s"  # of the server; short, for the socket

    def settings(self):
        return {}

    def prepare(self):
        self.dir.mkdir()

    def there(self):
        """Is a transient server running?  The primary is one such program,
        and so is the scratch cluster."""
        return contained.alive(self.place) is not None

    def begun(self, data_dir):
        """Something is there that a crash would leave."""
        del data_dir
        return self.there()

    def left(self, data_dir):
        """What is still there and should not be."""
        found = [str(p) for p in (data_dir / "transient").glob("*")]
        found += [str(self.place)] if self.place.exists() else []
        return found

    def down(self):
        contained.down(self.place)


class Process(Raised):
    daemon = None  # an Assay, whose servers they are

    def there(self):
        return bool(self.daemon.transient_servers())


class Command(Raised):
    name = "command"

    def settings(self):
        here = [sys.executable, str(LAUNCHER)]
        return {"command": {
            "up": here + ["up", str(self.server.path), str(self.place)],
            "down": here + ["down", str(self.place)],
            "status": here + ["status", str(self.place)],
            "timeout": "60s"}}


class Terraform(Raised):
    name = "terraform"

    def prepare(self):
        super().prepare()
        self.module = self.dir / "module"
        self.module.mkdir()
        (self.module / "main.tf").write_text(_MODULE)
        # The operator's own state and its leftovers: not to be touched.
        (self.module / "terraform.tfstate").write_text("not ours")

    def settings(self):
        return {"terraform": {
            "dir": str(self.dir / "module"),
            "binary": terraform(),
            "vars": {"python": sys.executable, "launcher": str(LAUNCHER),
                     "server": str(self.server.path),
                     "place": str(self.place)},
            "env": {"TF_VAR_fail": "no-value-to-be-seen"},
            "timeout": "2m"}}

    def left(self, data_dir):
        found = super().left(data_dir)
        files = sorted(p.name for p in self.module.iterdir())
        assert files == ["main.tf", "terraform.tfstate"], files
        assert (self.module / "terraform.tfstate").read_text() == "not ours"
        return found


class Existing(Raised):
    """It stands for as long as the tests run, with something in it."""
    name = "existing"
    shares, threshold = 3, 2

    def prepare(self):
        super().prepare()
        self.address = contained.up(str(self.server.path), self.place)
        made = rest.request(
            self.address, "PUT", "/v1/sys/init",
            {"secret_shares": self.shares,
             "secret_threshold": self.threshold}).ok().json
        self.root = made["root_token"]
        files = []
        for i, key in enumerate(made["keys_base64"][:self.threshold]):
            rest.request(self.address, "PUT", "/v1/sys/unseal",
                         {"key": key}).ok()
            files.append(self.secret(f"key-{i}", key))
        self.keys = made["keys_base64"][:self.threshold]
        wait_active(self.address)
        self.key_files = files
        self.token_file = self.secret("token", self.root)
        self.api("POST", "sys/mounts/mine", {"type": "kv"})
        until(lambda: rest.request(
            self.address, "POST", "/v1/mine/marker", {"is": "here"},
            token=self.root).status == 204, 10, "the store is ready")
        self.id = self.status()["cluster_id"]

    def secret(self, name, text):
        path = self.dir / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return str(path)

    def api(self, method, path, body=None):
        return rest.request(self.address, method, "/v1/" + path, body,
                            token=self.root).ok()

    def status(self):
        return rest.request(self.address, "GET", "/v1/sys/seal-status").json

    def settings(self):
        return {"existing": {"address": self.address,
                             "token_file": self.token_file,
                             "key_files": self.key_files}}

    def there(self):
        """Production's data is in it."""
        try:
            return self.status().get("cluster_id", self.id) != self.id
        except (OSError, ValueError, AttributeError):
            return False

    def begun(self, data_dir):
        return any((data_dir / "transient").glob("x-*/before.id"))

    def left(self, data_dir):
        found = [str(p) for p in (data_dir / "transient").glob("*")]
        status = self.status()
        if status.get("cluster_id") != self.id:
            found.append(json.dumps(status))
        marker = rest.request(self.address, "GET", "/v1/mine/marker",
                              token=self.root)
        if marker.status != 200:
            found.append(repr(marker))
        return found


ALL = {kind.name: kind for kind in (Process, Terraform, Command, Existing)}


class Bench:
    """One world with every driver configured; a request says which."""

    def __init__(self, path, server, binary):
        self.path = path
        self.world = World(path, server, binary)
        self.rigs = {}

    def up(self):
        settings = {"egress_blocked": True}
        # Whoever asks an oracle shall be able to.
        self.world.up(start=False, config={"validation": {"baseline": True}})
        for name, kind in ALL.items():
            if name == "terraform" and terraform() is None:
                continue
            self.rigs[name] = rig = kind(self.path, self.world.server)
            rig.prepare()
            settings.update(rig.settings())
        self.rigs["process"].daemon = self.world.assay
        # Whoever leaves the scratch cluster must be able to put it back.
        names = ["daemon", "restore", "restore-force", "inventory"]
        if self.world.server.product == "openbao":
            names.append("inventory-namespaces")
        self.world.cluster.api(
            "PUT", "sys/policies/acl/assay",
            {"policy": policy(self.world.binary, *names)})
        assay = self.world.assay
        assay.config["transient"].update(settings)
        # Those programs make a user namespace, and root may not write there.
        assay.config["hardening"] = {"landlock": "required",
                                     "seccomp": "required",
                                     "write_paths": ["/proc"]}
        assay.start()
        assay.token = self.world.login()
        self.snapshot = assay.backup()
        return self

    def down(self):
        self.world.down()
        for rig in self.rigs.values():
            rig.down()

    @property
    def data(self):
        return self.world.assay.dir / "data"
