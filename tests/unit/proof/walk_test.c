/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk where real servers will not go on demand: lists that are too long,
 * that repeat themselves, that are refused, a server that goes away.  What it
 * finds on real servers is tests/system/test_16_inventory.py's business. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "proof/walk.h"

struct fixture {
    struct answers *server;
    struct vault *v;
    char dir[64], path[80];
    struct inventory_key key;
    struct walk_options o;
    struct walk_result result;
    struct error err;
    /* What the server is like. */
    bool vault;           /* the product */
    const char *mounts;   /* data of sys/mounts */
    answers_fn more;      /* asked about all that is not the system's */
    int sealed_after;     /* how many answers before it is; -1: never */
    unsigned asked, page; /* by `more` */
};

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

static int plain(struct buf *body, const char *text)
{
    buf_str(body, text);
    return 200;
}

static int refuse(struct buf *body, int status, const char *text)
{
    buf_printf(body, "{\"errors\":[\"%s\"]}", text);
    return status;
}

static int about_itself(const struct fixture *f, const char *target,
                        struct buf *body)
{
    if (begins(target, "/v1/sys/seal-status")) {
        buf_printf(body,
                   "{\"type\":\"shamir\",\"initialized\":true,\"sealed\":%s,"
                   "\"t\":1,\"n\":1,\"progress\":0,\"version\":\"9.9\","
                   "\"%s\":\"2026-01-01T00:00:00Z\",\"storage_type\":\"raft\","
                   "\"cluster_id\":\"cccc\",\"cluster_name\":\"test\"}",
                   f->sealed_after == 0 ? "true" : "false",
                   f->vault ? "build_date" : "commit_date");
        return 200;
    }
    if (begins(target, "/v1/sys/leader"))
        return plain(body, "{\"ha_enabled\":true,\"is_self\":true,"
                           "\"leader_address\":\"\"}");
    if (begins(target, "/v1/sys/health"))
        return plain(body, "{\"initialized\":true,\"sealed\":false,"
                           "\"standby\":false}");
    return 0;
}

static int serve(void *ctx, const char *method, const char *target,
                 struct buf *body)
{
    struct fixture *f = ctx;
    int status = about_itself(f, target, body);

    if (status != 0)
        return status;
    if (f->sealed_after == 0)
        return refuse(body, 503, "Vault is sealed");
    if (f->sealed_after > 0)
        f->sealed_after--;
    if (begins(target, "/v1/auth/token/lookup-self"))
        return plain(body, "{\"data\":{\"ttl\":0}}");
    if (strcmp(target, "/v1/sys/mounts") == 0) {
        buf_printf(body, "{\"data\":%s}", f->mounts);
        return 200;
    }
    if (f->more != NULL) {
        status = f->more(f, method, target, body);
        if (status != 0)
            return status;
    }
    return refuse(body, 404, "");
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct vault_options o = {
        .auth = {.method = VAULT_AUTH_TOKEN, .token = "t"}};

