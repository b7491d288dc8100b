/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "proof/inventories.h"
#include "proof/triple.h"

struct fixture {
    char dir[64];
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    (void)text_copy(f->dir, sizeof f->dir, "/tmp/assay-triple-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(file_remove_tree(f->dir, &f->err), 0);
    free(f);
    return 0;
}

static char *inventory(const struct fixture *f, const char *name,
                       const char *const *lines)
{
    return inventories_write(f->dir, name,
                             &(struct inventories_spec){.lines = lines});
}

/* "kind path:rbp" for each, so that the whole is one text. */
static void describe(struct triple_reader *r, struct buf *out)
{
    struct error err = {0};
    struct triple t;

    while (triple_reader_next(r, &t, &err) == 1) {
        const struct inventory_record *any = t.side[0];

        for (unsigned i = 1; i < TRIPLE_SIDES && any == NULL; i++)
            any = t.side[i];
        buf_printf(out, "%s %s:", any->kind, any->path);
        for (unsigned i = 0; i < TRIPLE_SIDES; i++) {
            if (t.side[i] == NULL)
                continue;
            assert_int_equal(inventory_order(t.side[i], any), 0);
            buf_char(out, "rbp"[i]);
        }
        buf_char(out, '\n');
    }
}

static void objects_come_together_in_order(void **state)
{
    struct fixture *f = *state;
    static const char *const r[] = {"kv2 a 1 1 1", "kv2 c 1 1 1",
                                    "policy a 0 - -", NULL};
    static const char *const b[] = {"kv2 b 1 1 1", "kv2 c 1 1 1", NULL};
    static const char *const p[] = {"kv2 c 2 1 1", "mount z 0 - -",
                                    "policy a 0 - -", NULL};
    char *paths[] = {inventory(f, "r", r), inventory(f, "b", b),
                     inventory(f, "p", p)};
    const char *asked[] = {paths[0], paths[1], paths[2]};
    struct triple_reader *reader = NULL;
    struct buf out;

    buf_init(&out, 4096);
    assert_int_equal(triple_reader_open(asked, &reader, &f->err), 0);
    describe(reader, &out);
    assert_string_equal(buf_text(&out), "kv2 a:r\nkv2 b:b\nkv2 c:rbp\n"
                                        "mount z:p\npolicy a:rp\n");
    triple_reader_close(reader);

    asked[TRIPLE_BASELINE] = NULL;
    buf_clear(&out);
    assert_int_equal(triple_reader_open(asked, &reader, &f->err), 0);
    assert_null(triple_reader_head(reader, TRIPLE_BASELINE));
    assert_string_equal(triple_reader_head(reader, TRIPLE_PRIMARY)->cluster_id,
                        "c");
    describe(reader, &out);
    assert_string_equal(buf_text(&out), "kv2 a:r\nkv2 c:rp\n"
                                        "mount z:p\npolicy a:rp\n");
    triple_reader_close(reader);
    buf_done(&out);
    for (unsigned i = 0; i < TRIPLE_SIDES; i++)
        free(paths[i]);
}

static void a_missing_file_is_said_by_side(void **state)
{
    struct fixture *f = *state;
    const char *asked[] = {"/nonexistent/r", NULL, NULL};
    struct triple_reader *reader = NULL;

    assert_int_equal(triple_reader_open(asked, &reader, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
    assert_non_null(strstr(f->err.text, "the restored copy"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(objects_come_together_in_order),
        TEST(a_missing_file_is_said_by_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
