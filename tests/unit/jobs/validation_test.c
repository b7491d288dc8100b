/* SPDX-License-Identifier: Apache-2.0
 *
 * Validations that wait for key holders: real archives of servers that had
 * three of five shares, and no server to restore into, so that a run ends
 * with what can be asked without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/checks.h"
#include "tests/unit/jobs/fixture.h"
#include "tests/unit/jobs/sealed.h"

#define STRANGE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"

static struct fixture f;
static struct sealed s;

static void engine(int64_t await_ms)
{
    struct error err = {0};

    jobs_free(f.jobs);
    f.options.validation_await_ms = await_ms;
    f.options.transient_server = "/nonexistent/server";
    assert_int_equal(jobs_new(&f.options, &f.jobs, &err), 0);
    fixture_start(&f);
}

static int up(void **state)
{
    char id[ID_TEXT_MAX];

    (void)state;
    fixture_up(&f);
    sealed_load(&s, SEALED_VAULT);
    fixture_serve(&f, s.path);
    engine(600 * 1000);
    fixture_snapshot(&f, id);
    return 0;
}

static int down(void **state)
{
    (void)state;
    sealed_done(&s);
    fixture_down(&f);
    return 0;
}

static void submit(char id[ID_TEXT_MAX])
{
    struct jobs_validation_request r = {0};
    struct jobs_caller who = {.display_name = "tester"};
    struct jobs_submitted made;
    struct error err = {0};

    if (jobs_submit_validation(f.jobs, &r, &who, &made, &err) != 0)
        fail_msg("%s", err.text);
    memcpy(id, made.run.id, ID_TEXT_MAX);
    run_done(&made.run);
}

static void await(const char *id, enum run_status status)
{
    int64_t until = clock_mono_ms() + 30000;
    struct error err = {0};
    struct run run = {0};

    for (;;) {
        assert_int_equal(runs_get(f.store, id, &run, &err), 0);
        const enum run_status now = run.status;
        if (now != status && (run_status_final(now) || clock_mono_ms() > until))
            fail_msg("it is %s: %s", run_status_name(now), run.error);
        run_done(&run);
        if (now == status)
            return;
        usleep(5000);
    }
}

static int hand_in(const char *id, const char *key,
                   struct jobs_unseal_view *view, struct error *err)
{
    const struct jobs_unseal_share share = {
        .run_id = id, .kind = RUN_VALIDATION, .key = key};

    return jobs_unseal(f.jobs, &share, view, err);
}

static void hand_in_right(const char *id, size_t first)
{
    struct jobs_unseal_view view;
    struct error err = {0};

    for (size_t i = 0; i < SEALED_THRESHOLD; i++) {
        if (hand_in(id, s.shares[first + i], &view, &err) != 0)
            fail_msg("%s", err.text);
        assert_int_equal(view.progress, i + 1);
        assert_int_equal(view.sealed, i + 1 < SEALED_THRESHOLD);
    }
}

/* Its outcome, and what its message says. */
static void look_at(const char *id, const char *name, const char *outcome,
                    const char *says)
{
    struct check_list checks = {0};
    struct error err = {0};
    bool found = false;

    assert_int_equal(checks_load(f.store, id, &checks, &err), 0);
    for (size_t i = 0; i < checks.count; i++) {
        if (strcmp(checks.items[i].name, name) != 0)
            continue;
        found = true;
        assert_string_equal(checks.items[i].outcome, outcome);
        if (strstr(checks.items[i].message, says) == NULL)
            fail_msg("%s: %s", name, checks.items[i].message);
    }
    assert_true(found);
    check_list_done(&checks);
}

static void end(const char *id, enum run_status status)
{
    int64_t until = clock_mono_ms() + 30000;
    struct run run = {0};

    fixture_wait(&f, id, &run);
    if (run.status != status)
        fail_msg("it is %s: %s", run_status_name(run.status), run.error);
    /* Forgotten a moment later. */
    while (run.leftovers != NULL && clock_mono_ms() < until) {
        run_done(&run);
        usleep(5000);
        fixture_wait(&f, id, &run);
    }
    assert_null(run.leftovers);
    run_done(&run);
}

static size_t phase(const struct run_phases *phases, const char *name)
{
    for (size_t i = 0; i < phases->count; i++)
        if (strcmp(phases->items[i].name, name) == 0)
            return i;
    fail_msg("no phase %s", name);
    return 0;
}

