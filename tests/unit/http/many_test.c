/* SPDX-License-Identifier: Apache-2.0
 *
 * Many requests at once: each is answered once, and what goes wrong with one
 * stays with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "http/many.h"
#include "standin.h"

#define SNAPSHOT "/v1/sys/storage/raft/snapshot"

enum { MOST = 2000 };

static struct standin server;
static char archive[64];

struct fixture {
    struct http_client *client;
    struct http_many_options o;
    struct error err;
    unsigned count, given; /* how many to ask, and asked */
    unsigned waits;        /* how often to have nothing for a moment */
    unsigned answered[MOST];
    int status[MOST];
    enum http_failure failure[MOST];
    size_t failed, bytes;
    int stop_at; /* which answer is one too many; -1: none */
    const char *method;
    bool archive; /* ask for that, and for nothing else */
    bool grows;   /* the first answer brings all the work there is */
    struct cancel cancel;
};

static int next(void *ctx, struct http_many_request *q, int64_t *wait_ms,
                struct error *err)
{
    static const struct http_header root = {"X-Vault-Token", "root"};
    static char path[64];
    struct fixture *f = ctx;

    if (f->stop_at == -2)
        return error_set(err, ERR_IO, "no more");
    if (f->waits > 0) {
        f->waits--;
        *wait_ms = 20;
        return 0;
    }
    if (f->given == f->count || (f->grows && f->given == 1 && !f->answered[0]))
        return 0;
    /* Given anew each time: what is not copied would be seen. */
    (void)snprintf(path, sizeof path, "/v1/secret/s%u", f->given);
    *q = (struct http_many_request){.method = f->method,
                                    .path = f->archive ? SNAPSHOT : path,
                                    .headers = &root,
                                    .header_count = 1,
                                    .headers_id = 1,
                                    .tag = &f->answered[f->given++]};
    return 1;
}

static int done(void *ctx, void *tag, struct http_response *r,
                const struct error *why, struct error *err)
{
    struct fixture *f = ctx;
    size_t i = (size_t)((unsigned *)tag - f->answered);

    f->answered[i]++;
    f->status[i] = r->status;
    f->failure[i] = r->failure;
    f->bytes += r->body.len;
    if (r->failure != HTTP_FINE) {
        f->failed++;
        assert_int_not_equal(why->kind, ERR_NONE);
        assert_true(why->text[0] != '\0');
    }
    if (f->stop_at == (int)i)
        return error_set(err, ERR_IO, "the disk is full");
    return 0;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(
        http_client_new(&(struct http_options){.address = server.address},
                        &f->client, &f->err),
        0);
    f->o = (struct http_many_options){.in_flight = 16,
                                      .cancel = &f->cancel,
                                      .ctx = f,
                                      .next = next,
                                      .done = done};
    f->stop_at = -1;
    f->method = "GET";
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_client_free(f->client);
    free(f);
    standin_reset(&server);
    return 0;
}

static void run(struct fixture *f, unsigned count)
{
    f->count = count;
    if (http_many_run(f->client, &f->o, &f->err) != 0)
        fail_msg("%s", f->err.text);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(f->answered[i], 1);
}

static void each_is_answered_once(void **state)
{
    struct fixture *f = *state;

    run(f, 1000);
    assert_int_equal(f->failed, 0);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_not_equal(f->status[i], 0);
    assert_int_equal(standin_count(&server, "GET", "secret/s999", true), 1);
    assert_true(f->bytes > 1000);
}

static void a_single_connection_will_do(void **state)
{
    struct fixture *f = *state;

    f->o.in_flight = 1;
    run(f, 50);
    assert_int_equal(f->failed, 0);
}

static void other_methods_are_sent_as_they_are(void **state)
{
    struct fixture *f = *state;

    f->method = "LIST";
    run(f, 20);
    f->method = "GET";
    f->given = 0;
    memset(f->answered, 0, sizeof f->answered);
    run(f, 20);
    assert_int_equal(standin_count(&server, "LIST", "secret/s7", true), 1);
    assert_int_equal(standin_count(&server, "GET", "secret/s7", true), 1);
}

static void whoever_has_nothing_is_asked_again(void **state)
{
    struct fixture *f = *state;
    int64_t from = clock_mono_ms();

    f->waits = 3;
    run(f, 30);
    assert_true(clock_mono_ms() - from >= 60);
}

static void a_rate_is_kept(void **state)
{
    struct fixture *f = *state;
    int64_t from = clock_mono_ms();

    f->o.per_second = 50;
    run(f, 30);
    assert_true(clock_mono_ms() - from >= 400); /* 5 may come at once */
}

