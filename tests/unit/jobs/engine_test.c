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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/signer.h"
#include "jobs/engine.h"
#include "storage/storage.h"
#include "vault/vault.h"

/* More than there are workers of a kind. */
enum { CLUSTERS = 12, WORKERS = 8, LONG_MS = 600 * 1000 };

static struct {
    char dir[64];
    struct store *store;
    struct storage *storage;
    struct signer *signer;
    struct vault *vault;
    struct jobs *jobs;
    char names[CLUSTERS][16];
} w;

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
    if (job->settings->drain_ms != 100)
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

static struct jobs_options options(struct jobs_cluster *clusters)
{
    for (size_t i = 0; i < CLUSTERS; i++) {
        (void)snprintf(w.names[i], sizeof(w.names[i]), "c%zu", i);
        clusters[i] =
            (struct jobs_cluster){.name = w.names[i], .vault = w.vault};
    }
    return (struct jobs_options){.store = w.store,
                                 .storage = w.storage,
                                 .signer = w.signer,
                                 .data_dir = w.dir,
                                 .clusters = clusters,
                                 .clusters_count = CLUSTERS,
                                 .drain_ms = 100};
}

static int up(void **state)
{
    struct jobs_cluster clusters[CLUSTERS];
    struct error err = {0};
    char path[128];

    (void)state;
    atomic_store(&waits_ms, LONG_MS);
    atomic_store(&begun, 0);
    atomic_store(&resumed, 0);
    atomic_store(&cancelled_ones, 0);
    atomic_store(&settings_changed, 0);
    (void)snprintf(w.dir, sizeof(w.dir), "/tmp/assay-engine-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    (void)snprintf(path, sizeof(path), "%s/assay.db", w.dir);
    assert_int_equal(store_open(path, &w.store, &err), 0);
    assert_int_equal(store_own(w.store, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/key.pem", w.dir);
    assert_int_equal(signer_open(path, &w.signer, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/snapshots", w.dir);
    const struct storage_options storage = {
        .name = "disk", .type = "local", .path = path};
    assert_int_equal(storage_open(&storage, &w.storage, &err), 0);
    const struct vault_options vault = {
        .address = "http://127.0.0.1:1",
        .auth = {.method = VAULT_AUTH_TOKEN, .token = "t"}};
    assert_int_equal(vault_new(&vault, &w.vault, &err), 0);
    const struct jobs_options o = options(clusters);
    assert_int_equal(jobs_new(&o, &w.jobs, &err), 0);
    if (jobs_start(w.jobs, &err) != 0)
        fail_msg("%s", err.text);
    return 0;
}

static int down(void **state)
{
    struct error err = {0};

    (void)state;
    jobs_free(w.jobs);
    vault_free(w.vault);
    storage_close(w.storage);
    signer_free(w.signer);
    store_close(w.store);
    assert_int_equal(file_remove_tree(w.dir, &err), 0);
    return 0;
}

static void submit(enum run_kind kind, size_t cluster, char id[ID_TEXT_MAX])
{
    const struct run_new new = {
        .kind = kind, .cluster = w.names[cluster], .params = "{}"};
    struct error err = {0};
    struct run run = {0};
    bool existing = true;

    /* The snapshots are nobody's business here. */
    if (runs_create(w.store, &new, &run, &existing, &err) != 0)
        fail_msg("%s", err.text);
    assert_false(existing);
    memcpy(id, run.id, ID_TEXT_MAX);
    run_done(&run);
    jobs_wake(w.jobs);
}

static enum run_status status_of(const char *id)
{
    struct error err = {0};
    struct run run = {0};

    assert_int_equal(runs_get(w.store, id, &run, &err), 0);
    const enum run_status status = run.status;
    run_done(&run);
    return status;
}

static void await(const char *id, enum run_status status)
{
    int64_t until = clock_mono_ms() + 30000;

    while (status_of(id) != status) {
        if (clock_mono_ms() > until)
            fail_msg("%s is %s, not %s", id, run_status_name(status_of(id)),
                     run_status_name(status));
        usleep(5000);
    }
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
    assert_true(CLUSTERS > WORKERS);
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
    assert_int_equal(status_of(ids[2]), RUN_AWAITING_UNSEAL);
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
    assert_int_equal(status_of(ids[0]), RUN_INTERRUPTED);
    assert_int_equal(status_of(ids[1]), RUN_INTERRUPTED);
    assert_int_equal(atomic_load(&resumed), 2);
    assert_int_equal(atomic_load(&cancelled_ones), 2);
}

/* It keeps what it began with. */
static void test_a_reload_does_not_touch_it(void **state)
{
    struct jobs_cluster clusters[CLUSTERS];
    struct jobs_options o = options(clusters);
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
             !run_status_final(status_of(id)) && clock_mono_ms() < until;)
            usleep(2000);
        assert_true(run_status_final(status_of(id)));
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
