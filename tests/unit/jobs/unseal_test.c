/* SPDX-License-Identifier: Apache-2.0
 *
 * Many key holders at once, and what they find when the run is not there any
 * more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "jobs/holders.h"
#include "jobs/shares.h"
#include "tests/unit/jobs/bare.h"
#include "tests/unit/jobs/sealed.h"
#include "transient/keys.h"

static struct bare w;
static struct sealed s;
static atomic_uint taken; /* shares that the last run got */

/* As a validation asks, without its archive in a storage. */
static int ask(struct job *job, struct error *err)
{
    struct source source = sealed_source(&s);
    struct holders *h = NULL;

    if (holders_new(&source, &job->cancel, &h, err) != 0)
        return -1;
    pthread_mutex_lock(&job->jobs->lock);
    job->holders = h;
    job->wait_until = clock_mono_ms() + 600 * 1000;
    pthread_mutex_unlock(&job->jobs->lock);
    if (job_status(job, RUN_AWAITING_UNSEAL, err) != 0)
        return -1;
    return JOB_WAITS;
}

static int get(struct job *job, struct error *err)
{
    struct error why = {0};
    struct keys *keys = NULL;

    if (shares_take(job, &keys, &why, err) != 0)
        return -1;
    atomic_store(&taken, (unsigned)keys_count(keys));
    keys_free(keys);
    return job_status(job, RUN_PROVISIONING, err);
}

static int at_once(struct job *job, struct error *err)
{
    (void)job;
    (void)err;
    return 0;
}

const struct job_kind job_backup = {.kind = RUN_BACKUP, .run = at_once};
const struct job_kind job_validation = {
    .kind = RUN_VALIDATION, .run = ask, .resume = get};
const struct job_kind job_restore = {.kind = RUN_RESTORE, .run = at_once};

static int up(void **state)
{
    (void)state;
    sealed_load(&s, SEALED_OPENBAO);
    bare_up(&w);
    atomic_store(&taken, 0);
    return 0;
}

static int down(void **state)
{
    (void)state;
    bare_down(&w);
    sealed_done(&s);
    return 0;
}

static void begin(size_t cluster, char id[ID_TEXT_MAX])
{
    bare_submit(&w, RUN_VALIDATION, cluster, id);
    bare_await(&w, id, RUN_AWAITING_UNSEAL);
}

static int hand_in(const char *id, const char *key, struct error *err)
{
    const struct jobs_unseal_share share = {
        .run_id = id, .kind = RUN_VALIDATION, .key = key};
    struct jobs_unseal_view view;

    return jobs_unseal(w.jobs, &share, &view, err);
}

struct holder {
    const char *id;
    const char *share;
    enum error_kind refused; /* ERR_NONE: taken */
};

static void *come(void *holder)
{
    struct holder *h = holder;
    struct jobs_unseal_view view;
    struct error err = {0};

    (void)jobs_unseal_view(w.jobs, h->id, &view);
    if (hand_in(h->id, h->share, &err) != 0)
        h->refused = err.kind;
    return NULL;
}

static void all_come(const char *id, struct holder holders[SEALED_SHARES])
{
    pthread_t threads[SEALED_SHARES];

    for (size_t i = 0; i < SEALED_SHARES; i++) {
        holders[i] = (struct holder){.id = id, .share = s.shares[i]};
        assert_int_equal(pthread_create(&threads[i], NULL, come, &holders[i]),
                         0);
    }
    for (size_t i = 0; i < SEALED_SHARES; i++)
        pthread_join(threads[i], NULL);
}

/* Three of the five are needed; the others find it unsealed or gone. */
static void test_all_holders_at_once(void **state)
{
    struct holder holders[SEALED_SHARES];
    char id[ID_TEXT_MAX];

    (void)state;
    for (int round = 0; round < 12; round++) {
        unsigned refused = 0;

        begin(0, id);
        all_come(id, holders);
        bare_await(&w, id, RUN_SUCCEEDED);
        assert_int_equal(atomic_load(&taken), SEALED_THRESHOLD);
        for (size_t i = 0; i < SEALED_SHARES; i++) {
            assert_true(holders[i].refused == ERR_NONE ||
                        holders[i].refused == ERR_NOT_FOUND);
            refused += holders[i].refused != ERR_NONE;
        }
        assert_true(refused <= SEALED_SHARES - SEALED_THRESHOLD);
    }
}

/* Whatever comes first, it ends, and it ends once. */
static void test_a_cancel_among_them(void **state)
{
    struct holder holders[SEALED_SHARES];
    struct error err = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    for (int round = 0; round < 5; round++) {
        pthread_t thread;

        begin(1, id);
        holders[0] = (struct holder){.id = id, .share = s.shares[0]};
        assert_int_equal(hand_in(id, s.shares[1], &err), 0);
        assert_int_equal(hand_in(id, s.shares[2], &err), 0);
        assert_int_equal(pthread_create(&thread, NULL, come, holders), 0);
        if (jobs_cancel(w.jobs, id, &err) != 0)
            assert_int_equal(err.kind, ERR_CONFLICT);
        pthread_join(thread, NULL);
        for (int64_t until = clock_mono_ms() + 30000;
             !run_status_final(bare_status(&w, id)) && clock_mono_ms() < until;)
            usleep(2000);
        assert_true(bare_status(&w, id) == RUN_CANCELLED ||
                    bare_status(&w, id) == RUN_SUCCEEDED);
    }
}

/* One run's noise is not another's, up to what all may make together. */
static void test_each_run_has_its_own_measure(void **state)
{
    char ids[6][ID_TEXT_MAX];
    struct error err = {0};
    int all = 0;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        int mine = 0;

        begin(i, ids[i]);
        while (hand_in(ids[i], s.shares[0], &err) == 0)
            mine++;
        assert_int_equal(err.kind, ERR_TOO_MANY);
        if (i < 3)
            assert_true(mine >= LIMIT_UNSEAL_BURST);
        all += mine;
    }
    assert_true(all >= LIMIT_UNSEAL_BURST_ALL);
    assert_true(all < 6 * LIMIT_UNSEAL_BURST);
}

static void test_who_is_not_waited_for(void **state)
{
    struct jobs_unseal_view view;
    struct error err = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    assert_false(jobs_unseal_view(w.jobs, "nobody", &view));
    assert_int_equal(hand_in("nobody", s.shares[0], &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    bare_submit(&w, RUN_BACKUP, 0, id);
    bare_await(&w, id, RUN_SUCCEEDED);
    assert_int_equal(hand_in(id, s.shares[0], &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    begin(0, id);
    assert_true(jobs_unseal_view(w.jobs, id, &view));
    jobs_stop(w.jobs);
    assert_false(jobs_unseal_view(w.jobs, id, &view));
    assert_int_equal(hand_in(id, s.shares[0], &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_holders_at_once),
        TEST(test_a_cancel_among_them),
        TEST(test_each_run_has_its_own_measure),
        TEST(test_who_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