static void a_dropped_connection_is_one_requests_trouble(void **state)
{
    struct fixture *f = *state;

    standin_set(&server, "{\"faults\":[\"reset:path=secret/s50\"]}");
    run(f, 100);
    assert_int_equal(f->failed, 1);
    assert_int_equal(f->failure[50], HTTP_DROPPED);
    assert_int_equal(f->failure[49], HTTP_FINE);
}

static void what_hangs_is_given_up(void **state)
{
    struct fixture *f = *state;

    standin_set(&server, "{\"faults\":[\"hang:path=secret/s3\"]}");
    f->o.timeout_ms = 300;
    run(f, 9);
    assert_int_equal(f->failed, 1);
    assert_int_equal(f->failure[3], HTTP_TIMED_OUT);
}

static void nobody_at_the_address(void **state)
{
    struct fixture *f = *state;

    http_client_free(f->client);
    f->client = NULL;
    assert_int_equal(
        http_client_new(&(struct http_options){.address = "http://127.0.0.1:1"},
                        &f->client, &f->err),
        0);
    run(f, 5);
    assert_int_equal(f->failed, 5);
    assert_int_equal(f->failure[4], HTTP_NOT_CONNECTED);
}

static void an_answer_has_a_ceiling(void **state)
{
    struct fixture *f = *state;

    f->archive = true;
    run(f, 2);
    assert_int_equal(f->failed, 2);
    assert_int_equal(f->failure[0], HTTP_OURS);
}

static void either_side_may_stop_it(void **state)
{
    struct fixture *f = *state;

    f->count = 100;
    f->stop_at = 10;
    assert_int_equal(http_many_run(f->client, &f->o, &f->err), -1);
    assert_string_equal(f->err.text, "the disk is full");
    f->stop_at = -2;
    assert_int_equal(http_many_run(f->client, &f->o, &f->err), -1);
    assert_string_equal(f->err.text, "no more");
}

static void it_can_be_cancelled(void **state)
{
    struct fixture *f = *state;
    int64_t from = clock_mono_ms();

    standin_set(&server, "{\"faults\":[\"hang:path=secret/\"]}");
    atomic_store(&f->cancel.requested, true);
    f->count = 50;
    assert_int_equal(http_many_run(f->client, &f->o, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_CANCELLED);
    assert_true(clock_mono_ms() - from < 10 * 1000);
}

/* More connections than one thread has. */
static void threads_share_the_work(void **state)
{
    struct fixture *f = *state;

    f->o.in_flight = 64;
    f->waits = 5;
    run(f, MOST);
    assert_int_equal(f->failed, 0);
    assert_int_equal(standin_count(&server, "GET", "secret/s1999", true), 1);
}

static void an_answer_brings_work_for_all_threads(void **state)
{
    struct fixture *f = *state;

    f->o.in_flight = 64;
    f->grows = true;
    run(f, 500);
    assert_int_equal(f->failed, 0);
}

static void either_side_may_stop_all_threads(void **state)
{
    struct fixture *f = *state;

    f->o.in_flight = 64;
    either_side_may_stop_it(state);
    assert_int_equal(f->answered[10], 1);
}

static void a_rate_is_kept_by_all_threads(void **state)
{
    struct fixture *f = *state;

    f->o.in_flight = 64;
    a_rate_is_kept(state);
}

static int start(void **state)
{
    const char *args[] = {"--archive", archive, NULL};
    int fd;

    (void)state;
    memcpy(archive, "/tmp/assay-many-XXXXXX", sizeof "/tmp/assay-many-XXXXXX");
    fd = mkstemp(archive);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, LIMIT_UPSTREAM_BODY + 1), 0);
    close(fd);
    standin_start(&server, args);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    standin_stop(&server);
    unlink(archive);
    return 0;
}

#define MANY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MANY_TEST(each_is_answered_once),
        MANY_TEST(a_single_connection_will_do),
        MANY_TEST(other_methods_are_sent_as_they_are),
        MANY_TEST(whoever_has_nothing_is_asked_again),
        MANY_TEST(a_rate_is_kept),
        MANY_TEST(a_dropped_connection_is_one_requests_trouble),
        MANY_TEST(what_hangs_is_given_up),
        MANY_TEST(nobody_at_the_address),
        MANY_TEST(an_answer_has_a_ceiling),
        MANY_TEST(either_side_may_stop_it),
        MANY_TEST(it_can_be_cancelled),
        MANY_TEST(threads_share_the_work),
        MANY_TEST(an_answer_brings_work_for_all_threads),
        MANY_TEST(either_side_may_stop_all_threads),
        MANY_TEST(a_rate_is_kept_by_all_threads),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
