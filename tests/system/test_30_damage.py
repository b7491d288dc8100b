# SPDX-License-Identifier: Apache-2.0
"""Every kind of damage, which check catches it, and how it is named.

The table says where each kind is injected.  What needs no server is tried on
archives of both products (tests/fixtures), whichever one is under test."""
import gzip
import json
import pathlib
import random
import re
import shutil
import zlib

import pytest

from tests.support import sealing
from tests.support.assay import check, run_assay
from tests.support.edit import Archive
from tests.support.witness import WitnessWorld, objects
from tests.system.conftest import ROOT, make_directory

FIXTURES = ROOT / "tests/fixtures"
PRODUCTS = ("openbao-2.7.2", "vault-1.21.0")

# (the damage, what catches it, the tests that inject it)
TABLE = (
    ("one ciphertext byte damaged on the primary", "decryptable",
     "test_15_prove.py::test_15_a_secret_damaged_on_the_primary"),
    ("one ciphertext bit of an edited archive", "decryptable",
     "test_30_damage.py::test_30_one_bit_of_one_value"),
    ("truncated at every 1/16", "intact",
     "test_30_damage.py::test_30_truncated_at_every_sixteenth"),
    ("truncated on the way to a backup", "backup",
     "test_30_damage.py::test_30_a_backup_of_a_damaged_archive_fails"),
    ("one bit flipped anywhere", "intact",
     "test_30_damage.py::test_30_one_bit_anywhere"),
    ("one bit flipped on the way to a backup", "backup",
     "test_30_damage.py::test_30_a_backup_of_a_damaged_archive_fails"),
    ("one bit flipped in storage, where it changes nothing", "intact",
     "test_30_damage.py::test_30_one_bit_in_storage"),
    ("two entries swapped", "intact",
     "test_30_damage.py::test_30_two_entries_in_each_others_place"),
    ("the values of two entries swapped", "decryptable",
     "test_30_damage.py::test_30_two_values_under_each_others_key"),
    ("an entry dropped, its sums made again", "authentic",
     "test_30_damage.py::test_30_an_entry_dropped"),
    ("the same on the way to a backup", "authentic",
     "test_30_damage.py::test_30_an_edited_archive_is_never_restored"),
    ("the same, its sums sealed again by who has the keys", "consistent",
     "test_30_damage.py::test_30_who_has_the_keys_is_caught_too"),
    ("a mount emptied", "plausible",
     "test_20_plausible.py::test_20_a_mount_is_emptied"),
    ("a mount emptied, secret by secret", "consistent",
     "test_17_consistent.py::test_an_archive_of_another_time"
     "_is_caught_and_named"),
    ("a policy deleted, a policy weakened, a transit key replaced, a KV "
     "version rolled back, an auth role removed", "consistent",
     "test_17_consistent.py::test_an_archive_of_another_time"
     "_is_caught_and_named"),
    ("another cluster's snapshot", "authentic",
     "test_17_consistent.py::test_another_clusters_archive_is_not_valid"),
    ("another cluster's snapshot, without a server", "authentic",
     "test_30_damage.py::test_30_another_clusters_archive"),
    ("nothing: 100 honest writes", "consistent",
     "test_30_damage.py::test_30_a_hundred_honest_writes"),
)


@pytest.mark.parametrize("damage,caught_by,test", TABLE)
def test_30_the_table_is_true(damage, caught_by, test):
    name, function = test.split("::")
    text = pathlib.Path(__file__).with_name(name).read_text()
    body = re.search(rf"^def {function}\(.*?(?=^def |^@|\Z)", text,
                     re.M | re.S)
    assert body, f"{damage}: there is no {test}"
    assert caught_by in body[0].lower(), \
        f"{damage}: {test} does not ask {caught_by}"


class Fixture:
    """An archive and its shares, and the programs that look at it."""

    def __init__(self, name, directory, binary):
        self.binary, self.dir = binary, directory
        self.data = (FIXTURES / f"{name}-rekeyed.snap").read_bytes()
        self.keys = FIXTURES / f"{name}-rekeyed.keys"
        # A namespace with a seal of its own is not covered: exit 2.
        self.whole = 2 if "openbao" in name else 0

    def _run(self, command, data, *args):
        path = self.dir / "x.snap"
        path.write_bytes(data)
        done = run_assay(self.binary, "snapshot", command, *args, path)
        assert done.returncode in (0, 1, 2), done
        return done

    def verify(self, data):
        """Exit code and text."""
        done = self._run("verify", data)
        return done.returncode, done.stdout + done.stderr

    def diff(self, data):
        """Keys that it lacks."""
        whole = self.dir / "whole.snap"
        whole.write_bytes(self.data)
        done = self._run("diff", data, "-format=json", whole)
        return [c["key"] for c in json.loads(done.stdout)["changes"]
                if c["kind"] == "removed"]

    def prove(self, data, keys=None):
        """Exit code, text for people, and the facts (None: not read)."""
        args = ("-key-file", keys or self.keys)
        told = self._run("prove", data, *args)
        facts = self._run("prove", data, "-format=json", *args)
        assert told.returncode == facts.returncode
        return told.returncode, told.stdout + told.stderr, \
            json.loads(facts.stdout) if facts.stdout else None


