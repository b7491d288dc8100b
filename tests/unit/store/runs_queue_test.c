/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "store/handle.h"
#include "tests/unit/store/fixture.h"

static void claim_takes_the_oldest_of_its_kinds(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char backup[ID_TEXT_MAX];
    char restore[ID_TEXT_MAX];
    struct run run = {0};
    bool claimed = true;

    assert_ok(runs_claim(f->store, ~0u, &run, &claimed, &err), err);
    assert_false(claimed);
    fixture_run(f->store, RUN_BACKUP, backup);
    fixture_run(f->store, RUN_RESTORE, restore);
    assert_ok(runs_claim(f->store, 1u << RUN_VALIDATION, &run, &claimed, &err),
              err);
    assert_false(claimed);
    assert_ok(runs_claim(f->store, 1u << RUN_RESTORE, &run, &claimed, &err),
              err);
    assert_true(claimed);
    assert_string_equal(run.id, restore);
    assert_int_equal(run.status, RUN_CHECKING);
    assert_true(run.started_ms >= run.created_ms);
    assert_string_equal(run.params, "{}");
    run_done(&run);
    assert_ok(runs_claim(f->store, ~0u, &run, &claimed, &err), err);
    assert_true(claimed);
    assert_string_equal(run.id, backup);
    assert_int_equal(run.status, RUN_RUNNING);
    run_done(&run);
    assert_ok(runs_claim(f->store, ~0u, &run, &claimed, &err), err);
    assert_false(claimed);
}

/* Steps of a claim that finds nothing to do. */
static uint64_t idle_steps(struct store *s)
{
    struct error err = {0};
    struct db *db = NULL;
    struct run run;
    bool claimed = true;
    uint64_t before;
    uint64_t after;

    assert_ok(store_write_begin(s, &db, &err), err);
    before = db_steps(db);
    assert_ok(store_write_end(s, 0, false, &err), err);
    assert_ok(runs_claim(s, ~0u, &run, &claimed, &err), err);
    assert_false(claimed);
    assert_ok(store_write_begin(s, &db, &err), err);
    after = db_steps(db);
    assert_ok(store_write_end(s, 0, false, &err), err);
    return after - before;
}

static void history_does_not_slow_the_queue(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct run old = {.kind = RUN_BACKUP,
                      .status = RUN_SUCCEEDED,
                      .cluster = "main",
                      .finished_ms = 1};
    uint64_t empty = idle_steps(f->store);

    for (int i = 0; i < 200; i++) {
        id_new(old.id);
        assert_ok(runs_import(f->store, &old, &err), err);
    }
    assert_int_equal(idle_steps(f->store), empty);
}

static void a_validation_begins_by_provisioning(void **state)
{
    struct fixture *f = *state;
    char id[ID_TEXT_MAX];

    fixture_claimed(f->store, RUN_VALIDATION, id);
    assert_int_equal(fixture_status(f->store, id), RUN_PROVISIONING);
}

struct race {
    struct store *store;
    atomic_int claims;
};

static void *race_claim(void *arg)
{
    struct race *r = arg;
    struct error err = {0};
    struct run run;
    bool claimed = false;

    assert_ok(runs_claim(r->store, ~0u, &run, &claimed, &err), err);
    if (claimed) {
        atomic_fetch_add(&r->claims, 1);
        run_done(&run);
    }
    return NULL;
}

static void a_run_is_claimed_once(void **state)
{
    struct fixture *f = *state;
    struct race race = {.store = f->store};
    pthread_t threads[8];
    char id[ID_TEXT_MAX];

    fixture_run(f->store, RUN_BACKUP, id);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race_claim, &race),
                         0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&race.claims), 1);
}

static void cancel_depends_on_where_the_run_is(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char id[ID_TEXT_MAX];
    struct run run;

    fixture_run(f->store, RUN_BACKUP, id);
    assert_ok(runs_request_cancel(f->store, id, &err), err);
    assert_ok(runs_get(f->store, id, &run, &err), err);
    assert_int_equal(run.status, RUN_CANCELLED);
    assert_true(run.finished_ms > 0);
    run_done(&run);
    assert_refused(runs_request_cancel(f->store, id, &err), err, ERR_CONFLICT);

    fixture_claimed(f->store, RUN_BACKUP, id);
    assert_ok(runs_request_cancel(f->store, id, &err), err);
    assert_ok(runs_get(f->store, id, &run, &err), err);
    assert_int_equal(run.status, RUN_RUNNING);
    assert_true(run.cancel_requested);
    run_done(&run);
    assert_refused(runs_request_cancel(f->store, "'--", &err), err,
                   ERR_NOT_FOUND);
}

struct cleaned {
    int calls;
    int rc;
    char last[ID_TEXT_MAX];
    struct store *store;
};

static int clean(void *ctx, const struct run *run, struct error *err)
{
    struct cleaned *c = ctx;
    size_t active = 0;

    c->calls++;
    memcpy(c->last, run->id, ID_TEXT_MAX);
    assert_string_equal(run->leftovers, "{\"dir\":\"t\"}");
    assert_int_equal(run->status, RUN_INTERRUPTED);
    assert_ok(runs_count_active(c->store, &active, err), *err);
    return c->rc == 0 ? 0 : error_set(err, ERR_IO, "directory busy");
}

