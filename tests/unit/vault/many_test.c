/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "vault/many.h"

enum { MOST = 500 };

struct world {
    unsigned count, given;
    const char *namespace;
    unsigned answered[MOST];
    enum vault_many_outcome outcome[MOST];
    char why[MOST][120];
    char body[MOST][40];
    size_t ok;
};

static int next(void *ctx, struct vault_many_request *q, struct error *err)
{
    struct world *w = ctx;
    static char path[64];

    (void)err;
    if (w->given == w->count)
        return 0;
    (void)snprintf(path, sizeof path, "secret/a b+%u", w->given);
    *q = (struct vault_many_request){.method = "GET",
                                     .path = path,
                                     .namespace = w->namespace,
                                     .tag = &w->answered[w->given++]};
    return 1;
}

static int done(void *ctx, void *tag, struct vault_many_answer *a,
                struct error *err)
{
    struct world *w = ctx;
    size_t i = (size_t)((unsigned *)tag - w->answered);

    (void)err;
    w->answered[i]++;
    w->outcome[i] = a->outcome;
    w->ok += a->outcome == VAULT_MANY_OK;
    if (a->outcome != VAULT_MANY_OK)
        (void)text_copy(w->why[i], sizeof w->why[i], a->why->text);
    if (a->len > 0)
        (void)snprintf(w->body[i], sizeof w->body[i], "%.39s", a->body);
    return 0;
}

static int run(struct fixture *f, struct world *w, unsigned count,
               uint64_t *requests)
{
    const struct vault_many_options o = {
        .in_flight = 8, .ctx = w, .next = next, .done = done};

    memset(w, 0, sizeof *w);
    w->count = count;
    error_clear(&f->err);
    return vault_many_run(f->v, &o, requests, &f->err);
}

static struct world w;

static void each_is_answered_with_a_login(void **state)
{
    struct fixture *f = *state;
    uint64_t requests = 0;

    assert_ok(f, run(f, &w, 300, &requests));
    assert_int_equal(w.ok, 300);
    assert_int_equal(requests, 300);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(w.answered[i], 1);
    assert_int_equal(
        standin_count(&fixture_here, "POST", "auth/approle/login", false), 1);
    assert_int_equal(
        standin_count(&fixture_here, "GET", "secret/a%20b%2B299", true), 1);
}

static void trouble_that_passes_is_sat_out(void **state)
{
    struct fixture *f = *state;
    uint64_t requests = 0;

    standin_set(&fixture_here,
                "{\"faults\":[\"status:path=secret/,code=503,text=busy,"
                "times=5\",\"drop:path=secret/,times=3\","
                "\"status:path=secret/,code=429,times=4\","
                "\"status:path=secret/,code=500,text=transaction commit "
                "failed,times=2\"]}");
    assert_ok(f, run(f, &w, 50, &requests));
    assert_int_equal(w.ok, 50);
    /* libcurl by itself sends again what a kept connection did not take. */
    assert_true(requests >= 50 + 11 && requests <= 50 + 11 + 3);
}

static void a_dead_token_is_replaced(void **state)
{
    struct fixture *f = *state;

    assert_ok(f, run(f, &w, 10, NULL));
    standin_set(&fixture_here, "{\"forget_tokens\":true}");
    assert_ok(f, run(f, &w, 200, NULL));
    assert_int_equal(w.ok, 200);
    assert_int_equal(
        standin_count(&fixture_here, "POST", "auth/approle/login", false), 2);
}

static void a_refusal_is_told_from_a_dead_token(void **state)
{
    struct fixture *f = *state;

    standin_set(&fixture_here,
                "{\"faults\":[\"status:path=secret/,code=403,text=1 error "
                "occurred: permission denied\"]}");
    assert_ok(f, run(f, &w, 200, NULL));
    for (unsigned i = 0; i < 200; i++)
        assert_int_equal(w.outcome[i], VAULT_MANY_DENIED);
    /* It does not ask for each of them. */
    assert_true(standin_count(&fixture_here, "GET", "auth/token/lookup-self",
                              true) < 20);
    assert_int_equal(
        standin_count(&fixture_here, "POST", "auth/approle/login", false), 1);
}

static void what_the_server_means_is_handed_over(void **state)
{
    static const struct {
        int code;
        enum vault_many_outcome outcome;
    } all[] = {
        {404, VAULT_MANY_MISSING},
        {405, VAULT_MANY_METHOD},
        {400, VAULT_MANY_REFUSED},
        {500, VAULT_MANY_REFUSED},
    };
    struct fixture *f = *state;
    char text[120];

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        (void)snprintf(text, sizeof text,
                       "{\"faults\":[\"status:path=secret/,code=%d,"
                       "text=so it is\"]}",
                       all[i].code);
        standin_set(&fixture_here, text);
        assert_ok(f, run(f, &w, 3, NULL));
        assert_int_equal(w.outcome[2], all[i].outcome);
        assert_non_null(strstr(w.why[2], "so it is"));
    }
}

static void a_server_that_stays_away_ends_it(void **state)
{
    struct fixture *f = *state;

    standin_set(&fixture_here,
                "{\"faults\":[\"status:path=secret/,code=503,text=Vault is "
                "sealed\"]}");
    assert_fails(f, run(f, &w, 50, NULL), ERR_UNAVAILABLE);
    assert_non_null(strstr(f->err.text, "sealed"));
    standin_set(&fixture_here, "{\"faults\":[\"drop:path=secret/\"]}");
    assert_fails(f, run(f, &w, 50, NULL), ERR_UNAVAILABLE);
    standin_set(&fixture_here,
                "{\"faults\":[\"redirect:path=secret/,to=http://x.invalid\"]}");
    assert_fails(f, run(f, &w, 2, NULL), ERR_UNAVAILABLE);
}

static void a_sealed_namespace_is_not_a_sealed_server(void **state)
{
    struct fixture *f = *state;
    const struct vault_many_options o = {.ctx = &w, .next = next, .done = done};

    standin_set(&fixture_here,
                "{\"faults\":[\"status:path=secret/,code=503,text=the "
                "namespace is sealed\"]}");
    memset(&w, 0, sizeof w);
    w.count = 2;
    w.namespace = "team/";
    assert_ok(f, vault_many_run(f->v, &o, NULL, &f->err));
    assert_int_equal(w.outcome[1], VAULT_MANY_REFUSED);
}

static void without_a_login_nothing_is_asked(void **state)
{
    struct fixture *f = *state;

    standin_set(&fixture_here, "{\"secret_id\":\"another\"}");
    assert_fails(f, run(f, &w, 5, NULL), ERR_DENIED);
    assert_int_equal(w.given, 0);
    standin_set(&fixture_here, "{\"secret_id\":\"secret\"}");
}

static void values_of_queries_are_encoded(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    vault_many_encode("a/b c&d=\xc3\xa4~", &b);
    assert_string_equal(buf_text(&b), "a%2Fb%20c%26d%3D%C3%A4~");
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(each_is_answered_with_a_login),
        fixture_test(trouble_that_passes_is_sat_out),
        fixture_test(a_dead_token_is_replaced),
        fixture_test(a_refusal_is_told_from_a_dead_token),
        fixture_test(what_the_server_means_is_handed_over),
        fixture_test(a_server_that_stays_away_ends_it),
        fixture_test(a_sealed_namespace_is_not_a_sealed_server),
        fixture_test(without_a_login_nothing_is_asked),
        fixture_test(values_of_queries_are_encoded),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