    assert_non_null(f);
    f->server = answers_start(serve, f);
    f->sealed_after = -1;
    f->mounts = "{}";
    o.address = answers_address(f->server);
    assert_int_equal(vault_new(&o, &f->v, &f->err), 0);
    (void)text_copy(f->dir, sizeof f->dir, "/tmp/assay-walk-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof f->path, "%s/i", f->dir);
    (void)text_copy(f->key.id, sizeof f->key.id, "0123456789abcdef");
    f->o = (struct walk_options){.vault = f->v,
                                 .path = f->path,
                                 .work_dir = f->dir,
                                 .key = &f->key,
                                 .concurrency = 8};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    vault_free(f->v);
    answers_stop(f->server);
    assert_int_equal(file_remove_tree(f->dir, &f->err), 0);
    free(f);
    return 0;
}

static void walk(struct fixture *f)
{
    if (walk_run(&f->o, &f->result, &f->err) != 0)
        fail_msg("%s", f->err.text);
}

static uint64_t count(const struct fixture *f, const char *kind)
{
    for (size_t i = 0; i < f->result.kind_count; i++)
        if (strcmp(f->result.kinds[i].name, kind) == 0)
            return f->result.kinds[i].count;
    return 0;
}

/* Whether there is such a record; a field of it into `text` if asked for. */
static bool find(const struct fixture *f, const char *kind, const char *path,
                 const char *field, char text[256])
{
    struct inventory_reader *r = NULL;
    const struct inventory_record *record;
    struct error err = {0};
    bool found = false;

    if (inventory_reader_open(f->path, &r, &err) != 0)
        fail_msg("%s", err.text);
    while (!found && inventory_reader_next(r, &record, &err) == 1) {
        found =
            strcmp(record->kind, kind) == 0 && strcmp(record->path, path) == 0;
        if (found && field != NULL)
            (void)text_copy(text, 256,
                            inventory_field(record, field) != NULL
                                ? inventory_field(record, field)
                                : "");
    }
    assert_int_equal(err.kind, ERR_NONE);
    inventory_reader_close(r);
    return found;
}

#define MOUNT(path, type) "\"" path "/\":{\"type\":\"" type "\",\"uuid\":\"u\"}"
#define KV2(path)                                                              \
    "\"" path "/\":{\"type\":\"kv\",\"options\":{\"version\":\"2\"}}"

static void an_empty_cluster_is_walked(void **state)
{
    struct fixture *f = *state;

    walk(f);
    assert_int_equal(f->result.records, 0);
    assert_string_equal(f->result.head.product, "openbao");
    assert_string_equal(f->result.head.cluster_id, "cccc");
    assert_string_equal(f->result.head.key_id, "0123456789abcdef");
    assert_true(f->result.head.finished_ms >= f->result.head.started_ms);
}

static void unknown_engines_are_not_skipped(void **state)
{
    struct fixture *f = *state;
    char text[256];

    f->mounts = "{" MOUNT("weird", "weird-plugin") "," MOUNT(
        "cubbyhole", "cubbyhole") "," MOUNT("sys", "system") "}";
    walk(f);
    assert_int_equal(count(f, "mount"), 3);
    assert_int_equal(f->result.not_covered, 1);
    assert_true(find(f, "not_covered", "weird/", "reason", text));
    assert_string_equal(text, "unknown engine");
    assert_true(find(f, "not_covered", "weird/", "kind", text));
    assert_string_equal(text, "weird-plugin");
}

static int transit_trouble(void *ctx, const char *method, const char *target,
                           struct buf *body)
{
    (void)ctx;
    (void)method;
    if (begins(target, "/v1/t/config/keys"))
        return refuse(body, 400, "not configured");
    if (begins(target, "/v1/t/keys/denied"))
        return refuse(body, 403, "1 error occurred: permission denied");
    if (begins(target, "/v1/t/keys/broken"))
        return refuse(body, 500, "cipher: message authentication failed");
    if (begins(target, "/v1/t/keys/odd"))
        return plain(body, "{\"data\":");
    if (begins(target, "/v1/t/keys/gone"))
        return 0;
    if (begins(target, "/v1/t/keys/good"))
        return plain(body, "{\"data\":{\"name\":\"good\"}}");
    if (begins(target, "/v1/t/keys"))
        return plain(body, "{\"data\":{\"keys\":[\"broken\",\"denied\","
                           "\"gone\",\"good\",\"odd\"]}}");
    if (begins(target, "/v1/sys/auth"))
        return refuse(body, 403, "1 error occurred: permission denied");
    if (begins(target, "/v1/sys/policies/acl"))
        return refuse(body, 405, "unsupported operation");
    return 0;
}

static void what_cannot_be_read_says_why(void **state)
{
    struct fixture *f = *state;
    char text[256];

    f->mounts = "{" MOUNT("t", "transit") "}";
    f->more = transit_trouble;
    walk(f);
    assert_int_equal(count(f, "transit_key"), 1);
    assert_int_equal(count(f, "transit_config"), 0);
    assert_int_equal(f->result.not_covered, 5);
    assert_true(find(f, "not_covered", "t/keys/denied", "policy", text));
    assert_string_equal(text,
                        "path \"t/keys/*\" { capabilities = [\"read\"] }");
    assert_true(find(f, "not_covered", "t/keys/broken", "reason", text));
    assert_non_null(strstr(text, "message authentication failed"));
    assert_true(find(f, "not_covered", "t/keys/broken", "status", text));
    assert_string_equal(text, "500");
    assert_true(find(f, "not_covered", "t/keys/odd", "reason", text));
    assert_non_null(strstr(text, "not JSON"));
    assert_true(find(f, "not_covered", "sys/auth", "policy", text));
    assert_string_equal(text,
                        "path \"sys/auth\" { capabilities = [\"read\"] }");
    assert_true(find(f, "not_covered", "sys/policies/acl", NULL, text));
}

/* A tree of 3 folders in the folder, each with `page` secrets; one of them
 * may not be listed. */
static int folders(void *ctx, const char *method, const char *target,
                   struct buf *body)
{
    struct fixture *f = ctx;