static void a_crash_interrupts_what_was_under_way(void **state)
{
    struct fixture *f = *state;
    struct cleaned c = {.rc = -1};
    struct error err = {0};
    char backup[ID_TEXT_MAX];
    char validation[ID_TEXT_MAX];
    char restore[ID_TEXT_MAX];
    size_t interrupted = 99;
    struct run run;

    fixture_claimed(f->store, RUN_VALIDATION, validation);
    assert_ok(runs_set_leftovers(f->store, validation, "{\"dir\":\"t\"}", &err),
              err);
    assert_ok(runs_begin_phase(f->store, validation, "provision", &err), err);
    fixture_claimed(f->store, RUN_RESTORE, restore);
    assert_ok(runs_set_status(f->store, restore, RUN_RESTORING, &err), err);
    fixture_run(f->store, RUN_BACKUP, backup);

    fixture_reopen(f);
    c.store = f->store;
    assert_ok(
        runs_interrupt_unfinished(f->store, clean, &c, &interrupted, &err),
        err);
    assert_int_equal(interrupted, 2);
    assert_int_equal(c.calls, 1);
    assert_string_equal(c.last, validation);
    assert_int_equal(fixture_status(f->store, backup), RUN_QUEUED);
    assert_ok(runs_get(f->store, restore, &run, &err), err);
    assert_int_equal(run.status, RUN_INTERRUPTED);
    assert_true(run.finished_ms > 0);
    assert_non_null(strstr(run.error, "may have been applied"));
    run_done(&run);
    /* Cleaning failed: kept, and said once. */
    assert_ok(runs_get(f->store, validation, &run, &err), err);
    assert_non_null(run.leftovers);
    assert_non_null(strstr(run.error, "while this run was provisioning"));
    assert_non_null(strstr(run.error, "directory busy"));
    run_done(&run);

    c.rc = 0;
    assert_ok(
        runs_interrupt_unfinished(f->store, clean, &c, &interrupted, &err),
        err);
    assert_int_equal(interrupted, 0);
    assert_int_equal(c.calls, 2);
    assert_ok(runs_get(f->store, validation, &run, &err), err);
    assert_null(run.leftovers);
    run_done(&run);
    assert_ok(
        runs_interrupt_unfinished(f->store, clean, &c, &interrupted, &err),
        err);
    assert_int_equal(c.calls, 2);
}

/* What somebody has to look at after a recovery was cut short: only what may
 * have been written. */
static void interrupted_at(struct fixture *f, const char *to, const char *phase,
                           const char *outcome, bool look)
{
    char params[64];
    const struct run_new new = {
        .kind = RUN_RECOVERY, .cluster = "main", .params = params};
    struct error err = {0};
    bool flag = false;
    size_t interrupted = 0;
    struct run run;

    (void)snprintf(params, sizeof(params), "{\"to\":\"%s\"}", to);
    assert_ok(runs_create(f->store, &new, &run, &flag, &err), err);
    run_done(&run);
    assert_ok(runs_claim(f->store, 1u << RUN_RECOVERY, &run, &flag, &err), err);
    assert_true(flag);
    assert_ok(runs_begin_phase(f->store, run.id, phase, &err), err);
    if (outcome != NULL)
        assert_ok(runs_set_outcome(f->store, run.id, outcome, &err), err);
    assert_ok(
        runs_interrupt_unfinished(f->store, NULL, NULL, &interrupted, &err),
        err);
    assert_int_equal(interrupted, 1);
    struct run now;
    assert_ok(runs_get(f->store, run.id, &now, &err), err);
    assert_int_equal(now.status, RUN_INTERRUPTED);
    assert_int_equal(strstr(now.error, "look at the secret") != NULL, look);
    run_done(&now);
    run_done(&run);
}

static void a_recovery_cut_short_says_what_to_look_at(void **state)
{
    struct fixture *f = *state;

    interrupted_at(f, "primary", "read", NULL, false);
    interrupted_at(f, "primary", "deliver", NULL, true);
    interrupted_at(f, "primary", "destroy", NULL, false);
    interrupted_at(f, "primary", "destroy", "{}", true);
    interrupted_at(f, "wrap", "deliver", NULL, false);
    interrupted_at(f, "wrap", "destroy", "{}", false);
}

/* A status that says "nothing is left" must be true, and one that cries must
 * have a reason. */
static void a_transient_that_would_not_go_is_counted(void **state)
{
    static const char left[] = "{\"manifest\":\"k\",\"transient\":\"{}\"}";
    struct fixture *f = *state;
    struct error err = {0};
    char gone[ID_TEXT_MAX];
    char there[ID_TEXT_MAX];
    size_t count = 99;

    fixture_claimed(f->store, RUN_VALIDATION, gone);
    assert_ok(runs_set_leftovers(f->store, gone, left, &err), err);
    assert_ok(runs_count_undestroyed(f->store, &count, &err), err);
    assert_int_equal(count, 0); /* at work */
    assert_ok(runs_set_leftovers(f->store, gone, "{\"manifest\":\"k\"}", &err),
              err);
    assert_ok(runs_finish(f->store, gone, RUN_FAILED, "x", &err), err);
    assert_ok(runs_count_undestroyed(f->store, &count, &err), err);
    assert_int_equal(count, 0); /* something else is left */

    fixture_claimed(f->store, RUN_VALIDATION, there);
    assert_ok(runs_set_leftovers(f->store, there, left, &err), err);
    assert_ok(runs_finish(f->store, there, RUN_FAILED, "x", &err), err);
    assert_ok(runs_count_undestroyed(f->store, &count, &err), err);
    assert_int_equal(count, 1);
    assert_ok(runs_set_leftovers(f->store, there, NULL, &err), err);
    assert_ok(runs_count_undestroyed(f->store, &count, &err), err);
    assert_int_equal(count, 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(claim_takes_the_oldest_of_its_kinds),
        TEST(history_does_not_slow_the_queue),
        TEST(a_validation_begins_by_provisioning),
        TEST(a_run_is_claimed_once),
        TEST(cancel_depends_on_where_the_run_is),
        TEST(a_crash_interrupts_what_was_under_way),
        TEST(a_recovery_cut_short_says_what_to_look_at),
        TEST(a_transient_that_would_not_go_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
