/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/text.h"
#include "jobs/scratch.h"
#include "tests/unit/jobs/bare.h"

static struct bare b;
static atomic_bool given; /* the first in line gives it back */

static int up(void **state)
{
    (void)state;
    bare_up(&b);
    return 0;
}

static int down(void **state)
{
    (void)state;
    bare_down(&b);
    return 0;
}

static struct job job_with(const char *driver)
{
    struct job job = {.jobs = b.jobs, .settings = b.jobs->settings};

    (void)text_copy(job.run.driver, sizeof(job.run.driver), driver);
    return job;
}

/* The second in line, in a thread of its own. */
struct second {
    struct job job;
    struct error err;
    bool taken;
    bool after; /* it was given back by then */
    int rc;
};

static void *take(void *arg)
{
    struct second *s = arg;

    s->rc = scratch_take(&s->job, &s->taken, &s->err);
    s->after = atomic_load(&given);
    return NULL;
}

static void others_need_not_wait(void **state)
{
    struct job first = job_with("existing");
    struct job other = job_with("process");
    struct job default_one = job_with("");
    struct error err = {0};
    bool taken = false;
    bool also = true;

    (void)state;
    assert_int_equal(scratch_take(&first, &taken, &err), 0);
    assert_true(taken);
    assert_int_equal(scratch_take(&other, &also, &err), 0);
    assert_false(also);
    assert_int_equal(scratch_take(&default_one, &also, &err), 0);
    assert_false(also);
    scratch_give(&other, &also);
    scratch_give(&first, &taken);
    assert_false(taken);
}

static void one_after_the_other(void **state)
{
    struct job first = job_with("existing");
    struct second s = {.job = job_with("existing"), .rc = 7};
    struct error err = {0};
    bool taken = false;
    pthread_t thread;

    (void)state;
    assert_int_equal(scratch_take(&first, &taken, &err), 0);
    assert_int_equal(pthread_create(&thread, NULL, take, &s), 0);
    /* Nobody can see it wait; if it has not begun by then, it need not. */
    usleep(50 * 1000);
    atomic_store(&given, true);
    scratch_give(&first, &taken);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(s.rc, 0);
    assert_true(s.taken);
    assert_true(s.after);
    scratch_give(&s.job, &s.taken);
}

static void nobody_waits_who_was_cancelled(void **state)
{
    struct job first = job_with("existing");
    struct second s = {.job = job_with("existing"), .rc = 7};
    struct error err = {0};
    bool taken = false;
    pthread_t thread;

    (void)state;
    assert_int_equal(scratch_take(&first, &taken, &err), 0);
    assert_int_equal(pthread_create(&thread, NULL, take, &s), 0);
    atomic_store(&s.job.cancel.requested, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(s.rc, -1);
    assert_int_equal(s.err.kind, ERR_CANCELLED);
    assert_false(s.taken);
    scratch_give(&first, &taken);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(others_need_not_wait),
        TEST(one_after_the_other),
        TEST(nobody_waits_who_was_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
