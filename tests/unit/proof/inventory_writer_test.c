/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever the order and number of what is added, it comes out sorted, once,
 * and whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "proof/inventory_writer.h"

struct fixture {
    char dir[64], path[80];
    struct inventory_writer *w;
    struct inventory_reader *r;
    struct error err;
};

static const struct inventory_head head = {
    .key_id = "k", .cluster_id = "c", .product = "vault", .started_ms = 1000};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    (void)text_copy(f->dir, sizeof f->dir, "/tmp/assay-inventory-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof f->path, "%s/i", f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    inventory_reader_close(f->r);
    inventory_writer_close(f->w);
    assert_int_equal(file_remove_tree(f->dir, &f->err), 0);
    free(f);
    return 0;
}

static void begin(struct fixture *f, size_t chunk)
{
    inventory_reader_close(f->r);
    inventory_writer_close(f->w);
    f->r = NULL;
    f->w = NULL;
    assert_int_equal(inventory_writer_open(f->dir, chunk, &f->w, &f->err), 0);
}

static void add(struct fixture *f, const char *kind, const char *path,
                uint64_t version)
{
    const struct inventory_field fields[] = {{"z", "1"}, {"a", "\"\n2"}};
    const struct inventory_record r = {.kind = kind,
                                       .path = path,
                                       .fields = fields,
                                       .field_count = 2,
                                       .version = version};

    assert_int_equal(inventory_writer_add(f->w, &r, &f->err), 0);
}

static uint64_t finish(struct fixture *f)
{
    uint64_t count = 0;

    if (inventory_writer_finish(f->w, &head, f->path, &count, &f->err) != 0 ||
        inventory_reader_open(f->path, &f->r, &f->err) != 0)
        fail_msg("%s", f->err.text);
    return count;
}

static const struct inventory_record *next(struct fixture *f)
{
    const struct inventory_record *r = NULL;
    int rc = inventory_reader_next(f->r, &r, &f->err);

    if (rc < 0)
        fail_msg("%s", f->err.text);
    return rc == 1 ? r : NULL;
}

static void nothing_is_an_inventory_too(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    begin(f, 0);
    assert_int_equal(finish(f), 0);
    assert_null(next(f));
    assert_int_equal(inventory_reader_head(f->r)->started_ms, 1000);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void kinds_come_before_paths(void **state)
{
    struct fixture *f = *state;
    const struct inventory_record *r;

    begin(f, 0);
    add(f, "kv2", "b", 1);
    add(f, "kv", "z", 1);
    add(f, "kv2", "a\xc3\xa4", 1);
    add(f, "kv2", "a/b", 1);
    add(f, "kv2", "a.b", 1);
    assert_int_equal(finish(f), 5);
    assert_string_equal(next(f)->kind, "kv");
    assert_string_equal(next(f)->path, "a.b");
    r = next(f);
    assert_string_equal(r->path, "a/b");
    assert_string_equal(r->fields[0].name, "a");
    assert_string_equal(r->fields[0].text, "\"\n2");
    assert_string_equal(next(f)->path, "a\xc3\xa4");
    assert_string_equal(next(f)->path, "b");
    assert_null(next(f));
}

/* Many runs, merged on the way, and every name twice. */
static void many_records_in_a_small_chunk(void **state)
{
    enum { COUNT = 20000 };
    struct fixture *f = *state;
    char name[32], last[32] = "";

    begin(f, 16 * 1024);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < COUNT; i++) {
            (void)snprintf(name, sizeof name, "%05u", i * 7919 % COUNT);
            add(f, "kv1", name, pass + 1);
        }
    }
    assert_int_equal(finish(f), COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        const struct inventory_record *r = next(f);

        assert_non_null(r);
        assert_true(strcmp(last, r->path) < 0);
        assert_int_equal(r->version, 1); /* the first stays */
        (void)text_copy(last, sizeof last, r->path);
    }
    assert_null(next(f));
}

static void what_is_too_large_is_refused(void **state)
{
    struct fixture *f = *state;
    char *huge = malloc(LIMIT_INVENTORY_LINE + 1);
    struct inventory_record r = {.kind = "kv1", .path = huge};

    assert_non_null(huge);
    memset(huge, 'x', LIMIT_INVENTORY_LINE);
    huge[LIMIT_INVENTORY_LINE] = '\0';
    begin(f, 0);
    assert_int_equal(inventory_writer_add(f->w, &r, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_TOO_LARGE);
    huge[LIMIT_INVENTORY_LINE - 200] = '\0';
    assert_int_equal(inventory_writer_add(f->w, &r, &f->err), 0);
    assert_int_equal(finish(f), 1);
    assert_string_equal(next(f)->path, huge);
    assert_null(next(f));
    free(huge);
}

static void a_failure_leaves_what_was_there(void **state)
{
    struct fixture *f = *state;

    begin(f, 0);
    add(f, "kv1", "a", 1);
    assert_int_equal(finish(f), 1);
    begin(f, 0);
    add(f, "kv1", "b", 1);
    assert_int_equal(
        inventory_writer_finish(f->w, &head, "/nowhere/i", NULL, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_IO);
    assert_int_equal(inventory_reader_open(f->path, &f->r, &f->err), 0);
    assert_string_equal(next(f)->path, "a");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(nothing_is_an_inventory_too),
        test(kinds_come_before_paths),
        test(many_records_in_a_small_chunk),
        test(what_is_too_large_is_refused),
        test(a_failure_leaves_what_was_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
