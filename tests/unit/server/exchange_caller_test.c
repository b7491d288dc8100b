/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose token it is, and what a dead one still sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "server/reply.h"
#include "server/request.h"
#include "server/testing.h"

static int own(void *app, struct request *r, struct reply *reply,
               struct error *err)
{
    (void)app;
    (void)reply;
    return request_require_owner(
        r, strcmp(request_param(r, "id"), "mine") == 0 ? "key" : NULL, err);
}

static int forgetful(void *app, struct request *r, struct reply *reply,
                     struct error *err)
{
    (void)app;
    (void)r;
    (void)err;
    jsonw_text(reply_data(reply), "secret", "shown to anybody");
    return 0;
}

static const struct route routes[] = {
    {"things/:id", VERB_READ, 0, NULL, forgetful, "Show one thing."},
    {"own/:id", VERB_READ, ROUTE_OWN_RUN, NULL, own, "Own."},
    {"forgetful", VERB_READ, ROUTE_OWN_RUN, NULL, forgetful, "Forget."},
    {.pattern = NULL},
};
static const struct route *const tables[] = {routes, NULL};
static const struct server_options options = {.mount = "assay",
                                              .routes = tables};

static const char *seen_token;

static int see_token(void *ctx, const struct request *r, bool may_block,
                     struct principal *out, struct error *err)
{
    static char copy[64];

    (void)ctx;
    (void)may_block;
    (void)out;
    (void)snprintf(copy, sizeof(copy), "%s", request_token(r));
    seen_token = copy;
    return error_set(err, ERR_DENIED, "no");
}

static void token_comes_from_two_headers(void **state)
{
    static const struct {
        const char *headers[5];
        const char *token;
    } cases[] = {
        {{NULL}, ""},
        {{"x-vault-token", "a", "Authorization", "Bearer b", NULL}, "a"},
        {{"Authorization", "Bearer b", NULL}, "b"},
        {{"Authorization", "bearer b", NULL}, "b"},
        {{"Authorization", "Basic x", "Authorization", "Bearer b", NULL}, "b"},
        {{"X-Vault-Token", "", "Authorization", "Bearer b", NULL}, "b"},
        {{"X-Vault-Namespace", "n/", "X-Vault-Request", "true", NULL}, ""},
    };
    struct server_options site = options;

    (void)state;
    site.authorize = see_token;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct testing_call call = {.method = "GET",
                                          .uri = "/v1/assay/things/a",
                                          .headers = cases[i].headers};
        struct testing_answer a;

        testing_serve(&site, &call, &a);
        assert_int_equal(a.status, 403);
        assert_string_equal(seen_token, cases[i].token);
        testing_answer_done(&a);
    }
}

static void expect(const struct testing_call *call, int status,
                   const char *part)
{
    struct testing_answer a;

    testing_serve(&options, call, &a);
    assert_int_equal(a.status, status);
    if (strstr(a.body, part) == NULL)
        fail_msg("%s lacks %s", a.body, part);
    testing_answer_done(&a);
}

static void dead_token_sees_its_own_run_only(void **state)
{
    struct principal dead = {.token_key = "key"};
    struct testing_call call = {.method = "GET", .caller = &dead};

    (void)state;
    error_set(&dead.refusal, ERR_DENIED, "the refusal");
    call.uri = "/v1/assay/own/mine";
    expect(&call, 200, "data");
    call.uri = "/v1/assay/own/other";
    expect(&call, 403, "the refusal");
    /* Routes that did not ask for it, and handlers that forgot. */
    call.uri = "/v1/assay/things/a";
    expect(&call, 403, "permission denied");
    call.uri = "/v1/assay/forgetful";
    expect(&call, 403, "permission denied");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_comes_from_two_headers),
        cmocka_unit_test(dead_token_sees_its_own_run_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
