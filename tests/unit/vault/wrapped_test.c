/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "vault/call.h"
#include "vault/wrapped.h"

#define LOOKUP "sys/wrapping/lookup"
#define UNWRAP "sys/wrapping/unwrap"

static size_t posts(const char *path)
{
    return standin_count(&fixture_here, "POST", path, false);
}

/* The fixture's handle becomes one that waits for an approver. */
static void wait_for_approver(struct fixture *f, bool refuse_root)
{
    struct vault_options o;

    fixture_options(&o);
    o.auth.method = VAULT_AUTH_APPROVER;
    o.auth.secret_id = NULL;
    o.refuse_root = refuse_root;
    fixture_use(f, &o);
}

/* A wrapping token; what it holds is the stand-in's `wrapped`. */
static char *wrap(struct fixture *f)
{
    struct vault *other = NULL;
    struct vault_options o;
    struct json *answer = NULL;
    char *token;

    fixture_options(&o);
    assert_ok(f, vault_new(&o, &other, &f->err));
    assert_ok(f,
              vault_write(other, "sys/wrapping/wrap", "{}", &answer, &f->err));
    token =
        secret_dup(json_get_text(json_get(answer, "wrap_info"), "token", ""));
    assert_non_null(token);
    json_free(answer);
    vault_free(other);
    return token;
}

static void made_by(const char *path, const char *wrapped)
{
    char text[400];

    (void)snprintf(text, sizeof text, "{\"wrapped_by\":\"%s\",\"wrapped\":%s}",
                   path, wrapped);
    standin_set(&fixture_here, text);
}

static void without_one_nothing_is_asked(void **state)
{
    struct fixture *f = *state;

    assert_false(vault_awaits_credential(f->v));
    wait_for_approver(f, true);
    assert_true(vault_awaits_credential(f->v));
    assert_fails(f, vault_read(f->v, "secret/x", NULL, &f->err), ERR_DENIED);
    assert_non_null(strstr(f->err.text, "comes with an approval"));
    assert_int_equal(posts("auth/approle/login"), 0);
}

static void a_token_is_used_and_its_wrapping_is_gone(void **state)
{
    struct fixture *f = *state;
    struct vault *with = NULL;
    struct vault_wrapped w;
    int64_t expires = 0;
    char *token = wrap(f);

    wait_for_approver(f, true);
    made_by("auth/token/create", "null");
    assert_ok(f, vault_wrapped_look(f->v, token, &w, &f->err));
    assert_int_equal(w.kind, VAULT_WRAPPED_TOKEN);
    assert_string_equal(w.creation_path, "auth/token/create");
    assert_true(text_rfc3339_ms("2026-01-01T01:00:00Z", &expires));
    assert_int_equal(w.expires_at_ms, expires);
    assert_int_equal(posts(UNWRAP), 0);
    assert_ok(f, vault_from_wrapped(f->v, token, &with, &f->err));
    assert_ok(f, vault_read(with, "secret/x", NULL, &f->err));
    vault_free(with);
    with = NULL;
    assert_fails(f, vault_from_wrapped(f->v, token, &with, &f->err),
                 ERR_DENIED);
    assert_non_null(strstr(f->err.text, "used already"));
    assert_null(strstr(f->err.text, token));
    assert_null(with);
    assert_int_equal(posts(UNWRAP), 1);
    assert_fails(f, vault_read(f->v, "secret/x", NULL, &f->err), ERR_DENIED);
    secret_free(token);
}

static void a_secret_id_logs_in_with_the_role_of_the_configuration(void **state)
{
    struct fixture *f = *state;
    struct vault *with = NULL;
    struct vault_wrapped w;
    char *token = wrap(f);

    wait_for_approver(f, true);
    made_by("auth/approle/role/assay-restore/secret-id",
            "{\"data\":{\"secret_id\":\"secret\"}}");
    assert_ok(f, vault_wrapped_look(f->v, token, &w, &f->err));
    assert_int_equal(w.kind, VAULT_WRAPPED_SECRET_ID);
    assert_ok(f, vault_from_wrapped(f->v, token, &with, &f->err));
    assert_ok(f, vault_read(with, "secret/x", NULL, &f->err));
    vault_free(with);
    secret_free(token);
}

static void a_secret_id_that_is_not_ours_does_not_log_in(void **state)
{
    struct fixture *f = *state;
    struct vault *with = NULL;
    char *token = wrap(f);

    wait_for_approver(f, true);
    made_by("auth/approle/role/assay-restore/secret-id",
            "{\"data\":{\"secret_id\":\"hunter2\"}}");
    assert_fails(f, vault_from_wrapped(f->v, token, &with, &f->err),
                 ERR_DENIED);
    assert_null(strstr(f->err.text, "hunter2"));
    assert_null(with);
    secret_free(token);
}

