/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "jobs/guard.h"

/* Ten bytes at a time out of `text`. */
struct bytes {
    const char *text;
    size_t at;
};

static int give(void *ctx, void *data, size_t size, size_t *len,
                struct error *err)
{
    struct bytes *b = ctx;
    size_t left = strlen(b->text) - b->at;

    (void)err;
    *len = left < 10 ? left : 10;
    if (*len > size)
        *len = size;
    memcpy(data, b->text + b->at, *len);
    b->at += *len;
    return 0;
}

static int again(void *ctx, struct error *err)
{
    struct bytes *b = ctx;

    (void)err;
    b->at = 0;
    return 0;
}

static const char good[] = "what was checked, is what is sent";

/* How many bytes get through; *rc as of the last read. */
static size_t pass(struct source *s, int *rc, struct error *err)
{
    char data[16];
    size_t total = 0, len = 0;

    do {
        *rc = s->read(s->ctx, data, sizeof data, &len, err);
        if (*rc == 0)
            total += len;
    } while (*rc == 0 && len > 0);
    return total;
}

static void guard_over(struct guard *g, struct bytes *b, struct source *inner)
{
    char sha256[DIGEST_SHA256_HEX];
    struct error err;

    *inner = (struct source){
        .read = give, .rewind = again, .ctx = b, .size = sizeof good - 1};
    digest_sha256_hex(good, sizeof good - 1, sha256);
    assert_int_equal(guard_init(g, inner, sha256, sizeof good - 1, &err), 0);
}

static void lets_the_right_bytes_through_twice(void **state)
{
    struct bytes b = {.text = good};
    struct source inner, s;
    struct guard g;
    struct error err;
    int rc;

    (void)state;
    guard_over(&g, &b, &inner);
    s = guard_source(&g);
    assert_int_equal(s.size, sizeof good - 1);
    assert_int_equal(pass(&s, &rc, &err), sizeof good - 1);
    assert_int_equal(rc, 0);
    assert_int_equal(s.rewind(s.ctx, &err), 0);
    assert_int_equal(pass(&s, &rc, &err), sizeof good - 1);
    assert_int_equal(rc, 0);
    guard_done(&g);
    guard_done(&g);
}

static void holds_the_end_back_when_anything_differs(void **state)
{
    static const char *const other[] = {
        "What was checked, is what is sent",
        "what was checked, is what is senT",
        "what was checked, is what is sent, and more",
        "what was checked, is what",
        "",
    };
    struct source inner, s;
    struct guard g;
    struct error err;
    int rc;

    (void)state;
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        struct bytes b = {.text = other[i]};

        guard_over(&g, &b, &inner);
        s = guard_source(&g);
        assert_true(pass(&s, &rc, &err) < sizeof good - 1);
        assert_int_equal(rc, -1);
        assert_int_equal(err.kind, ERR_CORRUPT);
        guard_done(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_the_right_bytes_through_twice),
        cmocka_unit_test(holds_the_end_back_when_anything_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
