/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may do what, and that no route is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/policy.h"
#include "handlers/handlers.h"

static struct buf text;

static const char *policy(const char *name)
{
    struct error err = {0};

    buf_clear(&text);
    assert_int_equal(policy_write(name, "m", &text, &err), 0);
    return buf_text(&text);
}

static int setup(void **state)
{
    (void)state;
    buf_init(&text, 64 * 1024);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_done(&text);
    return 0;
}

static bool has(const char *haystack, const char *path,
                const char *capabilities)
{
    char block[256];

    (void)snprintf(block, sizeof(block),
                   "path \"%s\" {\n  capabilities = [%s]\n}\n", path,
                   capabilities);
    return strstr(haystack, block) != NULL;
}

static void backups_look_and_take(void **state)
{
    const char *p = policy("backup");

    (void)state;
    assert_true(has(p, "sys/storage/raft/snapshot", "\"read\""));
    assert_true(has(p, "sys/storage/raft/configuration", "\"read\""));
    assert_true(has(p, "auth/token/lookup-self", "\"read\""));
    assert_non_null(strstr(p, "token_type=batch"));
    /* Nothing that changes the cluster, and nothing of Assay's own API. */
    assert_null(strstr(p, "sudo"));
    assert_null(strstr(p, "\"sys/storage/raft/snapshot-force\""));
    assert_null(strstr(p, "path \"m/"));
    assert_false(has(p, "sys/storage/raft/snapshot", "\"update\""));
}

static void restoring_is_a_policy_of_its_own(void **state)
{
    (void)state;
    assert_true(
        has(policy("restore"), "sys/storage/raft/snapshot", "\"update\""));
    assert_true(has(policy("plan"), "sys/mounts", "\"read\""));
    assert_true(has(policy("plan"), "sys/auth", "\"read\""));
    assert_null(strstr(policy("restore"), "sudo"));
    assert_null(strstr(policy("restore"), "snapshot-force"));
    assert_true(has(policy("restore-force"), "sys/storage/raft/snapshot-force",
                    "\"update\""));
}

static void canaries_have_policies_of_their_own(void **state)
{
    const struct policy_mounts mounts = {.api = "m", .canary = "x/birds"};
    struct error err = {0};
    const char *p = policy("canary");

    (void)state;
    assert_true(
        has(p, "assay-canary/data/marker", "\"create\", \"update\", \"read\""));
    assert_true(has(p, "assay-canary/data/ciphertext", "\"read\""));
    assert_true(has(p, "assay-canary-transit/decrypt/canary", "\"update\""));
    /* The daemon makes nothing. */
    assert_null(strstr(p, "sys/mounts"));
    assert_null(strstr(p, "encrypt"));
    assert_null(strstr(policy("backup"), "canary"));
    assert_true(has(policy("canary-setup"), "sys/mounts/assay-canary",
                    "\"create\", \"update\", \"read\""));
    buf_clear(&text);
    assert_int_equal(policy_write_for("canary", &mounts, &text, &err), 0);
    assert_true(
        has(buf_text(&text), "x/birds-transit/decrypt/canary", "\"update\""));
}

static void viewers_only_look(void **state)
{
    const char *p = policy("viewer");

    (void)state;
    assert_true(has(p, "m/status", "\"read\""));
    assert_true(has(p, "m/snapshots", "\"list\""));
    assert_true(has(p, "m/snapshots/+", "\"read\""));
    assert_true(has(p, "m/snapshots/+/diff/+", "\"read\""));
    assert_true(has(p, "m/backups", "\"list\""));
    assert_null(strstr(p, "update"));
    assert_null(strstr(p, "delete"));
    assert_null(strstr(p, "sudo"));
}

static void operators_back_up_and_validate(void **state)
{
    const char *p = policy("operator");

    (void)state;
    assert_true(has(p, "m/backups", "\"update\", \"list\""));
    assert_true(has(p, "m/validations", "\"update\", \"list\""));
    assert_true(has(p, "m/backups/+/cancel", "\"update\""));
    assert_true(has(p, "m/restores", "\"list\""));
    assert_true(has(p, "m/snapshots/+", "\"read\""));
    assert_null(strstr(p, "sudo"));
    assert_null(strstr(p, "unseal"));
}

static void restorers_need_sudo(void **state)
{
    const char *p = policy("restorer");

    (void)state;
    assert_true(has(p, "m/restores", "\"update\", \"list\", \"sudo\""));
    assert_true(has(p, "m/snapshots/+", "\"read\""));
}

/* Whoever asks does not approve, and the other way round. */
static void asking_and_approving_are_two_policies(void **state)
{
    const char *p = policy("restorer");

    (void)state;
    assert_null(strstr(p, "approve"));
    assert_null(strstr(p, "reject"));
    assert_null(strstr(p, "delete"));
    p = policy("approver");
    assert_true(has(p, "m/restores/+/approve", "\"update\", \"sudo\""));
    assert_true(has(p, "m/restores/+/reject", "\"update\", \"sudo\""));
    assert_true(has(p, "m/restores/+", "\"read\""));
    assert_true(has(p, "m/restores", "\"list\""));
    assert_true(has(p, "m/backups", "\"list\""));
    assert_null(strstr(p, "cancel"));
}

