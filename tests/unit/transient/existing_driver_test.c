/* SPDX-License-Identifier: Apache-2.0
 *
 * A standing scratch cluster: kept as it was, lent, put back.  On real
 * servers this is done by tests/contract; here they refuse. */
#include "scripted.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "transient/driver.h"
#include "transient/keys.h"

#define FORCE "sys/storage/raft/snapshot-force"
#define PEERS                                                                  \
    "body:path=sys/storage/raft/configuration,json={\"data\":{\"config\":"     \
    "{\"servers\":[{\"node_id\":\"a\",\"address\":\"10.0.0.1:8201\","          \
    "\"leader\":true,\"voter\":true}]}}}"
/* Production's data is in it, until something is put over it. */
#define FILLED                                                                 \
    "{\"cluster_id\":\"" SCRIPTED_PRODUCTION_ID                                \
    "\",\"after_restore\":{\"cluster_id\":\"" SCRIPTED_SCRATCH_ID "\"}}"
#define MAY_FORCE "{\"capabilities\":{\"" FORCE "\":[\"update\"]}}"
#define HELD "what the scratch cluster held"

static char base[] = "/tmp/assay-existing-XXXXXX";
static const char *const secrets[] = {"root", NULL};
static const struct transient_driver *const driver = &transient_existing_driver;

struct rig {
    struct transient_drivers drivers;
    struct transient_options options;
    struct vault *primary;
    struct keys *keys; /* the snapshot's */
    const char *key_files[2];
    char *token_file, *key_file;
    void *state;
    struct error err;
};

static char *put(const char *name, const char *text)
{
    char *path = text_format("%s/%s", base, name);
    struct error err;

    if (file_replace(path, text, strlen(text), 0600, &err) != 0)
        fail_msg("%s", err.text);
    return path;
}

static void open_rig(struct rig *r)
{
    if (driver->open(&r->options, &r->state, &r->err) != 0)
        fail_msg("%s", r->err.text);
    assert_true(driver->gone(r->state));
}

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    const struct vault_options production = {
        .address = scripted_production.address,
        .auth = {.method = VAULT_AUTH_APPROLE,
                 .role_id = "role",
                 .secret_id = "secret"},
    };
    char *archive = put("archive", HELD);
    char *set = text_format("{\"archive\":\"%s\"}", archive);

    assert_non_null(r);
    scripted_reset(NULL);
    standin_set(&scripted_scratch, set);
    scripted_faults(&scripted_scratch, PEERS);
    standin_set(&scripted_production, MAY_FORCE);
    free(archive);
    free(set);
    assert_int_equal(vault_new(&production, &r->primary, &r->err), 0);
    r->keys = keys_new();
    assert_int_equal(keys_add(r->keys, SCRIPTED_SHARE_1, &r->err), 0);
    r->token_file = put("token", "root\n");
    r->key_file = put("keys", SCRIPTED_SHARE_1 "\n" SCRIPTED_SHARE_2 "\n");
    r->key_files[0] = r->key_file;
    r->drivers.existing = (struct transient_existing){
        .address = scripted_scratch.address,
        .token_file = r->token_file,
        .key_files = r->key_files,
    };
    r->drivers.egress_blocked = true;
    r->options = (struct transient_options){
        .product = "openbao",
        .base_dir = base,
        .drivers = &r->drivers,
        .cluster_id = SCRIPTED_PRODUCTION_ID,
        .primary = r->primary,
        .keys = r->keys,
    };
    open_rig(r);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    driver->close(r->state);
    vault_free(r->primary);
    keys_free(r->keys);
    free(r->token_file);
    free(r->key_file);
    free(r);
    return 0;
}

static struct transient_facts facts(const struct rig *r)
{
    struct transient_facts f = {.address = NULL};

    driver->facts(r->state, &f);
    return f;
}

static char *file_of(const struct rig *r, const char *name)
{
    return text_format("%s/%s", facts(r).dir, name);
}

