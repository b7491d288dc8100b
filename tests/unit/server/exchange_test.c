/* SPDX-License-Identifier: Apache-2.0
 *
 * Routing, coercion, envelope and errors as stock clients see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "server/reply.h"
#include "server/request.h"
#include "server/testing.h"

static const struct field fields[] = {
    {"text", FIELD_STRING, "t"}, {"flag", FIELD_BOOL, "f"},
    {"count", FIELD_INT, "c"},   {"wait", FIELD_DURATION, "w"},
    {"names", FIELD_LIST, "n"},  {.name = NULL},
};

static int show(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    struct jsonw *w = reply_data(reply);
    const char *const *names;
    size_t count;

    (void)app;
    (void)err;
    jsonw_text(w, "path", request_path(r));
    jsonw_text(w, "text", request_text(r, "text", NULL));
    jsonw_bool(w, "flag", request_bool(r, "flag", false));
    jsonw_i64(w, "count", request_int(r, "count", -1));
    jsonw_i64(w, "wait", request_duration_ms(r, "wait", -1));
    names = request_list(r, "names", &count);
    jsonw_array(w, "names");
    for (size_t i = 0; i < count; i++)
        jsonw_text(w, NULL, names[i]);
    jsonw_end_array(w);
    return 0;
}

static int list(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    (void)app;
    (void)r;
    (void)err;
    reply_empty_list(reply);
    return 0;
}

static int wait(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    (void)app;
    (void)err;
    reply_data(reply);
    if (!request_deadline_passed(r))
        reply_park(reply, clock_mono_ms() + 1000);
    return 0;
}

static int refuse(void *app, struct request *r, struct reply *reply,
                  struct error *err)
{
    (void)app;
    (void)r;
    reply_warning(reply, "never seen");
    jsonw_text(reply_data(reply), "half", "written");
    return error_set(err, ERR_CONFLICT, "a \"restore\" is running");
}

static int accepted(void *app, struct request *r, struct reply *reply,
                    struct error *err)
{
    (void)app;
    (void)err;
    if (request_prefers_async(r))
        reply_status(reply, 202);
    reply_header(reply, "Location", "/v1/assay/x\r\nEvil: 1");
    return 0;
}

static int live(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    (void)app;
    (void)r;
    (void)err;
    jsonw_text(reply_data(reply), "is", "alive");
    return 0;
}

static const struct field secret_fields[] = {
    {"key", FIELD_SECRET, "k"},
    {.name = NULL},
};

/* A real one would not show it. */
static int hush(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    (void)app;
    (void)err;
    jsonw_text(reply_data(reply), "key", request_secret(r, "key"));
    return 0;
}

static int hurried(void *app, struct request *r, struct reply *reply,
                   struct error *err)
{
    (void)app;
    (void)r;
    (void)reply;
    return error_set(err, ERR_TOO_MANY, "not so fast");
}

static const struct route routes[] = {
    {"things", VERB_LIST, 0, NULL, list, "List."},
    {"things/:id", VERB_READ, 0, fields, show, "Show one thing."},
    {"things/:id", VERB_WRITE, 0, fields, show, "Change one thing."},
    {"things/:id/more", VERB_DELETE, ROUTE_SUDO, NULL, list, "More."},
    {"refused", VERB_WRITE, 0, NULL, refuse, "Refuse."},
    {"accepted", VERB_WRITE, 0, NULL, accepted, "Accept."},
    {"hush", VERB_WRITE, ROUTE_OPEN, secret_fields, hush, "Hush."},
    {"hurried", VERB_READ, 0, NULL, hurried, "Hurry."},
    {"wait", VERB_READ, 0, NULL, wait, "Wait."},
    {.pattern = NULL},
};
static const struct route outside[] = {
    {"livez", VERB_READ, ROUTE_OPEN, NULL, live, "Live."},
    {.pattern = NULL},
};
static const struct route *const tables[] = {routes, NULL};
static const struct server_options options = {
    .mount = "assay", .routes = tables, .outside = outside};
static const struct principal somebody = {.token_key = "key",
                                          .authenticated = true};

static struct testing_answer serve(const char *method, const char *uri,
                                   const char *body, const char *const *headers)
{
    const struct testing_call call = {
        .method = method,
        .uri = uri,
        .body = body,
        .headers = headers,
        .caller = &somebody,
    };
    struct testing_answer a;

    testing_serve(&options, &call, &a);
    return a;
}

static void expect(struct testing_answer a, int status, const char *part)
{
    if (a.status != status || strstr(a.body, part) == NULL)
        print_error("%d %s\n", a.status, a.body);
    assert_int_equal(a.status, status);
    assert_non_null(strstr(a.body, part));
    testing_answer_done(&a);
}

