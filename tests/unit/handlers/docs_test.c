/* SPDX-License-Identifier: Apache-2.0
 *
 * docs/API.md lists every route with what it needs, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "handlers/handlers.h"

static struct buf page;

static const char *capability(enum verb verb)
{
    static const char *const names[] = {[VERB_READ] = "read",
                                        [VERB_LIST] = "list",
                                        [VERB_WRITE] = "update",
                                        [VERB_DELETE] = "delete"};

    return names[verb];
}

static void every_route_is_documented(void **state)
{
    static const char *const verbs[] = {[VERB_READ] = "read",
                                        [VERB_LIST] = "list",
                                        [VERB_WRITE] = "write",
                                        [VERB_DELETE] = "delete"};
    char row[512];

    (void)state;
    for (const struct route *r = handlers_routes; r->pattern != NULL; r++) {
        if ((r->flags & ROUTE_OPEN) != 0)
            (void)snprintf(row, sizeof(row), "\n| %s | `%s` | no token |\n",
                           verbs[r->verb], r->pattern);
        else
            (void)snprintf(row, sizeof(row), "\n| %s | `%s` | `%s`%s%s%s |\n",
                           verbs[r->verb], r->pattern, capability(r->verb),
                           (r->flags & ROUTE_SUDO) != 0 ? ", `sudo`" : "",
                           (r->flags & ROUTE_ENTITY) != 0 ? ", an entity" : "",
                           (r->flags & ROUTE_OWN_RUN) != 0
                               ? ", or the run's creator"
                               : "");
        if (strstr(buf_text(&page), row) == NULL)
            fail_msg("docs/API.md lacks this row:%s", row);
    }
}

static void every_field_is_mentioned(void **state)
{
    char name[64];

    (void)state;
    for (const struct route *r = handlers_routes; r->pattern != NULL; r++) {
        for (const struct field *f = r->fields; f != NULL && f->name != NULL;
             f++) {
            (void)snprintf(name, sizeof(name), "`%s`", f->name);
            if (strstr(buf_text(&page), name) != NULL)
                continue;
            (void)snprintf(name, sizeof(name), "`%s=", f->name);
            if (strstr(buf_text(&page), name) != NULL)
                continue;
            (void)snprintf(name, sizeof(name), "`?%s=", f->name);
            if (strstr(buf_text(&page), name) == NULL)
                fail_msg("docs/API.md says nothing of %s of %s", f->name,
                         r->pattern);
        }
    }
}

static void nothing_else_is(void **state)
{
    static const char *const starts[] = {"\n| read | `", "\n| list | `",
                                         "\n| write | `", "\n| delete | `"};
    unsigned rows = 0;
    unsigned routes = 0;

    (void)state;
    for (const struct route *r = handlers_routes; r->pattern != NULL; r++)
        routes++;
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        for (const char *p = buf_text(&page);
             (p = strstr(p, starts[i])) != NULL; p++)
            rows++;
    assert_int_equal(rows, routes);
}

static int read_page(void **state)
{
    struct error err = {0};

    (void)state;
    buf_init(&page, 1024 * 1024);
    return file_read(ASSAY_SOURCE_DIR "/docs/API.md", &page, &err);
}

static int forget_page(void **state)
{
    (void)state;
    buf_done(&page);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_documented),
        cmocka_unit_test(every_field_is_mentioned),
        cmocka_unit_test(nothing_else_is),
    };

    return cmocka_run_group_tests(tests, read_page, forget_page);
}
