/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/workers.h"

enum { JOBS = 50, PARKED = 3 };

static struct workers *pool;
static struct work jobs[JOBS];
static atomic_int runs;
static atomic_int expired;
static atomic_int refused;          /* parked no more: it is stopped */
static _Atomic int64_t park_for_ms; /* 0: done at once */

static void run(void *ctx, struct work *w)
{
    const int64_t ms = atomic_load(&park_for_ms);

    (void)ctx;
    w->seen = workers_generation(pool); /* before anybody can know it ran */
    atomic_fetch_add(&runs, 1);
    if (w->expired)
        atomic_fetch_add(&expired, 1);
    else if (ms > 0 && !workers_park(pool, w, clock_mono_ms() + ms))
        atomic_fetch_add(&refused, 1);
}

static void open_pool(int64_t park_ms)
{
    const struct workers_options o = {
        .threads = 4, .parked = PARKED, .run = run};
    struct error err;

    for (int i = 0; i < JOBS; i++)
        jobs[i] = (struct work){.fd = -1};
    atomic_store(&runs, 0);
    atomic_store(&expired, 0);
    atomic_store(&refused, 0);
    atomic_store(&park_for_ms, park_ms);
    assert_int_equal(workers_new(&o, &pool, &err), 0);
}

static void wait_for(atomic_int *what, int n)
{
    const int64_t until = clock_mono_ms() + 5000;

    while (atomic_load(what) < n && clock_mono_ms() < until)
        clock_sleep_ms(2);
    assert_int_equal(atomic_load(what), n);
}

static void runs_everything_before_it_is_freed(void **state)
{
    (void)state;
    open_pool(0);
    for (int i = 0; i < JOBS; i++)
        assert_true(workers_submit(pool, &jobs[i]));
    workers_free(pool);
    assert_int_equal(atomic_load(&runs), JOBS);
    assert_int_equal(atomic_load(&expired), 0);
}

static void takes_nothing_once_it_is_stopped(void **state)
{
    (void)state;
    open_pool(60000);
    assert_true(workers_submit(pool, &jobs[0]));
    workers_stop(pool);
    assert_false(workers_submit(pool, &jobs[1]));
    assert_false(workers_park(pool, &jobs[1], clock_mono_ms() + 60000));
    workers_wake(pool);
    workers_stop(pool);
    workers_free(pool);
    assert_int_equal(atomic_load(&expired) + atomic_load(&refused), 1);
}

static void a_wake_runs_parked_work_again(void **state)
{
    (void)state;
    open_pool(60000);
    assert_true(workers_submit(pool, &jobs[0]));
    wait_for(&runs, 1);
    for (int i = 2; i < 20; i++) {
        workers_wake(pool);
        wait_for(&runs, i);
    }
    workers_free(pool);
    assert_int_equal(atomic_load(&expired), 1);
}

static void parked_work_expires(void **state)
{
    const int64_t began = clock_mono_ms();

    (void)state;
    open_pool(100);
    assert_true(workers_submit(pool, &jobs[0]));
    wait_for(&expired, 1);
    assert_in_range(clock_mono_ms() - began, 100, 2000);
    workers_free(pool);
}

static void only_so_many_are_parked(void **state)
{
    (void)state;
    open_pool(60000);
    for (int i = 0; i < PARKED + 2; i++)
        assert_true(workers_submit(pool, &jobs[i]));
    wait_for(&expired, 2);
    clock_sleep_ms(50);
    assert_int_equal(atomic_load(&expired), 2);
    workers_expire(pool);
    wait_for(&expired, PARKED + 2);
    workers_free(pool);
}

static void a_wake_between_looking_and_parking_is_not_lost(void **state)
{
    (void)state;
    open_pool(0);
    jobs[0].seen = workers_generation(pool);
    workers_wake(pool);
    assert_true(workers_park(pool, &jobs[0], clock_mono_ms() + 60000));
    wait_for(&runs, 1);
    assert_int_equal(atomic_load(&expired), 0);
    workers_free(pool);
}

static void a_hung_up_client_expires(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    open_pool(60000);
    jobs[0].fd = fds[0];
    assert_true(workers_submit(pool, &jobs[0]));
    wait_for(&runs, 1);
    assert_int_equal(close(fds[1]), 0);
    wait_for(&expired, 1);
    workers_free(pool);
    assert_int_equal(close(fds[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_everything_before_it_is_freed),
        cmocka_unit_test(takes_nothing_once_it_is_stopped),
        cmocka_unit_test(a_wake_runs_parked_work_again),
        cmocka_unit_test(parked_work_expires),
        cmocka_unit_test(only_so_many_are_parked),
        cmocka_unit_test(a_wake_between_looking_and_parking_is_not_lost),
        cmocka_unit_test(a_hung_up_client_expires),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