static void test_enough_shares_let_it_go_on(void **state)
{
    struct jobs_unseal_view view = {0};
    struct error err = {0};
    struct run_phases phases;
    struct run run = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    submit(id);
    await(id, RUN_AWAITING_UNSEAL);
    assert_true(jobs_unseal_view(f.jobs, id, &view));
    assert_int_equal(view.threshold, SEALED_THRESHOLD);
    assert_int_equal(view.shares, SEALED_SHARES);
    assert_int_equal(view.progress, 0);
    assert_true(view.deadline_ms > clock_now_ms());
    assert_int_equal(hand_in(id, s.shares[4], &view, &err), 0);
    assert_int_equal(runs_get(f.store, id, &run, &err), 0);
    assert_int_equal(run.progress_done, 1);
    assert_int_equal(run.progress_total, SEALED_THRESHOLD);
    assert_string_equal(run.progress_unit, "shares");
    run_done(&run);
    assert_int_equal(hand_in(id, s.shares[0], &view, &err), 0);
    assert_int_equal(hand_in(id, s.shares[2], &view, &err), 0);
    assert_false(view.sealed);
    end(id, RUN_SUCCEEDED);
    look_at(id, "intact", "pass", "");
    look_at(id, "authentic", "pass", "");
    look_at(id, "decryptable", "pass", "");
    look_at(id, "restorable", "not_run", "/nonexistent/server");
    assert_int_equal(runs_phases(f.store, id, &phases, &err), 0);
    /* What needs no keys before, the rest behind it. */
    assert_true(phase(&phases, "intact") < phase(&phases, "await_unseal"));
    assert_int_equal(phase(&phases, "authentic"),
                     phase(&phases, "await_unseal") + 1);
    /* It does not wait any more. */
    assert_false(jobs_unseal_view(f.jobs, id, &view));
    assert_int_equal(hand_in(id, s.shares[1], &view, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void test_wrong_shares_and_then_the_right_ones(void **state)
{
    struct jobs_unseal_view view = {0};
    struct error err = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    submit(id);
    await(id, RUN_AWAITING_UNSEAL);
    assert_int_equal(hand_in(id, s.shares[0], &view, &err), 0);
    assert_int_equal(hand_in(id, STRANGE, &view, &err), 0);
    assert_int_equal(hand_in(id, s.shares[1], &view, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_true(jobs_unseal_view(f.jobs, id, &view));
    assert_int_equal(view.progress, 0);
    const struct jobs_unseal_share reset = {
        .run_id = id, .kind = RUN_VALIDATION, .reset = true};
    assert_int_equal(hand_in(id, s.shares[3], &view, &err), 0);
    assert_int_equal(jobs_unseal(f.jobs, &reset, &view, &err), 0);
    assert_int_equal(view.progress, 0);
    hand_in_right(id, 1);
    end(id, RUN_SUCCEEDED);
    look_at(id, "authentic", "pass", "");
}

static void test_nobody_comes(void **state)
{
    struct jobs_unseal_view view = {0};
    struct error err = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    engine(1500);
    submit(id);
    await(id, RUN_AWAITING_UNSEAL);
    assert_int_equal(hand_in(id, s.shares[4], &view, &err), 0);
    end(id, RUN_SUCCEEDED);
    look_at(id, "intact", "pass", "");
    look_at(id, "authentic", "not_run", "1 of the 3 key shares");
    look_at(id, "decryptable", "not_run", "validation.await_unseal");
    look_at(id, "restorable", "not_run", "1 of the 3 key shares");
    look_at(id, "lossless", "not_run", "");
    assert_false(jobs_unseal_view(f.jobs, id, &view));
}

static void test_not_to_wait_is_inconclusive_at_once(void **state)
{
    char id[ID_TEXT_MAX];

    (void)state;
    engine(0);
    submit(id);
    end(id, RUN_SUCCEEDED);
    look_at(id, "authentic", "not_run", "0 of the 3 key shares");
    look_at(id, "restorable", "not_run", "");
}

static void test_cancel(void **state)
{
    struct jobs_unseal_view view = {0};
    struct error err = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    submit(id);
    await(id, RUN_AWAITING_UNSEAL);
    assert_int_equal(hand_in(id, s.shares[4], &view, &err), 0);
    assert_int_equal(jobs_cancel(f.jobs, id, &err), 0);
    end(id, RUN_CANCELLED);
    assert_int_equal(hand_in(id, s.shares[3], &view, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void test_stop(void **state)
{
    struct jobs_unseal_view view = {0};
    struct error err = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    submit(id);
    await(id, RUN_AWAITING_UNSEAL);
    assert_int_equal(hand_in(id, s.shares[4], &view, &err), 0);
    jobs_stop(f.jobs);
    end(id, RUN_INTERRUPTED);
    assert_int_equal(hand_in(id, s.shares[3], &view, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* What a crash leaves: the row as it is, and no one who knows the shares. */
static void test_crash(void **state)
{
    struct error err = {0};
    struct run run = {0};
    bool claimed = false;
    char id[ID_TEXT_MAX];

    (void)state;
    jobs_stop(f.jobs);
    submit(id);
    assert_int_equal(
        runs_claim(f.store, 1u << RUN_VALIDATION, &run, &claimed, &err), 0);
    assert_true(claimed);
    assert_int_equal(runs_set_status(f.store, id, RUN_AWAITING_UNSEAL, &err),
                     0);
    assert_int_equal(
        runs_set_leftovers(f.store, id, "{\"work_dir\":\"x\"}", &err), 0);
    run_done(&run);
    engine(600 * 1000);
    end(id, RUN_INTERRUPTED);
}

static void test_too_many_calls(void **state)
{
    struct jobs_unseal_view view = {0};
    struct error err = {0};
    char id[ID_TEXT_MAX];
    int refused = 0;

    (void)state;
    submit(id);
    await(id, RUN_AWAITING_UNSEAL);
    for (int i = 0; i < 3 * LIMIT_UNSEAL_BURST; i++) {
        if (hand_in(id, s.shares[0], &view, &err) == 0)
            continue;
        assert_int_equal(err.kind, ERR_TOO_MANY);
        refused++;
    }
    assert_true(refused > 0);
    /* A stranger's guesses are not counted against the holders. */
    assert_int_equal(hand_in("0198c0de-0000-7000-8000-000000000001",
                             s.shares[0], &view, &err),
                     -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* Damaged on the disk: nobody is bothered for it. */
static void test_nobody_is_asked_for_what_is_not_intact(void **state)
{
    struct snapshot_row row;
    struct error err = {0};
    char path[256];
    char id[ID_TEXT_MAX];
    FILE *file;

    (void)state;
    assert_int_equal(snapshots_get(f.store, "latest", NULL, &row, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/snapshots/%.160s", f.dir,
                   row.copies[0].location);
    file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 1000, SEEK_SET), 0);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fputc('y', file), 'y');
    assert_int_equal(fclose(file), 0);
    submit(id);
    end(id, RUN_SUCCEEDED);
    look_at(id, "intact", "fail", "");
    look_at(id, "authentic", "not_run", "nobody was asked");
}

/* Files are there: nobody is asked, whatever is in them. */
static void test_nobody_is_asked_where_there_are_files(void **state)
{
    static const char *const files[] = {"/nonexistent/key"};
    char id[ID_TEXT_MAX];

    (void)state;
    f.cluster.unseal_key_files = files;
    f.cluster.unseal_key_files_count = 1;
    engine(600 * 1000);
    submit(id);
    end(id, RUN_SUCCEEDED);
    look_at(id, "authentic", "not_run", "/nonexistent/key");
    look_at(id, "restorable", "not_run", "/nonexistent/key");
}

static void test_a_command(void **state)
{
    const char *command[] = {"sed", "-n", "2,4p", NULL, NULL};
    char keys[600];
    char id[ID_TEXT_MAX];

    (void)state;
    (void)snprintf(keys, sizeof(keys), "%s", s.path);
    memcpy(keys + strlen(keys) - 5, ".keys", 5);
    command[3] = keys;
    f.cluster.unseal_command = command;
    f.cluster.unseal_command_count = 4;
    engine(600 * 1000);
    submit(id);
    end(id, RUN_SUCCEEDED);
    look_at(id, "authentic", "pass", "");
    look_at(id, "decryptable", "pass", "");
    command[2] = "2,3p";
    engine(600 * 1000);
    submit(id);
    end(id, RUN_SUCCEEDED);
    look_at(id, "authentic", "not_run", "unseal.command");
    command[0] = "false";
    engine(600 * 1000);
    submit(id);
    end(id, RUN_SUCCEEDED);
    look_at(id, "authentic", "not_run", "exit code 1");
    look_at(id, "restorable", "not_run", "exit code 1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_enough_shares_let_it_go_on),
        TEST(test_wrong_shares_and_then_the_right_ones),
        TEST(test_nobody_comes),
        TEST(test_not_to_wait_is_inconclusive_at_once),
        TEST(test_cancel),
        TEST(test_stop),
        TEST(test_crash),
        TEST(test_too_many_calls),
        TEST(test_nobody_is_asked_for_what_is_not_intact),
        TEST(test_nobody_is_asked_where_there_are_files),
        TEST(test_a_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