static void up(struct rig *r)
{
    if (driver->up(r->state, &r->err) != 0)
        fail_msg("%s", r->err.text);
}

static void refused(struct rig *r, const char *says)
{
    assert_int_equal(driver->up(r->state, &r->err), -1);
    assert_says(&r->err, says);
    assert_null(facts(r).address);
    assert_int_equal(facts(r).outcome, TRANSIENT_UNUSABLE);
    scripted_only_read(&scripted_scratch);
    assert_int_equal(driver->down(r->state, &r->err), 0);
    assert_true(driver->gone(r->state));
    assert_false(file_exists(facts(r).dir));
    scripted_only_read(&scripted_scratch);
}

/* And long enough ago that it has been applied. */
static void fill(struct rig *r)
{
    const struct timeval then[2] = {{1000, 0}, {1000, 0}};
    char *path = file_of(r, "filled");

    assert_int_equal(driver->fill(r->state, &r->err), 0);
    assert_int_equal(utimes(path, then), 0);
    standin_set(&scripted_scratch, FILLED);
    free(path);
}

static size_t restores(void)
{
    struct json *f = standin_facts(&scripted_scratch);
    size_t n = json_count(json_get(f, "restores"));

    json_free(f);
    return n;
}

static void put_back(struct rig *r)
{
    struct json *f = standin_facts(&scripted_scratch);
    const struct json *one = json_first(json_get(f, "restores"));

    assert_int_equal(json_get_u64(one, "size", 0), strlen(HELD));
    json_free(f);
    assert_true(driver->gone(r->state));
    assert_false(file_exists(facts(r).dir));
}

static void test_what_it_holds_is_kept_before_it_is_lent(void **state)
{
    struct rig *r = *state;
    char *path = file_of(r, "before.snap");
    struct transient_facts f;
    struct buf text;
    struct stat st;

    up(r);
    f = facts(r);
    assert_string_equal(f.address, scripted_scratch.address);
    assert_string_equal(f.init_token, "root");
    assert_true(f.unsealed);
    buf_init(&text, 1000);
    assert_int_equal(file_read(path, &text, &r->err), 0);
    assert_string_equal(text.data, HELD);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_false(driver->gone(r->state));
    /* Nothing was sent to it, nothing is put back. */
    assert_int_equal(driver->down(r->state, &r->err), 0);
    scripted_only_read(&scripted_scratch);
    assert_false(file_exists(f.dir));
    buf_done(&text);
    free(path);
}

static void test_it_is_put_back(void **state)
{
    struct rig *r = *state;

    up(r);
    fill(r);
    if (driver->down(r->state, &r->err) != 0)
        fail_msg("%s", r->err.text);
    assert_int_equal(restores(), 1);
    put_back(r);
    /* Again, and nothing happens. */
    assert_int_equal(driver->down(r->state, &r->err), 0);
    assert_int_equal(restores(), 1);
}

static void test_an_archive_that_never_arrived_needs_nothing(void **state)
{
    struct rig *r = *state;

    up(r);
    fill(r);
    standin_set(&scripted_scratch,
                "{\"cluster_id\":\"" SCRIPTED_SCRATCH_ID "\"}");
    assert_int_equal(driver->down(r->state, &r->err), 0);
    assert_int_equal(restores(), 0);
}

static void test_a_cluster_that_may_be_production_is_refused(void **state)
{
    struct rig *r = *state;

    standin_set(&scripted_scratch,
                "{\"cluster_id\":\"" SCRIPTED_PRODUCTION_ID "\"}");
    refused(r, "the snapshot's own cluster id");
}

static void test_one_that_could_not_be_opened_again_is_refused(void **state)
{
    struct rig *r = *state;

    free(put("keys", SCRIPTED_SHARE_1 "\n"));
    refused(r, "its seal wants 2 key shares, and "
               "transient.existing.key_files hold 1");
    assert_null(strstr(r->err.text, SCRIPTED_SHARE_1));
}

