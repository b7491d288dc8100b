/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "notify/notify.h"

enum { LONG_MS = 60 * 1000 };

static char dir[] = "/tmp/assay-notify-XXXXXX";
static char heard[64]; /* a line for each event that was told */

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
    struct error err;

    (void)state;
    return file_remove_tree(dir, &err);
}

static struct notify *with(const char *script)
{
    static unsigned number;
    const char *const command[] = {"sh", "-c", script, heard, NULL};
    const struct notify_options o = {
        .command = command, .timeout_ms = LONG_MS, .pause_ms = 1};
    struct notify *n = NULL;
    struct error err;

    (void)snprintf(heard, sizeof heard, "%s/%u", dir, number++);
    assert_int_equal(notify_new(&o, &n, &err), 0);
    return n;
}

static void tell(struct notify *n, const char *event)
{
    const struct notify_field fields[] = {
        {"token", "ann"}, {"path", "assay/restores"}, {"remote", NULL}};

    notify_tell(n, event, fields, 3);
}

/* What was told, once it is so many lines. */
static char *lines(size_t count)
{
    const int64_t until = clock_mono_ms() + LONG_MS;
    struct buf text;
    struct error err;
    size_t have;
    char *all;

    do {
        buf_init(&text, 100000);
        have = 0;
        if (file_exists(heard) && file_read(heard, &text, &err) == 0)
            for (const char *p = buf_text(&text); *p != '\0'; p++)
                have += *p == '\n';
        all = text_dup(buf_text(&text));
        buf_done(&text);
        if (have >= count)
            break;
        free(all);
        all = NULL;
        clock_sleep_ms(10);
    } while (clock_mono_ms() < until);
    assert_int_equal(have, count);
    return all;
}

static void the_program_gets_each_event(void **state)
{
    struct notify *n = with("cat >> \"$0\"");
    struct json *event = NULL;
    struct error err;
    char *all;

    (void)state;
    tell(n, "break_glass_used");
    tell(n, "another");
    all = lines(2);
    *strchr(all, '\n') = '\0';
    assert_int_equal(json_parse(all, strlen(all), &event, &err), 0);
    assert_string_equal(json_get_text(event, "event", ""), "break_glass_used");
    assert_string_equal(json_get_text(event, "token", ""), "ann");
    assert_string_equal(json_get_text(event, "path", ""), "assay/restores");
    assert_non_null(json_get_text(event, "at", NULL));
    assert_null(json_get(event, "remote"));
    assert_non_null(strstr(all + strlen(all) + 1, "\"event\":\"another\""));
    json_free(event);
    free(all);
    notify_free(n);
}

static void one_that_fails_is_run_again(void **state)
{
    struct notify *n = with("cat >> \"$0\"; test -e \"$0.twice\" || "
                            "{ touch \"$0.twice\"; exit 1; }");

    (void)state;
    tell(n, "first");
    tell(n, "second");
    free(lines(3));
    notify_free(n);
}

static void it_is_given_up_in_the_end(void **state)
{
    struct notify *n = with("cat >> \"$0\"; exit 1");

    (void)state;
    tell(n, "first");
    free(lines(3));
    notify_free(n);
    free(lines(3));
}

static void what_waits_is_told_before_the_end(void **state)
{
    struct notify *n = with("cat >> \"$0\"");

    (void)state;
    tell(n, "first");
    tell(n, "second");
    notify_free(n);
    free(lines(2));
}

static void a_program_that_hangs_does_not_keep_the_end_up(void **state)
{
    struct notify *n = with("exec sleep 300");
    const int64_t began = clock_mono_ms();

    (void)state;
    tell(n, "first");
    tell(n, "second");
    notify_free(n);
    assert_true(clock_mono_ms() - began < LONG_MS);
}

static void nobody_need_be_told(void **state)
{
    const struct notify_options nobody = {.command = NULL};
    struct notify *n = with("cat >> \"$0\"");
    struct error err;

    (void)state;
    assert_int_equal(notify_set(n, &nobody, &err), 0);
    tell(n, "first");
    notify_free(n);
    assert_false(file_exists(heard));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_gets_each_event),
        cmocka_unit_test(one_that_fails_is_run_again),
        cmocka_unit_test(it_is_given_up_in_the_end),
        cmocka_unit_test(what_waits_is_told_before_the_end),
        cmocka_unit_test(a_program_that_hangs_does_not_keep_the_end_up),
        cmocka_unit_test(nobody_need_be_told),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
