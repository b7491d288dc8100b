/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/recorded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "store/audit.h"

static struct {
    char dir[64];
    struct store *store;
    struct job_world world;
    struct job job;
} w;

static int up(void **state)
{
    const struct run_new new = {.kind = RUN_RESTORE,
                                .cluster = "main",
                                .target = "main",
                                .params = "{}",
                                .display_name = "alice",
                                .entity_id = "e-1",
                                .requester_key = "aa"};
    struct audit_options options = {0};
    struct error err = {0};
    char path[96];
    bool existing = false;

    (void)state;
    memset(&w, 0, sizeof(w));
    (void)text_copy(w.dir, sizeof(w.dir), "/tmp/assay-recorded-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    (void)snprintf(path, sizeof(path), "%s/assay.db", w.dir);
    assert_int_equal(store_open(path, &w.store, &err), 0);
    options.store = w.store;
    w.world.store = w.store;
    assert_int_equal(audit_open(&options, &w.world.audit, &err), 0);
    w.job.world = &w.world;
    assert_int_equal(runs_create(w.store, &new, &w.job.run, &existing, &err),
                     0);
    return 0;
}

static int down(void **state)
{
    struct error err = {0};

    (void)state;
    run_done(&w.job.run);
    audit_close(w.world.audit);
    store_close(w.store);
    assert_int_equal(file_remove_tree(w.dir, &err), 0);
    return 0;
}

/* The only entry; "" without one. */
static const char *entry(void)
{
    static char line[4096];
    struct audit_head head;
    struct error err = {0};
    char *got = NULL;

    assert_int_equal(audit_head(w.store, &head, &err), 0);
    assert_true(head.seq <= 1);
    line[0] = '\0';
    if (head.seq == 1 && audit_get(w.store, 1, &got, &err) == 0)
        (void)text_copy(line, sizeof(line), got);
    free(got);
    return line;
}

static void has(const char *part)
{
    if (strstr(entry(), part) == NULL)
        fail_msg("no %s in: %s", part, entry());
}

static void before_an_archive_leaves(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(recorded_sending(&w.job, "what, to whom", &err), 0);
    has("\"type\":\"run\"");
    has("\"event\":\"sending\"");
    has("\"message\":\"what, to whom\"");
    has("\"display_name\":\"alice\",\"entity_id\":\"e-1\"");
    has(w.job.run.id);
}

static void at_the_end(void **state)
{
    (void)state;
    recorded_end(&w.job, RUN_FAILED, "the target is sealed");
    has("\"event\":\"failed\"");
    has("\"error\":\"the target is sealed\"");
}

static void only_restores_are_of_interest(void **state)
{
    (void)state;
    w.job.run.kind = RUN_BACKUP;
    recorded_end(&w.job, RUN_SUCCEEDED, NULL);
    assert_string_equal(entry(), "");
}

static void nothing_without_a_record(void **state)
{
    struct audit *kept = w.world.audit;
    struct run_list list;
    struct error err = {0};

    (void)state;
    w.world.audit = NULL;
    assert_int_equal(recorded_sending(&w.job, "what", &err), 0);
    recorded_end(&w.job, RUN_FAILED, "why");
    recorded_look(&w.world, w.job.run.status, &list);
    assert_int_equal(list.count, 0);
    recorded_over(&w.world, &list);
    w.world.audit = kept;
    assert_string_equal(entry(), "");
}

/* Ended by somebody else: by its time, by a crash. */
static void ends_that_no_job_sees(void **state)
{
    struct run_list list;
    struct error err = {0};

    (void)state;
    recorded_look(&w.world, w.job.run.status, &list);
    assert_int_equal(list.count, 1);
    recorded_over(&w.world, &list);
    assert_string_equal(entry(), ""); /* not over yet */
    recorded_look(&w.world, w.job.run.status, &list);
    assert_int_equal(runs_finish(w.store, w.job.run.id, RUN_CANCELLED,
                                 "nobody wanted it", &err),
                     0);
    recorded_over(&w.world, &list);
    has("\"event\":\"cancelled\"");
    has("\"error\":\"nobody wanted it\"");
    /* Once. */
    recorded_look(&w.world, w.job.run.status, &list);
    recorded_over(&w.world, &list);
    (void)entry();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(before_an_archive_leaves),      TEST(at_the_end),
        TEST(only_restores_are_of_interest), TEST(nothing_without_a_record),
        TEST(ends_that_no_job_sees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
