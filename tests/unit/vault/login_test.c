/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "vault/call.h"

#define LOGIN "auth/approle/login"
#define RENEW "auth/token/renew-self"

static size_t posts(const char *path)
{
    return standin_count(&fixture_here, "POST", path, false);
}

static int use(struct fixture *f)
{
    return vault_read(f->v, "secret/x", NULL, &f->err);
}

static void the_first_call_logs_in_and_the_next_does_not(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(posts(LOGIN), 0);
    assert_ok(f, use(f));
    assert_ok(f, use(f));
    assert_int_equal(posts(LOGIN), 1);
}

static void a_refused_login_is_denied_and_keeps_the_secret(void **state)
{
    struct fixture *f = *state;
    struct vault_options o;

    fixture_options(&o);
    o.auth.secret_id = "hunter2";
    fixture_use(f, &o);
    assert_fails(f, use(f), ERR_DENIED);
    assert_null(strstr(f->err.text, "hunter2"));
    assert_non_null(strstr(f->err.text, "invalid role or secret ID"));
}

static void standby_of(const char *leader)
{
    char text[400];

    (void)snprintf(text, sizeof text,
                   "{\"is_self\":false,\"leader_address\":\"%s\","
                   "\"faults\":[\"status:path=auth/approle/login,code=400,"
                   "text=invalid role or secret ID,times=2\"]}",
                   leader);
    standin_set(&fixture_here, text);
}

static void a_login_goes_to_the_leader(void **state)
{
    struct fixture *f = *state;

    standby_of(fixture_there.address);
    assert_ok(f, vault_keep_login(f->v, &f->err));
    assert_int_equal(posts(LOGIN), 0);
    assert_int_equal(standin_count(&fixture_there, "POST", LOGIN, false), 1);
}

static void a_standby_that_does_not_know_it_yet_is_asked_again(void **state)
{
    struct fixture *f = *state;

    standby_of("http://127.0.0.1:9");
    assert_ok(f, vault_keep_login(f->v, &f->err));
    assert_int_equal(posts(LOGIN), 3);
}

/* Five of them lock the role out, for the right secret-id as well. */
static void what_was_refused_is_not_asked_at_once_again(void **state)
{
    struct fixture *f = *state;
    struct vault_options o;

    fixture_options(&o);
    o.auth.secret_id = "hunter2";
    fixture_use(f, &o);
    assert_fails(f, use(f), ERR_DENIED);
    assert_int_equal(posts(LOGIN), 1);
    for (int i = 0; i < 10; i++) {
        assert_fails(f, vault_keep_login(f->v, &f->err), ERR_DENIED);
        assert_int_equal(f->err.status, 400);
        assert_non_null(strstr(f->err.text, "invalid role or secret ID"));
        assert_non_null(strstr(f->err.text, "asked again in"));
        assert_null(strstr(f->err.text, "hunter2"));
    }
    assert_int_equal(posts(LOGIN), 1);
    vault_forget_login(f->v);
    assert_fails(f, vault_keep_login(f->v, &f->err), ERR_DENIED);
    assert_int_equal(posts(LOGIN), 2);
}

static void files_are_read_at_each_login(void **state)
{
    struct fixture *f = *state;
    struct vault_options o;
    char path[] = "/tmp/assay-secret-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "old\n", 4), 4);
    fixture_options(&o);
    o.auth.secret_id = NULL;
    o.auth.secret_id_file = path;
    fixture_use(f, &o);
    assert_fails(f, use(f), ERR_DENIED);
    assert_int_equal(pwrite(fd, "secret\n", 7, 0), 7);
    assert_ok(f, use(f));
    close(fd);
    unlink(path);
}

