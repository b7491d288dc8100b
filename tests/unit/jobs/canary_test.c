/* SPDX-License-Identifier: Apache-2.0
 *
 * A backup with canaries against the stand-in: what it writes, what its
 * manifest remembers, and that nothing of it can fail the backup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "jobs/canary.h"
#include "jobs/catalogue.h"
#include "jobs/rebuild.h"
#include "tests/unit/jobs/fixture.h"

#define M "assay-canary"
/* Of "hello". */
#define SUM "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define MARKER                                                                 \
    "body:path=" M "/data/marker,method=POST,json={\"data\":{\"version\":7}}"
#define CIPHER                                                                 \
    "body:path=" M "/data/ciphertext,json={\"data\":{\"data\":"                \
    "{\"ciphertext\":\"vault:v1:x\",\"plaintext_sha256\":\"" SUM "\"}}}"
#define DECRYPTS                                                               \
    "body:path=" M "-transit/decrypt,json={\"data\":"                          \
    "{\"plaintext\":\"aGVsbG8=\"}}"

static struct fixture f;

static int up(void **state)
{
    struct error err = {0};

    (void)state;
    fixture_up(&f);
    f.options.canary_mount = M;
    assert_int_equal(jobs_reload(f.jobs, &f.options, &err), 0);
    fixture_start(&f);
    return 0;
}

static int down(void **state)
{
    (void)state;
    fixture_down(&f);
    return 0;
}

static void read_manifest(const char *id, struct manifest_snapshot *m)
{
    struct catalogue_source from = {
        .store = f.store, .storage = f.storage, .trust = &f.trust};
    struct snapshot_row row;
    struct error err = {0};
    char key[STORAGE_KEY_MAX];

    assert_int_equal(snapshots_get(f.store, id, NULL, &row, &err), 0);
    assert_int_equal(catalogue_key(&row, "json", key, &err), 0);
    if (catalogue_read_snapshot(&from, key, m, &err) != 0)
        fail_msg("%s", err.text);
}

/* A backup that must succeed, and what its manifest has. */
static struct canary_record backup(const char *const *faults,
                                   char id[ID_TEXT_MAX])
{
    struct manifest_snapshot m = {0};
    struct canary_record record;

    standin_faults(&f.standin, faults);
    fixture_snapshot(&f, id);
    read_manifest(id, &m);
    record = m.canary;
    manifest_snapshot_done(&m);
    return record;
}

static void test_written_before_the_snapshot(void **state)
{
    static const char *const faults[] = {MARKER, CIPHER, DECRYPTS, NULL};
    struct json *facts;
    const struct json *q;
    char id[ID_TEXT_MAX];
    struct canary_record r = backup(faults, id);
    struct canary_row row;
    struct error err = {0};
    bool written = false;
    bool taken = false;

    (void)state;
    assert_string_equal(r.mount, M);
    assert_int_equal(strlen(r.marker.nonce), VAULT_CANARY_NONCE_MAX - 1);
    assert_int_equal(r.marker.version, 7);
    assert_string_equal(r.marker_problem, "");
    assert_string_equal(r.cipher.text, "vault:v1:x");
    assert_string_equal(r.cipher.sha256, SUM);
    assert_string_equal(r.cipher_problem, "");
    facts = standin_facts(&f.standin);
    for (q = json_first(json_get(facts, "requests")); q != NULL;
         q = json_next(q)) {
        const char *path = json_get_text(q, "path", "");

        written = written || strcmp(path, M "/data/marker") == 0;
        taken = taken || strcmp(path, "sys/storage/raft/snapshot") == 0;
        assert_true(written || !taken);
    }
    json_free(facts);
    assert_true(taken);
    assert_int_equal(canaries_get(f.store, id, &row, &err), 0);
    assert_true(row.configured);
    assert_string_equal(row.problem, "");
}

static void test_each_backup_has_its_own_nonce(void **state)
{
    static const char *const faults[] = {MARKER, CIPHER, DECRYPTS, NULL};
    char id[ID_TEXT_MAX];
    struct canary_record one = backup(faults, id);
    struct canary_record two = backup(faults, id);

    (void)state;
    assert_string_not_equal(one.marker.nonce, two.marker.nonce);
}

