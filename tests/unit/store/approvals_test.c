/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/approvals.h"
#include "tests/unit/store/fixture.h"

#define HOUR_MS (INT64_C(3600) * 1000)

static const struct approvals_plan plan_one = {.json = "{\"revision\":1}",
                                               .revision = 1,
                                               .fingerprint = "f1",
                                               .sha256 = "s1",
                                               .cluster_id = "c1"};

/* A planned restore of "asker" that waits for `needed` others. */
static void waiting(struct store *s, unsigned needed, int64_t expires_ms,
                    char id[ID_TEXT_MAX])
{
    const struct run_new new = {.kind = RUN_RESTORE,
                                .cluster = "main",
                                .target = "main",
                                .params = "{}",
                                .display_name = "asker",
                                .entity_id = "e-asker",
                                .requester_key = "k-asker",
                                .approvals_needed = needed};
    struct error err = {0};
    struct run run;
    bool flag = false;

    assert_ok(runs_create(s, &new, &run, &flag, &err), err);
    (void)text_copy(id, ID_TEXT_MAX, run.id);
    run_done(&run);
    assert_ok(runs_claim(s, 1u << RUN_RESTORE, &run, &flag, &err), err);
    assert_true(flag);
    run_done(&run);
    assert_ok(approvals_set_plan(s, id, &plan_one, &err), err);
    assert_ok(approvals_wait(s, id, expires_ms, &err), err);
}

static int reject(struct store *s, const char *id, const char *text,
                  struct error *err)
{
    const struct approval_run restore = {RUN_RESTORE, id};

    return approvals_reject(s, &restore, text, err);
}

static int give(struct store *s, const char *id, const char *who,
                uint64_t revision, bool *approved, struct error *err)
{
    char key[80];
    char name[80];

    (void)snprintf(key, sizeof(key), "k-%s", who);
    (void)snprintf(name, sizeof(name), "e-%s", who);
    const struct approval_new new = {.run = {RUN_RESTORE, id},
                                     .entity_id = name,
                                     .display_name = who,
                                     .token_key = key,
                                     .plan_revision = revision};
    return approvals_give(s, &new, approved, err);
}

static void a_run_waits_without_a_worker(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct run_phases phases;
    struct run run;
    bool claimed = true;
    size_t interrupted = 9;
    int64_t expires = clock_now_ms() + HOUR_MS;
    char id[ID_TEXT_MAX];

    waiting(f->store, 1, expires, id);
    assert_ok(runs_claim(f->store, ~0u, &run, &claimed, &err), err);
    assert_false(claimed);
    /* And is still there when the process was not. */
    fixture_reopen(f);
    assert_ok(
        runs_interrupt_unfinished(f->store, NULL, NULL, &interrupted, &err),
        err);
    assert_int_equal(interrupted, 0);
    assert_ok(runs_get(f->store, id, &run, &err), err);
    assert_int_equal(run.status, RUN_PENDING_APPROVAL);
    assert_int_equal(run.expires_ms, expires);
    assert_int_equal(run.started_ms, 0);
    assert_int_equal(run.approvals_needed, 1);
    assert_int_equal(run.plan_revision, 1);
    assert_string_equal(run.plan_fingerprint, "f1");
    assert_string_equal(run.plan_sha256, "s1");
    assert_string_equal(run.plan_cluster_id, "c1");
    assert_string_equal(run.plan, "{\"revision\":1}");
    run_done(&run);
    assert_ok(runs_phases(f->store, id, &phases, &err), err);
    assert_string_equal(phases.items[0].name, "approval");
    assert_ok(runs_request_cancel(f->store, id, &err), err);
    assert_int_equal(fixture_status(f->store, id), RUN_CANCELLED);
}

static void a_cancel_is_not_lost_on_the_way(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char id[ID_TEXT_MAX];

    fixture_claimed(f->store, RUN_RESTORE, id);
    assert_ok(runs_request_cancel(f->store, id, &err), err);
    assert_refused(approvals_wait(f->store, id, clock_now_ms() + HOUR_MS, &err),
                   err, ERR_CANCELLED);
    assert_int_equal(fixture_status(f->store, id), RUN_CHECKING);
}

