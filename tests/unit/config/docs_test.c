/* SPDX-License-Identifier: Apache-2.0
 *
 * docs/CONFIGURATION.md lists every setting, as it is, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "config/config.h"

static struct buf page;
static unsigned rows;

static void row_is_there(void *ctx, const char *path, const char *variable,
                         const char *type, const char *preset)
{
    char row[512];
    const char *tick = *preset != '\0' ? "`" : "";

    (void)ctx;
    (void)snprintf(row, sizeof(row), "\n| `%s` | `%s` | %s | %s%s%s |\n", path,
                   variable, type, tick, preset, tick);
    if (strstr(buf_text(&page), row) == NULL)
        fail_msg("docs/CONFIGURATION.md lacks this row:%s", row);
    rows++;
}

static void every_setting_is_documented(void **state)
{
    (void)state;
    rows = 0;
    config_describe(row_is_there, NULL);
    assert_true(rows > 30);
}

static void nothing_else_is(void **state)
{
    unsigned found = 0;

    (void)state;
    for (const char *p = buf_text(&page);
         (p = strstr(p, "` | `ASSAY_")) != NULL; p++)
        found++;
    assert_int_equal(found, rows);
}

static int read_page(void **state)
{
    struct error err = {0};

    (void)state;
    buf_init(&page, 1024 * 1024);
    return file_read(ASSAY_SOURCE_DIR "/docs/CONFIGURATION.md", &page, &err);
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
        cmocka_unit_test(every_setting_is_documented),
        cmocka_unit_test(nothing_else_is),
    };

    return cmocka_run_group_tests(tests, read_page, forget_page);
}
