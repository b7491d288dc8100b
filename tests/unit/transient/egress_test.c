/* SPDX-License-Identifier: Apache-2.0
 *
 * What a server's answers say about its way out.  That real servers answer
 * like this is tested by tests/contract. */
#include "scripted.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "transient/egress.h"

#define MOUNT "sys/auth/assay-egress-probe"
#define CONFIG "auth/assay-egress-probe/config"
#define OK(path, method) "body:path=" path ",method=" method ",json={}"
#define ANSWER(how) OK(MOUNT, "POST"), OK(MOUNT, "DELETE"), how

static char ca_path[64];

static int remove_ca(void **state)
{
    (void)state;
    (void)unlink(ca_path);
    return 0;
}

/* `gone`: the file of its CA goes before it is asked. */
static enum egress ask_with(const char *primary, const char *ca_file, bool gone,
                            char *text)
{
    const struct vault_options o = {
        .address = primary,
        .tls = {.ca_file = ca_file},
        .auth = {.method = VAULT_AUTH_TOKEN, .token = "b.ours"},
    };
    struct vault *admin = scripted_client(scripted_scratch.address, "root");
    struct vault *v = NULL;
    struct error err;
    enum egress found;

    assert_int_equal(vault_new(&o, &v, &err), 0);
    if (gone)
        (void)unlink(ca_file);
    found = egress_ask(admin, v, text, EGRESS_TEXT_MAX);
    vault_free(v);
    vault_free(admin);
    return found;
}

static enum egress ask(const char *primary, const char *ca_file, char *text)
{
    return ask_with(primary, ca_file, false, text);
}

static void removed(void)
{
    assert_int_equal(standin_count(&scripted_scratch, "DELETE", MOUNT, true),
                     1);
}

static void test_it_is_asked_about_the_primary(void **state)
{
    char text[EGRESS_TEXT_MAX];
    char *sent, *expected;

    (void)state;
    scripted_faults(&scripted_scratch, ANSWER(OK(CONFIG, "POST")));
    assert_int_equal(ask(scripted_production.address, NULL, text), EGRESS_OPEN);
    assert_non_null(strstr(text, "it can reach http://127.0.0.1"));
    sent = scripted_last(&scripted_scratch, "POST", CONFIG, "body");
    expected = text_format("{\"jwks_url\":\"%s/v1/sys/seal-status\"}",
                           scripted_production.address);
    assert_string_equal(sent, expected);
    removed();
    free(sent);
    free(expected);
    /* Nothing of ours goes to production, least of all a token. */
    sent = scripted_last(&scripted_production, "GET", "sys/seal-status", "who");
    assert_null(sent);
}

static void test_the_ca_goes_with_it(void **state)
{
    char text[EGRESS_TEXT_MAX];
    struct error err;
    char *sent;
    int fd;

    (void)state;
    (void)text_copy(ca_path, sizeof ca_path, "/tmp/assay-egress-XXXXXX");
    fd = mkstemp(ca_path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_replace(ca_path, "a PEM", 5, 0600, &err), 0);
    scripted_faults(
        &scripted_scratch,
        ANSWER("status:path=" CONFIG ",code=400,text=error checking jwks URL"));
    assert_int_equal(ask(scripted_production.address, ca_path, text),
                     EGRESS_BLOCKED);
    sent = scripted_last(&scripted_scratch, "POST", CONFIG, "body");
    assert_non_null(strstr(sent, "\"jwks_ca_pem\":\"a PEM\""));
    free(sent);
    /* Without it, it would not be the same question. */
    assert_int_equal(ask_with(scripted_production.address, ca_path, true, text),
                     EGRESS_NOT_ASKED);
}

static void test_it_says_that_it_could_not(void **state)
{
    char text[EGRESS_TEXT_MAX];

    (void)state;
    scripted_faults(
        &scripted_scratch,
        ANSWER("status:path=" CONFIG
               ",code=400,text=error checking jwks URL http://x: refused"));
    assert_int_equal(ask(scripted_production.address, NULL, text),
                     EGRESS_BLOCKED);
    assert_non_null(strstr(text, "could not reach http://127.0.0.1"));
    removed();
}

/* A way that swallows packets keeps it waiting for longer than we do. */
static void test_waiting_is_being_blocked(void **state)
{
    char text[EGRESS_TEXT_MAX];

    (void)state;
    scripted_faults(&scripted_scratch, ANSWER("hang:path=" CONFIG));
    assert_int_equal(ask(scripted_production.address, NULL, text),
                     EGRESS_BLOCKED);
    removed();
}

static void test_other_trouble_says_nothing(void **state)
{
    static const char *const how[] = {
        "status:path=" CONFIG ",code=403,text=permission denied",
        "status:path=" CONFIG ",code=500,text=jwks URL",
        "status:path=" CONFIG ",code=400,text=error checking jwks_ca_pem",
        "status:path=" CONFIG ",code=400,text=no such field",
        ("drop:path=" CONFIG),
    };
    char text[EGRESS_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
        scripted_reset(NULL);
        scripted_faults(&scripted_scratch, ANSWER(how[i]));
        assert_int_equal(ask(scripted_production.address, NULL, text),
                         EGRESS_NOT_ASKED);
        assert_string_not_equal(text, "");
        removed();
    }
}

static void test_where_it_cannot_be_asked(void **state)
{
    char text[EGRESS_TEXT_MAX];

    (void)state;
    scripted_faults(&scripted_scratch, "status:path=" MOUNT ",code=400,"
                                       "text=no such plugin");
    assert_int_equal(ask(scripted_production.address, NULL, text),
                     EGRESS_NOT_ASKED);
    assert_non_null(strstr(text, "no such plugin"));
    assert_int_equal(standin_count(&scripted_scratch, "POST", CONFIG, false),
                     0);
    scripted_reset(NULL);
    assert_int_equal(ask("unix:///run/vault.sock", NULL, text),
                     EGRESS_NOT_ASKED);
    assert_non_null(strstr(text, "socket"));
    scripted_only_read(&scripted_scratch);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scripted_reset, remove_ca)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_it_is_asked_about_the_primary),
        TEST(test_the_ca_goes_with_it),
        TEST(test_it_says_that_it_could_not),
        TEST(test_waiting_is_being_blocked),
        TEST(test_other_trouble_says_nothing),
        TEST(test_where_it_cannot_be_asked),
    };

    return cmocka_run_group_tests(tests, scripted_start, scripted_stop);
}
