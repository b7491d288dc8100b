/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "store/handle.h"
#include "tests/unit/store/fixture.h"

static struct run_new request(void)
{
    return (struct run_new){
        .kind = RUN_BACKUP,
        .cluster = "main",
        .params = "{\"a\":1}",
        .display_name = "runbook",
        .entity_id = "entity-1",
        .requester_key = "0123abcd",
    };
}

/* Create, and the id of the run it gave. */
static bool create(struct store *s, const struct run_new *new,
                   char id[ID_TEXT_MAX])
{
    struct error err = {0};
    struct run run;
    bool existing = false;

    assert_ok(runs_create(s, new, &run, &existing, &err), err);
    memcpy(id, run.id, ID_TEXT_MAX);
    run_done(&run);
    return existing;
}

static void refuse(struct store *s, const struct run_new *new,
                   enum error_kind kind, struct error *err)
{
    struct run run;
    bool existing = false;

    assert_refused(runs_create(s, new, &run, &existing, err), *err, kind);
}

static void a_new_run_has_what_was_asked(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row snap = fixture_snapshot("main", 1000);
    struct run_new new = request();
    struct error err = {0};
    struct run made;
    struct run got;
    bool existing = true;

    fixture_add(f->store, &snap);
    new.kind = RUN_RESTORE;
    new.snapshot_id = snap.id;
    new.target = "main";
    new.driver = "process";
    new.oracle = "primary";
    new.dry_run = true;
    new.force = true;
    new.overrides = "verdict,upload_time";
    new.approvals_needed = 2;
    new.reason = "drill; it's \"quoted\" -- 'so'";
    assert_ok(runs_create(f->store, &new, &made, &existing, &err), err);
    assert_false(existing);
    assert_ok(runs_get(f->store, made.id, &got, &err), err);
    assert_true(id_valid(got.id));
    assert_int_equal(got.kind, RUN_RESTORE);
    assert_int_equal(got.status, RUN_QUEUED);
    assert_string_equal(got.cluster, "main");
    assert_string_equal(got.params, "{\"a\":1}");
    assert_string_equal(got.display_name, "runbook");
    assert_string_equal(got.entity_id, "entity-1");
    assert_string_equal(got.requester_key, "0123abcd");
    assert_string_equal(got.snapshot_id, snap.id);
    assert_string_equal(got.target, "main");
    assert_string_equal(got.driver, "process");
    assert_string_equal(got.oracle, "primary");
    assert_string_equal(got.reason, new.reason);
    assert_true(got.dry_run && got.force);
    assert_string_equal(got.overrides, "verdict,upload_time");
    assert_int_equal(got.approvals_needed, 2);
    assert_int_equal(got.plan_revision, 0);
    assert_int_equal(got.verdict, STORE_UNVALIDATED);
    assert_int_equal(got.restore_ms, -1);
    assert_int_equal(got.started_ms, 0);
    assert_int_equal(got.revision, 1);
    assert_true(got.created_ms > 0);
    assert_null(got.plan);
    assert_null(got.leftovers);
    run_done(&made);
    run_done(&got);
}

static void the_same_key_gives_the_same_run(void **state)
{
    struct fixture *f = *state;
    struct run_new new = request();
    struct error err = {0};
    char first[ID_TEXT_MAX];
    char again[ID_TEXT_MAX];

    new.idempotency_key = "k1";
    assert_false(create(f->store, &new, first));
    /* Also when it is over. */
    assert_ok(runs_request_cancel(f->store, first, &err), err);
    assert_true(create(f->store, &new, again));
    assert_string_equal(first, again);
    new.params = "{\"a\":2}";
    refuse(f->store, &new, ERR_PRECONDITION, &err);
    new.params = "{\"a\":1}";
    new.kind = RUN_VALIDATION;
    refuse(f->store, &new, ERR_PRECONDITION, &err);
    /* Somebody else's key is another key. */
    new = request();
    new.idempotency_key = "k1";
    new.entity_id = "entity-2";
    assert_false(create(f->store, &new, again));
    assert_string_not_equal(first, again);
}

