/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "jobs/basis.h"

static char intact[] = "intact";
static char lossless[] = "lossless";
static char process[] = "process";
static char *required[] = {intact, lossless};

static struct json *write(struct jobs_settings *settings, const char *driver,
                          const char *version)
{
    struct snapshot_row row = {.created_ms = 1764000000000,
                               .entries = 98,
                               .sha256 = "abc",
                               .cluster_id = "c-1"};
    struct job job = {.settings = settings};
    const struct conclusion c = {
        .job = &job, .row = &row, .transient_version = version};
    struct error err = {0};
    struct json *root = NULL;
    char *text = NULL;

    (void)text_copy(job.run.driver, sizeof(job.run.driver), driver);
    text = basis_new(&c, &err);
    assert_non_null(text);
    assert_int_equal(json_parse(text, strlen(text), &root, &err), 0);
    free(text);
    return root;
}

static void it_says_what_was_tested_and_how(void **state)
{
    struct jobs_settings s = {.required = required,
                              .required_count = 2,
                              .driver = process,
                              .rto_target_ms = 900000};
    struct json *b = write(&s, "", "2.7.2");
    const struct json *t = json_get(b, "transient");

    (void)state;
    assert_int_equal(json_count(json_get(b, "required")), 2);
    assert_int_equal(json_get_u64(b, "rto_target_seconds", 0), 900);
    assert_int_equal(json_type(json_get(b, "rpo_target_seconds")), JSON_NULL);
    assert_string_equal(json_get_text(json_get(b, "snapshot"), "sha256", ""),
                        "abc");
    assert_string_equal(
        json_get_text(json_get(b, "snapshot"), "created_at", ""),
        "2025-11-24T16:00:00.000Z");
    assert_string_equal(json_get_text(t, "driver", ""), "process");
    assert_string_equal(json_get_text(t, "server_version", ""), "2.7.2");
    assert_true(json_get_bool(t, "isolated", false));
    json_free(b);
}

static void isolation_is_not_claimed(void **state)
{
    struct jobs_settings s = {.driver = process, .no_isolation = true};
    struct json *b = write(&s, "", "2.7.2");

    (void)state;
    assert_false(json_get_bool(json_get(b, "transient"), "isolated", true));
    json_free(b);
    b = write(&s, "", ""); /* there was no server */
    assert_int_equal(json_type(json_get(json_get(b, "transient"), "isolated")),
                     JSON_NULL);
    json_free(b);
    b = write(&s, "command", "2.7.2"); /* the operator's own */
    assert_int_equal(json_type(json_get(json_get(b, "transient"), "isolated")),
                     JSON_NULL);
    json_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_was_tested_and_how),
        cmocka_unit_test(isolation_is_not_claimed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
