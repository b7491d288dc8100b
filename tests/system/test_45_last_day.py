# SPDX-License-Identifier: Apache-2.0
"""The day on which nothing is left but the bucket, the key shares and the
program: `assay restore` without daemon, catalog and signing key."""
import shutil

import pytest

from tests.support import rest
from tests.support.assay import policy, run_assay
from tests.support.cluster import Cluster
from tests.support.edit import Archive
from tests.support.process import Process, until
from tests.support.world import World
from tests.system.conftest import make_directory


class Bucket:
    """What has survived."""

    def __init__(self, path, world):
        self.dir = path
        self.storage = path / "bucket"
        shutil.copytree(world.assay.storage, self.storage)
        self.keys = world.cluster.key_files(path / "shares")
        self.root = world.cluster.root
        self.cluster_id = health(world.cluster)["cluster_id"]
        self.public = run_assay(
            world.binary, "evidence", "key", "-format=hex", "-config",
            world.assay.write_config()).stdout.strip()

        self.before = self.listing()

    def listing(self):
        return sorted((p.name, p.stat().st_mtime_ns)
                      for p in self.storage.rglob("*"))

    def shares(self):
        return [f"-key-file={k}" for k in self.keys]


def health(cluster):
    return rest.request(cluster.address, "GET", "/v1/sys/health").json


def name_of(cluster):
    return health(cluster)["cluster_name"]


@pytest.fixture(scope="module")
def world(server, binary):
    """A cluster with one validated snapshot in the bucket; then Assay ends."""
    path = make_directory()
    world = World(path, server, binary)
    try:
        world.up()
        world.cluster.api("PUT", "sys/policies/acl/last-day", {
            "policy": policy(binary, "backup", "restore")})
        world.token = lambda: world.cluster.api(
            "POST", "auth/token/create",
            {"policies": ["last-day"]}).json["auth"]["client_token"]
        world.old_token = world.token()
        world.snapshot = world.assay.backup()
        verdict = world.assay.run("validations")
        assert verdict["verdict"] == "valid", verdict
        world.assay.stop()
        world.bucket = Bucket(path, world)
        yield world
    finally:
        world.down()
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def work(world, workdir):
    """Where the commands of one test work; nothing is to stay there but
    safety snapshots."""
    world.bucket.work = workdir / "work"
    world.bucket.work.mkdir()
    return world.bucket.work


@pytest.fixture
def fresh(world, workdir):
    """A new server of the same product, never initialised."""
    made = []

    def make(name, shares, threshold, nodes=1):
        cluster = Cluster(world.server, workdir / name, nodes, shares=shares,
                          threshold=threshold)
        made.append(cluster)
        cluster.nodes[0].start()
        return cluster

    yield make
    for cluster in made:
        cluster.stop()


def restore(world, to, *flags, token=None, source=None, timeout=120):
    return run_assay(
        world.binary, "restore", "-from", source or world.bucket.storage,
        "-to", to, "-work-dir", world.bucket.work, *flags,
        env={"VAULT_TOKEN": token} if token else None, timeout=timeout)


def initialise(cluster):
    """What the command says that is to be typed first."""
    made = rest.request(
        cluster.address, "PUT", "/v1/sys/init",
        {"secret_shares": cluster.shares,
         "secret_threshold": cluster.threshold}).ok().json
    cluster.root, cluster.keys = made["root_token"], made["keys_base64"]
    cluster.nodes[0].unseal()
    until(cluster.nodes[0].leads, 30, "the new server leads")


def is_the_old_one(world, cluster):
    assert health(cluster)["cluster_id"] == world.bucket.cluster_id
    for item, price in (("item-0", "0"), ("item-19", "1900")):
        answer = rest.request(cluster.address, "GET",
                              f"/v1/secret/data/shop/{item}",
                              token=world.bucket.root).ok()
        assert answer.data["data"] == {"price": price}
    return True


def destroy(world):
    """The servers and their disks, and Assay's; the bucket is elsewhere."""
    world.down()
    shutil.rmtree(world.cluster.dir)
    shutil.rmtree(world.assay.dir)


def edited(world, workdir):
    """An archive that a policy was taken out of."""
    archive = next(world.bucket.storage.rglob("*.snap"))
    path = workdir / "edited.snap"
    path.write_bytes(Archive(archive.read_bytes()).drop(
        "sys/policy/shop").bytes())
    return path


def left(work):
    return sorted(p.name for p in work.iterdir())


