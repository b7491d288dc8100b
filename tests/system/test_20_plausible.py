# SPDX-License-Identifier: Apache-2.0
"""A snapshot is compared with the one before it: a mount that was emptied is
named, honest work is not."""
from tests.support.assay import check


def mount_prefix(cluster, path):
    """Where the keys of a mount are: "logical/<uuid>"."""
    return "logical/" + cluster.api("GET", "sys/mounts").data[path]["uuid"]


def test_20_a_mount_is_emptied(new_world):
    world = new_world(config={"validation": {
        "required": ["intact", "plausible", "restorable"]}})
    assay, cluster = world.assay, world.cluster
    prefix = mount_prefix(cluster, "secret/")

    first = assay.backup()
    proof = assay.run("validations", snapshot=first)
    alone = check(proof, "plausible")
    assert alone["outcome"] == "not_run", alone
    assert "no older snapshot" in alone["message"]
    assert proof["verdict"] == "inconclusive", proof

    # A day's work: writes, rotations, logins, some of it deleted.
    for n in range(100):
        cluster.put(f"shop/day-{n % 40}", price=str(n))
    for n in range(5):
        cluster.api("DELETE", f"secret/metadata/shop/item-{n}")
        world.login()
    cluster.api("POST", "transit/keys/orders/rotate")
    cluster.api("DELETE", "sys/policies/acl/shop")
    second = assay.backup()
    proof = assay.run("validations", snapshot=second)
    day = check(proof, "plausible")
    assert day["outcome"] == "pass", day
    assert day["findings"] == [] and 0 < day["covered"] <= day["total"]
    assert first in day["message"]
    assert proof["verdict"] == "valid", proof

    names = cluster.api("LIST", "secret/metadata/shop").data["keys"]
    for name in names:
        cluster.api("DELETE", f"secret/metadata/shop/{name}")
    third = assay.backup()
    proof = assay.run("validations", snapshot=third)
    lost = check(proof, "plausible")
    assert lost["outcome"] == "fail", lost
    assert [f["path"] for f in lost["findings"]] == [prefix], lost
    finding = lost["findings"][0]
    assert finding["kind"] == "entries_dropped"
    before, after = (int(finding[k].split()[0])
                     for k in ("expected", "found"))
    assert before > 2 * len(names) and after < 20
    assert prefix in lost["message"]
    # It restores all the same, and the report says so.
    assert check(proof, "restorable")["outcome"] == "pass", proof
    assert proof["verdict"] == "invalid", proof

    # What was found to be invalid is no measure for the next.
    fourth = assay.backup()
    proof = assay.run("validations", snapshot=fourth)
    again = check(proof, "plausible")
    assert again["outcome"] == "fail" and second in again["message"], again

    # Told that this was meant, it is the new normal.
    assay.config["validation"] = {
        "required": ["intact", "plausible", "restorable"],
        "plausible": {"ignore": ["core/leader", "sys/expire", "sys/token",
                                 prefix]}}
    assay.stop()
    assay.start()
    proof = assay.run("validations", snapshot=fourth)
    assert check(proof, "plausible")["outcome"] == "pass", proof
    assert proof["verdict"] == "valid", proof