static void an_old_key_is_forgotten(void **state)
{
    struct fixture *f = *state;
    struct run_new new = request();
    struct error err = {0};
    struct db *db = NULL;
    char first[ID_TEXT_MAX];
    char again[ID_TEXT_MAX];

    new.idempotency_key = "k1";
    assert_false(create(f->store, &new, first));
    assert_ok(runs_request_cancel(f->store, first, &err), err);
    assert_ok(store_write_begin(f->store, &db, &err), err);
    assert_ok(
        store_write_end(f->store,
                        db_exec(db,
                                "UPDATE idempotency_keys"
                                " SET created_ms = created_ms - 8 * 86400000",
                                &err),
                        false, &err),
        err);
    assert_false(create(f->store, &new, again));
    assert_string_not_equal(first, again);
}

static void the_same_request_by_the_same_caller(void **state)
{
    struct fixture *f = *state;
    struct run_new new = request();
    struct error err = {0};
    char first[ID_TEXT_MAX];
    char again[ID_TEXT_MAX];

    assert_false(create(f->store, &new, first));
    new.requester_key = "another login of the same entity";
    assert_true(create(f->store, &new, again));
    assert_string_equal(first, again);
    /* A new key for the run that is there: remembered. */
    new.idempotency_key = "k2";
    assert_true(create(f->store, &new, again));
    assert_ok(runs_request_cancel(f->store, first, &err), err);
    assert_true(create(f->store, &new, again));
    assert_string_equal(first, again);
    new.idempotency_key = NULL;
    assert_false(create(f->store, &new, again));
    assert_string_not_equal(first, again);
}

static void callers_without_entity_are_their_tokens(void **state)
{
    struct fixture *f = *state;
    struct run_new new = request();
    struct error err = {0};
    char id[ID_TEXT_MAX];

    new.entity_id = "";
    assert_false(create(f->store, &new, id));
    assert_true(create(f->store, &new, id));
    new.requester_key = "99";
    refuse(f->store, &new, ERR_CONFLICT, &err);
    /* An entity that is called like a token is not that token. */
    new.entity_id = "0123abcd";
    refuse(f->store, &new, ERR_CONFLICT, &err);
}

static void a_different_request_conflicts(void **state)
{
    struct fixture *f = *state;
    struct run_new new = request();
    struct error err = {0};
    char id[ID_TEXT_MAX];
    char other[ID_TEXT_MAX];

    assert_false(create(f->store, &new, id));
    new.params = "{\"a\":2}";
    refuse(f->store, &new, ERR_CONFLICT, &err);
    assert_non_null(strstr(err.text, id));
    new.cluster = "other";
    assert_false(create(f->store, &new, other));
    new.cluster = "main";
    new.kind = RUN_VALIDATION;
    assert_false(create(f->store, &new, other));
}

static void payload_decides_over_params(void **state)
{
    struct fixture *f = *state;
    struct run_new new = request();
    char id[ID_TEXT_MAX];

    new.payload = "{\"snapshot\":\"latest\"}";
    assert_false(create(f->store, &new, id));
    new.params = "{\"snapshot\":\"resolved to another one meanwhile\"}";
    assert_true(create(f->store, &new, id));
}

static void the_snapshot_must_be_there(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row snap = fixture_snapshot("main", 1000);
    struct snapshot_row gone;
    struct run_new new = request();
    struct error err = {0};
    char id[ID_TEXT_MAX];

    new.kind = RUN_VALIDATION;
    new.snapshot_id = snap.id;
    refuse(f->store, &new, ERR_NOT_FOUND, &err);
    fixture_add(f->store, &snap);
    assert_ok(snapshots_mark_deleting(f->store, snap.id, &gone, &err), err);
    refuse(f->store, &new, ERR_NOT_FOUND, &err);
    new.snapshot_id = "'; DROP TABLE runs; --";
    refuse(f->store, &new, ERR_NOT_FOUND, &err);
    new.snapshot_id = NULL;
    assert_false(create(f->store, &new, id));
}

