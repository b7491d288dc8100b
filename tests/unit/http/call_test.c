/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "freed.h"
#include "http/http.h"
#include "standin.h"

#define SNAPSHOT "/v1/sys/storage/raft/snapshot"

enum { ARCHIVE_SIZE = 300 * 1000 };

static struct standin server;
static char archive[64];
static const struct http_header root = {"X-Vault-Token", "root"};

struct fixture {
    struct http_client *client;
    struct http_response r;
    struct error err;
    size_t taken; /* by the sink */
};

static int take(void *ctx, const void *data, size_t len, struct error *err)
{
    struct fixture *f = ctx;

    (void)data;
    (void)err;
    assert_true(len <= 16 * 1024);
    f->taken += len;
    return 0;
}

static int refuse(void *ctx, const void *data, size_t len, struct error *err)
{
    (void)ctx;
    (void)data;
    (void)len;
    return error_set(err, ERR_IO, "the disk is full");
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    http_response_init(&f->r);
    assert_int_equal(
        http_client_new(&(struct http_options){.address = server.address,
                                               .stall_timeout_ms = 1500},
                        &f->client, &f->err),
        0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_response_done(&f->r);
    http_client_free(f->client);
    free(f);
    standin_reset(&server);
    return 0;
}

static int get_snapshot(struct fixture *f)
{
    struct sink sink = {take, f};
    struct http_request q = {.method = "GET",
                             .path = SNAPSHOT,
                             .headers = &root,
                             .header_count = 1,
                             .sink = &sink};

    return http_call(f->client, &q, &f->r, &f->err);
}

static void an_answer_is_read_into_the_buffer(void **state)
{
    struct fixture *f = *state;
    struct http_request q = {.method = "GET", .path = "/v1/sys/leader"};

    assert_int_equal(http_call(f->client, &q, &f->r, &f->err), 0);
    assert_int_equal(f->r.status, 200);
    assert_int_equal(f->r.failure, HTTP_FINE);
    assert_string_equal(f->r.content_type, "application/json");
    assert_non_null(strstr(buf_text(&f->r.body), "is_self"));
    assert_int_equal(f->r.received, f->r.body.len);
}

static void a_stream_goes_to_the_sink(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(get_snapshot(f), 0);
    assert_int_equal(f->taken, ARCHIVE_SIZE);
    assert_int_equal(f->r.received, ARCHIVE_SIZE);
    assert_int_equal(f->r.body.len, 0);
}

static void an_error_body_never_reaches_the_sink(void **state)
{
    struct fixture *f = *state;

    standin_set(&server, "{\"faults\":[\"status:code=500,text=broken\"]}");
    assert_int_equal(get_snapshot(f), 0);
    assert_int_equal(f->r.status, 500);
    assert_int_equal(f->taken, 0);
    assert_non_null(strstr(buf_text(&f->r.body), "broken"));
}

static void a_dropped_body_says_after_how_much(void **state)
{
    struct fixture *f = *state;

    standin_set(&server, "{\"faults\":[\"drop:after=100000\"]}");
    assert_int_equal(get_snapshot(f), -1);
    assert_int_equal(f->err.kind, ERR_CORRUPT);
    assert_int_equal(f->r.failure, HTTP_DROPPED);
    assert_non_null(strstr(f->err.text, "after 100000 bytes"));
    assert_int_equal(f->taken, 100000);
}

static void a_reset_connection_is_a_dropped_one(void **state)
{
    struct fixture *f = *state;

    standin_set(&server, "{\"faults\":[\"reset:after=1000\"]}");
    assert_int_equal(get_snapshot(f), -1);
    assert_int_equal(f->r.failure, HTTP_DROPPED);
}

static void a_stall_ends_the_call(void **state)
{
    struct fixture *f = *state;
    int64_t start = clock_mono_ms();

    standin_set(&server, "{\"faults\":[\"stall:after=5000\"]}");
    assert_int_equal(get_snapshot(f), -1);
    assert_int_equal(f->err.kind, ERR_UNAVAILABLE);
    assert_int_equal(f->r.failure, HTTP_STALLED);
    assert_non_null(strstr(f->err.text, "5000 bytes were received"));
    assert_in_range(clock_mono_ms() - start, 1400, 6000);
}

static void slow_is_not_stalled(void **state)
{
    struct fixture *f = *state;

    standin_set(&server, "{\"faults\":[\"slow:rate=100000\"]}");
    assert_int_equal(get_snapshot(f), 0);
    assert_int_equal(f->taken, ARCHIVE_SIZE);
}

static void a_total_timeout_is_kept(void **state)
{
    struct fixture *f = *state;
    struct http_request q = {
        .method = "GET", .path = "/v1/sys/leader", .timeout_ms = 300};
    int64_t start = clock_mono_ms();

    standin_set(&server, "{\"faults\":[\"hang:path=sys/leader\"]}");
    assert_int_equal(http_call(f->client, &q, &f->r, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_UNAVAILABLE);
    assert_int_equal(f->r.failure, HTTP_TIMED_OUT);
    assert_in_range(clock_mono_ms() - start, 250, 1200);
}

static void a_sink_that_refuses_ends_the_call_with_its_words(void **state)
{
    struct fixture *f = *state;
    struct sink sink = {refuse, NULL};
    struct http_request q = {.method = "GET",
                             .path = SNAPSHOT,
                             .headers = &root,
                             .header_count = 1,
                             .sink = &sink};

    assert_int_equal(http_call(f->client, &q, &f->r, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_IO);
    assert_string_equal(f->err.text, "the disk is full");
    assert_int_equal(f->r.failure, HTTP_OURS);
}

static void nobody_listening_is_told_from_no_answer(void **state)
{
    struct fixture *f = *state;
    struct http_client *c = NULL;
    struct http_request q = {.method = "GET", .path = "/"};

    assert_int_equal(
        http_client_new(&(struct http_options){.address = "http://127.0.0.1:1"},
                        &c, &f->err),
        0);
    assert_int_equal(http_call(c, &q, &f->r, &f->err), -1);
    assert_int_equal(f->r.failure, HTTP_NOT_CONNECTED);
    assert_false(f->r.started);
    assert_int_equal(f->err.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(f->err.text, "http://127.0.0.1:1"));
    http_client_free(c);

    standin_set(&server, "{\"faults\":[\"drop:path=sys/leader\"]}");
    q.path = "/v1/sys/leader";
    assert_int_equal(http_call(f->client, &q, &f->r, &f->err), -1);
    assert_int_equal(f->r.failure, HTTP_DROPPED);
    assert_true(f->r.started);
    assert_int_equal(f->err.kind, ERR_UNAVAILABLE);
}

static void redirects_are_not_followed(void **state)
{
    struct fixture *f = *state;

    standin_set(&server, "{\"faults\":[\"redirect:to=http://127.0.0.1:1\"]}");
    assert_int_equal(get_snapshot(f), 0);
    assert_int_equal(f->r.status, 307);
    assert_string_equal(f->r.location, "http://127.0.0.1:1" SNAPSHOT);
}

struct bytes {
    size_t left;
    unsigned rewound;
    struct cancel *cancel_at_end;
};

static int give(void *ctx, void *data, size_t size, size_t *len,
                struct error *err)
{
    struct bytes *b = ctx;

    (void)err;
    *len = size < b->left ? size : b->left;
    memset(data, 'x', *len);
    b->left -= *len;
    if (b->left == 0 && b->cancel_at_end != NULL)
        atomic_store(&b->cancel_at_end->requested, true);
    return 0;
}

static int post_bytes(struct fixture *f, struct bytes *b, uint64_t size,
                      const struct cancel *cancel)
{
    struct source source = {.read = give, .ctx = b, .size = size};
    struct http_request q = {.method = "POST",
                             .path = SNAPSHOT,
                             .headers = &root,
                             .header_count = 1,
                             .upload = &source,
                             .cancel = cancel,
                             .once = true};

    return http_call(f->client, &q, &f->r, &f->err);
}

static uint64_t restored_size(void)
{
    struct json *facts = standin_facts(&server);
    uint64_t size =
        json_get_u64(json_first(json_get(facts, "restores")), "size", 0);

    json_free(facts);
    return size;
}

static void an_upload_of_known_size_arrives(void **state)
{
    struct fixture *f = *state;
    struct bytes b = {.left = 3000000};

    assert_int_equal(post_bytes(f, &b, 3000000, NULL), 0);
    assert_int_equal(f->r.status, 204);
    assert_int_equal(f->r.sent, 3000000);
    assert_true(f->r.sent_all);
    assert_int_equal(restored_size(), 3000000);
}

static void an_upload_of_unknown_size_arrives_in_chunks(void **state)
{
    struct fixture *f = *state;
    struct bytes b = {.left = 3000000};

    assert_int_equal(post_bytes(f, &b, UINT64_MAX, NULL), 0);
    assert_int_equal(f->r.status, 204);
    assert_int_equal(restored_size(), 3000000);
}

static void a_source_that_ends_early_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct bytes b = {.left = 1000};

    assert_int_equal(post_bytes(f, &b, 2000, NULL), -1);
    assert_int_equal(f->err.kind, ERR_IO);
    assert_non_null(strstr(f->err.text, "1000 of 2000"));
    assert_int_equal(restored_size(), 0);
}

static void a_cancel_stops_a_download(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel = {.requested = true};
    struct http_request q = {
        .method = "GET", .path = SNAPSHOT, .cancel = &cancel};

    assert_int_equal(http_call(f->client, &q, &f->r, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_CANCELLED);
    assert_int_equal(f->r.failure, HTTP_CANCELLED);
}

/* The answer to a restore that is already sent must not be thrown away. */
static void a_cancel_after_the_last_byte_waits_for_the_answer(void **state)
{
    struct fixture *f = *state;
    struct cancel cancel = {.requested = false};
    struct bytes b = {.left = 5000, .cancel_at_end = &cancel};

    assert_int_equal(post_bytes(f, &b, 5000, &cancel), 0);
    assert_int_equal(f->r.status, 204);
}

static void a_header_cannot_be_smuggled_in(void **state)
{
    struct fixture *f = *state;
    struct http_header bad = {"X-Vault-Token", "s.x\r\nX-Evil: 1"};
    struct http_request q = {.method = "GET",
                             .path = "/v1/sys/leader",
                             .headers = &bad,
                             .header_count = 1};

    assert_int_equal(http_call(f->client, &q, &f->r, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_INVALID);
    assert_null(strstr(f->err.text, "s.x"));
    assert_int_equal(standin_count(&server, "GET", "sys/leader", false), 0);
}

static void *many_calls(void *ctx)
{
    struct http_client *c = ctx;
    struct http_request q = {.method = "GET", .path = "/v1/sys/leader"};

    for (int i = 0; i < 20; i++) {
        struct http_response r;

        http_response_init(&r);
        if (http_call(c, &q, &r, NULL) != 0 || r.status != 200)
            return c;
        http_response_done(&r);
    }
    return NULL;
}

static void threads_share_a_client(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[8];
    void *bad;

    for (size_t i = 0; i < 8; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, many_calls, f->client), 0);
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], &bad);
        assert_null(bad);
    }
}

