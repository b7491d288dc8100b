/* SPDX-License-Identifier: Apache-2.0
 *
 * Each allocation of ours fails in turn, until the whole scenario succeeds:
 * no crash, no leak (with the address sanitizer), and a catalog that is as
 * whole as before. */
#include <stdlib.h>
#include <string.h>

#include "store/checks.h"
#include "tests/unit/store/fixture.h"

static int fail_at; /* 0: never */
static int seen;

static bool fails(void)
{
    return fail_at != 0 && ++seen == fail_at;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fails() ? NULL : __real_reallocarray(old, count, size);
}

static int clean(void *ctx, const struct run *run, struct error *err)
{
    (void)ctx;
    (void)run;
    (void)err;
    return 0;
}

static int with_snapshots(struct store *s, struct error *err)
{
    static const struct snapshot_prefix_row prefixes[] = {{"core/", 1, 2},
                                                          {"logical/", 3, 4}};
    struct snapshots_filter filter = {.verdict = -1};
    struct snapshot_row row = fixture_snapshot("main", 1000);
    struct snapshot_prefix_list list = {0};
    struct snapshot_list page = {0};
    int rc = -1;

    if (snapshots_add(s, &row, prefixes, 2, err) == 0 &&
        snapshots_list(s, &filter, &page, err) == 0 &&
        snapshots_prefixes(s, row.id, &list, err) == 0 &&
        snapshots_get(s, "latest", NULL, &row, err) == 0)
        rc = 0;
    snapshot_prefix_list_done(&list);
    snapshot_list_done(&page);
    return rc;
}

static int with_runs(struct store *s, struct error *err)
{
    static const struct check_finding_row finding = {"a", "b", "c", "d"};
    const struct check_row check = {.name = "intact",
                                    .outcome = "fail",
                                    .message = "m",
                                    .findings = &finding,
                                    .findings_count = 1};
    const struct run_new new = {.kind = RUN_VALIDATION,
                                .cluster = "main",
                                .params = "{}",
                                .entity_id = "e",
                                .idempotency_key = "k"};
    struct runs_filter filter = {.kind = -1, .status = -1};
    struct run_list list = {0};
    struct check_list checks = {0};
    struct run made = {0};
    struct run taken = {0};
    bool flag = false;
    size_t count = 0;
    int rc = -1;

    if (runs_create(s, &new, &made, &flag, err) == 0 &&
        runs_claim(s, ~0u, &taken, &flag, err) == 0 &&
        runs_set_leftovers(s, made.id, "{}", err) == 0 &&
        checks_save(s, made.id, &check, 1, err) == 0 &&
        checks_load(s, made.id, &checks, err) == 0 &&
        runs_list(s, &filter, &list, err) == 0 &&
        runs_interrupt_unfinished(s, clean, NULL, &count, err) == 0)
        rc = 0;
    run_list_done(&list);
    check_list_done(&checks);
    run_done(&made);
    run_done(&taken);
    return rc;
}

static int scenario(const char *path, struct error *err)
{
    struct store *s = NULL;
    int rc = -1;

    if (store_open(path, &s, err) == 0 && store_own(s, err) == 0 &&
        with_snapshots(s, err) == 0 && with_runs(s, err) == 0)
        rc = 0;
    store_close(s);
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    int rc = -1;
    int failures = 0;

    store_close(f->store);
    f->store = NULL;
    for (int n = 1; rc != 0 && n < 2000; n++) {
        size_t interrupted = 0;

        err = (struct error){0};
        seen = 0;
        fail_at = n;
        rc = scenario(f->path, &err);
        fail_at = 0;
        failures += rc != 0;
        if (rc != 0 && err.kind != ERR_INTERNAL)
            fail_msg("allocation %d: %s", n, err.text);
        /* What was committed may stay, half of nothing may. */
        assert_ok(store_open(f->path, &f->store, &err), err);
        assert_ok(store_check(f->store, &err), err);
        assert_ok(runs_interrupt_unfinished(f->store, clean, NULL, &interrupted,
                                            &err),
                  err);
        struct runs_filter filter = {.kind = -1, .status = RUN_QUEUED};
        struct run_list list;
        assert_ok(runs_list(f->store, &filter, &list, &err), err);
        for (size_t i = 0; i < list.count; i++)
            assert_ok(runs_request_cancel(f->store, list.items[i].id, &err),
                      err);
        run_list_done(&list);
        store_close(f->store);
        f->store = NULL;
    }
    assert_int_equal(rc, 0);
    /* It succeeded because there was nothing left to fail, not because a
     * failure was swallowed. */
    assert_true(seen < failures + 1);
    assert_true(failures > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation_may_fail,
                                        fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
