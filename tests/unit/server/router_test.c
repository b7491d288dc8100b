/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "server/router.h"

static int handle(void *app, struct request *r, struct reply *reply,
                  struct error *err)
{
    (void)app;
    (void)r;
    (void)reply;
    (void)err;
    return 0;
}

static const struct route one[] = {
    {"things", VERB_LIST, 0, NULL, handle, "h"},
    {"things/:id", VERB_READ, 0, NULL, handle, "h"},
    {"things/:id", VERB_DELETE, 0, NULL, handle, "h"},
    {"things/:id/diff/:other", VERB_READ, 0, NULL, handle, "h"},
    {.pattern = NULL},
};
static const struct route two[] = {
    {"things/import", VERB_WRITE, 0, NULL, handle, "h"},
    {"things/latest", VERB_READ, 0, NULL, handle, "h"},
    {.pattern = NULL},
};
static const struct route *const tables[] = {one, two, NULL};

static void find(const char *const *segments, size_t count, enum verb verb,
                 struct router_match *out)
{
    const struct router_path path = {segments, count};

    router_find(tables, &path, verb, out);
}

static void binds_parameters(void **state)
{
    const char *const path[] = {"things", "a", "diff", "b"};
    struct router_match m;

    (void)state;
    find(path, 4, VERB_READ, &m);
    assert_ptr_equal(m.route, &one[3]);
    assert_int_equal(m.count, 2);
    assert_string_equal(m.params[0].value, "a");
    assert_string_equal(m.params[1].value, "b");
    assert_memory_equal(m.params[1].name, "other", m.params[1].name_len);
}

static void prefers_literals(void **state)
{
    const char *const latest[] = {"things", "latest"};
    const char *const import[] = {"things", "import"};
    struct router_match m;

    (void)state;
    find(latest, 2, VERB_READ, &m);
    assert_ptr_equal(m.route, &two[1]);
    find(latest, 2, VERB_DELETE, &m);
    assert_ptr_equal(m.route, &one[2]);
    find(import, 2, VERB_WRITE, &m);
    assert_ptr_equal(m.route, &two[0]);
}

static void tells_unknown_paths_from_unknown_verbs(void **state)
{
    const char *const path[] = {"things", "a", "b"};
    struct router_match m;

    (void)state;
    find(path, 3, VERB_READ, &m);
    assert_null(m.route);
    assert_int_equal(m.verbs, 0);
    find(path, 1, VERB_WRITE, &m);
    assert_null(m.route);
    assert_int_equal(m.verbs, 1u << VERB_LIST);
    find(path, 0, VERB_READ, &m);
    assert_int_equal(m.verbs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binds_parameters),
        cmocka_unit_test(prefers_literals),
        cmocka_unit_test(tells_unknown_paths_from_unknown_verbs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