static void a_lease_is_renewed_at_two_thirds(void **state)
{
    struct fixture *f = *state;

    standin_set(&fixture_here, "{\"lease\":3}");
    assert_ok(f, use(f));
    assert_ok(f, vault_keep_login(f->v, &f->err));
    assert_int_equal(posts(RENEW), 0);
    clock_sleep_ms(2100);
    assert_ok(f, vault_keep_login(f->v, &f->err));
    assert_int_equal(posts(RENEW), 1);
    assert_ok(f, use(f));
    assert_int_equal(posts(RENEW), 1);
    assert_int_equal(posts(LOGIN), 1);
}

static void what_cannot_be_renewed_is_made_anew(void **state)
{
    struct fixture *f = *state;

    standin_set(&fixture_here, "{\"lease\":3,\"renewable\":false}");
    assert_ok(f, use(f));
    clock_sleep_ms(2100);
    assert_ok(f, use(f));
    assert_int_equal(posts(RENEW), 0);
    assert_int_equal(posts(LOGIN), 2);
}

static void batch_tokens_are_made_anew(void **state)
{
    struct fixture *f = *state;

    standin_set(&fixture_here, "{\"lease\":3,\"token_type\":\"batch\"}");
    assert_ok(f, use(f));
    clock_sleep_ms(2100);
    assert_ok(f, use(f));
    assert_int_equal(posts(LOGIN), 2);
}

static void a_dead_token_is_replaced_and_the_call_repeated(void **state)
{
    struct fixture *f = *state;

    assert_ok(f, use(f));
    standin_set(&fixture_here, "{\"forget_tokens\":true}");
    assert_ok(f, vault_write(f->v, "secret/x", "{}", NULL, &f->err));
    assert_int_equal(posts(LOGIN), 2);
    assert_int_equal(posts("secret/x"), 2);
}

static void a_refusal_of_a_living_token_is_meant(void **state)
{
    struct fixture *f = *state;

    standin_set(&fixture_here,
                "{\"faults\":[\"status:path=secret/,code=403,text=no\"]}");
    assert_fails(f, use(f), ERR_DENIED);
    assert_int_equal(f->err.status, 403);
    assert_int_equal(posts(LOGIN), 1);
    assert_int_equal(standin_count(&fixture_here, "GET", "secret/x", false), 1);
}

static void forgetting_logs_in_again(void **state)
{
    struct fixture *f = *state;

    assert_ok(f, use(f));
    vault_forget_login(f->v);
    assert_ok(f, use(f));
    assert_int_equal(posts(LOGIN), 2);
}

static void a_given_token_is_used_and_not_replaced(void **state)
{
    struct fixture *f = *state;

    assert_ok(f, vault_use_token(f->v, "root", &f->err));
    assert_ok(f, use(f));
    assert_ok(f, vault_use_token(f->v, "s.unknown", &f->err));
    assert_fails(f, use(f), ERR_DENIED);
    assert_int_equal(posts(LOGIN), 0);
}

static void a_token_file_is_read_again_when_its_token_died(void **state)
{
    struct fixture *f = *state;
    struct vault_options o;
    char path[] = "/tmp/assay-token-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "dead\n", 5), 5);
    fixture_options(&o);
    o.auth.method = VAULT_AUTH_TOKEN_FILE;
    o.auth.token_file = path;
    fixture_use(f, &o);
    assert_fails(f, use(f), ERR_DENIED);
    assert_int_equal(pwrite(fd, "root\n", 5, 0), 5);
    assert_ok(f, use(f));
    close(fd);
    unlink(path);
}

static void a_token_is_no_login_before_it_is_asked_for(void **state)
{
    struct fixture *f = *state;
    struct vault_options o;

    assert_ok(f, vault_try_login(f->v, &f->err));
    fixture_options(&o);
    o.auth.method = VAULT_AUTH_TOKEN;
    o.auth.token = "s.unknown";
    fixture_use(f, &o);
    assert_ok(f, vault_keep_login(f->v, &f->err));
    assert_fails(f, vault_try_login(f->v, &f->err), ERR_DENIED);
    assert_non_null(strstr(f->err.text, "does not know"));
    o.auth.token = "root";
    fixture_use(f, &o);
    assert_ok(f, vault_try_login(f->v, &f->err));
}

