/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "transient/log_evidence.h"

#define T "2026-11-24T02:00:00.123Z [INFO]  "

enum { READ_MAX = 2 * LOG_EVIDENCE_MAX };

static char dir[64], from[96], to[96];

static void keep(struct buf *text, struct log_evidence *e, struct buf *kept)
{
    struct error err;
    char sum[DIGEST_SHA256_HEX];

    assert_int_equal(file_replace(from, text->data, text->len, 0600, &err), 0);
    assert_int_equal(log_evidence_keep(from, to, e, &err), 0);
    buf_init(kept, READ_MAX);
    assert_int_equal(file_read(to, kept, &err), 0);
    assert_int_equal(kept->len, e->bytes);
    digest_sha256_hex(kept->data, kept->len, sum);
    assert_string_equal(sum, e->sha256);
}

static void test_no_audit_entry_is_kept(void **state)
{
    struct log_evidence e;
    struct buf text, kept;
    struct stat st;

    (void)state;
    buf_init(&text, READ_MAX);
    buf_str(&text, T "core: one\n{\"auth\":{\"token\":\"SECRET\"}}\n" T
                     "core: two\n@cee: {\"SECRET\":1}\n  | SECRET\n");
    buf_add(&text, T "core: \0{\"SECRET\":1}\n", strlen(T) + 20);
    buf_str(&text, T "core: unfinished");
    keep(&text, &e, &kept);
    assert_string_equal(
        kept.data,
        T "core: one\n" T "core: two\n" T "core: unfinished\n"
          "assay: 4 lines that are not of the form of the server's own log "
          "were left out\n");
    assert_int_equal(e.left_out, 4);
    assert_false(e.cut);
    assert_int_equal(stat(to, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    buf_done(&kept);
    buf_done(&text);
}

static void test_a_long_log_loses_its_beginning(void **state)
{
    struct log_evidence e;
    struct buf text, kept;

    (void)state;
    buf_init(&text, READ_MAX);
    for (int i = 0; text.len < LOG_EVIDENCE_MAX + 100000; i++)
        buf_printf(&text, T "core: line %d\n", i);
    buf_str(&text, T "core: ");
    for (int i = 0; i < 20000; i++)
        buf_char(&text, 'x');
    buf_str(&text, "\n" T "core: the last\n");
    keep(&text, &e, &kept);
    assert_true(e.cut);
    assert_true(e.bytes < LOG_EVIDENCE_MAX);
    assert_null(strstr(kept.data, "line 1\n"));
    assert_non_null(strstr(kept.data, T "core: the last\n"));
    assert_null(strstr(kept.data, "xxx"));
    assert_int_equal(e.left_out, 2); /* with the one that was cut */
    buf_done(&kept);
    buf_done(&text);
}

static void test_no_log(void **state)
{
    struct log_evidence e;
    struct error err;

    (void)state;
    assert_int_equal(log_evidence_keep("/nonexistent", to, &e, &err), -1);
    assert_int_equal(err.kind, ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_audit_entry_is_kept),
        cmocka_unit_test(test_a_long_log_loses_its_beginning),
        cmocka_unit_test(test_no_log),
    };
    int failed;

    (void)snprintf(dir, sizeof dir, "/tmp/assay-evidence-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return 1;
    (void)snprintf(from, sizeof from, "%s/server.log", dir);
    (void)snprintf(to, sizeof to, "%s/kept.log", dir);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(dir, NULL) != 0)
        failed++;
    return failed;
}
