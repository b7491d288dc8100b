/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/net.h"

static void what_lies_in_a_network(void **state)
{
    static const struct {
        const char *net;
        const char *address;
        bool in;
    } cases[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/9", "10.127.1.1", true},
        {"10.0.0.0/9", "10.128.1.1", false},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.2", false},
        {"10.1.2.3/32", "10.1.2.3", true},
        {"0.0.0.0/0", "192.0.2.1", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "192.0.2.1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"10.0.0.0/8", "::ffff:10.1.1.1", true},
        {"::ffff:10.0.0.0/104", "10.1.1.1", true},
        {"::ffff:10.1.1.1", "10.1.1.1", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net net;
        struct net address;

        assert_true(net_parse(cases[i].net, &net));
        assert_true(net_parse_address(cases[i].address, &address));
        if (net_holds(&net, &address) != cases[i].in)
            fail_msg("%s in %s", cases[i].address, cases[i].net);
    }
}

static void what_is_no_network(void **state)
{
    static const char *const bad[] = {
        "",           "10",          "10.0.0.0/33",      "10.0.0.1/8",
        "10.0.0.0/",  "10.0.0.0/-1", "10.0.0.0/8/8",     "2001:db8::1/64",
        "::/129",     "localhost",   "fe80::1%eth0",     " 10.0.0.1",
        "10.0.0.0/x", "10.0.0.1 ",   "::ffff:10.0.0.0/8"};
    struct net net;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (net_parse(bad[i], &net))
            fail_msg("%s", bad[i]);
    assert_false(net_parse_address("10.0.0.0/32", &net));
}

static void is_written_as_usual(void **state)
{
    static const char *const pairs[][2] = {
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0:0::1", "2001:db8::1"},
        {"127.0.0.1", "127.0.0.1"},
    };
    char text[NET_TEXT_MAX];
    struct net net;

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_true(net_parse_address(pairs[i][0], &net));
        net_text(&net, text);
        assert_string_equal(text, pairs[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_in_a_network),
        cmocka_unit_test(what_is_no_network),
        cmocka_unit_test(is_written_as_usual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
