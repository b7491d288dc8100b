/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "archive.h"
#include "base/limits.h"
#include "snapshot/members.h"

#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SUM_A A32 A32
#define B32 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SUM_B B32 B32

static void knows_the_four_names(void **state)
{
    (void)state;
    assert_int_equal(members_find("meta.json"), MEMBER_META);
    assert_int_equal(members_find("state.bin"), MEMBER_STATE);
    assert_int_equal(members_find("SHA256SUMS"), MEMBER_SUMS);
    assert_int_equal(members_find("SHA256SUMS.sealed"), MEMBER_SEALED);
    assert_int_equal(members_find("./meta.json"), MEMBERS);
    assert_int_equal(members_find(""), MEMBERS);
}

static void reads_sums_in_either_order(void **state)
{
    static const char *const good[] = {
        SUM_A "  meta.json\n" SUM_B "  state.bin\n",
        SUM_B "  state.bin\n" SUM_A "  meta.json\n",
        SUM_B "  state.bin\n" SUM_A "  meta.json",
    };
    struct members_sums sums;
    struct error err;

    (void)state;
    for (size_t n = 0; n < 3; n++) {
        assert_int_equal(
            members_parse_sums(good[n], strlen(good[n]), &sums, &err), 0);
        assert_string_equal(sums.meta, SUM_A);
        assert_string_equal(sums.state, SUM_B);
    }
}

static void refuses_other_sums(void **state)
{
    static const struct {
        const char *text;
        const char *sentence;
    } cases[] = {
        {"", "SHA256SUMS has no line for meta.json"},
        {SUM_A "  meta.json\n", "SHA256SUMS has no line for state.bin"},
        {SUM_A "  state.bin\n", "SHA256SUMS has no line for meta.json"},
        {SUM_A "  meta.json\n" SUM_A "  meta.json\n",
         "SHA256SUMS has two lines for meta.json"},
        {SUM_A "  other\n", "SHA256SUMS names a member that is not summed"},
        {SUM_A " meta.json\n", "SHA256SUMS has a malformed line"},
        {SUM_A " *meta.json\n", "SHA256SUMS has a malformed line"},
        {"\n", "SHA256SUMS has a malformed line"},
        {A32 "  meta.json\n", "SHA256SUMS has a malformed line"},
        {"x" SUM_A "  meta.json\n", "SHA256SUMS has a malformed line"},
        {A32 B32 "a  meta.json\n", "SHA256SUMS has a malformed line"},
        {SUM_A "  meta.json and a name that is far too long for it\n",
         "SHA256SUMS has a malformed line"},
        {SUM_A "  meta.json\r\n",
         "SHA256SUMS names a member that is not summed"},
    };
    struct members_sums sums;
    struct error err;

    (void)state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        assert_int_equal(members_parse_sums(cases[n].text,
                                            strlen(cases[n].text), &sums, &err),
                         -1);
        assert_string_equal(err.text, cases[n].sentence);
        assert_int_equal(err.kind, ERR_CORRUPT);
    }
}

static void keeps_a_bounded_number_of_peers(void **state)
{
    struct snapshot_facts facts;
    struct error err;
    struct buf b;

    (void)state;
    buf_init(&b, 1 << 20);
    buf_str(&b, "{\"Version\":1,\"Index\":12345678901,\"Term\":7,\"Size\":9,"
                "\"Configuration\":{\"Servers\":[null");
    for (int n = 0; n < LIMIT_SNAPSHOT_SERVERS + 10; n++) {
        buf_printf(&b, ",{\"ID\":\"n%d\"}", n);
    }
    buf_str(&b, "]}}");
    snapshot_facts_init(&facts);
    assert_int_equal(members_parse_meta(b.data, b.len, &facts, &err), 0);
    assert_int_equal(facts.raft_index, 12345678901);
    assert_int_equal(facts.raft_term, 7);
    assert_int_equal(facts.state_bytes, 9);
    assert_int_equal(facts.server_count, LIMIT_SNAPSHOT_SERVERS);
    assert_string_equal(facts.servers[1].id, "n0");
    assert_string_equal(facts.servers[1].address, "");
    snapshot_facts_done(&facts);
    assert_null(facts.servers);
    buf_done(&b);
}

static void refuses_meta_that_raft_could_not_use(void **state)
{
    static const struct {
        const char *text;
        const char *sentence;
    } cases[] = {
        {"null", "meta.json is not a JSON object"},
        {"{\"Version\":1,\"Index\":1,\"Term\":1}",
         "meta.json has no number \"Size\""},
        {"{\"Version\":1,\"Index\":1,\"Term\":1,\"Size\":-1}",
         "meta.json has no number \"Size\""},
        {"{\"Version\":1,\"Index\":\"x\",\"Term\":1,\"Size\":1}",
         "meta.json has no number \"Index\""},
        {"{\"Version\":0,\"Index\":1,\"Term\":1,\"Size\":1}",
         "meta.json says snapshot version 0, of which no server is known"},
    };
    struct snapshot_facts facts;
    struct error err;

    (void)state;
    snapshot_facts_init(&facts);
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        assert_int_equal(members_parse_meta(cases[n].text,
                                            strlen(cases[n].text), &facts,
                                            &err),
                         -1);
        assert_string_equal(err.text, cases[n].sentence);
        assert_int_equal(err.kind, ERR_CORRUPT);
    }
    assert_int_equal(members_parse_meta("{", 1, &facts, &err), -1);
    assert_int_equal(err.kind, ERR_CORRUPT);
    assert_non_null(strstr(err.text, "meta.json is not well-formed: "));
    snapshot_facts_done(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_four_names),
        cmocka_unit_test(reads_sums_in_either_order),
        cmocka_unit_test(refuses_other_sums),
        cmocka_unit_test(keeps_a_bounded_number_of_peers),
        cmocka_unit_test(refuses_meta_that_raft_could_not_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
