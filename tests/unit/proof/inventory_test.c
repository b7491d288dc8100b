/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading what is an inventory, and refusing what is not a whole one. */
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
#include "proof/inventory.h"

#define HEAD                                                                   \
    "{\"inventory\":1,\"key\":\"0011223344556677\",\"cluster_id\":\"c\","      \
    "\"product\":\"openbao\",\"server_version\":\"2.7.2\","                    \
    "\"started_at\":\"2026-11-24T02:00:00.000Z\","                             \
    "\"finished_at\":\"2026-11-24T02:00:01.500Z\"}\n"
#define ITEM(kind, path)                                                       \
    "{\"kind\":\"" kind "\",\"path\":\"" path                                  \
    "\",\"fields\":{\"a\":\"1\",\"b\":\"h:00\"},\"created_ms\":1,"             \
    "\"changed_ms\":2,\"version\":3}\n"

struct fixture {
    char dir[64];
    char *path;
    struct inventory_reader *r;
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    (void)text_copy(f->dir, sizeof f->dir, "/tmp/assay-inventory-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->path = text_format("%s/i", f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    inventory_reader_close(f->r);
    assert_int_equal(file_remove_tree(f->dir, &f->err), 0);
    free(f->path);
    free(f);
    return 0;
}

static int open_text(struct fixture *f, const char *text)
{
    inventory_reader_close(f->r);
    f->r = NULL;
    assert_int_equal(file_replace(f->path, text, strlen(text), 0600, &f->err),
                     0);
    return inventory_reader_open(f->path, &f->r, &f->err);
}

/* How many records are read before the end (>= 0) or an error (-1 - n). */
static int count(struct fixture *f)
{
    const struct inventory_record *record;
    int n = 0;

    for (;;) {
        int rc = inventory_reader_next(f->r, &record, &f->err);

        if (rc <= 0)
            return rc == 0 ? n : -1 - n;
        n++;
    }
}

static void records_are_read_in_order(void **state)
{
    struct fixture *f = *state;
    const struct inventory_record *r;

    assert_int_equal(open_text(f, HEAD ITEM("kv2", "a/b")
                                      ITEM("mount", "a/") "{\"records\":2}\n"),
                     0);
    assert_string_equal(inventory_reader_head(f->r)->key_id,
                        "0011223344556677");
    assert_string_equal(inventory_reader_head(f->r)->product, "openbao");
    assert_int_equal(inventory_reader_head(f->r)->finished_ms -
                         inventory_reader_head(f->r)->started_ms,
                     1500);
    assert_int_equal(inventory_reader_next(f->r, &r, &f->err), 1);
    assert_string_equal(r->kind, "kv2");
    assert_string_equal(r->path, "a/b");
    assert_int_equal(r->field_count, 2);
    assert_string_equal(inventory_field(r, "b"), "h:00");
    assert_null(inventory_field(r, "c"));
    assert_int_equal(r->created_ms, 1);
    assert_int_equal(r->changed_ms, 2);
    assert_int_equal(r->version, 3);
    assert_int_equal(inventory_reader_next(f->r, &r, &f->err), 1);
    assert_string_equal(r->kind, "mount");
    assert_int_equal(inventory_reader_next(f->r, &r, &f->err), 0);
}

static void what_is_not_whole_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        int records;
    } bad[] = {
        {HEAD, -1},
        {HEAD ITEM("kv2", "a"), -2},
        {HEAD ITEM("kv2", "a") "{\"records\":2}\n", -2},
        {HEAD ITEM("kv2", "a") "{\"records\":1}", -2},
        {HEAD ITEM("kv2", "a") "{\"records\":1}\n\n", -2},
        {HEAD ITEM("kv2", "b") ITEM("kv2", "a") "{\"records\":2}\n", -2},
        {HEAD ITEM("kv2", "a") ITEM("kv2", "a") "{\"records\":2}\n", -2},
        {HEAD "{\"kind\":\"kv2\"}\n{\"records\":1}\n", -1},
        {HEAD "{\"kind\":\"kv2\",\"path\":\"a\",\"fields\":{\"b\":\"\","
              "\"a\":\"\"}}\n{\"records\":1}\n",
         -1},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(open_text(f, bad[i].text), 0);
        assert_int_equal(count(f), bad[i].records);
        assert_int_equal(f->err.kind, ERR_CORRUPT);
    }
    assert_int_equal(open_text(f, HEAD "{\"records\":0}\n"), 0);
    assert_int_equal(count(f), 0);
}

static void what_is_none_is_not_opened(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"", "{}\n", "junk\n",
                                      "{\"inventory\":2}\n"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(open_text(f, bad[i]), -1);
        assert_int_equal(f->err.kind, ERR_CORRUPT);
    }
    assert_int_equal(inventory_reader_open("/nowhere", &f->r, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
}

static void hashes_depend_on_the_signing_key(void **state)
{
    struct fixture *f = *state;
    struct inventory_key a, b;
    char x[INVENTORY_HASH_MAX], y[INVENTORY_HASH_MAX];
    struct signer *s;

    for (int i = 0; i < 2; i++) {
        (void)snprintf(x, sizeof x, "/k%d", i);
        free(f->path);
        f->path = text_format("%s%s", f->dir, x);
        assert_int_equal(signer_open(f->path, &s, &f->err), 0);
        inventory_key_derive(s, i == 0 ? &a : &b);
        signer_free(s);
    }
    assert_string_not_equal(a.id, b.id);
    assert_int_equal(strlen(a.id), INVENTORY_KEY_ID_MAX - 1);
    inventory_hash(&a, "text", 4, x);
    inventory_hash(&a, "text", 4, y);
    assert_string_equal(x, y);
    assert_int_equal(strlen(x), INVENTORY_HASH_MAX - 1);
    inventory_hash(&b, "text", 4, y);
    assert_string_not_equal(x, y);
    inventory_hash(&a, "texu", 4, y);
    assert_string_not_equal(x, y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_are_read_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_whole_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_none_is_not_opened, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(hashes_depend_on_the_signing_key,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
