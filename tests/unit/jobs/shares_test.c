/* SPDX-License-Identifier: Apache-2.0
 *
 * Shares out of files and programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "jobs/shares.h"
#include "transient/keys.h"

#define A "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define B "4rPa5xnFwYY1Xb3bVn3hPCkDHn0+L4zcoVUHhvAl6PTf"

static struct cancel cancel;

static struct keys *run(const char *const *command, struct error *why)
{
    char *argv[8] = {NULL};
    struct jobs_settings_cluster cluster = {.command = argv};
    struct error err = {0};
    struct keys *keys = NULL;

    while (command[cluster.command_count] != NULL) {
        argv[cluster.command_count] = strdup(command[cluster.command_count]);
        cluster.command_count++;
    }
    *why = (struct error){.kind = ERR_NONE};
    if (shares_read(&cluster, &cancel, &keys, why, &err) != 0)
        *why = err;
    for (size_t i = 0; i < cluster.command_count; i++)
        free(argv[i]);
    return keys;
}

static struct keys *sh(const char *script, struct error *why)
{
    const char *const command[] = {"sh", "-c",          script,
                                   "sh", "an argument", NULL};

    return run(command, why);
}

static void test_what_it_prints_is_read_like_a_file(void **state)
{
    struct error why;
    struct keys *keys =
        sh("echo '# mine'; echo 'Unseal Key 1: " A "'; echo " B, &why);

    (void)state;
    if (keys == NULL)
        fail_msg("%s", why.text);
    assert_int_equal(keys_count(keys), 2);
    assert_string_equal(keys_at(keys, 0), A);
    keys_free(keys);
    /* Arguments arrive as they are. */
    keys = sh("[ \"$1\" = 'an argument' ] && echo " A, &why);
    assert_int_equal(keys_count(keys), 1);
    keys_free(keys);
}

static void test_it_knows_nothing_of_our_environment(void **state)
{
    struct error why;
    struct keys *keys;

    (void)state;
    setenv("VAULT_TOKEN", "hvs.token", 1);
    setenv("HOME", "/somewhere", 1);
    keys = sh("[ -z \"$VAULT_TOKEN\" ] && [ $HOME = /somewhere ] &&"
              " [ -n \"$PATH\" ] && echo " A,
              &why);
    assert_int_equal(keys_count(keys), 1);
    keys_free(keys);
}

static void fails(struct keys *keys, const struct error *why, const char *say)
{
    assert_null(keys);
    if (strstr(why->text, say) == NULL)
        fail_msg("\"%s\" is not in: %s", say, why->text);
    /* Neither what it printed nor what it complained of. */
    assert_null(strstr(why->text, A));
    assert_null(strstr(why->text, "topsecret"));
}

static void test_a_failure_says_what_to_do_and_no_secret(void **state)
{
    static const char *const missing[] = {"/nonexistent/shares", NULL};
    static const char *const not_found[] = {"assay-no-such-program", NULL};
    struct error why;

    (void)state;
    fails(sh("echo " A "; echo topsecret >&2; exit 3", &why), &why,
          "ended with exit code 3");
    fails(sh("echo " A "; exit 3", &why), &why, "run it by hand");
    fails(sh("kill -9 $$", &why), &why, "signal 9");
    fails(sh("echo topsecret", &why), &why, "line 1 of the output of");
    fails(sh("true", &why), &why, "holds no share");
    fails(sh("yes " A " | head -c 100000", &why), &why, "unseal.command");
    fails(run(missing, &why), &why, "cannot start /nonexistent/shares");
    fails(run(not_found, &why), &why, "not on the PATH");
}

static void *cancel_soon(void *nothing)
{
    (void)nothing;
    clock_sleep_ms(200);
    atomic_store(&cancel.requested, true);
    return NULL;
}

static void test_a_cancel_ends_it(void **state)
{
    int64_t began = clock_mono_ms();
    struct error why;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
    assert_null(sh("sleep 50", &why));
    assert_int_equal(why.kind, ERR_CANCELLED);
    assert_true(clock_mono_ms() - began < 30000);
    pthread_join(thread, NULL);
    atomic_store(&cancel.requested, false);
}

static void test_files(void **state)
{
    char path[64];
    char *files[] = {path, NULL};
    struct jobs_settings_cluster cluster = {.key_files = files,
                                            .key_files_count = 1};
    struct error why = {0};
    struct error err = {0};
    struct keys *keys = NULL;

    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/assay-shares.%d", (int)getpid());
    assert_int_equal(file_replace(path, A "\n", strlen(A) + 1, 0600, &err), 0);
    assert_int_equal(shares_read(&cluster, &cancel, &keys, &why, &err), 0);
    assert_int_equal(keys_count(keys), 1);
    keys_free(keys);
    (void)unlink(path);
    assert_int_equal(shares_read(&cluster, &cancel, &keys, &why, &err), 0);
    fails(keys, &why, path);
    /* None configured is not a failure. */
    cluster.key_files_count = 0;
    assert_int_equal(shares_read(&cluster, &cancel, &keys, &why, &err), 0);
    assert_non_null(keys);
    assert_int_equal(keys_count(keys), 0);
    keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_prints_is_read_like_a_file),
        cmocka_unit_test(test_it_knows_nothing_of_our_environment),
        cmocka_unit_test(test_a_failure_says_what_to_do_and_no_secret),
        cmocka_unit_test(test_a_cancel_ends_it),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
