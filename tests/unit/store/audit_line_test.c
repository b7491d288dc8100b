/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audit_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

enum { LINES = 5 };

static char *lines[LINES];

static const struct audit_entry sample = {
    .type = AUDIT_REQUEST,
    .request_id = "r-1",
    .operation = "write",
    .path = "assay/restores",
    .display_name = "al\"ice\n",
    .entity_id = "e-1",
    .remote = "192.0.2.7",
    .fields = "{\"snapshot\":\"latest\",\"force\":true}",
    .status = 200,
};

static char *make(struct audit_link *link, const struct audit_entry *entry)
{
    struct error err = {0};
    struct buf line;

    buf_init(&line, LIMIT_AUDIT_ENTRY);
    assert_int_equal(audit_line_write(entry, link, &line, &err), 0);
    return buf_take(&line);
}

static int make_chain(void **state)
{
    struct audit_link link = {.seq = 1, .at_ms = 1700000000123};

    (void)state;
    (void)text_copy(link.chain, sizeof(link.chain),
                    "01890000-0000-7000-8000-000000000001");
    memcpy(link.prev, audit_line_first_prev, sizeof(link.prev));
    for (size_t i = 0; i < LINES; i++) {
        lines[i] = make(&link, &sample);
        memcpy(link.prev, link.hash, sizeof(link.prev));
        link.seq++;
        link.at_ms++;
    }
    return 0;
}

static int forget_chain(void **state)
{
    (void)state;
    for (size_t i = 0; i < LINES; i++)
        free(lines[i]);
    return 0;
}

static int next(struct audit_walk *w, const char *line, struct error *err)
{
    return audit_walk_next(w, line, strlen(line), err);
}

static void a_line_says_what_happened(void **state)
{
    struct json *root = NULL;
    struct error err = {0};
    const struct json *who;

    (void)state;
    assert_null(strchr(lines[0], '\n'));
    assert_int_equal(json_parse(lines[0], strlen(lines[0]), &root, &err), 0);
    assert_string_equal(json_get_text(root, "type", ""), "request");
    assert_string_equal(json_get_text(root, "at", ""),
                        "2023-11-14T22:13:20.123Z");
    who = json_get(root, "who");
    assert_string_equal(json_get_text(who, "display_name", ""), "al\"ice\n");
    assert_null(json_get(who, "accessor"));
    assert_true(json_get_bool(json_get(root, "fields"), "force", false));
    assert_int_equal(json_get_u64(root, "status", 0), 200);
    assert_null(json_get(root, "error"));
    json_free(root);
}

/* As the comment in the header says, so that others can do it. */
static void the_hash_is_of_the_line_without_it(void **state)
{
    char hex[DIGEST_SHA256_HEX];
    char *body = text_dup(lines[1]);
    char *at = strstr(body, ",\"hash\":\"");

    (void)state;
    assert_non_null(at);
    memcpy(at, "}", 2);
    digest_sha256_hex(body, strlen(body), hex);
    assert_non_null(strstr(lines[1], hex));
    assert_non_null(strstr(lines[2], hex)); /* its prev */
    free(body);
}

static void a_whole_chain_is_walked(void **state)
{
    struct audit_walk w = {0};
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < LINES; i++)
        assert_int_equal(next(&w, lines[i], &err), 0);
    assert_int_equal(w.count, LINES);
    assert_int_equal(w.first.seq, 1);
    assert_int_equal(w.last.seq, LINES);
    assert_int_equal(w.last.at_ms, 1700000000123 + LINES - 1);
}

static void a_part_may_begin_anywhere(void **state)
{
    struct audit_walk w = {0};
    struct error err = {0};

    (void)state;
    assert_int_equal(next(&w, lines[2], &err), 0);
    assert_int_equal(next(&w, lines[3], &err), 0);
    assert_int_equal(w.first.seq, 3);
}