    if (strcmp(method, "LIST") == 0 && begins(target, "/v1/s/detailed"))
        return refuse(body, 403, "1 error occurred: permission denied");
    if (strcmp(method, "LIST") == 0 && begins(target, "/v1/s/metadata/a/x/"))
        return refuse(body, 403, "1 error occurred: permission denied");
    if (strcmp(method, "LIST") == 0 && begins(target, "/v1/s/metadata/a/")) {
        if (strcspn(target, "?") == strlen("/v1/s/metadata/a/"))
            return plain(body, "{\"data\":{\"keys\":[\"x/\",\"y/\",\"z/\"]}}");
        for (unsigned i = 0; i < f->page; i++)
            buf_printf(body, "%s\"s%03u\"",
                       i > 0 ? "," : "{\"data\":{\"keys\":[", i);
        return plain(body, "]}}");
    }
    if (strcmp(method, "LIST") == 0 && begins(target, "/v1/s/metadata"))
        return plain(body, "{\"data\":{\"keys\":[\"a\",\"a/\"]}}");
    if (begins(target, "/v1/s/metadata/"))
        return plain(body, "{\"data\":{\"current_version\":2}}");
    return 0;
}

static void a_tree_is_walked_without_the_short_cut(void **state)
{
    struct fixture *f = *state;
    char text[256];

    f->mounts = "{" KV2("s") "}";
    f->more = folders;
    f->page = 100;
    walk(f);
    assert_int_equal(count(f, "kv2"), 201);
    assert_true(find(f, "kv2", "s/a", NULL, text));
    assert_true(find(f, "kv2", "s/a/z/s099", NULL, text));
    assert_int_equal(f->result.not_covered, 1);
    assert_true(find(f, "not_covered", "s/metadata/a/x/", "policy", text));
    assert_string_equal(
        text, "path \"s/metadata/*\" { capabilities = [\"list\", \"read\"] }");
}

/* 1200 secrets, detailed, by the page; a page of more than 60 is too large
 * to be taken. */
static int pages(void *ctx, const char *method, const char *target,
                 struct buf *body)
{
    struct fixture *f = ctx;
    const char *limit = strstr(target, "limit="), *after;
    uint64_t most = 0, from = 0;
    char number[16];

    if (strcmp(method, "LIST") != 0 || !begins(target, "/v1/s/detailed") ||
        limit == NULL)
        return 0;
    (void)snprintf(number, sizeof number, "%.*s", (int)strcspn(limit + 6, "&"),
                   limit + 6);
    assert_true(text_u64(number, &most));
    after = strstr(target, "after=s");
    if (after != NULL) {
        assert_true(text_u64(after + 7, &from));
        from++;
    }
    f->asked++;
    if (most > 60) {
        while (body->len <= LIMIT_UPSTREAM_BODY)
            buf_str(body, "                                ");
        return 200;
    }
    buf_str(body, "{\"data\":{\"keys\":[");
    for (uint64_t i = from; i < from + most && i < 1200; i++)
        buf_printf(body, "%s\"s%04llu\"", i > from ? "," : "",
                   (unsigned long long)i);
    buf_str(body, "],\"key_info\":{");
    for (uint64_t i = from; i < from + most && i < 1200; i++)
        buf_printf(body, "%s\"s%04llu\":{\"current_version\":%llu}",
                   i > from ? "," : "", (unsigned long long)i,
                   (unsigned long long)i + 1);
    return plain(body, "}}}");
}

static void pages_shrink_until_they_fit(void **state)
{
    struct fixture *f = *state;
    char text[256];

    f->mounts = "{" KV2("s") "}";
    f->more = pages;
    walk(f);
    assert_int_equal(f->result.not_covered, 0);
    assert_int_equal(f->result.records, 1 + 1200);
    assert_int_equal(f->asked, 1 + 1200 / 51 + 1);
    assert_true(find(f, "kv2", "s/s1199", NULL, text));
}

/* A server that takes a limit and does not look where to begin. */
static int same_page(void *ctx, const char *method, const char *target,
                     struct buf *body)
{
    struct fixture *f = ctx;