static void envelope_has_every_field(void **state)
{
    static const char *const names[] = {
        "request_id", "lease_id", "renewable", "data",
        "wrap_info",  "warnings", "auth",      "lease_duration"};
    struct testing_answer a = serve("GET", "/v1/assay/things/a", NULL, NULL);
    struct json *root;
    struct error err;

    (void)state;
    assert_int_equal(json_parse(a.body, strlen(a.body), &root, &err), 0);
    assert_int_equal(json_count(root), 8);
    for (size_t i = 0; i < 8; i++) {
        const struct json *n = json_first(root);

        while (n != NULL && strcmp(json_key(n), names[i]) != 0)
            n = json_next(n);
        assert_non_null(n);
    }
    assert_int_equal(json_type(json_get(root, "data")), JSON_OBJECT);
    assert_int_equal(strlen(json_get_text(root, "request_id", "")), 36);
    assert_non_null(strstr(a.headers, "Content-Type: application/json\n"));
    json_free(root);
    testing_answer_done(&a);
}

static void bodies_of_every_client(void **state)
{
    static const char *const form[] = {
        "Content-Type", "application/x-www-form-urlencoded", NULL};
    static const char *const charset[] = {
        "Content-Type", "application/x-www-form-urlencoded; charset=x", NULL};
    static const char uri[] = "/v1/assay/things/a";

    (void)state;
    expect(serve("PUT", uri, NULL, NULL), 200, "\"count\":-1");
    expect(serve("PUT", uri, "", form), 200, "\"count\":-1");
    expect(serve("PUT", uri, "null", NULL), 200, "\"count\":-1");
    expect(serve("PUT", uri, "{}", NULL), 200, "\"count\":-1");
    expect(serve("POST", uri, "{\"count\":5}", NULL), 200, "\"count\":5");
    expect(serve("POST", uri, " {\"count\":\"5\"}", form), 200, "\"count\":5");
    expect(serve("POST", uri, "count=5&text=a+b", form), 200,
           "\"text\":\"a b\"");
    expect(serve("POST", uri, "count=5", charset), 200, "\"count\":5");
    expect(serve("POST", uri, "[1]", NULL), 400, "must be a JSON object");
    expect(serve("POST", uri, "{\"a\":", NULL), 400, "body: ");
    expect(serve("POST", uri, "count=%00", form), 400, "errors");
    expect(serve("POST", uri, "count=5", NULL), 400, "errors");
    expect(serve("GET", uri, "garbage", NULL), 200, "\"count\":-1");
}

static void values_are_coerced(void **state)
{
    static const char uri[] = "/v1/assay/things/a";

    (void)state;
    expect(serve("PUT", uri,
                 "{\"flag\":\"true\",\"wait\":\"1h30m\",\"names\":\"a, b,\"}",
                 NULL),
           200,
           "\"flag\":true,\"count\":-1,\"wait\":5400000,"
           "\"names\":[\"a\",\"b\"]");
    expect(
        serve("PUT", uri, "{\"wait\":2.5,\"names\":[\"x\"],\"text\":7}", NULL),
        200,
        "\"text\":\"7\",\"flag\":false,\"count\":-1,\"wait\":2500,"
        "\"names\":[\"x\"]");
    expect(serve("PUT", uri, "{\"count\":null}", NULL), 200, "\"count\":-1");
    expect(serve("PUT", uri, "{\"count\":\"x\"}", NULL), 400,
           "field \\\"count\\\" must be a whole number");
    expect(serve("PUT", uri, "{\"count\":1.5}", NULL), 400, "count");
    expect(serve("PUT", uri, "{\"flag\":\"yes\"}", NULL), 400, "flag");
    expect(serve("PUT", uri, "{\"names\":[1]}", NULL), 400, "names");
    expect(serve("PUT", uri, "{\"wait\":-1}", NULL), 400, "wait");
    expect(serve("PUT", uri, "{\"text\":{}}", NULL), 400, "text");
    expect(serve("GET", "/v1/assay/things/a?count=3", NULL, NULL), 200,
           "\"count\":3");
    expect(serve("PUT", "/v1/assay/things/a?count=3", "{\"count\":4}", NULL),
           200, "\"count\":4");
}