static void test_one_that_nobody_could_put_back_is_refused(void **state)
{
    struct rig *r = *state;

    standin_set(&scripted_production, "{\"capabilities\":{}}");
    refused(r, "nobody could put the scratch cluster back");
}

static void test_half_a_copy_of_it_is_refused(void **state)
{
    struct rig *r = *state;

    scripted_faults(&scripted_scratch, PEERS, "drop:after=5");
    refused(r, "keeping what the scratch cluster holds");
}

static int is_held(const struct source *archive, const struct cancel *cancel,
                   struct error *err)
{
    char data[100];
    size_t len = 0;

    (void)cancel;
    if (archive->read(archive->ctx, data, sizeof data, &len, err) != 0)
        return -1;
    return len == strlen(HELD) && memcmp(data, HELD, len) == 0
               ? 0
               : error_set(err, ERR_CORRUPT, "it ends too early");
}

/* The answer ended well, and was cut off all the same. */
static void test_a_copy_that_is_not_intact_is_refused(void **state)
{
    struct rig *r = *state;

    r->options.intact = is_held;
    scripted_faults(&scripted_scratch, PEERS, "truncate:after=5");
    refused(r, "holds: it ends too early");
    scripted_faults(&scripted_scratch, PEERS);
    up(r);
    assert_int_equal(driver->down(r->state, &r->err), 0);
}

static void test_settings_that_will_not_do(void **state)
{
    struct rig *r = *state;

    r->drivers.existing.token_file = NULL;
    refused(r, "set transient.existing.token_file");
    r->drivers.existing.token_file = "/nowhere/at/all";
    refused(r, "transient.existing.token_file");
    r->drivers.existing.address = "http://192.0.2.1:8200";
    refused(r, "in the clear");
}

static void still_filled(struct rig *r, int rc, const char *says)
{
    assert_int_equal(rc, -1);
    assert_int_not_equal(r->err.kind, ERR_NONE);
    assert_says(&r->err, "still holds production's data");
    assert_says(&r->err, says);
    assert_false(driver->gone(r->state));
    assert_true(file_exists(facts(r).dir));
}

static void test_what_cannot_be_put_back_is_tried_again(void **state)
{
    struct rig *r = *state;

    up(r);
    fill(r);
    scripted_faults(&scripted_scratch, PEERS,
                    "status:path=" FORCE ",code=403,text=denied");
    still_filled(r, driver->down(r->state, &r->err), "denied");
    scripted_faults(&scripted_scratch, PEERS);
    assert_int_equal(driver->down(r->state, &r->err), 0);
    put_back(r);
}

/* Nothing but the key shares opens the copy. */
static void test_root_puts_it_back_where_it_is_allowed(void **state)
{
    struct rig *r = *state;

    up(r);
    fill(r);
    scripted_faults(&scripted_scratch, PEERS,
                    "status:path=auth/approle/login,code=400,text=invalid",
                    "body:path=sys/generate-root/attempt,json={\"nonce\":"
                    "\"n\",\"otp\":\"abcd\"}",
                    "body:path=sys/generate-root/update,json={\"complete\":"
                    "true,\"encoded_token\":\"Ew0MEA==\"}");
    still_filled(r, driver->down(r->state, &r->err), "invalid");
    assert_int_equal(standin_count(&scripted_scratch, "POST",
                                   "sys/generate-root/attempt", false),
                     0);
    r->drivers.allow_generate_root = true;
    if (driver->down(r->state, &r->err) != 0)
        fail_msg("%s", r->err.text);
    put_back(r);
}