static void the_environment_names_no_proxy(void **state)
{
    struct fixture *f = *state;
    struct http_request q = {.method = "GET", .path = "/v1/sys/leader"};

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    assert_int_equal(http_call(f->client, &q, &f->r, &f->err), 0);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static int start_server(void **state)
{
    const char *args[] = {"--archive", archive, NULL};
    static char zeros[ARCHIVE_SIZE];
    int fd;

    (void)state;
    memcpy(archive, "/tmp/assay-call-XXXXXX", sizeof "/tmp/assay-call-XXXXXX");
    fd = mkstemp(archive);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, zeros, sizeof zeros), sizeof zeros);
    close(fd);
    standin_start(&server, args);
    return 0;
}

static void nothing_is_left_in_what_libcurl_frees(void **state)
{
    struct fixture *f = *state;
    const struct http_header token = {"X-Vault-Token", FREED_MARK};
    const struct http_request q = {.method = "GET",
                                   .path = "/v1/sys/health",
                                   .headers = &token,
                                   .header_count = 1};

    freed_reset();
    assert_int_equal(http_call(f->client, &q, &f->r, &f->err), 0);
    http_client_free(f->client);
    f->client = NULL;
    /* The line as we make it, in the list, and in what is sent. */
    assert_true(freed_wiped() > 2);
    assert_int_equal(freed_marked(), 0);
}