static void enough_others_let_it_go_on(void **state)
{
    struct fixture *f = *state;
    struct approval_list list = {0};
    struct error err = {0};
    struct run run;
    bool approved = true;
    bool claimed = false;
    unsigned count = 9;
    char id[ID_TEXT_MAX];

    waiting(f->store, 2, clock_now_ms() + HOUR_MS, id);
    assert_ok(give(f->store, id, "bob", 1, &approved, &err), err);
    assert_false(approved);
    /* Twice is once. */
    assert_ok(give(f->store, id, "bob", 1, &approved, &err), err);
    assert_false(approved);
    assert_ok(approvals_count(f->store, id, &count, &err), err);
    assert_int_equal(count, 1);
    assert_ok(give(f->store, id, "carol", 1, &approved, &err), err);
    assert_true(approved);
    assert_int_equal(fixture_status(f->store, id), RUN_APPROVED);
    assert_refused(give(f->store, id, "dave", 1, &approved, &err), err,
                   ERR_CONFLICT);
    assert_ok(approvals_load(f->store, id, &list, &err), err);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].display_name, "bob");
    assert_string_equal(list.items[1].entity_id, "e-carol");
    assert_string_equal(list.items[1].archive_sha256, "s1");
    assert_string_equal(list.items[1].cluster_id, "c1");
    assert_int_equal(list.items[1].plan_revision, 1);
    assert_true(list.items[1].counts && list.items[1].at_ms > 0);
    approval_list_done(&list);
    assert_ok(runs_claim(f->store, ~0u, &run, &claimed, &err), err);
    assert_true(claimed);
    assert_string_equal(run.id, id);
    run_done(&run);
}

static void nobody_approves_himself(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    bool approved = false;
    char id[ID_TEXT_MAX];

    waiting(f->store, 1, clock_now_ms() + HOUR_MS, id);
    const struct approval_new second_token = {.run = {RUN_RESTORE, id},
                                              .entity_id = "e-asker",
                                              .display_name = "another name",
                                              .token_key = "k-other",
                                              .plan_revision = 1};
    assert_refused(approvals_give(f->store, &second_token, &approved, &err),
                   err, ERR_DENIED);
    const struct approval_new same_token = {.run = {RUN_RESTORE, id},
                                            .entity_id = "e-other",
                                            .display_name = "another name",
                                            .token_key = "k-asker",
                                            .plan_revision = 1};
    assert_refused(approvals_give(f->store, &same_token, &approved, &err), err,
                   ERR_DENIED);
    assert_int_equal(fixture_status(f->store, id), RUN_PENDING_APPROVAL);
}

static void another_plan_takes_other_approvals(void **state)
{
    struct fixture *f = *state;
    const struct approvals_plan second = {.json = "{\"revision\":2}",
                                          .revision = 2,
                                          .fingerprint = "f2",
                                          .sha256 = "s1",
                                          .cluster_id = "c1"};
    struct approval_list list = {0};
    struct error err = {0};
    struct run run;
    bool flag = false;
    unsigned count = 9;
    char id[ID_TEXT_MAX];

    waiting(f->store, 1, clock_now_ms() + HOUR_MS, id);
    assert_refused(give(f->store, id, "bob", 2, &flag, &err), err,
                   ERR_CONFLICT);
    assert_non_null(strstr(err.text, "revision 1 now, not 2"));
    assert_ok(give(f->store, id, "bob", 1, &flag, &err), err);
    assert_ok(runs_claim(f->store, ~0u, &run, &flag, &err), err);
    run_done(&run);
    assert_ok(approvals_set_plan(f->store, id, &second, &err), err);
    assert_ok(approvals_count(f->store, id, &count, &err), err);
    assert_int_equal(count, 0);
    assert_ok(approvals_wait(f->store, id, clock_now_ms() + HOUR_MS, &err),
              err);
    assert_refused(give(f->store, id, "bob", 1, &flag, &err), err,
                   ERR_CONFLICT);
    assert_ok(give(f->store, id, "bob", 2, &flag, &err), err);
    assert_true(flag);
    assert_ok(approvals_load(f->store, id, &list, &err), err);
    assert_int_equal(list.count, 2);
    assert_false(list.items[0].counts);
    assert_true(list.items[1].counts);
    approval_list_done(&list);
}