    if (strcmp(method, "LIST") != 0 || !begins(target, "/v1/t/keys"))
        return 0;
    f->asked++;
    buf_str(body, "{\"data\":{\"keys\":[");
    for (int i = 0; i < 2000; i++)
        buf_printf(body, "%s\"k%04d\"", i > 0 ? "," : "", i);
    return plain(body, "]}}");
}

static void a_list_that_repeats_itself_ends(void **state)
{
    struct fixture *f = *state;

    f->mounts = "{" MOUNT("t", "transit") "}";
    f->more = same_page;
    walk(f);
    assert_int_equal(f->asked, 2);
}

/* All at once is more than can be taken: one folder at a time. */
static int scan(void *ctx, const char *method, const char *target,
                struct buf *body)
{
    struct fixture *f = ctx;

    if (!begins(target, "/v1/old"))
        return 0;
    if (strcmp(method, "SCAN") == 0) {
        f->asked++;
        if (f->page == 0)
            return plain(body, "{\"data\":{\"keys\":[\"a\",\"b/c\"]}}");
        while (body->len <= LIMIT_UPSTREAM_BODY)
            buf_str(body, "                                ");
        return 200;
    }
    if (strcmp(method, "LIST") == 0)
        return plain(body, begins(target, "/v1/old/b")
                               ? "{\"data\":{\"keys\":[\"c\"]}}"
                               : "{\"data\":{\"keys\":[\"a\",\"b/\"]}}");
    return 0;
}

static void a_scan_is_used_where_it_can_be_had(void **state)
{
    struct fixture *f = *state;
    char text[256];

    f->mounts = "{" MOUNT("old", "kv") "}";
    f->more = scan;
    for (f->page = 0; f->page < 2; f->page++) {
        walk(f);
        assert_int_equal(count(f, "kv1"), 2);
        assert_int_equal(f->result.not_covered, 0);
        assert_true(find(f, "kv1", "old/b/c", NULL, text));
    }
    assert_int_equal(f->asked, 2);
    f->vault = true;
    walk(f);
    assert_int_equal(count(f, "kv1"), 2);
    assert_int_equal(f->asked, 2);
}

static void a_server_that_is_sealed_on_the_way(void **state)
{
    struct fixture *f = *state;

    f->mounts = "{" KV2("s") "}";
    f->more = folders;
    f->page = 200;
    f->sealed_after = 100;
    assert_int_equal(walk_run(&f->o, &f->result, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_UNAVAILABLE);
    assert_false(file_exists(f->path));
    assert_int_equal(walk_run(&f->o, &f->result, &f->err), -1);
    assert_non_null(strstr(f->err.text, "is sealed"));
}

static void a_walk_is_cancelled(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel = {.requested = true};

    f->o.cancel = &cancel;
    assert_int_equal(walk_run(&f->o, &f->result, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_CANCELLED);
    assert_false(file_exists(f->path));
}

static void count_calls(void *ctx, uint64_t records, uint64_t requests)
{
    unsigned *calls = ctx;

    assert_true(records <= 4000 && requests <= 4000);
    ++*calls;
}

static void progress_is_told(void **state)
{
    struct fixture *f = *state;
    unsigned calls = 0;

    f->mounts = "{" KV2("s") "}";
    f->more = folders;
    f->page = 500;
    f->o.progress = count_calls;
    f->o.progress_ctx = &calls;
    walk(f);
    assert_true(calls >= 3);
}

#define WALK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WALK_TEST(an_empty_cluster_is_walked),
        WALK_TEST(unknown_engines_are_not_skipped),
        WALK_TEST(what_cannot_be_read_says_why),
        WALK_TEST(a_tree_is_walked_without_the_short_cut),
        WALK_TEST(pages_shrink_until_they_fit),
        WALK_TEST(a_list_that_repeats_itself_ends),
        WALK_TEST(a_scan_is_used_where_it_can_be_had),
        WALK_TEST(a_server_that_is_sealed_on_the_way),
        WALK_TEST(a_walk_is_cancelled),
        WALK_TEST(progress_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