/* Anybody may wrap anything: where it was made is what counts, and it is
 * left unused. */
static void what_was_made_elsewhere_is_refused_unused(void **state)
{
    static const char *const paths[] = {
        "sys/wrapping/wrap",
        "",
        "auth/token/createx",
        "auth/token/lookup-self",
        "secret/data/auth/token/create",
        "auth/other/role/assay/secret-id",
        "auth/approle/role/assay/secret-id/lookup",
        "auth/approle/role//secret-id",
        "auth/approle/role/assay/custom-secret-id",
        "tenant/auth/token/create",
    };
    struct fixture *f = *state;
    struct vault *with = NULL;
    char *token = wrap(f);

    wait_for_approver(f, true);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        made_by(paths[i], "{\"auth\":{\"client_token\":\"root\"}}");
        assert_fails(f, vault_from_wrapped(f->v, token, &with, &f->err),
                     ERR_INVALID);
        assert_non_null(strstr(f->err.text, "vault token create"));
    }
    assert_int_equal(posts(LOOKUP), sizeof paths / sizeof paths[0]);
    assert_int_equal(posts(UNWRAP), 0);
    secret_free(token);
}

static void a_secret_id_without_a_role_id_is_left_unused(void **state)
{
    struct fixture *f = *state;
    struct vault_options o;
    struct vault *with = NULL;
    char *token = wrap(f);

    fixture_options(&o);
    o.auth = (struct vault_auth_options){.method = VAULT_AUTH_APPROVER};
    fixture_use(f, &o);
    made_by("auth/approle/role/assay/secret-id",
            "{\"data\":{\"secret_id\":\"secret\"}}");
    assert_fails(f, vault_from_wrapped(f->v, token, &with, &f->err),
                 ERR_INVALID);
    assert_non_null(strstr(f->err.text, "no role_id"));
    assert_int_equal(posts(UNWRAP), 0);
    secret_free(token);
}

static void what_is_no_token_is_not_sent(void **state)
{
    struct fixture *f = *state;
    struct vault *with = NULL;

    assert_fails(f, vault_from_wrapped(f->v, "", &with, &f->err), ERR_INVALID);
    assert_fails(f, vault_from_wrapped(f->v, "a\r\nb", &with, &f->err),
                 ERR_INVALID);
    assert_fails(f, vault_from_wrapped(f->v, "s.unknown", &with, &f->err),
                 ERR_DENIED);
    assert_int_equal(posts(LOOKUP), 1);
}

static void a_root_token_is_refused_and_ended(void **state)
{
    struct fixture *f = *state;
    struct vault *with = NULL;
    char *token = wrap(f);

    wait_for_approver(f, true);
    made_by("auth/token/create", "{\"auth\":{\"client_token\":\"root\"}}");
    assert_fails(f, vault_from_wrapped(f->v, token, &with, &f->err),
                 ERR_DENIED);
    assert_non_null(strstr(f->err.text, "root token"));
    assert_int_equal(posts("auth/token/revoke-self"), 1);
    assert_null(with);
    secret_free(token);
    token = wrap(f);
    wait_for_approver(f, false);
    assert_ok(f, vault_from_wrapped(f->v, token, &with, &f->err));
    vault_free(with);
    secret_free(token);
}

/* It was used up: the credential must not be lost as well. */
static void a_server_that_is_silent_afterwards_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct vault *with = NULL;
    char *token = wrap(f);

    wait_for_approver(f, true);
    standin_set(&fixture_here,
                "{\"wrapped_by\":\"auth/token/create\",\"faults\":[\"status:"
                "path=auth/token/lookup-self,code=503,times=1\"]}");
    assert_ok(f, vault_from_wrapped(f->v, token, &with, &f->err));
    assert_ok(f, vault_read(with, "secret/x", NULL, &f->err));
    vault_free(with);
    secret_free(token);
}

static void an_empty_wrapping_is_said(void **state)
{
    struct fixture *f = *state;
    struct vault *with = NULL;
    char *token = wrap(f);

    made_by("auth/token/create", "{\"data\":{}}");
    assert_fails(f, vault_from_wrapped(f->v, token, &with, &f->err),
                 ERR_UPSTREAM);
    secret_free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(without_one_nothing_is_asked),
        fixture_test(a_token_is_used_and_its_wrapping_is_gone),
        fixture_test(a_secret_id_logs_in_with_the_role_of_the_configuration),
        fixture_test(a_secret_id_that_is_not_ours_does_not_log_in),
        fixture_test(what_was_made_elsewhere_is_refused_unused),
        fixture_test(a_secret_id_without_a_role_id_is_left_unused),
        fixture_test(what_is_no_token_is_not_sent),
        fixture_test(a_root_token_is_refused_and_ended),
        fixture_test(a_server_that_is_silent_afterwards_loses_nothing),
        fixture_test(an_empty_wrapping_is_said),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
