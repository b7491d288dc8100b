/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits, files, time: what a sandbox is given besides its walls. */
#include "stage.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "transient/marked.h"
#include "transient/sandbox.h"

static void test_priorities_and_limits(void **state)
{
#ifndef __SANITIZE_ADDRESS__ /* which needs terabytes */
    static const char *const words[] = {"memory:268435456", "size:1048576",
                                        "seconds:60", NULL};
#else
    static const char *const words[] = {"size:1048576", "seconds:60", NULL};
#endif
    struct stage s;
    struct error err;
    struct buf log;

    (void)state;
    stage_prepare(&s);
    stage_start(&s, words);
    stage_read_facts(&s);
    SEES("nice: 10 policy: 3 io: 24576\n");
    SEES("/proc/self/oom_score_adj: 1000\n");
    SEES("size: 1048576\n");
#ifndef __SANITIZE_ADDRESS__
    SEES("data: 268435456\n");
    SEES("heap: 201326592\n");
#endif
    SEES("license: none\n");
    SEES("/opt/seal/key: none\n");
    SEES("/etc/hosts: none\n");
    /* What audit devices write to standard output is nowhere. */
    buf_init(&log, STAGE_FACTS_MAX);
    assert_int_equal(file_read(s.dir.log_path, &log, &err), 0);
    assert_null(strstr(buf_text(&log), "secret"));
    buf_done(&log);
    stage_end(&s);
}

static void test_files_are_there_too(void **state)
{
    char license[96], word[256];
    const char *const words[] = {word, word, NULL};
    struct stage s;

    (void)state;
    (void)snprintf(license, sizeof license, "%s/a-license", stage_base);
    (void)snprintf(word, sizeof word, "license:%s", license);
    stage_put(license, "the license\n");
    stage_prepare(&s);
    stage_start(&s, words);
    stage_read_facts(&s);
    (void)snprintf(word, sizeof word, "license: %s\n%s: the license\n", license,
                   license);
    SEES(word);
    stage_end(&s);
}

static void test_what_cannot_be_given(void **state)
{
    static const struct {
        const char *word;
        const char *says;
    } rows[] = {
        {"file:/nonexistent/x", "cannot open /nonexistent/x"},
        {"file:relative", "relative is not the path of a file"},
        {"file:/usr/lib/os-release", NULL}, /* is there, or cannot be put */
        {"endpoint:nothing", "expected host:port"},
        {"api:0", "does not know \"api:0\""},
        {"client:localhost", "does not know \"client:localhost\""},
        {"colour:red", "does not know \"colour:red\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const words[] = {rows[i].word, NULL};
        struct stage s;
        struct error err;
        int code = 0;

        if (rows[i].says == NULL)
            continue;
        stage_prepare(&s);
        stage_start(&s, words);
        for (int n = 0; n < 500 && !helper_ended(&s.helper, &code, &err); n++)
            clock_sleep_ms(10);
        assert_int_equal(code, SANDBOX_EXIT_BROKEN);
        assert_non_null(strstr(err.text, rows[i].says));
        assert_int_equal(file_remove_tree(s.dir.path, &err), 0);
        process_dir_done(&s.dir);
    }
}

static void test_its_time_is_over(void **state)
{
    static const char *const words[] = {"seconds:1", NULL};
    struct stage s;
    struct error err;
    int code = 0;

    (void)state;
    stage_prepare(&s);
    stage_start(&s, words);
    for (int i = 0; i < 1000 && !helper_ended(&s.helper, &code, &err); i++)
        clock_sleep_ms(10);
    assert_int_equal(code, SANDBOX_EXIT_LIMIT);
    assert_non_null(strstr(err.text, "all the time"));
    assert_false(marked_any(s.dir.name));
    assert_int_equal(file_remove_tree(s.dir.path, &err), 0);
    process_dir_done(&s.dir);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_priorities_and_limits),
        cmocka_unit_test(test_files_are_there_too),
        cmocka_unit_test(test_what_cannot_be_given),
        cmocka_unit_test(test_its_time_is_over),
    };
    int code = stage_begin(argc, argv);

    return code >= 0 ? code
                     : stage_over(cmocka_run_group_tests(tests, NULL, NULL));
}