def test_other_share_counts_and_no_init_at_all(world, fresh, work, workdir):
    """Two at a time, to save time: a server that was initialised with other
    share counts, and one that was not initialised at all."""
    other = fresh("other", 1, 1)
    initialise(other)
    log = workdir / "restore.log"
    command = Process(
        [world.binary, "restore", "-from", world.bucket.storage, "-to",
         other.address, "-work-dir", work, "-force", "-yes", name_of(other),
         *world.bucket.shares()],
        log, env={"VAULT_TOKEN": other.root})

    new = fresh("init", 3, 2)
    args = (new.address, *world.bucket.shares(), "-init")
    done = restore(world, *args, "-yes", "anything")
    assert done.returncode == 1, done.stderr
    done = restore(world, *args, "-dry-run")
    assert done.returncode == 1 and "nobody has initialised" in done.stderr
    # Nobody would have its keys: not for an archive that cannot be sent.
    done = restore(world, new.address, "-init", "-yes", new.address)
    assert done.returncode == 2 and "nobody knows whose" in done.stderr
    archive = edited(world, workdir)
    done = restore(world, *args, "-yes", new.address, source=archive)
    assert done.returncode == 1 and "was not initialised" in done.stderr
    assert not new.nodes[0].status()["initialized"]
    done = restore(world, *args, "-yes", new.address)
    assert done.returncode == 0, done.stderr + done.stdout
    assert is_the_old_one(world, new)

    until(lambda: "restart its process" in command.output() or not command.alive(), 90,
          "the command asks for a restart")
    assert command.alive(), command.output()
    other.nodes[0].process.kill()
    other.nodes[0].start()
    assert command.wait(120) == 0, command.output()
    assert is_the_old_one(world, other)


def test_in_place_and_back_again(world, work):
    world.cluster.put("shop/item-0", price="after")
    args = ("-yes", name_of(world.cluster))

    # Where a trusted key signed the verdict, no shares are needed.  With a
    # login of today, which the snapshot does not know, that must be meant.
    args += ("-trusted-key", world.bucket.public)
    done = restore(world, world.cluster.address, *args, token=world.token())
    assert done.returncode == 1, done.stderr + done.stdout
    assert "-override login_after" in done.stderr
    assert world.cluster.kv("shop/item-0") == {"price": "after"}
    done = restore(world, world.cluster.address, *args, "-override",
                   "login_after", token=world.token())
    assert done.returncode == 0, done.stderr + done.stdout
    assert is_the_old_one(world, world.cluster)
    safety = list(work.iterdir())
    assert len(safety) == 1 and str(safety[0]) in done.stdout

    # The way back, as the report says it.
    done = restore(world, world.cluster.address, *args,
                   *world.bucket.shares(), source=safety[0],
                   token=world.old_token)
    assert done.returncode == 0, done.stderr + done.stdout
    assert world.cluster.kv("shop/item-0") == {"price": "after"}


def test_what_is_not_proved_is_refused(world, work, workdir):
    archive = next(world.bucket.storage.rglob("*.snap"))
    to = world.cluster.address

    def refused(code, words, *flags, source=archive):
        done = restore(world, to, "-yes", name_of(world.cluster), *flags,
                       source=source, token=world.bucket.root)
        assert done.returncode == code, done.stdout + done.stderr
        assert words in done.stdout + done.stderr, done.stdout + done.stderr

    refused(2, "nobody knows whose archive this is")
    wrong = workdir / "wrong"
    wrong.write_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n"
                     "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8h\n")
    refused(2, "could not tell", "-key-file", wrong)
    cut = workdir / "cut.snap"
    cut.write_bytes(archive.read_bytes()[:-2000])
    refused(1, str(cut), *world.bucket.shares(), source=cut)
    refused(1, "BLOCKER  verdict", *world.bucket.shares(),
            source=edited(world, workdir))
    refused(2, "s3://", *world.bucket.shares(), source="s3://bucket/x")
    refused(2, "cannot use", *world.bucket.shares(), source=workdir / "no")
    assert left(work) == []


def test_a_destroyed_cluster_is_rebuilt(world, fresh, work):
    destroy(world)
    new = fresh("new", 3, 2, nodes=2)
    program = "bao" if world.server.product == "openbao" else "vault"

    # 1. Nobody has initialised it: the command says what to type.
    done = restore(world, new.address, *world.bucket.shares())
    assert done.returncode == 1, done.stderr
    assert f"{program} operator init -key-shares=3 -key-threshold=2" \
        in done.stderr
    assert "Authentic     yes" in done.stdout
    initialise(new)

    # 2. A new cluster is another one: that must be meant.
    args = (new.address, *world.bucket.shares())
    done = restore(world, *args, token=new.root)
    assert done.returncode == 1, done.stderr
    assert "BLOCKER  identity" in done.stdout and "-force" in done.stderr
    done = restore(world, *args, "-force", "-yes", "production",
                   token=new.root)
    assert done.returncode == 1, done.stderr
    assert name_of(new) in done.stderr
    done = restore(world, *args, "-force", "-dry-run", token=new.root)
    assert done.returncode == 0, done.stderr + done.stdout
    assert health(new)["cluster_id"] != world.bucket.cluster_id

    # 3. It is meant.
    done = restore(world, *args, "-force", "-yes", name_of(new),
                   token=new.root)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "awaiting_unseal" in done.stderr
    assert is_the_old_one(world, new)
    assert len(left(work)) == 1 and left(work)[0].startswith("assay-safety-")

    # 4. Another node joins with empty data, and the old keys unseal it.
    new.keys, new.root = world.cluster.keys, world.bucket.root
    new.nodes[1].start()
    until(lambda: (new.nodes[1].status() or {}).get("initialized"), 30,
          "the second node has joined")
    new.nodes[1].unseal()
    until(lambda: len(new.api("GET", "sys/storage/raft/configuration")
                      .data["config"]["servers"]) == 2, 30, "two nodes")

    # The bucket was only read, and no secret was printed.
    assert world.bucket.listing() == world.bucket.before
    for secret in [new.root, *world.cluster.keys]:
        assert secret not in done.stdout + done.stderr
