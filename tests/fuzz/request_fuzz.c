/* SPDX-License-Identifier: Apache-2.0
 *
 * The first line is a request target, the second a Content-Type, the rest a
 * body: whatever they are, a route's fields are read or refused, and the
 * answer is well-formed JSON. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "server/reply.h"
#include "server/request.h"
#include "server/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct field fields[] = {
    {"t", FIELD_STRING, ""}, {"b", FIELD_BOOL, ""},
    {"i", FIELD_INT, ""},    {"d", FIELD_DURATION, ""},
    {"l", FIELD_LIST, ""},   {"k", FIELD_SECRET, ""},
    {.name = NULL},
};

static int show(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    struct jsonw *w = reply_data(reply);
    size_t count;
    const char *const *items = request_list(r, "l", &count);

    (void)app;
    (void)err;
    jsonw_text(w, "path", request_path(r));
    jsonw_text(w, "t", request_text(r, "t", NULL));
    jsonw_bool(w, "b", request_bool(r, "b", false));
    jsonw_i64(w, "i", request_int(r, "i", 0));
    jsonw_i64(w, "d", request_duration_ms(r, "d", 0));
    jsonw_array(w, "l");
    for (size_t i = 0; i < count; i++)
        jsonw_text(w, NULL, items[i]);
    jsonw_end_array(w);
    return 0;
}

static const struct route routes[] = {
    {":a", VERB_WRITE, 0, fields, show, ""},
    {"x/:a/y/:b", VERB_WRITE, 0, fields, show, ""},
    {.pattern = NULL},
};

/* The next line of *text, which is cut there. */
static char *line(char **text)
{
    char *start = *text;
    const size_t len = strcspn(start, "\n");

    *text = start + len + (start[len] == '\n');
    start[len] = '\0';
    return start;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct route *const tables[] = {routes, NULL};
    static const struct principal caller = {.authenticated = true};
    const struct server_options options = {.mount = "a", .routes = tables};
    const char *headers[] = {"Content-Type", NULL, NULL};
    struct testing_call call = {
        .method = "PUT", .headers = headers, .caller = &caller};
    struct testing_answer answer;
    struct json *root;
    struct error err;
    char *text = malloc(size + 1);
    char *rest = text;

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    call.uri = line(&rest);
    headers[1] = line(&rest);
    call.body = rest;
    testing_serve(&options, &call, &answer);
    if (json_parse(answer.body, strlen(answer.body), &root, &err) < 0)
        abort();
    json_free(root);
    testing_answer_done(&answer);
    free(text);
    return 0;
}
