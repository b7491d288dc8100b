/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "vault/call.h"

static size_t count(const char *method, const char *path)
{
    return standin_count(&fixture_here, method, path, false);
}

static void a_read_is_repeated_while_the_trouble_passes(void **state)
{
    struct fixture *f = *state;

    standin_set(
        &fixture_here,
        "{\"faults\":[\"status:path=secret/,code=503,text=busy,times=2\"]}");
    assert_ok(f, vault_read(f->v, "secret/x", NULL, &f->err));
    assert_int_equal(count("GET", "secret/x"), 3);
}

static void a_dropped_read_is_repeated(void **state)
{
    struct fixture *f = *state;

    standin_set(&fixture_here, "{\"faults\":[\"drop:path=secret/,times=1\"]}");
    assert_ok(f, vault_read(f->v, "secret/x", NULL, &f->err));
    assert_int_equal(count("GET", "secret/x"), 2);
}

static void a_write_is_never_repeated(void **state)
{
    struct fixture *f = *state;

    /* A kept connection first, so that libcurl is tempted, too. */
    assert_ok(f, vault_read(f->v, "secret/x", NULL, &f->err));
    standin_set(&fixture_here, "{\"faults\":[\"drop:path=secret/,times=1\"]}");
    assert_fails(f, vault_write(f->v, "secret/x", "{}", NULL, &f->err),
                 ERR_UNAVAILABLE);
    assert_int_equal(count("POST", "secret/x"), 1);
    standin_set(&fixture_here,
                "{\"faults\":[\"status:path=secret/,code=503,times=1\"]}");
    assert_fails(f, vault_write(f->v, "secret/x", "{}", NULL, &f->err),
                 ERR_UNAVAILABLE);
    assert_int_equal(count("POST", "secret/x"), 2);
}

static void a_sealed_server_is_not_asked_again(void **state)
{
    struct fixture *f = *state;

    standin_set(&fixture_here,
                "{\"faults\":[\"status:path=secret/,code=503,text=Vault is "
                "sealed\"]}");
    assert_fails(f, vault_read(f->v, "secret/x", NULL, &f->err),
                 ERR_UNAVAILABLE);
    assert_non_null(strstr(f->err.text, "Vault is sealed"));
    assert_int_equal(count("GET", "secret/x"), 1);
}

static void statuses_have_kinds(void **state)
{
    static const struct {
        int status;
        enum error_kind kind;
    } rows[] = {
        {400, ERR_UPSTREAM}, {403, ERR_DENIED},   {404, ERR_NOT_FOUND},
        {405, ERR_METHOD},   {500, ERR_UPSTREAM}, {503, ERR_UNAVAILABLE},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char fault[128];

        (void)snprintf(fault, sizeof fault,
                       "{\"faults\":[\"status:path=secret/,code=%d,text=so "
                       "it is\"]}",
                       rows[i].status);
        standin_set(&fixture_here, fault);
        assert_fails(f, vault_write(f->v, "secret/x", "{}", NULL, &f->err),
                     rows[i].kind);
        assert_int_equal(f->err.status, rows[i].status);
        assert_non_null(strstr(f->err.text, "so it is"));
        assert_non_null(strstr(f->err.text, "POST secret/x"));
    }
}

static void an_answer_that_is_not_json_is_said(void **state)
{
    struct fixture *f = *state;
    struct json *answer = NULL;

    standin_set(&fixture_here,
                "{\"faults\":[\"body:path=secret/,text=<html>s3cret\"]}");
    assert_fails(f, vault_read(f->v, "secret/x", &answer, &f->err),
                 ERR_UPSTREAM);
    assert_null(answer);
    assert_null(strstr(f->err.text, "s3cret"));
}

static void redirect_to(const char *address)
{
    char fault[512];

    (void)snprintf(fault, sizeof fault,
                   "{\"faults\":[\"redirect:path=secret/,to=%s\"]}", address);
    standin_set(&fixture_here, fault);
}

static void a_foreign_redirect_is_named_and_gets_no_token(void **state)
{
    struct fixture *f = *state;

    redirect_to(fixture_there.address);
    assert_fails(f, vault_read(f->v, "secret/x", NULL, &f->err), ERR_UPSTREAM);
    assert_non_null(
        strstr(f->err.text, fixture_there.address + strlen("http://")));
    assert_int_equal(standin_count(&fixture_there, "GET", "secret/x", false),
                     0);
}