static void test_both_ways_back_are_told(void **state)
{
    struct rig *r = *state;

    up(r);
    fill(r);
    r->drivers.allow_generate_root = true;
    scripted_faults(&scripted_scratch, PEERS,
                    "status:path=auth/approle/login,code=400,text=invalid",
                    "status:path=sys/generate-root/attempt,code=405");
    still_filled(r, driver->down(r->state, &r->err), "not as root (the server");
    assert_says(&r->err, "nor as ourselves: ");
}

/* Lent, filled with production's data, and then made the new production. */
static void test_what_was_promoted_is_left_alone(void **state)
{
    struct rig *r = *state;
    struct vault *now = scripted_client(scripted_scratch.address, NULL);
    const struct transient_protected one = {.name = "main", .vault = now};

    up(r);
    fill(r);
    r->options.clusters = &one;
    r->options.clusters_count = 1;
    assert_int_equal(driver->down(r->state, &r->err), -1);
    assert_says(&r->err, "before.snap is not put back");
    assert_says(&r->err, "is the cluster \"main\" now");
    assert_null(strstr(r->err.text, "wipe"));
    assert_int_equal(restores(), 0);
    r->options.clusters_count = 0;
    assert_int_equal(driver->down(r->state, &r->err), 0);
    vault_free(now);
}

static void test_the_next_life_puts_it_back(void **state)
{
    struct rig *r = *state;
    struct json *left = scripted_leftovers(driver, r->state, secrets);
    struct transient_options o = {.drivers = NULL};

    up(r);
    fill(r);
    /* Not configured any more, another one, nobody who could. */
    assert_int_equal(driver->recover(left, &o, &r->err), -1);
    assert_says(&r->err, "the scratch cluster at http://127.0.0.1");
    o.drivers = &r->drivers;
    r->drivers.existing.address = scripted_production.address;
    still_filled(r, driver->recover(left, &o, &r->err),
                 "another is configured");
    assert_int_equal(standin_count(&scripted_production, "POST", FORCE, false),
                     0);
    r->drivers.existing.address = scripted_scratch.address;
    still_filled(r, driver->recover(left, &o, &r->err),
                 "nobody is configured who could log in");
    assert_int_equal(restores(), 0);
    o.primary = r->primary;
    if (driver->recover(left, &o, &r->err) != 0)
        fail_msg("%s", r->err.text);
    assert_int_equal(restores(), 1);
    assert_false(file_exists(facts(r).dir));
    assert_int_equal(driver->recover(left, &o, &r->err), 0);
    assert_int_equal(restores(), 1);
    json_free(left);
}

static void
test_the_next_life_leaves_one_alone_that_was_not_filled(void **state)
{
    static const struct transient_options none = {.drivers = NULL};
    struct rig *r = *state;
    struct json *left = scripted_leftovers(driver, r->state, secrets);

    up(r);
    assert_int_equal(driver->recover(left, &none, &r->err), 0);
    assert_false(file_exists(facts(r).dir));
    scripted_only_read(&scripted_scratch);
    json_free(left);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_it_holds_is_kept_before_it_is_lent),
        TEST(test_it_is_put_back),
        TEST(test_an_archive_that_never_arrived_needs_nothing),
        TEST(test_a_cluster_that_may_be_production_is_refused),
        TEST(test_one_that_could_not_be_opened_again_is_refused),
        TEST(test_one_that_nobody_could_put_back_is_refused),
        TEST(test_half_a_copy_of_it_is_refused),
        TEST(test_a_copy_that_is_not_intact_is_refused),
        TEST(test_settings_that_will_not_do),
        TEST(test_what_cannot_be_put_back_is_tried_again),
        TEST(test_root_puts_it_back_where_it_is_allowed),
        TEST(test_both_ways_back_are_told),
        TEST(test_what_was_promoted_is_left_alone),
        TEST(test_the_next_life_puts_it_back),
        TEST(test_the_next_life_leaves_one_alone_that_was_not_filled),
    };
    int failed;

    if (mkdtemp(base) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, scripted_start, scripted_stop);
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    return failed;
}
