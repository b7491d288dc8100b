/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom the daemon runs as. */
#include "load.h"

#include <pwd.h>
#include <stdio.h>

static struct loaded load_as_root(const char *text)
{
    return load_source(text,
                       (struct config_source){.env = no_env, .root = true});
}

static void assert_root_is_told(const char *text, const char *problem)
{
    struct loaded l = load_as_root(text);

    assert_said(&l, problem);
    assert_int_equal(l.rc, -1);
    assert_int_equal(l.report.errors, 1);
}

static void root_becomes_a_user_that_is_there(void **state)
{
    struct loaded l = load_as_root("{" CLUSTER ",\"user\":\"nobody\"}");

    (void)state;
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.report.warnings, 0);
    assert_string_equal(l.config->user, "nobody");
    assert_null(l.config->group);
    config_free(l.config);
    l = load_as_root("{" CLUSTER "}");
    assert_int_equal(l.rc, 0);
    assert_said(&l, "user: not set, so that the daemon stays root");
    config_free(l.config);
    l = load_source(
        NULL, (struct config_source){.env = no_env, .root = true, .dev = true});
    assert_int_equal(l.rc, 0);
    assert_false(said(&l, "user: "));
    config_free(l.config);
    assert_root_is_told("{" CLUSTER ",\"user\":\"no-such-user\"}",
                        "user: no user no-such-user here");
    assert_root_is_told("{" CLUSTER ",\"user\":\"root\"}",
                        "user: root is root");
    assert_root_is_told("{" CLUSTER ",\"user\":\"nobody\","
                        "\"group\":\"no-such-group\"}",
                        "group: no group no-such-group here");
    assert_root_is_told("{" CLUSTER ",\"group\":\"daemon\"}",
                        "group: needs user");
}

/* "root" is what cli/ says of the process; here everybody may be it. */
static void others_stay_who_they_are(void **state)
{
    char env_user[64];
    const char *const env[] = {env_user, NULL};
    struct loaded l = load("{" CLUSTER "}");

    (void)state;
    assert_int_equal(l.report.warnings, 0);
    config_free(l.config);
    l = load("{" CLUSTER ",\"user\":\"no-such-user\"}");
    assert_int_equal(l.rc, 0);
    assert_said(&l, "so that no-such-user has no effect");
    config_free(l.config);
    if (geteuid() == 0 || getpwuid(geteuid()) == NULL)
        return;
    (void)snprintf(env_user, sizeof(env_user), "ASSAY_USER=%u",
                   (unsigned)geteuid());
    l = load_env("{" CLUSTER "}", env, false);
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.report.warnings, 0);
    config_free(l.config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_becomes_a_user_that_is_there),
        cmocka_unit_test(others_stay_who_they_are),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
