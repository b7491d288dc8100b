/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "freed.h"

static void grows_up_to_its_ceiling_and_remembers(void **state)
{
    struct error err;
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    assert_string_equal(buf_text(&b), "");
    buf_str(&b, "12345");
    buf_printf(&b, "%d", 67890);
    assert_string_equal(buf_text(&b), "1234567890");
    assert_int_equal(buf_check(&b, "it", &err), 0);
    buf_char(&b, 'x');
    assert_true(buf_failed(&b));
    assert_int_equal(buf_check(&b, "it", &err), -1);
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    assert_string_equal(err.text, "it is larger than 10 bytes");
    buf_str(&b, "");
    assert_true(buf_failed(&b));
    buf_clear(&b);
    buf_str(&b, "again");
    assert_string_equal(buf_text(&b), "again");
    buf_done(&b);
    buf_done(&b);
}

static void reserves_and_consumes(void **state)
{
    struct buf b;
    char *p;

    (void)state;
    buf_init_secret(&b, 100000);
    for (int i = 0; i < 1000; i++)
        buf_str(&b, "0123456789");
    assert_int_equal(b.len, 10000);
    buf_consume(&b, 9995);
    assert_string_equal(buf_text(&b), "56789");
    p = buf_reserve(&b, 3);
    memcpy(p, "abc", 3);
    buf_claim(&b, 2);
    p = buf_take(&b);
    assert_string_equal(p, "56789ab");
    free(p);
    assert_int_equal(b.len, 0);
    p = buf_take(&b);
    assert_string_equal(p, "");
    free(p);
    buf_done(&b);
}

static void wipes_what_a_secret_grows_out_of(void **state)
{
    struct buf b;

    (void)state;
    freed_reset();
    buf_init_secret(&b, 100000);
    buf_str(&b, FREED_MARK);
    for (int i = 0; i < 1000; i++)
        buf_str(&b, "0123456789");
    assert_true(freed_wiped() > 1); /* it has moved more than once */
    freed_reset();
    buf_done(&b);
    assert_int_equal(freed_wiped(), 1);
    buf_str(&b, FREED_MARK);
    buf_clear(&b);
    assert_int_equal(freed_wiped(), 2);
    buf_done(&b);
    assert_int_equal(freed_marked(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_up_to_its_ceiling_and_remembers),
        cmocka_unit_test(reserves_and_consumes),
        cmocka_unit_test(wipes_what_a_secret_grows_out_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
