/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written down, and when: before it is done, once, with its end. */
#include "server/audited.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "server/reply.h"
#include "server/request.h"
#include "server/testing.h"

/* What happened, in order: "begin", "handle", "end 200", … */
static char story[256];
static char noted[4096]; /* the fields, at begin */
static bool begin_fails;
static bool end_fails;

static void tell(const char *fmt, ...) PRINTF_LIKE(1, 2);

static void tell(const char *fmt, ...)
{
    const size_t len = strlen(story);
    va_list ap;

    va_start(ap, fmt);
    (void)snprintf(story + len, sizeof(story) - len, "%s", len > 0 ? ", " : "");
    (void)vsnprintf(story + strlen(story), sizeof(story) - strlen(story), fmt,
                    ap);
    va_end(ap);
}

static int begin(void *ctx, const struct request *request, struct error *err)
{
    struct buf text;
    struct jsonw w;

    (void)ctx;
    tell("begin");
    if (begin_fails)
        return error_set(err, ERR_IO, "the disk is full");
    buf_init(&text, 64 * 1024);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    request_write_fields(request, &w);
    jsonw_end_object(&w);
    (void)text_copy(noted, sizeof(noted), buf_text(&text));
    buf_done(&text);
    return 0;
}

static int end(void *ctx, const struct request *request, int status,
               const struct error *why, struct error *err)
{
    (void)ctx;
    (void)request;
    tell("end %d%s%s", status, why != NULL ? " " : "",
         why != NULL ? why->text : "");
    return end_fails ? error_set(err, ERR_IO, "the disk is full") : 0;
}

static void refused(void *ctx, const struct request *request,
                    const struct error *why)
{
    (void)ctx;
    (void)request;
    tell("refused %s", why->text);
}

static int done(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    (void)app;
    (void)err;
    tell("handle");
    jsonw_text(reply_data(reply), "about", request_subject(r));
    return 0;
}

static int removed(void *app, struct request *r, struct reply *reply,
                   struct error *err)
{
    (void)app;
    (void)r;
    (void)err;
    tell("handle");
    reply_none(reply);
    return 0;
}

static int conflict(void *app, struct request *r, struct reply *reply,
                    struct error *err)
{
    (void)app;
    (void)r;
    (void)reply;
    tell("handle");
    return error_set(err, ERR_CONFLICT, "not now");
}

static int wait(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    (void)app;
    (void)err;
    tell("handle");
    if (!request_deadline_passed(r))
        reply_park(reply, clock_mono_ms() + 1000);
    return 0;
}

static const struct field fields[] = {
    {"text", FIELD_STRING, "t"},
    {"flag", FIELD_BOOL, "f"},
    {"count", FIELD_INT, "c"},
    {"wait", FIELD_DURATION, "w"},
    {"names", FIELD_LIST, "n"},
    {"key", FIELD_SECRET, "k"},
    {.name = NULL},
};

static const struct route routes[] = {
    {"plain/:id", VERB_READ, 0, NULL, done, "Read."},
    {"plain", VERB_LIST, 0, NULL, done, "List."},
    {"plain/:id", VERB_WRITE, 0, fields, done, "Write."},
    {"plain/:id", VERB_DELETE, 0, NULL, removed, "Remove."},
    {"sensitive", VERB_READ, ROUTE_AUDIT, NULL, done, "Read."},
    {"conflict", VERB_WRITE, 0, NULL, conflict, "Refuse."},
    {"open", VERB_WRITE, ROUTE_OPEN, fields, done, "Open."},
    {"wait", VERB_READ, ROUTE_AUDIT, NULL, wait, "Wait."},
    {.pattern = NULL},
};
static const struct route *const tables[] = {routes, NULL};

static int deny(void *ctx, const struct request *request, bool may_block,
                struct principal *out, struct error *err)
{
    const enum error_kind *kind = ctx;

    (void)request;
    (void)may_block;
    (void)out;
    return error_set(err, *kind, "nobody knows you");
}

static enum error_kind denial = ERR_DENIED;
static const struct server_options options = {
    .mount = "assay",
    .routes = tables,
    .authorize = deny,
    .authorize_ctx = &denial,
    .audit = {.begin = begin, .end = end, .refused = refused}};
static const struct principal somebody = {.authenticated = true};

static struct testing_answer call(const char *method, const char *path,
                                  const char *body,
                                  const struct principal *caller)
{
    char uri[128];
    const struct testing_call what = {
        .method = method, .uri = uri, .body = body, .caller = caller};
    struct testing_answer a;

    story[0] = '\0';
    (void)snprintf(uri, sizeof(uri), "/v1/assay/%s", path);
    testing_serve(&options, &what, &a);
    return a;
}

static void expect(const char *method, const char *path, int status,
                   const char *wanted)
{
    struct testing_answer a = call(method, path, NULL, &somebody);

    assert_int_equal(a.status, status);
    assert_string_equal(story, wanted);
    testing_answer_done(&a);
}

static int reset(void **state)
{
    (void)state;
    begin_fails = false;
    end_fails = false;
    denial = ERR_DENIED;
    return 0;
}

static void changes_are_written_down_before_and_after(void **state)
{
    (void)state;
    expect("POST", "plain/a", 200, "begin, handle, end 200");
    expect("PUT", "plain/a", 200, "begin, handle, end 200");
    expect("DELETE", "plain/a", 204, "begin, handle, end 204");
    expect("POST", "conflict", 409, "begin, handle, end 409 not now");
    expect("GET", "sensitive", 200, "begin, handle, end 200");
}