/* Each byte of the second line, changed in turn. */
static void every_change_is_found(void **state)
{
    const size_t len = strlen(lines[1]);

    (void)state;
    for (size_t i = 0; i < len; i++) {
        struct audit_walk w = {0};
        struct error err = {0};

        assert_int_equal(next(&w, lines[0], &err), 0);
        lines[1][i] ^= 1;
        assert_int_equal(audit_walk_next(&w, lines[1], len, &err), -1);
        lines[1][i] ^= 1;
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_true(text_starts(err.text, "entry 2: "));
        assert_int_equal(w.last.seq, 1);
    }
}

static void what_is_missing_or_moved_is_named(void **state)
{
    struct audit_walk w = {0};
    struct error err = {0};

    (void)state;
    assert_int_equal(next(&w, lines[0], &err), 0);
    assert_int_equal(next(&w, lines[2], &err), -1);
    assert_non_null(strstr(err.text, "entry 2: it is missing"));
    assert_int_equal(next(&w, lines[0], &err), -1);
    assert_int_equal(next(&w, lines[1], &err), 0);
    assert_int_equal(next(&w, lines[1], &err), -1);
}

/* Made anew, with right hashes, from the second on. */
static void a_line_of_another_hand_does_not_fit(void **state)
{
    struct audit_entry other = sample;
    struct audit_walk w = {0};
    struct audit_link link = {.seq = 2, .at_ms = 1700000000124};
    struct error err = {0};
    char *line = NULL;

    (void)state;
    other.display_name = "mallory";
    assert_int_equal(next(&w, lines[0], &err), 0);
    memcpy(link.chain, w.last.chain, sizeof(link.chain));
    memcpy(link.prev, w.last.hash, sizeof(link.prev));
    line = make(&link, &other);
    assert_int_equal(next(&w, line, &err), 0);
    assert_int_equal(next(&w, lines[2], &err), -1);
    assert_non_null(strstr(err.text, "entry 3: it does not follow entry 2"));
    free(line);
}

static void another_chain_is_not_this_one(void **state)
{
    struct audit_walk w = {0};
    struct audit_link link = {.seq = 2, .at_ms = 1700000000124};
    struct error err = {0};
    char *line = NULL;

    (void)state;
    assert_int_equal(next(&w, lines[0], &err), 0);
    (void)text_copy(link.chain, sizeof(link.chain),
                    "01890000-0000-7000-8000-000000000002");
    memcpy(link.prev, w.last.hash, sizeof(link.prev));
    line = make(&link, &sample);
    assert_int_equal(next(&w, line, &err), -1);
    assert_non_null(strstr(err.text, "another chain"));
    free(line);
    w = (struct audit_walk){0};
    link.seq = 1;
    line = make(&link, &sample);
    assert_int_equal(next(&w, line, &err), -1);
    assert_non_null(strstr(err.text, "the first of its chain"));
    free(line);
}

static void rubbish_is_no_entry(void **state)
{
    static const char *const rubbish[] = {
        "",
        "{}",
        "null",
        "\"}",
        ",\"hash\":\"",
        (",\"hash\":\""
         "0000000000000000000000000000000000000000000000000000000000000000\"}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
        struct audit_walk w = {0};
        struct error err = {0};

        assert_int_equal(next(&w, rubbish[i], &err), -1);
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_true(text_starts(err.text, "the first entry: "));
    }
}

static void what_is_too_long_is_refused(void **state)
{
    struct audit_link link = {.seq = 1};
    struct error err = {0};
    struct buf line;

    (void)state;
    buf_init(&line, 200);
    assert_int_equal(audit_line_write(&sample, &link, &line, &err), -1);
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    buf_done(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_what_happened),
        cmocka_unit_test(the_hash_is_of_the_line_without_it),
        cmocka_unit_test(a_whole_chain_is_walked),
        cmocka_unit_test(a_part_may_begin_anywhere),
        cmocka_unit_test(every_change_is_found),
        cmocka_unit_test(what_is_missing_or_moved_is_named),
        cmocka_unit_test(a_line_of_another_hand_does_not_fit),
        cmocka_unit_test(another_chain_is_not_this_one),
        cmocka_unit_test(rubbish_is_no_entry),
        cmocka_unit_test(what_is_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, make_chain, forget_chain);
}
