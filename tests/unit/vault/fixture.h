/* SPDX-License-Identifier: Apache-2.0
 *
 * Two scripted servers, `here` and `there`, and a handle to the first. */
#ifndef ASSAY_TESTS_VAULT_FIXTURE_H
#define ASSAY_TESTS_VAULT_FIXTURE_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "standin.h"
#include "vault/vault.h"

enum { FIXTURE_ARCHIVE_SIZE = 200 * 1000 };

extern struct standin fixture_here, fixture_there;

struct fixture {
    struct vault *v;
    struct error err;
};

/* Once per program. */
int fixture_start(void **state);
int fixture_stop(void **state);
/* Per test: an AppRole handle with what the stand-in accepts. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);
/* The options of that handle. */
void fixture_options(struct vault_options *o);
/* Another handle in its place. */
void fixture_use(struct fixture *f, const struct vault_options *o);
/* Fail with what the error says. */
#define assert_ok(f, call)                                                     \
    do {                                                                       \
        error_clear(&(f)->err);                                                \
        if ((call) != 0)                                                       \
            fail_msg("%s: %s", #call, (f)->err.text);                          \
    } while (0)
#define assert_fails(f, call, expected)                                        \
    do {                                                                       \
        error_clear(&(f)->err);                                                \
        assert_int_equal((call), -1);                                          \
        if ((f)->err.kind != (expected))                                       \
            fail_msg("%s: kind %d: %s", #call, (int)(f)->err.kind,             \
                     (f)->err.text);                                           \
    } while (0)
#define fixture_test(name)                                                     \
    cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

#endif