static void kubernetes_logs_in_with_its_jwt(void **state)
{
    struct fixture *f = *state;
    struct vault_options o;
    char path[] = "/tmp/assay-jwt-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "jwt", 3), 3);
    fixture_options(&o);
    o.auth.method = VAULT_AUTH_KUBERNETES;
    o.auth.role = "assay";
    o.auth.jwt_file = path;
    fixture_use(f, &o);
    assert_ok(f, use(f));
    assert_int_equal(posts("auth/kubernetes/login"), 1);
    close(fd);
    unlink(path);
}

static void no_credential_is_said(void **state)
{
    struct fixture *f = *state;

    fixture_use(f, &(struct vault_options){.address = fixture_here.address});
    assert_fails(f, use(f), ERR_DENIED);
    assert_non_null(strstr(f->err.text, "no credential"));
}

static void *use_it(void *ctx)
{
    return vault_read(ctx, "secret/x", NULL, NULL) == 0 ? NULL : ctx;
}

static void threads_log_in_once(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[8];
    void *bad;

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 8; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, use_it, f->v),
                             0);
        for (size_t i = 0; i < 8; i++) {
            pthread_join(threads[i], &bad);
            assert_null(bad);
        }
        assert_int_equal(posts(LOGIN), (size_t)round + 1);
        standin_set(&fixture_here, "{\"forget_tokens\":true}");
    }
}

static void a_node_s_handle_shares_the_login(void **state)
{
    struct fixture *f = *state;
    struct vault *node = NULL;

    assert_ok(f, use(f));
    assert_ok(f, vault_at(f->v, fixture_here.address, &node, &f->err));
    assert_ok(f, vault_read(node, "secret/x", NULL, &f->err));
    assert_int_equal(posts(LOGIN), 1);
    vault_free(node);
    assert_fails(f, vault_at(f->v, "https://127.0.0.1:1", &node, &f->err),
                 ERR_UPSTREAM);
}

static void a_copy_has_the_credential_and_its_own_login(void **state)
{
    struct fixture *f = *state;
    struct vault *copy = NULL;

    assert_ok(f, use(f));
    assert_ok(
        f, vault_like(f->v,
                      &(struct vault_place){.address = fixture_there.address},
                      &copy, &f->err));
    assert_ok(f, vault_read(copy, "secret/x", NULL, &f->err));
    assert_int_equal(posts(LOGIN), 1);
    assert_int_equal(standin_count(&fixture_there, "POST", LOGIN, false), 1);
    vault_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_first_call_logs_in_and_the_next_does_not),
        fixture_test(a_refused_login_is_denied_and_keeps_the_secret),
        fixture_test(a_login_goes_to_the_leader),
        fixture_test(a_standby_that_does_not_know_it_yet_is_asked_again),
        fixture_test(what_was_refused_is_not_asked_at_once_again),
        fixture_test(files_are_read_at_each_login),
        fixture_test(a_lease_is_renewed_at_two_thirds),
        fixture_test(what_cannot_be_renewed_is_made_anew),
        fixture_test(batch_tokens_are_made_anew),
        fixture_test(a_dead_token_is_replaced_and_the_call_repeated),
        fixture_test(a_refusal_of_a_living_token_is_meant),
        fixture_test(forgetting_logs_in_again),
        fixture_test(a_given_token_is_used_and_not_replaced),
        fixture_test(a_token_file_is_read_again_when_its_token_died),
        fixture_test(a_token_is_no_login_before_it_is_asked_for),
        fixture_test(kubernetes_logs_in_with_its_jwt),
        fixture_test(no_credential_is_said),
        fixture_test(threads_log_in_once),
        fixture_test(a_node_s_handle_shares_the_login),
        fixture_test(a_copy_has_the_credential_and_its_own_login),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
