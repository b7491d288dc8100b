/* SPDX-License-Identifier: Apache-2.0
 *
 * What real servers do is in tests/contract; here is one that is dead, and
 * one that hears and does not answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "transient/foreign.h"

enum { GONE_MS = 300, LIMIT_MS = 900 };

static char path[64];

static struct vault *asks(void)
{
    char address[96];
    struct vault *v = NULL;
    struct error err;

    (void)snprintf(path, sizeof path, "/tmp/foreign-%d.sock", (int)getpid());
    (void)snprintf(address, sizeof address, "unix://%s", path);
    const struct vault_options o = {
        .address = address,
        .auth = {.method = VAULT_AUTH_TOKEN, .token = "x"},
    };
    if (vault_new(&o, &v, &err) != 0)
        fail_msg("%s", err.text);
    return v;
}

static int64_t wait_for(struct vault *v, int64_t gone_ms, struct error *err)
{
    const struct foreign_data data = {.before = "one",
                                      .after = "two",
                                      .wait = {.timeout_ms = LIMIT_MS},
                                      .gone_ms = gone_ms};
    int64_t began = clock_mono_ms();

    assert_int_equal(foreign_wait_data(v, &data, err), -1);
    assert_int_equal(err->kind, ERR_UNAVAILABLE);
    return clock_mono_ms() - began;
}

static void a_dead_one_is_not_waited_for(void **state)
{
    struct vault *v = asks();
    struct error err;

    (void)state;
    assert_true(wait_for(v, GONE_MS, &err) >= GONE_MS);
    assert_non_null(strstr(err.text, "died, or was taken away"));
    assert_non_null(strstr(err.text, "validate again"));
    assert_non_null(strstr(err.text, "cannot connect to unix://"));
    /* Unless somebody is sure that it comes back. */
    assert_true(wait_for(v, 0, &err) >= LIMIT_MS);
    assert_non_null(strstr(err.text, "did not finish restoring"));
    vault_free(v);
}

static void a_busy_one_is(void **state)
{
    struct vault *v = asks();
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct error err;

    (void)state;
    (void)snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_true(wait_for(v, GONE_MS, &err) >= LIMIT_MS);
    assert_non_null(strstr(err.text, "did not finish restoring"));
    (void)close(fd);
    vault_free(v);
}

static int remove_socket(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_one_is_not_waited_for),
        cmocka_unit_test_teardown(a_busy_one_is, remove_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
