/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "jobs/recover_want.h"

static const struct jobs_recovery_request good = {
    .snapshot = "latest-valid",
    .path = "secret/data/shop/item",
    .to = "primary",
    .reason = "gone",
};

static void is_refused(struct jobs_recovery_request r, const char *field)
{
    struct recover_want want;
    struct error err = {0};

    assert_int_equal(recover_want_from(&r, &want, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    if (strncmp(err.text, field, strlen(field)) != 0)
        fail_msg("\"%s\" does not begin with %s", err.text, field);
}

static void what_no_secret_is_called(void **state)
{
    static const char *const paths[] = {
        "",
        "/secret/data/x",
        "secret/data/x/",
        "secret//x",
        "secret/.",
        "secret/../x",
        "secret/data/*",
        "secret/data/\nx",
        "\xff/x",
        "..",
    };
    struct jobs_recovery_request r = good;
    char essay[VAULT_KV_PATH_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        r.path = paths[i];
        is_refused(r, "path");
    }
    memset(essay, 'x', sizeof(essay) - 1);
    essay[sizeof(essay) - 1] = '\0';
    r.path = essay;
    is_refused(r, "path");
    r.path = "x";
    r.mount = essay;
    is_refused(r, "mount");
    r.mount = "/";
    is_refused(r, "mount");
    r.mount = "a//";
    is_refused(r, "mount");
}

static void what_does_not_go_together(void **state)
{
    struct jobs_recovery_request r = good;

    (void)state;
    r.to = NULL;
    is_refused(r, "to");
    r.to = "elsewhere";
    is_refused(r, "to");
    r.to = "wrap";
    r.overwrite = true;
    is_refused(r, "overwrite");
    r.overwrite = false;
    r.wrap_ttl_ms = RECOVER_TTL_MIN_MS - 1;
    is_refused(r, "wrap_ttl");
    r.wrap_ttl_ms = RECOVER_TTL_MAX_MS + 1;
    is_refused(r, "wrap_ttl");
    r.to = "primary";
    r.wrap_ttl_ms = RECOVER_TTL_MIN_MS;
    is_refused(r, "wrap_ttl");
    r.wrap_ttl_ms = 0;
    r.version = -1;
    is_refused(r, "version");
}

/* Approved is what the run's params say. */
static void there_and_back(void **state)
{
    struct jobs_recovery_request r = good;
    struct recover_want want;
    struct recover_want again;
    struct error err = {0};
    struct buf text;

    (void)state;
    r.mount = "secret/";
    r.path = "shop/…/item \"1\"";
    r.version = 7;
    r.to = "wrap";
    r.wrap_ttl_ms = 90 * 1000;
    assert_int_equal(recover_want_from(&r, &want, &err), 0);
    assert_string_equal(recover_want_mount(&want), "secret");
    buf_init(&text, 4096);
    assert_int_equal(recover_want_write(&r, &want, &text, &err), 0);
    assert_int_equal(recover_want_read(buf_text(&text), &again, &err), 0);
    assert_string_equal(again.mount, "secret");
    assert_string_equal(again.path, r.path);
    assert_int_equal(again.version, 7);
    assert_true(again.wrap && !again.overwrite);
    assert_int_equal(again.wrap_ttl_ms, 90 * 1000);
    buf_done(&text);

    assert_int_equal(recover_want_from(&good, &want, &err), 0);
    assert_null(recover_want_mount(&want));
    assert_int_equal(want.wrap_ttl_ms, RECOVER_TTL_MS);
    assert_int_equal(recover_want_read("{}", &again, &err), -1);
    assert_int_equal(recover_want_read("{", &again, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_secret_is_called),
        cmocka_unit_test(what_does_not_go_together),
        cmocka_unit_test(there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
