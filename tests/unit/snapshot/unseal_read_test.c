/* SPDX-License-Identifier: Apache-2.0
 *
 * One reading, and then as many tries as people need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "archive.h"
#include "base/file.h"
#include "snapshot/unseal_read.h"

enum { SHARES = 5, THRESHOLD = 3, MOST = 1024 * 1024 };

struct fixture {
    struct buf archive;
    struct buf keys;
    struct buf sealed;
    const char *shares[SHARES];
    struct unseal *unseal;
};

static void load(struct fixture *f, const char *name)
{
    char path[512];
    struct error err;
    char *save = NULL;

    buf_init(&f->archive, MOST);
    buf_init(&f->keys, MOST);
    buf_init(&f->sealed, MOST);
    (void)snprintf(path, sizeof(path), "%s/%s.snap", ASSAY_FIXTURES, name);
    assert_int_equal(file_read(path, &f->archive, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/%s.keys", ASSAY_FIXTURES, name);
    assert_int_equal(file_read(path, &f->keys, &err), 0);
    for (size_t n = 0; n < SHARES; n++) {
        f->shares[n] = strtok_r(n == 0 ? f->keys.data : NULL, "\n", &save);
        assert_non_null(f->shares[n]);
    }
    f->unseal = unseal_new();
    assert_non_null(f->unseal);
}

static void unload(struct fixture *f)
{
    unseal_free(f->unseal);
    buf_done(&f->archive);
    buf_done(&f->keys);
    buf_done(&f->sealed);
}

static int read_it(struct fixture *f, const struct cancel *cancel,
                   struct error *err)
{
    struct archive_source bytes = {
        .data = f->archive.data, .len = f->archive.len, .step = 777};
    struct source source = archive_source(&bytes);

    return unseal_read(f->unseal, &source, cancel, &f->sealed, err);
}

static bool sums_open(struct fixture *f)
{
    const struct span blob = {(const uint8_t *)buf_text(&f->sealed),
                              f->sealed.len};
    struct error err;
    struct buf plain;
    bool ok = false;

    buf_init_secret(&plain, MOST);
    assert_int_equal(unseal_blob(f->unseal, blob, &plain, &ok, &err), 0);
    if (ok)
        assert_non_null(strstr(buf_text(&plain), "state.bin"));
    buf_done(&plain);
    return ok;
}

static void test_wrong_shares_and_then_the_right_ones(void **state)
{
    static const char *const names[] = {"vault-1.21.0-rekeyed",
                                        "openbao-2.7.2-rekeyed"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct unseal_term *terms = NULL;
        struct fixture f;
        struct fixture other;
        struct error err = {0};

        load(&f, names[i]);
        load(&other, names[1 - i]);
        assert_int_equal(read_it(&f, NULL, &err), 0);
        assert_string_equal(unseal_config(f.unseal)->type, "shamir");
        assert_int_equal(unseal_config(f.unseal)->threshold, THRESHOLD);
        assert_int_equal(unseal_config(f.unseal)->shares, SHARES);
        assert_false(sums_open(&f));
        assert_int_equal(unseal_open(f.unseal, f.shares, 2, &err),
                         UNSEAL_TOO_FEW);
        assert_int_equal(unseal_open(f.unseal, other.shares, 3, &err),
                         UNSEAL_WRONG);
        assert_false(sums_open(&f));
        assert_int_equal(unseal_open(f.unseal, f.shares + i, 3, &err),
                         UNSEAL_OPENED);
        assert_true(unseal_terms(f.unseal, &terms) > 1);
        assert_true(sums_open(&f));
        unload(&other);
        unload(&f);
    }
}

static void test_what_is_not_intact_is_not_read(void **state)
{
    struct cancel cancel = {.requested = true};
    struct error err = {0};
    struct fixture f;

    (void)state;
    load(&f, "vault-1.21.0-rekeyed");
    assert_int_equal(read_it(&f, &cancel, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    f.archive.len -= 100;
    assert_int_equal(read_it(&f, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_CORRUPT);
    unload(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_shares_and_then_the_right_ones),
        cmocka_unit_test(test_what_is_not_intact_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