static void secrets_come_in_the_body_alone(void **state)
{
    static const char *const form[] = {
        "Content-Type", "application/x-www-form-urlencoded", NULL};
    static const char uri[] = "/v1/assay/hush";

    (void)state;
    expect(serve("PUT", uri, "{\"key\":\"abc\"}", NULL), 200,
           "\"key\":\"abc\"");
    expect(serve("PUT", uri, "key=abc", form), 200, "\"key\":\"abc\"");
    expect(serve("PUT", uri, "{\"key\":\"\"}", NULL), 200, "\"key\":\"\"");
    expect(serve("PUT", uri, NULL, NULL), 200, "\"key\":null");
    expect(serve("PUT", uri, "{\"key\":7}", NULL), 400,
           "field \\\"key\\\" must be a string");
    expect(serve("PUT", "/v1/assay/hush?key=abc", NULL, NULL), 400,
           "send it in the body");
    expect(serve("PUT", "/v1/assay/hush?key=abc", "{\"key\":\"abc\"}", NULL),
           400, "send it in the body");
}

/* Clients do that by themselves, as often as they are told to. */
static void too_many_says_when_to_come_back(void **state)
{
    struct testing_answer a = serve("GET", "/v1/assay/hurried", NULL, NULL);

    (void)state;
    assert_int_equal(a.status, 429);
    assert_non_null(strstr(a.headers, "Retry-After: 1\n"));
    testing_answer_done(&a);
}

static void unknown_fields_are_warned_of(void **state)
{
    (void)state;
    expect(
        serve("PUT", "/v1/assay/things/a", "{\"cuont\":1,\"zzzzzz\":2}", NULL),
        200,
        "\"warnings\":[\"unknown field \\\"cuont\\\" ignored, did you mean "
        "\\\"count\\\"?\",\"unknown field \\\"zzzzzz\\\" ignored\"]");
    expect(serve("GET", "/v1/assay/things/a?nope=1&list=false", NULL, NULL),
           200, "\"warnings\":[\"unknown field \\\"nope\\\" ignored\"]");
}

static void verbs(void **state)
{
    (void)state;
    expect(serve("LIST", "/v1/assay/things", NULL, NULL), 404,
           "{\"errors\":[]}");
    expect(serve("GET", "/v1/assay/things/?list=True", NULL, NULL), 404,
           "{\"errors\":[]}");
    expect(serve("GET", "/v1/assay/things?list=yes", NULL, NULL), 400, "list");
    expect(serve("HEAD", "/v1/assay/things/a", NULL, NULL), 200, "data");
    expect(serve("GET", "/v1/assay/things/a/?list=f", NULL, NULL), 200,
           "assay/things/a\"");
    expect(serve("GET", "/v1/assay/things", NULL, NULL), 405,
           "unsupported operation on \\\"assay/things\\\": it has list");
    expect(serve("PATCH", "/v1/assay/things/a", NULL, NULL), 405, "errors");
    expect(serve("PATCH", "/v1/assay/none", NULL, NULL), 404, "errors");
    expect(serve("GET", "/v1/sys/health", NULL, NULL), 404, "ask Vault");
    expect(serve("GET", "/v1/assayx/things/a", NULL, NULL), 404, "errors");
    expect(serve("GET", "/", NULL, NULL), 404, "errors");
    expect(serve("GET", "/v1/assay", NULL, NULL), 404, "errors");
    expect(serve("GET", "/livez", NULL, NULL), 200, "data");
}

static void a_405_says_what_is_allowed(void **state)
{
    struct testing_answer a = serve("DELETE", "/v1/assay/things/a", NULL, NULL);

    (void)state;
    assert_int_equal(a.status, 405);
    assert_non_null(strstr(a.headers, "Allow: GET, HEAD, PUT, POST\n"));
    testing_answer_done(&a);
}

static void errors_are_one_string_and_nothing_else(void **state)
{
    struct testing_answer a =
        serve("PUT", "/v1/assay/refused", "{\"x\":1}", NULL);

    (void)state;
    assert_int_equal(a.status, 409);
    assert_string_equal(a.body,
                        "{\"errors\":[\"a \\\"restore\\\" is running\"]}\n");
    testing_answer_done(&a);
}

static void extras_of_an_accepted_operation(void **state)
{
    static const char *const prefer[] = {"Prefer", "respond-async", NULL};
    struct testing_answer a = serve("PUT", "/v1/assay/accepted", NULL, NULL);

    (void)state;
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.headers, "Location: /v1/assay/xEvil: 1\n"));
    testing_answer_done(&a);
    a = serve("PUT", "/v1/assay/accepted", NULL, prefer);
    assert_int_equal(a.status, 202);
    assert_null(strstr(a.headers, "ETag"));
    testing_answer_done(&a);
}