static void test_a_backup_goes_on_without(void **state)
{
    static const char *const denied[] = {
        "status:path=" M "/data/marker,code=403", CIPHER, DECRYPTS, NULL};
    static const char *const lost[] = {
        MARKER, CIPHER,
        "status:path=" M "-transit,code=400,text=encryption key not found",
        NULL};
    static const char *const never[] = {NULL};
    char id[ID_TEXT_MAX];
    struct canary_record r = backup(denied, id);
    struct canary_row row;
    struct error err = {0};

    (void)state;
    assert_string_equal(r.marker.nonce, "");
    assert_non_null(strstr(r.marker_problem, "path \"" M "/data/marker\""));
    assert_string_equal(r.cipher.text, "vault:v1:x");
    r = backup(lost, id);
    assert_string_not_equal(r.marker.nonce, "");
    /* What is lost here must be asked for in the copy all the same. */
    assert_string_equal(r.cipher.text, "vault:v1:x");
    assert_non_null(strstr(r.cipher_problem, "not found"));
    r = backup(never, id);
    assert_string_equal(r.mount, M);
    assert_string_equal(r.marker.nonce, "");
    assert_string_equal(r.cipher.text, "");
    assert_int_equal(canaries_get(f.store, id, &row, &err), 0);
    assert_true(row.configured);
    assert_string_equal(row.problem, r.marker_problem);
}

/* A write that failed for a moment is made again. */
static void test_a_moment_of_trouble(void **state)
{
    static const char *const faults[] = {
        "status:path=" M "/data/marker,code=503,text=busy,times=1", MARKER,
        CIPHER, DECRYPTS, NULL};
    char id[ID_TEXT_MAX];
    struct canary_record r = backup(faults, id);

    (void)state;
    assert_string_equal(r.marker_problem, "");
    assert_int_equal(r.marker.version, 7);
}

static void test_off_is_off(void **state)
{
    static const char *const none[] = {NULL};
    struct error err = {0};
    char id[ID_TEXT_MAX];
    struct canary_record r;
    struct canary_row row;

    (void)state;
    f.options.canary_mount = NULL;
    assert_int_equal(jobs_reload(f.jobs, &f.options, &err), 0);
    r = backup(none, id);
    assert_string_equal(r.mount, "");
    assert_int_equal(standin_count(&f.standin, "POST", M "/data/marker", false),
                     0);
    assert_int_equal(canaries_get(f.store, id, &row, &err), 0);
    assert_false(row.configured);
}

static void test_a_rebuild_knows_it(void **state)
{
    static const char *const none[] = {NULL};
    struct rebuild_options o = {.trust = f.trust};
    struct rebuild_result result;
    struct canary_row row;
    struct error err = {0};
    char id[ID_TEXT_MAX];
    char path[128];

    (void)state;
    (void)backup(none, id);
    jobs_free(f.jobs);
    f.jobs = NULL;
    store_close(f.store);
    f.store = NULL;
    snprintf(path, sizeof(path), "%s/assay.db", f.dir);
    assert_int_equal(unlink(path), 0);
    fixture_restart(&f);
    o.store = f.store;
    o.storage = f.storage;
    assert_int_equal(rebuild_catalog(&o, &result, &err), 0);
    assert_int_equal(result.snapshots, 1);
    assert_int_equal(canaries_get(f.store, id, &row, &err), 0);
    assert_true(row.configured);
    assert_string_not_equal(row.problem, "");
}

static int parse(const char *text, struct canary_record *out)
{
    struct json *root = NULL;
    struct error err = {0};
    int rc;

    assert_int_equal(json_parse(text, strlen(text), &root, &err), 0);
    rc = canary_record_read(root, out, &err);
    if (rc != 0)
        assert_int_equal(err.kind, ERR_CORRUPT);
    json_free(root);
    return rc;
}

static void test_old_and_odd_manifests(void **state)
{
    static const char *const odd[] = {
        "{\"canary\":{}}",
        "{\"canary\":{\"mount\":\"\"}}",
        "{\"canary\":{\"mount\":7}}",
        "{\"canary\":{\"mount\":\"m\",\"marker\":{\"nonce\":\"ab\"}}}",
        "{\"canary\":{\"mount\":\"m\",\"marker\":{\"nonce\":\"ab\","
        "\"version\":-1}}}",
        "{\"canary\":{\"mount\":\"m\",\"ciphertext\":{\"plaintext_sha256\":"
        "\"" SUM SUM "\"}}}",
    };
    struct canary_record r;

    (void)state;
    assert_int_equal(parse("{\"id\":\"x\"}", &r), 0);
    assert_string_equal(r.mount, "");
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        assert_int_equal(parse(odd[i], &r), -1);
    assert_int_equal(parse("{\"canary\":{\"mount\":\"m\"}}", &r), 0);
    assert_string_equal(r.mount, "m");
    assert_string_equal(r.marker.nonce, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_written_before_the_snapshot, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_each_backup_has_its_own_nonce, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_a_backup_goes_on_without, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_a_moment_of_trouble, up, down),
        cmocka_unit_test_setup_teardown(test_off_is_off, up, down),
        cmocka_unit_test_setup_teardown(test_a_rebuild_knows_it, up, down),
        cmocka_unit_test(test_old_and_odd_manifests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
