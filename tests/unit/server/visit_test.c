/* SPDX-License-Identifier: Apache-2.0
 *
 * What is left in the heap of a request and of its answer: nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "freed.h"
#include "server/reply.h"
#include "server/request.h"
#include "server/server.h"

static const struct field fields[] = {
    {"key", FIELD_SECRET, "a key share"},
    {.name = NULL},
};

/* What comes first makes room, so that the token is never moved. */
static int give(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    (void)app;
    (void)r;
    (void)err;
    for (int i = 0; i < 30; i++)
        jsonw_text(reply_data(reply), "more", "0123456789");
    jsonw_text(reply_data(reply), "wrap_token", FREED_MARK);
    return 0;
}

static int take(void *app, struct request *r, struct reply *reply,
                struct error *err)
{
    (void)app;
    (void)err;
    jsonw_bool(reply_data(reply), "right",
               request_has(r, "key") &&
                   strcmp(request_secret(r, "key"), FREED_MARK) == 0);
    return 0;
}

static const struct route routes[] = {
    {"claim", VERB_READ, ROUTE_OPEN, NULL, give, "Give a token."},
    {"share", VERB_WRITE, ROUTE_OPEN, fields, take, "Take a share."},
    {.pattern = NULL},
};

/* Who needs no token is not asked for one. */
static int nobody(void *ctx, const struct request *request, bool may_block,
                  struct principal *out, struct error *err)
{
    (void)ctx;
    (void)request;
    (void)may_block;
    (void)out;
    return error_set(err, ERR_DENIED, "permission denied");
}

static int set_up(void **state)
{
    static const struct route *const tables[] = {routes, NULL};
    const struct server_listen listen = {.address = "127.0.0.1:0"};
    const struct server_options options = {.listen = &listen,
                                           .listen_count = 1,
                                           .mount = "assay",
                                           .routes = tables,
                                           .authorize = nobody};
    struct server *server = NULL;
    struct error err = {.text = ""};

    assert_int_equal(server_new(&options, &server, &err), 0);
    *state = server;
    freed_reset();
    return server_start(server, &err);
}

static int tear_down(void **state)
{
    server_free(*state);
    return 0;
}

/* One request on a connection of its own, and all that comes back. */
static void ask(const struct server *server, const char *request, char *answer,
                size_t size)
{
    const char *address = server_address(server, 0);
    struct sockaddr_in to = {.sin_family = AF_INET};
    uint64_t port = 0;
    size_t have = 0;
    ssize_t n;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(text_u64(strrchr(address, ':') + 1, &port));
    to.sin_port = htons((uint16_t)port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL),
                     (ssize_t)strlen(request));
    while ((n = recv(fd, answer + have, size - 1 - have, 0)) > 0)
        have += (size_t)n;
    answer[have] = '\0';
    (void)close(fd);
}

/* By then the library has let go of all answers. */
static void stop(void **state)
{
    (void)server_drain(*state, 10 * 1000);
    server_free(*state);
    *state = NULL;
}

static void an_answer_is_wiped_when_it_is_sent(void **state)
{
    char answer[4096];

    ask(*state,
        "GET /v1/assay/claim HTTP/1.1\r\nHost: a\r\n"
        "Connection: close\r\n\r\n",
        answer, sizeof(answer));
    assert_non_null(strstr(answer, "200 OK"));
    assert_non_null(strstr(answer, FREED_MARK));
    stop(state);
    assert_int_equal(freed_wiped(), 1);
    assert_int_equal(freed_marked(), 0);
}

static void post(void *server, const char *body, const char *want)
{
    char request[2048], answer[4096];

    (void)snprintf(request, sizeof(request),
                   "POST /v1/assay/share HTTP/1.1\r\nHost: a\r\n"
                   "X-Vault-Token: " FREED_MARK "\r\n"
                   "Content-Type: application/x-www-form-urlencoded\r\n"
                   "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                   strlen(body), body);
    ask(server, request, answer, sizeof(answer));
    assert_non_null(strstr(answer, want));
}

static void nothing_of_a_request_is_left(void **state)
{
    post(*state, "{\"key\": \"" FREED_MARK "\"}", "\"right\":true");
    post(*state, "key=" FREED_MARK, "\"right\":true");
    /* What goes wrong halfway leaves nothing either. */
    post(*state, "{\"a\": 1, \"key\": \"" FREED_MARK "\", \"a\": 2}", " 400 ");
    post(*state, "{\"key\": \"" FREED_MARK "\"} {", " 400 ");
    post(*state, "{\"key\": \"" FREED_MARK "\", ", " 400 ");
    post(*state, "key=" FREED_MARK "%", " 400 ");
    post(*state, FREED_MARK, " 200 ");
    stop(state);
    assert_true(freed_wiped() > 0);
    assert_int_equal(freed_marked(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_wiped_when_it_is_sent,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_of_a_request_is_left, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
