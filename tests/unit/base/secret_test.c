/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"

static void wipes_when_given_back(void **state)
{
    char *a = secret_dup("hvs.secret");
    char *b = secret_dup("other");

    (void)state;
    assert_string_equal(a, "hvs.secret");
    secret_free(a);
    /* The arena is never unmapped: what was there can be looked at. */
    assert_int_equal(a[0], '\0');
    assert_int_equal(a[9], '\0');
    assert_string_equal(b, "other");
    secret_free(b);
    secret_free(NULL);
}

static void says_when_it_is_full(void **state)
{
    char big[1000];
    char *all[1000];
    size_t n = 0;

    (void)state;
    memset(big, 'x', sizeof big);
    while (n < 1000 && (all[n] = secret_new(big, sizeof big)) != NULL)
        n++;
    assert_in_range(n, 100, 999);
    while (n > 0)
        secret_free(all[--n]);
    all[0] = secret_new(big, sizeof big);
    assert_non_null(all[0]);
    secret_free(all[0]);
    assert_null(secret_new(big, (size_t)1 << 40));
}

static void reads_the_first_line_of_a_file(void **state)
{
    char dir[] = "/tmp/assay-secret-XXXXXX";
    struct error err;
    char *path, *s;

    (void)state;
    assert_non_null(mkdtemp(dir));
    path = text_format("%s/s", dir);
    assert_int_equal(file_replace(path, " abc \r\nno", 9, 0600, &err), 0);
    assert_int_equal(secret_read_file(path, &s, &err), 0);
    assert_string_equal(s, "abc");
    secret_free(s);
    assert_int_equal(file_replace(path, "\nabc", 4, 0600, &err), 0);
    assert_int_equal(secret_read_file(path, &s, &err), -1);
    assert_null(strstr(err.text, "abc"));
    assert_int_equal(file_remove_tree(dir, &err), 0);
    assert_int_equal(secret_read_file(path, &s, &err), -1);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wipes_when_given_back),
        cmocka_unit_test(says_when_it_is_full),
        cmocka_unit_test(reads_the_first_line_of_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