@pytest.fixture(params=PRODUCTS)
def fixture(request, workdir, binary):
    return Fixture(request.param, workdir, binary)


def test_30_undamaged(fixture):
    """Read and written again by the tests' own means it is the same."""
    for data in (fixture.data, Archive(fixture.data).bytes()):
        assert fixture.verify(data)[0] == 0
    code, text, proof = fixture.prove(fixture.data)
    assert code == fixture.whole, text
    assert proof["authentic"] and proof["faults"] == []


def test_30_truncated_at_every_sixteenth(fixture):
    for n in range(16):
        cut = fixture.data[:len(fixture.data) * n // 16]
        code, text = fixture.verify(cut)
        assert code == 1, (n, text)
        assert "NOT INTACT" in text, text
        assert ("is truncated: it ends inside" if n else "is empty") in text
        code, text, proof = fixture.prove(cut)
        assert code == 1 and proof is None, (n, text)
        assert ("is truncated: it ends inside" if n else "is empty") in text


def plain(data):
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


def test_30_one_bit_anywhere(fixture):
    """Two hundred places.  What means nothing to the content (the time in the
    gzip header, say) is for the digest of the whole file: in storage."""
    rng, content = random.Random(30), plain(fixture.data)
    caught = 0
    for _ in range(200):
        at, bit = rng.randrange(len(fixture.data)), rng.randrange(8)
        data = bytearray(fixture.data)
        data[at] ^= 1 << bit
        code, text = fixture.verify(data)
        where = f"bit {bit} of byte {at}: {text}"
        if plain(bytes(data)) == content:
            assert code == 0, where
            continue
        assert code == 1 and "NOT INTACT" in text, where
        # A sentence of its own, not only a no.
        assert re.search(r"^Reason +\w+", text, re.M), where
        caught += 1
    assert caught > 190


def logical(archive, many):
    """Places of that many secrets' entries, side by side."""
    rows = [n for n, (key, value) in enumerate(archive.rows)
            if key.startswith(b"logical/") and len(value) > 40]
    assert len(rows) >= many
    return rows[:many]


def test_30_one_bit_of_one_value(fixture):
    archive = Archive(fixture.data)
    key = archive.damage(begins="sys/policy/")
    data = archive.bytes()
    assert fixture.verify(data)[0] == 0  # its sums are as they should be
    code, text, proof = fixture.prove(data)
    assert code == 1
    assert proof["authentic"] is False and proof["decryptable"] is False
    assert [f["key"] for f in proof["faults"]] == [key]
    assert f"{key} does not decrypt" in text
    assert "NO: it was changed after it was sealed" in text


def test_30_two_entries_in_each_others_place(fixture):
    archive = Archive(fixture.data)
    a, b = logical(archive, 2)
    archive.rows[a], archive.rows[b] = archive.rows[b], archive.rows[a]
    code, text = fixture.verify(archive.bytes())
    assert code == 1, text
    assert "NOT INTACT" in text and "order" in text, text
    code, text, _ = fixture.prove(archive.bytes())
    assert code == 1 and "order" in text, text


def swap_values(archive):
    """Two secrets have each other's value; their keys."""
    a, b = logical(archive, 2)
    (first, x), (second, y) = archive.rows[a], archive.rows[b]
    archive.rows[a], archive.rows[b] = (first, y), (second, x)
    return sorted((first.decode(), second.decode()))


def test_30_two_values_under_each_others_key(fixture):
    archive = Archive(fixture.data)
    keys = swap_values(archive)
    data = archive.bytes()
    assert fixture.verify(data)[0] == 0
    code, text, proof = fixture.prove(data)
    assert code == 1
    assert proof["authentic"] is False and proof["decryptable"] is False
    assert sorted(f["key"] for f in proof["faults"]) == keys
    for key in keys:
        assert f"{key} does not decrypt" in text


def test_30_an_entry_dropped(fixture):
    archive = Archive(fixture.data)
    whole = len(archive.rows)
    key = archive.rows[archive.find(begins="sys/policy/")][0].decode()
    data = archive.drop(begins="sys/policy/").bytes()
    assert fixture.verify(data)[0] == 0
    code, text, proof = fixture.prove(data)
    assert code == 1
    assert proof["authentic"] is False and proof["decryptable"] is not False
    assert proof["entries"] == whole - 1 and proof["faults"] == []
    assert "NO: it was changed after it was sealed" in text
    # Beside a good one it has a name, too.
    assert fixture.diff(data) == [key]


def test_30_another_clusters_archive(fixture):
    """Whose it is cannot be told from wrong shares: neither authentic nor
    decryptable are claimed."""
    other = next(p for p in FIXTURES.glob("*-rekeyed.keys")
                 if p != fixture.keys)
    code, text, proof = fixture.prove(fixture.data, other)
    assert code == 2
    assert proof["authentic"] is None and proof["decryptable"] is None
    assert "of another cluster" in proof["error"]
    assert "of another cluster" in text


# With a daemon, a primary, and a baseline.

@pytest.fixture(scope="module")
def witness(server, binary):
    path = make_directory()
    world = WitnessWorld(path, server, binary)
    try:
        yield world.up()
    finally:
        world.down()
        shutil.rmtree(path, ignore_errors=True)


def backed_up(witness, data):
    """The run of a backup that is given this archive."""
    witness.swap.archive = data
    try:
        return witness.assay.run("backups")
    finally:
        witness.swap.archive = None


def test_30_a_hundred_honest_writes(witness):
    """A hundred objects made, changed or deleted since: drift, every one, and
    nothing else."""
    api = witness.estate.api
    for n in range(25):
        api("POST", f"secret/data/changed/{n}", {"data": {"n": "1"}})
        api("POST", f"secret/data/deleted/{n}", {"data": {"n": "1"}})
    for n in range(10):
        api("PUT", f"sys/policies/acl/loosened-{n}",
            {"policy": 'path "a" { capabilities = ["read"] }'})
        api("POST", f"auth/approle/role/kept-{n}", {"token_ttl": "5m"})
    witness.assay.backup()
    for n in range(25):
        api("POST", f"secret/data/changed/{n}", {"data": {"n": "2"}})
        api("DELETE", f"secret/metadata/deleted/{n}")
        api("POST", f"secret/data/made/{n}", {"data": {"n": "1"}})
    for n in range(10):
        api("PUT", f"sys/policies/acl/loosened-{n}",
            {"policy": 'path "*" { capabilities = ["read"] }'})
        api("POST", f"auth/approle/role/kept-{n}", {"token_ttl": "6m"})
    for n in range(5):
        api("POST", f"transit/keys/made-{n}")
    run, found = witness.consistent(oracle="primary")
    assert run["verdict"] == "valid", run["checks"]
    assert found["outcome"] == "drift", found
    assert found["findings_total"] == len(found["findings"]) == 100, found
    assert {f["kind"].split("_")[0] for f in found["findings"]} == {"drift"}
    assert found["covered"] == found["total"]


def test_30_a_backup_of_a_damaged_archive_fails(witness):
    """Nothing of it is kept, and the sentence says what it was."""
    whole, rng = witness.cluster.snapshot(), random.Random(31)
    before = witness.assay.snapshot_ids()
    damaged = [whole[:len(whole) * n // 16] for n in (1, 8, 15)]
    content = plain(whole)
    while len(damaged) < 8:
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        if plain(bytes(data)) != content:
            damaged.append(bytes(data))
    for n, data in enumerate(damaged):
        run = backed_up(witness, data)
        assert run["status"] == "failed" and run["snapshot_id"] is None, run
        assert "not intact" in run["error"], run
        assert n > 2 or "truncated" in run["error"], run
    assert witness.assay.snapshot_ids() == before
    assert witness.assay.parts() == []


def test_30_one_bit_in_storage(witness):
    """In the time of the gzip header, where no server would ever look."""
    snapshot = witness.assay.backup()
    (path,) = witness.assay.storage.rglob(f"{snapshot}.snap")
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    run = witness.assay.run("validations", snapshot=snapshot)
    assert run["verdict"] == "invalid", run
    found = check(run, "intact")
    assert found["outcome"] == "fail", found
    assert "not the one that was catalogued" in found["message"], found
    assert [f["kind"] for f in found["findings"]] == ["digest"], found


def test_30_an_edited_archive_is_never_restored(witness):
    """Not even to see what is in it."""
    archive = Archive(witness.cluster.snapshot())
    archive.drop(begins="sys/policy/shop")
    assert backed_up(witness, archive.bytes())["status"] == "succeeded"
    run, found = witness.consistent()
    assert run["verdict"] == "invalid"
    assert check(run, "intact")["outcome"] == "pass"
    assert check(run, "authentic")["outcome"] == "fail"
    assert "changed" in check(run, "authentic")["message"]
    for name in ("restorable", "lossless", "consistent"):
        assert check(run, name)["outcome"] == "not_run"
        assert "not the archive that was taken" in check(run, name)["message"]


def test_30_who_has_the_keys_is_caught_too(witness):
    """Every other check passes: the copy is what the archive says."""
    archive = Archive(witness.cluster.snapshot())
    archive.drop(begins="sys/policy/shop")
    kek = sealing.combine(witness.cluster.keys[:2])
    data = archive.bytes(lambda sums: sealing.blob(kek, sums))
    assert backed_up(witness, data)["status"] == "succeeded"
    run, found = witness.consistent()
    for name in ("intact", "authentic", "decryptable", "restorable",
                 "lossless"):
        assert check(run, name)["outcome"] == "pass", check(run, name)
    assert run["verdict"] == "invalid"
    assert found["outcome"] == "fail", found
    assert objects(found, "fault_") == {"policy:shop"}
    assert found["findings"][0]["kind"] == "fault_missing"
