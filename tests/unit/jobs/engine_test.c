/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine with kinds of our own instead of the real ones: what happens to
 * runs that wait, and to the workers meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/jobs/bare.h"

enum { CLUSTERS = BARE_CLUSTERS, LONG_MS = 600 * 1000 };

static struct bare w;

static atomic_int waits_ms; /* of the jobs that begin; 0: they do not wait */
static atomic_int begun, resumed, cancelled_ones, settings_changed;

static int validation_run(struct job *job, struct error *err)
{
    atomic_fetch_add(&begun, 1);
    if (atomic_load(&waits_ms) == 0)
        return 0;
    job->state = strdup(job->run.id);
    pthread_mutex_lock(&job->jobs->lock);
    job->wait_until = clock_mono_ms() + atomic_load(&waits_ms);
    pthread_mutex_unlock(&job->jobs->lock);
    if (job_status(job, RUN_AWAITING_UNSEAL, err) != 0)
        return -1;
    return JOB_WAITS;
}

static int validation_resume(struct job *job, struct error *err)
{
    char *state = job->state;
    int rc = -1;

    atomic_fetch_add(&resumed, 1);
    assert_string_equal(state, job->run.id);
    free(state);
    if (job->settings->drain_ms != BARE_DRAIN_MS)
        atomic_fetch_add(&settings_changed, 1);
    if (job_check(job, err) != 0)
        atomic_fetch_add(&cancelled_ones, 1);
    else if (job_status(job, RUN_PROVISIONING, err) == 0)
        rc = 0;
    return rc;
}

static int at_once(struct job *job, struct error *err)
{
    (void)job;
    (void)err;
    return 0;
}

const struct job_kind job_backup = {.kind = RUN_BACKUP, .run = at_once};
const struct job_kind job_validation = {
    .kind = RUN_VALIDATION, .run = validation_run, .resume = validation_resume};
const struct job_kind job_restore = {.kind = RUN_RESTORE, .run = at_once};

static int up(void **state)
{
    (void)state;
    atomic_store(&waits_ms, LONG_MS);
    atomic_store(&begun, 0);
    atomic_store(&resumed, 0);
    atomic_store(&cancelled_ones, 0);
    atomic_store(&settings_changed, 0);
    bare_up(&w);
    return 0;
}

static int down(void **state)
{
    (void)state;
    bare_down(&w);
    return 0;
}

static void submit(enum run_kind kind, size_t cluster, char id[ID_TEXT_MAX])
{
    bare_submit(&w, kind, cluster, id);
}

static void await(const char *id, enum run_status status)
{
    bare_await(&w, id, status);
}

static void make_ready(const char *id)
{
    pthread_mutex_lock(&w.jobs->lock);
    struct job *job = engine_find(w.jobs, id);
    assert_non_null(job);
    engine_ready(w.jobs, job);
    pthread_mutex_unlock(&w.jobs->lock);
}

/* All workers of the kind have run something that waits, and more; the others
 * still find one. */
static void test_who_waits_holds_no_worker(void **state)
{
    char ids[CLUSTERS][ID_TEXT_MAX];
    char other[ID_TEXT_MAX];

    (void)state;
    assert_true((int)CLUSTERS > (int)BARE_WORKERS);
    for (size_t i = 0; i < CLUSTERS; i++) {
        if (i == CLUSTERS - 1)
            atomic_store(&waits_ms, 0);
        submit(RUN_VALIDATION, i, ids[i]);
        await(ids[i], i < CLUSTERS - 1 ? RUN_AWAITING_UNSEAL : RUN_SUCCEEDED);
    }
    submit(RUN_BACKUP, 0, other);
    await(other, RUN_SUCCEEDED);
    assert_int_equal(atomic_load(&resumed), 0);
    make_ready(ids[3]);
    await(ids[3], RUN_SUCCEEDED);
    assert_int_equal(atomic_load(&resumed), 1);
    assert_int_equal(bare_status(&w, ids[2]), RUN_AWAITING_UNSEAL);
    for (size_t i = 0; i < CLUSTERS - 1; i++)
        if (i != 3)
            make_ready(ids[i]);
    for (size_t i = 0; i < CLUSTERS - 1; i++)
        await(ids[i], RUN_SUCCEEDED);
    assert_int_equal(atomic_load(&resumed), CLUSTERS - 1);
    assert_int_equal(atomic_load(&begun), CLUSTERS);
}

