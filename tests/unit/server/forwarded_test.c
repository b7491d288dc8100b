/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "server/forwarded.h"

static const char *const proxies[] = {"10.0.0.0/8", "2001:db8::1"};

static struct server_forwarded strict(void)
{
    return (struct server_forwarded){.trusted = proxies,
                                     .trusted_count = 2,
                                     .reject_untrusted = true,
                                     .reject_absent = true};
}

/* Who asks, or the refusal. */
static const char *resolve(const struct server_forwarded *options,
                           const char *peer, const char *values)
{
    static char from[FORWARDED_FROM_MAX];
    static struct error err;
    struct forwarded f;

    err = (struct error){0};
    (void)snprintf(from, sizeof(from), "%s", peer);
    assert_int_equal(forwarded_init(&f, options, &err), 0);
    if (forwarded_resolve(&f, values, from, &err) == 0)
        return from;
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(from, peer);
    return err.text;
}

static void the_last_that_counts(void **state)
{
    struct server_forwarded o = strict();

    (void)state;
    assert_string_equal(resolve(&o, "10.1.1.1", "192.0.2.7"), "192.0.2.7");
    /* What stands before was written by the client. */
    assert_string_equal(resolve(&o, "10.1.1.1", "127.0.0.1, 192.0.2.7"),
                        "192.0.2.7");
    assert_string_equal(resolve(&o, "2001:db8::1", " 2001:DB8::7 "),
                        "2001:db8::7");
    o.hop_skips = 1;
    assert_string_equal(
        resolve(&o, "10.1.1.1", "198.51.100.1,192.0.2.7,10.2.2.2"),
        "192.0.2.7");
    assert_non_null(
        strstr(resolve(&o, "10.1.1.1", "192.0.2.7"), "hops to skip"));
}

static void nobody_else_is_believed(void **state)
{
    struct server_forwarded o = strict();

    (void)state;
    assert_non_null(
        strstr(resolve(&o, "192.0.2.1", "192.0.2.7"), "not authorized"));
    assert_non_null(
        strstr(resolve(&o, "unix uid=0", "192.0.2.7"), "not authorized"));
    assert_non_null(strstr(resolve(&o, "10.1.1.1", NULL), "missing"));
    o.reject_untrusted = false;
    o.reject_absent = false;
    assert_string_equal(resolve(&o, "192.0.2.1", "192.0.2.7"), "192.0.2.1");
    assert_string_equal(resolve(&o, "10.1.1.1", NULL), "10.1.1.1");
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = {
        "",           "unknown",      "192.0.2.7:80",
        "192.0.2.7,", "192.0.2.0/24", "192.0.2.7 evil=1"};
    struct server_forwarded o = strict();

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(strstr(resolve(&o, "10.1.1.1", bad[i]), "no address"));
}

static void without_proxies_it_is_not_looked_at(void **state)
{
    const struct server_forwarded none = {.reject_untrusted = true,
                                          .reject_absent = true};

    (void)state;
    assert_string_equal(resolve(&none, "192.0.2.1", "192.0.2.7"), "192.0.2.1");
    assert_string_equal(resolve(&none, "192.0.2.1", NULL), "192.0.2.1");
}

static void networks_must_be_networks(void **state)
{
    static const char *const bad[] = {"10.0.0.1/8"};
    const struct server_forwarded o = {.trusted = bad, .trusted_count = 1};
    struct error err = {0};
    struct forwarded f;

    (void)state;
    assert_int_equal(forwarded_init(&f, &o, &err), -1);
    assert_non_null(strstr(err.text, "10.0.0.1/8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_that_counts),
        cmocka_unit_test(nobody_else_is_believed),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(without_proxies_it_is_not_looked_at),
        cmocka_unit_test(networks_must_be_networks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