static void long_texts_are_refused(void **state)
{
    struct fixture *f = *state;
    struct run_new new = request();
    struct error err = {0};
    char text[1024];
    char id[ID_TEXT_MAX];

    memset(text, 'k', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    new.idempotency_key = text;
    refuse(f->store, &new, ERR_INVALID, &err);
    assert_non_null(strstr(err.text, "idempotency key"));
    new.idempotency_key = NULL;
    new.reason = text;
    refuse(f->store, &new, ERR_INVALID, &err);
    text[RUN_REASON_MAX - 1] = '\0';
    assert_false(create(f->store, &new, id));
}

struct race {
    struct store *store;
    char id[ID_TEXT_MAX];
    bool existing;
};

static void *race_create(void *arg)
{
    struct race *r = arg;
    struct run_new new = request();

    new.idempotency_key = "race";
    r->existing = create(r->store, &new, r->id);
    return NULL;
}

static void repeats_at_the_same_time_make_one_run(void **state)
{
    struct fixture *f = *state;
    struct race races[8];
    pthread_t threads[8];
    int made = 0;

    for (size_t i = 0; i < 8; i++) {
        races[i].store = f->store;
        assert_int_equal(
            pthread_create(&threads[i], NULL, race_create, &races[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        made += races[i].existing ? 0 : 1;
        assert_string_equal(races[i].id, races[0].id);
    }
    assert_int_equal(made, 1);
}

static void import_takes_a_finished_run_once(void **state)
{
    struct fixture *f = *state;
    char basis[] = "{\"assay\":\"0.1.0\"}";
    struct run run = {
        .id = "019ab000-0000-7000-8000-000000000001",
        .kind = RUN_VALIDATION,
        .status = RUN_SUCCEEDED,
        .cluster = "main",
        .created_ms = 1,
        .started_ms = 2,
        .finished_ms = 3,
        .verdict = STORE_VALID,
        .restore_ms = 1700,
        .driver = "process",
        .basis = basis,
    };
    struct error err = {0};
    struct run got;

    assert_ok(runs_import(f->store, &run, &err), err);
    run.restore_ms = 9;
    assert_ok(runs_import(f->store, &run, &err), err);
    assert_ok(runs_get(f->store, run.id, &got, &err), err);
    assert_int_equal(got.restore_ms, 1700);
    assert_int_equal(got.verdict, STORE_VALID);
    assert_int_equal(got.finished_ms, 3);
    assert_string_equal(got.basis, basis);
    run_done(&got);
}

static void imported_phases_are_taken_once(void **state)
{
    struct fixture *f = *state;
    struct run run = {
        .id = "019ab000-0000-7000-8000-000000000001",
        .kind = RUN_VALIDATION,
        .status = RUN_SUCCEEDED,
        .cluster = "main",
        .finished_ms = 3,
    };
    struct run_phases phases = {
        .items = {{"fetch", 10, 500}, {"destroy", 510, -1}}, .count = 2};
    struct run_phases got = {0};
    struct error err = {0};

    assert_ok(runs_import(f->store, &run, &err), err);
    assert_ok(runs_import_phases(f->store, run.id, &phases, &err), err);
    phases.items[0].duration_ms = 9;
    assert_ok(runs_import_phases(f->store, run.id, &phases, &err), err);
    assert_ok(runs_phases(f->store, run.id, &got, &err), err);
    assert_int_equal(got.count, 2);
    assert_string_equal(got.items[0].name, "fetch");
    assert_int_equal(got.items[0].started_ms, 10);
    assert_int_equal(got.items[0].duration_ms, 500);
    assert_int_equal(got.items[1].duration_ms, -1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_run_has_what_was_asked),
        TEST(the_same_key_gives_the_same_run),
        TEST(an_old_key_is_forgotten),
        TEST(the_same_request_by_the_same_caller),
        TEST(callers_without_entity_are_their_tokens),
        TEST(a_different_request_conflicts),
        TEST(payload_decides_over_params),
        TEST(the_snapshot_must_be_there),
        TEST(long_texts_are_refused),
        TEST(repeats_at_the_same_time_make_one_run),
        TEST(import_takes_a_finished_run_once),
        TEST(imported_phases_are_taken_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