static void etag_spares_the_second_answer(void **state)
{
    static const char uri[] = "/v1/assay/things/a?count=1";
    struct testing_answer a = serve("GET", uri, NULL, NULL);
    const char *const match[] = {"If-None-Match", NULL, NULL};
    const char *headers[3];
    char etag[64] = "";
    const char *at;

    (void)state;
    at = strstr(a.headers, "ETag: ");
    assert_non_null(at);
    (void)snprintf(etag, sizeof(etag), "\"x\", %.34s", at + 6);
    testing_answer_done(&a);
    memcpy(headers, match, sizeof(headers));
    headers[1] = etag;
    a = serve("GET", uri, NULL, headers);
    assert_int_equal(a.status, 304);
    assert_string_equal(a.body, "");
    testing_answer_done(&a);
    expect(serve("GET", "/v1/assay/things/a?count=2", NULL, headers), 200,
           "\"count\":2");
}

static void ambiguous_requests_are_refused(void **state)
{
    static const char *const bad[][5] = {
        {"Content-Length", "2", "Transfer-Encoding", "chunked", NULL},
        {"Content-Length", "2", "Content-Length", "2", NULL},
        {"Content-Length", "+2", NULL},
        {"Content-Length", "2, 2", NULL},
        {"Content-Length ", "2", NULL},
        {"Transfer-Encoding", "gzip, chunked", NULL},
        {"Transfer-Encoding", "chunked", "transfer-encoding", "chunked", NULL},
        {"Host", "a", "Host", "b", NULL},
        {"X-Vault-Token", "a", "X-Vault-Token", "a", NULL},
        {"X-Vault-Wrap-TTL", "60s", NULL},
        {"X-Vault-Wrap-TTL", "x", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        expect(serve("GET", "/v1/assay/things/a", NULL, bad[i]), 400,
               "{\"errors\":[\"");
}

static void limits_have_statuses(void **state)
{
    char *large = malloc(LIMIT_REQUEST_BODY + 2);
    const char *headers[2 * LIMIT_REQUEST_HEADERS + 3];

    (void)state;
    memset(large, 'a', LIMIT_REQUEST_BODY + 1);
    large[LIMIT_REQUEST_BODY + 1] = '\0';
    expect(serve("PUT", "/v1/assay/things/a", large, NULL), 413, "errors");
    large[0] = '/';
    expect(serve("GET", large, NULL, NULL), 414, "errors");
    for (size_t i = 0; i < 2 * LIMIT_REQUEST_HEADERS + 2; i++)
        headers[i] = "x";
    headers[2 * LIMIT_REQUEST_HEADERS + 2] = NULL;
    expect(serve("GET", "/v1/assay/things/a", NULL, headers), 431, "errors");
    free(large);
}

static void parked_until_the_deadline(void **state)
{
    struct testing_call call = {
        .method = "GET", .uri = "/v1/assay/wait", .caller = &somebody};
    struct testing_answer a;

    (void)state;
    testing_serve(&options, &call, &a);
    assert_true(a.parked);
    testing_answer_done(&a);
    call.deadline_passed = true;
    testing_serve(&options, &call, &a);
    assert_false(a.parked);
    assert_int_equal(a.status, 200);
    testing_answer_done(&a);
}

static void help_comes_from_the_table(void **state)
{
    struct testing_answer a =
        serve("GET", "/v1/assay/things/a?help=1", NULL, NULL);
    const struct json *see;
    struct json *root;
    struct error err;

    (void)state;
    assert_int_equal(a.status, 200);
    assert_int_equal(json_parse(a.body, strlen(a.body), &root, &err), 0);
    assert_non_null(
        strstr(json_get_text(root, "help", ""), "write assay/things/:id"));
    see = json_get(root, "see_also");
    assert_int_equal(json_type(see), JSON_ARRAY);
    assert_string_equal(json_text(json_first(see), ""), "assay/things");
    assert_non_null(
        json_get(json_get(json_get(json_get(root, "openapi"), "paths"),
                          "/assay/things/{id}"),
                 "post"));
    json_free(root);
    testing_answer_done(&a);
    expect(serve("HELP", "/v1/assay", NULL, NULL), 200, "assay/things/:id");
    expect(serve("HELP", "/v1/assay/none", NULL, NULL), 404, "errors");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(envelope_has_every_field),
        cmocka_unit_test(bodies_of_every_client),
        cmocka_unit_test(values_are_coerced),
        cmocka_unit_test(secrets_come_in_the_body_alone),
        cmocka_unit_test(too_many_says_when_to_come_back),
        cmocka_unit_test(unknown_fields_are_warned_of),
        cmocka_unit_test(verbs),
        cmocka_unit_test(a_405_says_what_is_allowed),
        cmocka_unit_test(errors_are_one_string_and_nothing_else),
        cmocka_unit_test(extras_of_an_accepted_operation),
        cmocka_unit_test(etag_spares_the_second_answer),
        cmocka_unit_test(ambiguous_requests_are_refused),
        cmocka_unit_test(limits_have_statuses),
        cmocka_unit_test(parked_until_the_deadline),
        cmocka_unit_test(help_comes_from_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