static void the_rest_is_not(void **state)
{
    (void)state;
    expect("GET", "plain/a", 200, "handle");
    expect("LIST", "plain", 200, "handle");
    expect("GET", "plain/a?help=1", 200, "");
    expect("POST", "nothing/there", 404, "");
    expect("POST", "sensitive", 405, "");
}

static void of_break_glass_everything_is(void **state)
{
    const struct principal ann = {.authenticated = true, .break_glass = true};
    struct testing_answer a = call("GET", "plain/a", NULL, &ann);

    (void)state;
    assert_int_equal(a.status, 200);
    assert_string_equal(story, "begin, handle, end 200");
    testing_answer_done(&a);
    begin_fails = true;
    a = call("LIST", "plain", NULL, &ann);
    assert_int_equal(a.status, 500);
    assert_string_equal(story, "begin");
    testing_answer_done(&a);
}

static void what_was_not_allowed_is_written_once(void **state)
{
    struct testing_answer a = call("POST", "plain/a", NULL, NULL);

    (void)state;
    assert_int_equal(a.status, 403);
    assert_string_equal(story, "refused nobody knows you");
    testing_answer_done(&a);
    a = call("GET", "plain/a", NULL, NULL);
    assert_string_equal(story, "");
    testing_answer_done(&a);
    /* Vault could not be asked: nobody was refused. */
    denial = ERR_UNAVAILABLE;
    a = call("POST", "plain/a", NULL, NULL);
    assert_int_equal(a.status, 503);
    assert_string_equal(story, "");
    testing_answer_done(&a);
}

static void what_cannot_be_read_is_not_begun(void **state)
{
    struct testing_answer a =
        call("POST", "plain/a", "{\"count\": \"many\"}", &somebody);

    (void)state;
    assert_int_equal(a.status, 400);
    assert_string_equal(story, "");
    testing_answer_done(&a);
}

static void what_cannot_be_written_down_is_not_done(void **state)
{
    struct testing_answer a;

    (void)state;
    begin_fails = true;
    a = call("POST", "plain/a", NULL, &somebody);
    assert_int_equal(a.status, 500);
    assert_string_equal(story, "begin");
    assert_non_null(strstr(a.body, "the disk is full"));
    testing_answer_done(&a);
    expect("GET", "plain/a", 200, "handle");
}

static void an_end_that_cannot_be_written_is_said(void **state)
{
    struct testing_answer a;

    (void)state;
    end_fails = true;
    a = call("POST", "plain/a", NULL, &somebody);
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "\"about\":\"a\""));
    assert_non_null(strstr(a.body, "missing in the audit record"));
    testing_answer_done(&a);
    /* What is only read is kept back. */
    a = call("GET", "sensitive", NULL, &somebody);
    assert_int_equal(a.status, 500);
    assert_null(strstr(a.body, "about"));
    testing_answer_done(&a);
}

static void a_secret_is_not_written_down(void **state)
{
    struct testing_answer a =
        call("POST", "open",
             "{\"text\": \"why\", \"flag\": \"true\", \"count\": 5, \"wait\": "
             "\"90s\", \"names\": \"a,b\", \"key\": \"c0ffee\"}",
             NULL);

    (void)state;
    assert_int_equal(a.status, 200);
    assert_string_equal(noted, "{\"text\":\"why\",\"flag\":true,\"count\":5,"
                               "\"wait\":90,\"names\":[\"a\",\"b\"],"
                               "\"key\":\"(secret)\"}");
    assert_string_equal(story, "begin, handle, end 200");
    testing_answer_done(&a);
}

static void long_texts_are_cut(void **state)
{
    char body[4096];
    char text[3001];
    struct testing_answer a;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)snprintf(body, sizeof(body), "{\"text\": \"%s\"}", text);
    a = call("POST", "open", body, NULL);
    assert_int_equal(a.status, 200);
    assert_in_range(strlen(noted), LIMIT_AUDIT_TEXT, LIMIT_AUDIT_TEXT + 32);
    assert_non_null(strstr(noted, "xxx...\"}"));
    testing_answer_done(&a);
}

static void who_goes_away_while_waiting_is_noted(void **state)
{
    struct testing_answer a = call("GET", "wait", NULL, &somebody);

    (void)state;
    assert_true(a.parked);
    assert_string_equal(story, "begin, handle, end 0");
    testing_answer_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(changes_are_written_down_before_and_after,
                               reset),
        cmocka_unit_test_setup(the_rest_is_not, reset),
        cmocka_unit_test_setup(of_break_glass_everything_is, reset),
        cmocka_unit_test_setup(what_was_not_allowed_is_written_once, reset),
        cmocka_unit_test_setup(what_cannot_be_read_is_not_begun, reset),
        cmocka_unit_test_setup(what_cannot_be_written_down_is_not_done, reset),
        cmocka_unit_test_setup(an_end_that_cannot_be_written_is_said, reset),
        cmocka_unit_test_setup(a_secret_is_not_written_down, reset),
        cmocka_unit_test_setup(long_texts_are_cut, reset),
        cmocka_unit_test_setup(who_goes_away_while_waiting_is_noted, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
