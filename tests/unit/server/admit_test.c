/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is counted as whom, through the whole of a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "server/exchange.h"
#include "server/reply.h"
#include "server/testing.h"

/* Time stands still: no bucket fills up however long a test takes. */
int64_t __wrap_clock_mono_ms(void);
int64_t __wrap_clock_mono_ms(void)
{
    return 1000000;
}

static int nothing(void *app, struct request *r, struct reply *reply,
                   struct error *err)
{
    (void)app;
    (void)err;
    jsonw_text(reply_data(reply), "from", request_from(r));
    return 0;
}

static const struct route routes[] = {
    {"thing", VERB_READ, 0, NULL, nothing, "Read it."},
    {"open", VERB_READ, ROUTE_OPEN, NULL, nothing, "Read it."},
    {.pattern = NULL},
};
static const struct route outside[] = {
    {"livez", VERB_READ, ROUTE_OPEN, NULL, nothing, "Alive?"},
    {.pattern = NULL},
};

static unsigned asked; /* how often Vault was */
static struct limiter *limiter;
static unsigned others; /* requests with this token come in between */

/* A token that begins with "good" is somebody's. */
static int authorize(void *ctx, const struct request *request, bool may_block,
                     struct principal *out, struct error *err)
{
    const char *token = request_token(request);

    asked++;
    for (unsigned i = 0; i < others; i++)
        (void)limiter_take(limiter, token, clock_mono_ms());
    (void)ctx;
    (void)may_block;
    if (!text_starts(token, "good"))
        return error_set(err, ERR_DENIED, "permission denied");
    (void)text_copy(out->token_key, sizeof(out->token_key), token);
    out->authenticated = true;
    return 0;
}

static struct testing_answer ask(const char *from, const char *token,
                                 const char *uri)
{
    static const struct route *const tables[] = {routes, NULL};
    const struct server_options options = {.mount = "assay",
                                           .routes = tables,
                                           .outside = outside,
                                           .authorize = authorize};
    const char *const headers[] = {"X-Vault-Token", token, NULL};
    struct origin origin = {.limiter = limiter};
    const struct testing_call call = {
        .method = "GET", .uri = uri, .headers = headers, .origin = &origin};
    struct testing_answer a;

    (void)text_copy(origin.from, sizeof(origin.from), from);
    testing_serve(&options, &call, &a);
    return a;
}

static int status(const char *from, const char *token, const char *uri)
{
    struct testing_answer a = ask(from, token, uri);
    const int code = a.status;

    testing_answer_done(&a);
    return code;
}

static void begin(uint64_t all, uint64_t caller)
{
    const struct server_rates rates = {.all = {1, all}, .caller = {1, caller}};
    struct error err = {0};

    assert_int_equal(limiter_new(&rates, &limiter, &err), 0);
}

static int end(void **state)
{
    (void)state;
    limiter_free(limiter);
    limiter = NULL;
    others = 0;
    return 0;
}

static const char thing[] = "/v1/assay/thing";

static void a_token_is_a_caller(void **state)
{
    (void)state;
    begin(1000, 20);
    asked = 0;
    /* From wherever it comes; and its address has room for others. */
    for (int i = 0; i < 20; i++)
        assert_int_equal(
            status(i % 2 ? "192.0.2.1" : "192.0.2.2", "good-1", thing), 200);
    assert_int_equal(asked, 20);
    assert_int_equal(status("192.0.2.3", "good-1", thing), 429);
    assert_int_equal(asked, 20);
    for (int i = 0; i < 15; i++)
        assert_int_equal(status("192.0.2.1", "good-2", thing), 200);
}

static void invented_tokens_are_one_caller(void **state)
{
    char token[8] = "bad-a";

    (void)state;
    begin(1000, 20);
    for (int i = 0; i < 20; i++) {
        token[4] = (char)('a' + i);
        assert_int_equal(status("192.0.2.1", token, thing), 403);
    }
    assert_int_equal(status("192.0.2.1", "bad-z", thing), 429);
    assert_int_equal(status("192.0.2.2", "bad-z", thing), 403);
    /* What needs no token counts for the address too. */
    assert_int_equal(status("192.0.2.1", "", "/v1/assay/open"), 429);
    assert_int_equal(status("192.0.2.1", "", "/v1/assay/nothing"), 429);
}

static void an_ipv6_network_is_one_caller(void **state)
{
    (void)state;
    begin(1000, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(status("2001:db8:1:1::1", "bad", thing), 403);
    assert_int_equal(status("2001:db8:1:1:ffff::2", "bad", thing), 429);
    assert_int_equal(status("2001:db8:1:2::1", "bad", thing), 403);
}

static void nobody_uses_up_what_is_for_all(void **state)
{
    (void)state;
    begin(40, 15);
    for (int i = 0; i < 15; i++)
        assert_int_equal(status("192.0.2.1", "bad", thing), 403);
    for (int i = 0; i < 100; i++)
        assert_int_equal(status("192.0.2.1", "bad", thing), 429);
    for (int i = 0; i < 15; i++)
        assert_int_equal(status("192.0.2.2", "good-1", thing), 200);
    for (int i = 0; i < 100; i++)
        assert_int_equal(status("192.0.2.2", "good-1", thing), 429);
    /* Thirty of forty are used. */
    for (int i = 0; i < 9; i++)
        assert_int_equal(status("192.0.2.3", "good-2", thing), 200);
}

/* The token had one left when it was looked at, and none any more when it was
 * known to be somebody's. */
static void two_at_once_for_the_last(void **state)
{
    (void)state;
    begin(10, 5);
    others = 5;
    for (int i = 0; i < 30; i++) {
        char token[] = "good-a";

        token[5] = (char)('a' + i);
        assert_int_equal(status("192.0.2.1", token, thing), 429);
    }
    others = 0;
    for (int i = 0; i < 5; i++)
        assert_int_equal(status("192.0.2.1", "good-Z", thing), 200);
}

static void all_together_have_a_limit_too(void **state)
{
    struct testing_answer a;

    (void)state;
    begin(10, 10);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(status("192.0.2.1", "good-1", thing), 200);
        assert_int_equal(status("192.0.2.1", "good-2", thing), 200);
    }
    a = ask("192.0.2.2", "good-3", thing);
    assert_int_equal(a.status, 429);
    assert_string_equal(a.body, "{\"errors\":[\"rate limit exceeded: too many "
                                "requests from all callers together\"]}\n");
    assert_non_null(strstr(a.headers, "Retry-After: 1\n"));
    testing_answer_done(&a);
    /* Who asks whether it lives is answered. */
    assert_int_equal(status("192.0.2.2", "", "/livez"), 200);
}

static void without_a_limiter_nothing_is_counted(void **state)
{
    struct testing_answer a = ask("192.0.2.1", "good", thing);

    (void)state;
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "\"from\":\"192.0.2.1\""));
    testing_answer_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_token_is_a_caller, end),
        cmocka_unit_test_teardown(invented_tokens_are_one_caller, end),
        cmocka_unit_test_teardown(an_ipv6_network_is_one_caller, end),
        cmocka_unit_test_teardown(nobody_uses_up_what_is_for_all, end),
        cmocka_unit_test_teardown(two_at_once_for_the_last, end),
        cmocka_unit_test_teardown(all_together_have_a_limit_too, end),
        cmocka_unit_test(without_a_limiter_nothing_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
