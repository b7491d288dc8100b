/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "server/listen.h"

static void reports_the_real_port(void **state)
{
    struct listener first;
    struct listener second;
    struct error err = {0};

    (void)state;
    assert_int_equal(listen_open("127.0.0.1:0", &first, &err), 0);
    assert_int_equal(strncmp(first.address, "127.0.0.1:", 10), 0);
    assert_string_not_equal(first.address, "127.0.0.1:0");
    assert_int_equal(listen_open(first.address, &second, &err), -1);
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.text, first.address));
    listen_close(&first);
    listen_close(&first);
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:65536",
        "::1:8210",
        "127.0.0.1:-1",
        "300.0.0.1:80",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct listener listener;
        struct error err = {0};

        assert_int_equal(listen_open(bad[i], &listener, &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_the_real_port),
        cmocka_unit_test(refuses_what_is_no_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
