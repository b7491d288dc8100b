/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives of real servers: intact, and counted exactly as Vault's own
 * inspect command counted them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "snapshot/reader.h"

enum { MOST = 1024 * 1024 };

static void read_fixture(const char *name, const char *ending, struct buf *out)
{
    char path[512];
    struct error err;

    (void)snprintf(path, sizeof(path), "%s/%s%s", ASSAY_FIXTURES, name, ending);
    buf_init(out, MOST);
    assert_int_equal(file_read(path, out, &err), 0);
}

/* All zeros where there is none. */
static struct snapshot_prefix find(const struct snapshot_facts *facts,
                                   const char *prefix)
{
    for (size_t n = 0; n < facts->prefix_count; n++) {
        if (strcmp(facts->prefixes[n].prefix, prefix) == 0) {
            return facts->prefixes[n];
        }
    }
    return (struct snapshot_prefix){NULL, 0, 0};
}

static void expect_agreement(const char *name)
{
    struct snapshot_reader_options options = {.prefixes = true};
    struct snapshot_reader *r = snapshot_reader_new(&options);
    struct snapshot_facts facts;
    struct error err = {0};
    struct json *root = NULL;
    const struct json *stats = NULL;
    struct buf archive;
    struct buf text;

    assert_non_null(r);
    read_fixture(name, ".snap", &archive);
    read_fixture(name, ".inspect.json", &text);
    if (snapshot_reader_push(r, archive.data, archive.len, &err) != 0 ||
        snapshot_reader_finish(r, &facts, &err) != 0) {
        fail_msg("%s: %s", name, err.text);
    }
    assert_int_equal(json_parse(text.data, text.len, &root, &err), 0);
    stats = json_get(root, "StatsKV");
    assert_int_equal(json_count(stats), facts.prefix_count);
    for (const struct json *row = json_first(stats); row != NULL;
         row = json_next(row)) {
        struct snapshot_prefix p = find(&facts, json_get_text(row, "Name", ""));

        assert_non_null(p.prefix);
        assert_int_equal(p.entries, json_get_u64(row, "Count", 0));
        assert_int_equal(p.bytes, json_get_u64(row, "Size", 0));
    }
    assert_int_equal(facts.entries, json_get_u64(root, "TotalCountKV", 0));
    assert_int_equal(facts.raft_index,
                     json_get_u64(json_get(root, "Meta"), "Index", 0));
    assert_int_equal(facts.state_bytes,
                     json_get_u64(json_get(root, "Meta"), "Size", 0));
    json_free(root);
    snapshot_facts_done(&facts);
    snapshot_reader_free(r);
    buf_done(&archive);
    buf_done(&text);
}

static void agrees_with_inspect_on_openbao(void **state)
{
    (void)state;
    expect_agreement("openbao-2.7.2");
}

static void agrees_with_inspect_on_vault(void **state)
{
    (void)state;
    expect_agreement("vault-1.21.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_inspect_on_openbao),
        cmocka_unit_test(agrees_with_inspect_on_vault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