static void a_redirect_to_the_leader_is_followed(void **state)
{
    struct fixture *f = *state;
    char leader[300];

    redirect_to(fixture_there.address);
    (void)snprintf(leader, sizeof leader, "{\"leader_address\":\"%s\"}",
                   fixture_there.address);
    standin_set(&fixture_here, leader);
    /* The token is of `here`, so `there` refuses it: it did arrive. */
    assert_ok(f, vault_use_token(f->v, "root", &f->err));
    assert_ok(f, vault_read(f->v, "secret/x", NULL, &f->err));
    assert_int_equal(standin_count(&fixture_there, "GET", "secret/x", true), 1);
}

static void redirects_in_circles_end(void **state)
{
    struct fixture *f = *state;

    redirect_to(fixture_here.address);
    assert_fails(f, vault_write(f->v, "secret/x", "{}", NULL, &f->err),
                 ERR_UNAVAILABLE);
    assert_non_null(strstr(f->err.text, "circles"));
    assert_int_equal(count("POST", "secret/x"), 3);
}

static void a_redirect_never_leaves_https(void **state)
{
    struct fixture *f = *state;

    redirect_to("https://127.0.0.1:1");
    assert_fails(f, vault_read(f->v, "secret/x", NULL, &f->err), ERR_UPSTREAM);
}

static void the_namespace_is_sent(void **state)
{
    struct fixture *f = *state;
    struct vault_options o;
    struct json *facts;
    const struct json *q;

    fixture_options(&o);
    o.namespace = "team/a";
    fixture_use(f, &o);
    assert_ok(f, vault_read(f->v, "secret/x", NULL, &f->err));
    facts = standin_facts(&fixture_here);
    for (q = json_first(json_get(facts, "requests")); q != NULL;
         q = json_next(q)) {
        /* How the cluster is, is asked of the root. */
        if (strncmp(json_get_text(q, "path", ""), "sys/", 4) != 0)
            assert_string_equal(json_get_text(q, "namespace", ""), "team/a");
    }
    json_free(facts);
}

static void a_cancelled_call_ends(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel = {.requested = true};

    assert_fails(f,
                 vault_call(f->v,
                            &(struct vault_request){.method = "GET",
                                                    .path = "secret/x",
                                                    .cancel = &cancel},
                            NULL, &f->err),
                 ERR_CANCELLED);
}

/* What an operator has to write, and only where it is our own policy. */
static void a_refusal_names_the_line_that_is_missing(void **state)
{
    struct fixture *f = *state;
    const struct vault_request theirs = {
        .method = "GET", .path = "secret/x", .token = "root"};

    standin_set(&fixture_here, "{\"faults\":[\"status:path=secret/,code=403,"
                               "text=permission denied\"]}");
    assert_fails(f, vault_read(f->v, "secret/x", NULL, &f->err), ERR_DENIED);
    assert_non_null(
        strstr(f->err.text, "(Assay's policy lacks \"read\" on secret/x)"));
    assert_int_equal(f->err.status, 403);
    assert_fails(f, vault_list(f->v, "secret/x", NULL, &f->err), ERR_DENIED);
    assert_non_null(strstr(f->err.text, "lacks \"list\" on secret/x"));
    assert_fails(f, vault_write(f->v, "secret/x", "{}", NULL, &f->err),
                 ERR_DENIED);
    assert_non_null(strstr(f->err.text, "lacks \"update\" on secret/x"));
    assert_fails(f, vault_delete(f->v, "secret/x", &f->err), ERR_DENIED);
    assert_non_null(strstr(f->err.text, "lacks \"delete\" on secret/x"));
    assert_fails(f, vault_call(f->v, &theirs, NULL, &f->err), ERR_DENIED);
    assert_null(strstr(f->err.text, "lacks"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_refusal_names_the_line_that_is_missing),
        fixture_test(a_read_is_repeated_while_the_trouble_passes),
        fixture_test(a_dropped_read_is_repeated),
        fixture_test(a_write_is_never_repeated),
        fixture_test(a_sealed_server_is_not_asked_again),
        fixture_test(statuses_have_kinds),
        fixture_test(an_answer_that_is_not_json_is_said),
        fixture_test(a_foreign_redirect_is_named_and_gets_no_token),
        fixture_test(a_redirect_to_the_leader_is_followed),
        fixture_test(redirects_in_circles_end),
        fixture_test(a_redirect_never_leaves_https),
        fixture_test(the_namespace_is_sent),
        fixture_test(a_cancelled_call_ends),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