static int stop_server(void **state)
{
    (void)state;
    standin_stop(&server);
    unlink(archive);
    return 0;
}

#define CALL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALL_TEST(an_answer_is_read_into_the_buffer),
        CALL_TEST(a_stream_goes_to_the_sink),
        CALL_TEST(an_error_body_never_reaches_the_sink),
        CALL_TEST(a_dropped_body_says_after_how_much),
        CALL_TEST(a_reset_connection_is_a_dropped_one),
        CALL_TEST(a_stall_ends_the_call),
        CALL_TEST(slow_is_not_stalled),
        CALL_TEST(a_total_timeout_is_kept),
        CALL_TEST(a_sink_that_refuses_ends_the_call_with_its_words),
        CALL_TEST(nobody_listening_is_told_from_no_answer),
        CALL_TEST(redirects_are_not_followed),
        CALL_TEST(an_upload_of_known_size_arrives),
        CALL_TEST(an_upload_of_unknown_size_arrives_in_chunks),
        CALL_TEST(a_source_that_ends_early_is_an_error),
        CALL_TEST(a_cancel_stops_a_download),
        CALL_TEST(a_cancel_after_the_last_byte_waits_for_the_answer),
        CALL_TEST(a_header_cannot_be_smuggled_in),
        CALL_TEST(nothing_is_left_in_what_libcurl_frees),
        CALL_TEST(threads_share_a_client),
        CALL_TEST(the_environment_names_no_proxy),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