static void test_its_time_is_over(void **state)
{
    int64_t began = clock_mono_ms();
    char id[ID_TEXT_MAX];

    (void)state;
    atomic_store(&waits_ms, 700);
    submit(RUN_VALIDATION, 0, id);
    await(id, RUN_SUCCEEDED);
    assert_true(clock_mono_ms() - began >= 700);
    assert_int_equal(atomic_load(&resumed), 1);
    assert_int_equal(atomic_load(&cancelled_ones), 0);
}

static void test_cancel_ends_it_at_once(void **state)
{
    struct error err = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    /* Again and again: the request must be in the catalog before the run is
     * over, or whoever cancels is told that it is too late. */
    for (int i = 0; i < 30; i++) {
        submit(RUN_VALIDATION, 0, id);
        await(id, RUN_AWAITING_UNSEAL);
        if (jobs_cancel(w.jobs, id, &err) != 0)
            fail_msg("%s", err.text);
        await(id, RUN_CANCELLED);
    }
    assert_int_equal(atomic_load(&cancelled_ones), 30);
    assert_int_equal(jobs_cancel(w.jobs, id, &err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
}

static void test_a_stop_interrupts_it(void **state)
{
    char ids[2][ID_TEXT_MAX];
    int64_t began;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        submit(RUN_VALIDATION, i, ids[i]);
        await(ids[i], RUN_AWAITING_UNSEAL);
    }
    began = clock_mono_ms();
    jobs_stop(w.jobs);
    assert_true(clock_mono_ms() - began < 20000);
    assert_int_equal(bare_status(&w, ids[0]), RUN_INTERRUPTED);
    assert_int_equal(bare_status(&w, ids[1]), RUN_INTERRUPTED);
    assert_int_equal(atomic_load(&resumed), 2);
    assert_int_equal(atomic_load(&cancelled_ones), 2);
}

/* It keeps what it began with. */
static void test_a_reload_does_not_touch_it(void **state)
{
    struct jobs_options o = bare_options(&w);
    struct error err = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    submit(RUN_VALIDATION, 0, id);
    await(id, RUN_AWAITING_UNSEAL);
    o.drain_ms = 200;
    assert_int_equal(jobs_reload(w.jobs, &o, &err), 0);
    make_ready(id);
    await(id, RUN_SUCCEEDED);
    assert_int_equal(atomic_load(&settings_changed), 0);
}

/* Ready, cancelled and over in the same moment, by several threads. */
static void *hurry(void *id)
{
    struct error ignored = {0};

    pthread_mutex_lock(&w.jobs->lock);
    struct job *job = engine_find(w.jobs, id);
    if (job != NULL)
        engine_ready(w.jobs, job);
    pthread_mutex_unlock(&w.jobs->lock);
    if (jobs_cancel(w.jobs, id, &ignored) != 0)
        error_clear(&ignored);
    return NULL;
}

static void test_it_is_resumed_once(void **state)
{
    enum { ROUNDS = 20, THREADS = 4 };
    pthread_t threads[THREADS];
    char id[ID_TEXT_MAX];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        atomic_store(&waits_ms, 1 + round % 3);
        submit(RUN_VALIDATION, 0, id);
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, hurry, id), 0);
        for (size_t i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        for (int64_t until = clock_mono_ms() + 30000;
             !run_status_final(bare_status(&w, id)) && clock_mono_ms() < until;)
            usleep(2000);
        assert_true(run_status_final(bare_status(&w, id)));
    }
    assert_true(atomic_load(&resumed) <= atomic_load(&begun));
    assert_true(atomic_load(&begun) <= ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_waits_holds_no_worker, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_its_time_is_over, up, down),
        cmocka_unit_test_setup_teardown(test_cancel_ends_it_at_once, up, down),
        cmocka_unit_test_setup_teardown(test_a_stop_interrupts_it, up, down),
        cmocka_unit_test_setup_teardown(test_a_reload_does_not_touch_it, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_it_is_resumed_once, up, down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