static void time_runs_out(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct run run;
    bool approved = false;
    size_t expired = 9;
    int64_t soon = clock_now_ms() + HOUR_MS;
    char id[ID_TEXT_MAX];

    waiting(f->store, 2, soon, id);
    assert_ok(give(f->store, id, "bob", 1, &approved, &err), err);
    assert_ok(approvals_expire(f->store, soon - 1, &expired, &err), err);
    assert_int_equal(expired, 0);
    assert_ok(approvals_expire(f->store, soon, &expired, &err), err);
    assert_int_equal(expired, 1);
    assert_ok(runs_get(f->store, id, &run, &err), err);
    assert_int_equal(run.status, RUN_EXPIRED);
    assert_non_null(strstr(run.error, "1 of 2"));
    assert_true(run.finished_ms > 0);
    run_done(&run);
    /* Nobody has looked yet when somebody comes too late: its end is for
     * whoever looks. */
    waiting(f->store, 1, clock_now_ms() - 1, id);
    assert_refused(give(f->store, id, "bob", 1, &approved, &err), err,
                   ERR_CONFLICT);
    assert_non_null(strstr(err.text, "is over"));
    assert_refused(reject(f->store, id, "no", &err), err, ERR_CONFLICT);
    assert_int_equal(fixture_status(f->store, id), RUN_PENDING_APPROVAL);
    assert_ok(approvals_expire(f->store, clock_now_ms(), &expired, &err), err);
    assert_int_equal(expired, 1);
    assert_int_equal(fixture_status(f->store, id), RUN_EXPIRED);
}

static void one_says_no(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct run run;
    char backup[ID_TEXT_MAX];
    char id[ID_TEXT_MAX];

    waiting(f->store, 1, clock_now_ms() + HOUR_MS, id);
    assert_ok(reject(f->store, id, "rejected by bob: no", &err), err);
    assert_ok(runs_get(f->store, id, &run, &err), err);
    assert_int_equal(run.status, RUN_REJECTED);
    assert_string_equal(run.error, "rejected by bob: no");
    run_done(&run);
    assert_refused(reject(f->store, id, "again", &err), err, ERR_CONFLICT);
    fixture_run(f->store, RUN_BACKUP, backup);
    assert_refused(reject(f->store, backup, "x", &err), err, ERR_NOT_FOUND);
    assert_refused(
        reject(f->store, "0198c0de-0000-7000-8000-000000000001", "x", &err),
        err, ERR_NOT_FOUND);
}

/* The process ended between the last approval and the worker. */
static void approved_and_not_begun_is_interrupted(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    bool approved = false;
    size_t interrupted = 0;
    char id[ID_TEXT_MAX];

    waiting(f->store, 1, clock_now_ms() + HOUR_MS, id);
    assert_ok(give(f->store, id, "bob", 1, &approved, &err), err);
    fixture_reopen(f);
    assert_ok(
        runs_interrupt_unfinished(f->store, NULL, NULL, &interrupted, &err),
        err);
    assert_int_equal(interrupted, 1);
    assert_int_equal(fixture_status(f->store, id), RUN_INTERRUPTED);
}

struct racer {
    struct store *store;
    const char *id;
    char name[16];
    bool approved;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct error err = {0};

    (void)give(r->store, r->id, r->name, 1, &r->approved, &err);
    return NULL;
}

static void of_several_at_once_one_is_the_last(void **state)
{
    struct fixture *f = *state;
    struct racer racers[6];
    pthread_t threads[6];
    unsigned last = 0;
    char id[ID_TEXT_MAX];

    waiting(f->store, 3, clock_now_ms() + HOUR_MS, id);
    for (unsigned i = 0; i < 6; i++) {
        racers[i] = (struct racer){.store = f->store, .id = id};
        (void)snprintf(racers[i].name, sizeof(racers[i].name), "n%u", i);
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]),
                         0);
    }
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        last += racers[i].approved;
    }
    assert_int_equal(last, 1);
    assert_int_equal(fixture_status(f->store, id), RUN_APPROVED);
}

static void a_safety_snapshot_is_the_way_back(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row snap = fixture_snapshot("main", 1000);
    struct error err = {0};
    char of[ID_TEXT_MAX];
    char id[ID_TEXT_MAX];

    fixture_add(f->store, &snap);
    waiting(f->store, 1, clock_now_ms() + HOUR_MS, id);
    assert_ok(approvals_way_back(f->store, snap.id, "main", of, &err), err);
    assert_string_equal(of, "");
    assert_ok(runs_set_safety_snapshot(f->store, id, snap.id, &err), err);
    assert_ok(approvals_way_back(f->store, snap.id, "main", of, &err), err);
    assert_string_equal(of, id);
    assert_ok(approvals_way_back(f->store, snap.id, "other", of, &err), err);
    assert_string_equal(of, "");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_waits_without_a_worker),
        TEST(a_cancel_is_not_lost_on_the_way),
        TEST(enough_others_let_it_go_on),
        TEST(nobody_approves_himself),
        TEST(another_plan_takes_other_approvals),
        TEST(time_runs_out),
        TEST(one_says_no),
        TEST(approved_and_not_begun_is_interrupted),
        TEST(of_several_at_once_one_is_the_last),
        TEST(a_safety_snapshot_is_the_way_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
