/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "snapshot/facts.h"

static void writes_the_names_of_the_api(void **state)
{
    char prefix[] = "core/\"x\"";
    struct snapshot_prefix rows[] = {{prefix, 3, 99}};
    struct snapshot_facts facts;
    struct jsonw w;
    struct buf b;

    (void)state;
    snapshot_facts_init(&facts);
    facts.size_bytes = 1;
    facts.state_bytes = 2;
    facts.entries = 3;
    facts.raft_index = 4;
    facts.raft_term = 5;
    buf_init(&b, 4096);
    jsonw_init(&w, &b);
    jsonw_object(&w, NULL);
    snapshot_facts_write(&facts, &w);
    snapshot_prefixes_write(rows, 1, &w);
    jsonw_end_object(&w);
    assert_string_equal(
        buf_text(&b),
        "{\"sha256\":null,\"size_bytes\":1,\"state_bytes\":2,"
        "\"raft_index\":4,\"raft_term\":5,\"entries\":3,\"prefixes\":["
        "{\"prefix\":\"core/\\\"x\\\"\",\"entries\":3,\"bytes\":99}]}");
    buf_clear(&b);
    facts.archive_digested = true;
    text_copy(facts.sha256, sizeof(facts.sha256), "abc");
    jsonw_init(&w, &b);
    jsonw_object(&w, NULL);
    snapshot_facts_write(&facts, &w);
    jsonw_end_object(&w);
    assert_non_null(strstr(buf_text(&b), "{\"sha256\":\"abc\","));
    buf_done(&b);
    snapshot_facts_done(&facts);
    snapshot_facts_done(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_names_of_the_api),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
