/* SPDX-License-Identifier: Apache-2.0
 *
 * A server with a few routes, for tests that speak raw bytes
 * (wire_test.py): prints its address, serves until
 * standard input ends, then drains.
 *
 * Tokens: "good" may do everything, "slow" too but only after blocking,
 * "slower" after blocking for longer, "dead" is refused but owns the run
 * "mine". */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "server/reply.h"
#include "server/request.h"
#include "server/server.h"

static struct server *server;
static atomic_uint_least64_t revision = 1;

static const struct field thing_fields[] = {
    {"text", FIELD_STRING, "any text"},
    {"count", FIELD_INT, "how many"},
    {"wait", FIELD_DURATION, "how long to wait for a change"},
    {.name = NULL},
};

static int echo(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    (void)app;
    (void)err;
    jsonw_text(reply_data(reply), "path", request_path(r));
    jsonw_text(reply_data(reply), "text", request_text(r, "text", ""));
    jsonw_i64(reply_data(reply), "count", request_int(r, "count", 0));
    return 0;
}

static int list(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    (void)app;
    (void)r;
    (void)err;
    jsonw_array(reply_data(reply), "keys");
    jsonw_text(reply_data(reply), NULL, "one");
    jsonw_text(reply_data(reply), NULL, "two");
    jsonw_end_array(reply_data(reply));
    return 0;
}

static int nothing(void *app, struct request *r, struct reply *reply,
                   struct error *err)
{
    (void)app;
    (void)r;
    (void)err;
    reply_none(reply);
    return 0;
}

static int large(void *app, struct request *r, struct reply *reply,
                 struct error *err)
{
    (void)app;
    (void)r;
    (void)err;
    jsonw_array(reply_data(reply), "keys");
    for (int i = 0; i < 300 * 1000; i++)
        jsonw_text(reply_data(reply), NULL, "a string of some length");
    jsonw_end_array(reply_data(reply));
    return 0;
}

static int change(void *app, struct request *r, struct reply *reply,
                  struct error *err)
{
    (void)app;
    (void)r;
    (void)err;
    atomic_fetch_add(&revision, 1);
    server_wake(server);
    reply_none(reply);
    return 0;
}

static int watch(void *app, struct request *r, struct reply *reply,
                 struct error *err)
{
    const uint64_t now = atomic_load(&revision);
    uint64_t then = now;

    (void)app;
    (void)err;
    if (!request_mark(r, &then))
        request_set_mark(r, now);
    if (then == now && !request_deadline_passed(r)) {
        reply_park(reply,
                   request_began_ms(r) + request_duration_ms(r, "wait", 0));
        return 0;
    }
    jsonw_bool(reply_data(reply), "changed", then != now);
    return 0;
}

static int run(void *app, struct request *r, struct reply *reply,
               struct error *err)
{
    const char *id = request_param(r, "id");

    (void)app;
    if (request_require_owner(r, strcmp(id, "mine") == 0 ? "dead" : NULL, err) <
        0)
        return -1;
    jsonw_text(reply_data(reply), "id", id);
    return 0;
}

static int livez(void *app, struct request *r, struct reply *reply,
                 struct error *err)
{
    (void)app;
    (void)r;
    (void)err;
    reply_plain(reply, 200, "ok\n");
    return 0;
}

static const struct route routes[] = {
    {"things", VERB_LIST, 0, thing_fields, list, "List the things."},
    {"things/:id", VERB_READ, 0, thing_fields, echo, "Read a thing."},
    {"things/:id", VERB_WRITE, 0, thing_fields, echo, "Write a thing."},
    {"things/:id", VERB_DELETE, ROUTE_SUDO, NULL, nothing, "Delete one."},
    {"large", VERB_READ, 0, NULL, large, "A large answer."},
    {"change", VERB_WRITE, 0, NULL, change, "Change something."},
    {"watch", VERB_READ, 0, thing_fields, watch, "Wait for a change."},
    {"runs/:id", VERB_READ, ROUTE_OWN_RUN, NULL, run, "Read a run."},
    {.pattern = NULL},
};

static const struct route outside[] = {
    {"livez", VERB_READ, ROUTE_OPEN, NULL, livez, "Is it alive?"},
    {.pattern = NULL},
};

static int authorize(void *ctx, const struct request *request, bool may_block,
                     struct principal *out, struct error *err)
{
    const char *token = request_token(request);

    (void)ctx;
    if (token[0] == '\0')
        return error_set(err, ERR_DENIED, "missing client token");
    if (strncmp(token, "slow", 4) == 0) {
        if (!may_block)
            return 1;
        clock_sleep_ms(strcmp(token, "slower") == 0 ? 2000 : 300);
    }
    (void)text_copy(out->token_key, sizeof(out->token_key), token);
    out->authenticated =
        strcmp(token, "good") == 0 || strncmp(token, "slow", 4) == 0;
    if (!out->authenticated) {
        error_set(&out->refusal, ERR_DENIED, "permission denied");
        if (strcmp(token, "dead") != 0)
            return error_set(err, ERR_DENIED, "permission denied");
    }
    return 0;
}

static unsigned connections(void)
{
    const char *given = getenv("CONNECTIONS");
    uint64_t n = 256;

    if (given != NULL && !text_u64(given, &n))
        n = 0;
    return (unsigned)n;
}

int main(int argc, char **argv)
{
    static const struct route *const tables[] = {routes, NULL};
    const struct server_listen listen = {
        .address = argc > 1 ? argv[1] : "127.0.0.1:0",
        .tls = {.cert_file = argc > 3 ? argv[2] : NULL,
                .key_file = argc > 3 ? argv[3] : NULL},
    };
    const struct server_options options = {
        .listen = &listen,
        .listen_count = 1,
        .mount = "assay",
        .routes = tables,
        .outside = outside,
        .authorize = authorize,
        .connections = connections(),
        .connections_per_client = 200,
        .parked = 8,
        .request_ms = 1500,
        .idle_ms = 2500,
        .send_ms = 2000,
    };
    struct error err = {0};
    char byte;
    int rc;

    if (server_new(&options, &server, &err) < 0 ||
        server_start(server, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("%s\n", server_address(server, 0));
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    rc = server_drain(server, 2000);
    server_free(server);
    return rc == 0 ? 0 : 3;
}