static void each_credential_has_its_policy(void **state)
{
    (void)state;
    assert_true(has(policy("prove"), "sys/storage/raft/snapshot", "\"read\""));
    assert_null(strstr(policy("prove"), "update"));
    assert_true(has(policy("restore"), "sys/wrapping/wrap", "\"update\""));
    assert_true(has(policy("restore"), "sys/capabilities-self", "\"update\""));
    assert_null(strstr(policy("restore"), "\"read\""));
    assert_true(has(policy("daemon"), "sys/ha-status", "\"read\""));
}

/* Who may take the cluster back need not see what is in it. */
static void secrets_are_another_right(void **state)
{
    const char *p = policy("restorer");

    (void)state;
    assert_null(strstr(p, "claim"));
    assert_false(has(p, "m/recoveries", "\"update\", \"list\", \"sudo\""));
    p = policy("recoverer");
    assert_true(has(p, "m/recoveries", "\"update\", \"list\", \"sudo\""));
    assert_true(has(p, "m/recoveries/+/claim", "\"update\", \"sudo\""));
    assert_null(strstr(p, "approve"));
    assert_false(has(p, "m/restores", "\"update\", \"list\", \"sudo\""));
    assert_true(has(policy("recover"), "+/data/*", "\"create\", \"update\""));
    assert_true(has(policy("recover"), "+/metadata/*", "\"read\""));
    p = policy("recover-read");
    assert_true(has(p, "+/data/*", "\"read\""));
    assert_null(strstr(p, "update"));
}

static void admins_do_everything(void **state)
{
    const char *p = policy("admin");

    (void)state;
    assert_true(has(p, "m/snapshots/+", "\"read\", \"delete\", \"sudo\""));
    /* One block per path, and one for each path there is. */
    for (const struct route *r = handlers_routes; r->pattern != NULL; r++) {
        char path[256] = "path \"m/";
        size_t len = strlen(path);
        const char *first = NULL;

        for (const char *c = r->pattern; *c != '\0'; c++) {
            path[len++] = *c == ':' ? '+' : *c;
            if (*c == ':')
                c += strcspn(c, "/") - 1;
        }
        path[len++] = '"';
        path[len] = '\0';
        first = strstr(p, path);
        /* Whoever needs no token needs no policy. */
        if ((r->flags & ROUTE_OPEN) != 0) {
            assert_null(first);
            continue;
        }
        assert_non_null(first);
        assert_null(strstr(first + 1, path));
    }
}

static const char *policy_for(const char *name, const char *kv1)
{
    const struct policy_mounts mounts = {.api = "m", .canary = "c", .kv1 = kv1};
    struct error err = {0};

    buf_clear(&text);
    assert_int_equal(policy_write_for(name, &mounts, &text, &err), 0);
    return buf_text(&text);
}

static void an_inventory_lists_and_reads_no_secret(void **state)
{
    const char *p = policy_for("inventory", "old/,a/b");

    (void)state;
    assert_true(has(p, "sys/mounts", "\"read\""));
    assert_true(has(p, "sys/audit", "\"read\", \"sudo\""));
    assert_true(has(p, "+/metadata/*", "\"list\", \"read\""));
    assert_true(has(p, "auth/+/role", "\"list\""));
    assert_true(has(p, "old/*", "\"list\""));
    assert_true(has(p, "a/b/*", "\"list\""));
    assert_null(strstr(p, "/data/"));
    assert_null(strstr(p, "\"+/sys"));
    assert_null(strstr(p, "update"));
    p = policy_for("inventory-namespaces", "old");
    assert_true(has(p, "+/+/sys/mounts", "\"read\""));
    assert_null(strstr(p, "\"sys/mounts"));
    p = policy_for("inventory-values", "old");
    assert_true(has(p, "+/data/*", "\"read\""));
    assert_true(has(p, "old/*", "\"list\", \"read\""));
}

static void unknown_names_are_answered(void **state)
{
    struct error err = {0};

    (void)state;
    buf_clear(&text);
    assert_int_equal(policy_write("viewr", "m", &text, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, "did you mean viewer?"));
    assert_non_null(strstr(err.text, "backup, prove, inventory"));
    assert_non_null(strstr(err.text, ", plan, restore, restore-force"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backups_look_and_take),
        cmocka_unit_test(restoring_is_a_policy_of_its_own),
        cmocka_unit_test(canaries_have_policies_of_their_own),
        cmocka_unit_test(viewers_only_look),
        cmocka_unit_test(operators_back_up_and_validate),
        cmocka_unit_test(restorers_need_sudo),
        cmocka_unit_test(asking_and_approving_are_two_policies),
        cmocka_unit_test(each_credential_has_its_policy),
        cmocka_unit_test(secrets_are_another_right),
        cmocka_unit_test(admins_do_everything),
        cmocka_unit_test(an_inventory_lists_and_reads_no_secret),
        cmocka_unit_test(unknown_names_are_answered),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
