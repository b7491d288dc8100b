/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "vault/raft.h"

#define SNAPSHOT "sys/storage/raft/snapshot"

static int take_bytes(void *ctx, const void *data, size_t len,
                      struct error *err)
{
    size_t *taken = ctx;

    (void)data;
    (void)err;
    *taken += len;
    return 0;
}

static int take(struct fixture *f, size_t *taken)
{
    struct sink sink = {take_bytes, taken};
    struct vault_snapshot_info info;

    *taken = 0;
    return vault_snapshot_take(f->v, &sink, NULL, &info, &f->err);
}

static void leader_is_there(void)
{
    char text[400];

    (void)snprintf(text, sizeof text,
                   "{\"is_self\":false,\"leader_address\":\"%s\"}",
                   fixture_there.address);
    standin_set(&fixture_here, text);
}

static void a_snapshot_is_taken_whole(void **state)
{
    struct fixture *f = *state;
    size_t taken = 0;
    struct sink sink = {take_bytes, &taken};
    struct vault_snapshot_info info;

    assert_ok(f, vault_snapshot_take(f->v, &sink, NULL, &info, &f->err));
    assert_int_equal(taken, FIXTURE_ARCHIVE_SIZE);
    assert_int_equal(info.bytes, FIXTURE_ARCHIVE_SIZE);
    assert_int_equal(info.product, VAULT_PRODUCT_OPENBAO);
    assert_string_equal(info.version, "2.7.2");
    assert_string_equal(info.cluster_name, "standin");
    assert_string_equal(info.leader_address, fixture_here.address);
    assert_int_equal(info.raft_index, 100);
}

static void a_standby_is_never_asked_for_its_copy(void **state)
{
    struct fixture *f = *state;
    size_t taken;

    leader_is_there();
    assert_ok(f, take(f, &taken));
    assert_int_equal(standin_count(&fixture_here, "GET", SNAPSHOT, false), 0);
    assert_int_equal(standin_count(&fixture_there, "GET", SNAPSHOT, true), 1);
}

static void an_empty_200_is_an_error(void **state)
{
    struct fixture *f = *state;
    size_t taken;

    standin_set(&fixture_here, "{\"faults\":[\"empty\"]}");
    assert_fails(f, take(f, &taken), ERR_CORRUPT);
    assert_non_null(strstr(f->err.text, "empty"));
}

static void a_dropped_or_stalled_snapshot_is_an_error(void **state)
{
    struct fixture *f = *state;
    size_t taken;

    standin_set(&fixture_here, "{\"faults\":[\"drop:after=5000\"]}");
    assert_fails(f, take(f, &taken), ERR_CORRUPT);
    assert_non_null(strstr(f->err.text, "after 5000 bytes"));
    standin_set(&fixture_here, "{\"faults\":[\"stall:after=5000\"]}");
    assert_fails(f, take(f, &taken), ERR_UNAVAILABLE);
    assert_non_null(strstr(f->err.text, "stalled"));
    /* Each once: the sink has seen bytes. */
    assert_int_equal(standin_count(&fixture_here, "GET", SNAPSHOT, false), 2);
}

static void a_refusal_is_not_a_snapshot(void **state)
{
    struct fixture *f = *state;
    size_t taken;

    standin_set(&fixture_here, "{\"faults\":[\"status:code=503,text=no\"]}");
    assert_fails(f, take(f, &taken), ERR_UNAVAILABLE);
    assert_int_equal(taken, 0);
}

static void a_dead_token_does_not_spoil_a_snapshot(void **state)
{
    struct fixture *f = *state;
    size_t taken;

    assert_ok(f, take(f, &taken));
    standin_set(&fixture_here, "{\"forget_tokens\":true}");
    assert_ok(f, take(f, &taken));
    assert_int_equal(taken, FIXTURE_ARCHIVE_SIZE);
}

struct bytes {
    size_t left;
};

static int give(void *ctx, void *data, size_t size, size_t *len,
                struct error *err)
{
    struct bytes *b = ctx;

    (void)err;
    *len = size < b->left ? size : b->left;
    memset(data, 'x', *len);
    b->left -= *len;
    return 0;
}

enum { UPLOAD = 3000 * 1000 };

static int restore(struct fixture *f, struct vault_restore_result *result)
{
    struct bytes b = {UPLOAD};
    struct source source = {.read = give, .ctx = &b, .size = UPLOAD};

    return vault_snapshot_restore(
        f->v, &(struct vault_restore){.source = &source}, result, &f->err);
}

static size_t restore_posts(const struct standin *s)
{
    return standin_count(s, "POST", SNAPSHOT, false);
}

static void a_restore_is_posted_once_to_the_leader(void **state)
{
    struct fixture *f = *state;
    struct vault_restore_result r;

    leader_is_there();
    assert_ok(f, vault_use_token(f->v, "root", &f->err));
    assert_ok(f, restore(f, &r));
    assert_int_equal(r.outcome, VAULT_RESTORE_ACCEPTED);
    assert_int_equal(r.status, 204);
    assert_int_equal(r.sent, UPLOAD);
    assert_string_equal(r.leader_address, fixture_there.address);
    assert_int_equal(restore_posts(&fixture_here), 0);
    assert_int_equal(restore_posts(&fixture_there), 1);
}

static void a_refused_restore_has_changed_nothing(void **state)
{
    struct fixture *f = *state;
    struct vault_restore_result r;

    standin_set(&fixture_here,
                "{\"faults\":[\"status:method=POST,code=400,text=wrong "
                "keys\"]}");
    assert_fails(f, restore(f, &r), ERR_UPSTREAM);
    assert_int_equal(r.outcome, VAULT_RESTORE_REFUSED);
    assert_int_equal(r.status, 400);
    assert_non_null(strstr(f->err.text, "wrong keys"));
    assert_int_equal(restore_posts(&fixture_here), 1);
}

static void a_403_is_not_answered_with_a_second_post(void **state)
{
    struct fixture *f = *state;
    struct vault_restore_result r;

    standin_set(&fixture_here,
                "{\"faults\":[\"status:method=POST,code=403\"]}");
    assert_fails(f, restore(f, &r), ERR_DENIED);
    assert_int_equal(r.outcome, VAULT_RESTORE_REFUSED);
    assert_int_equal(restore_posts(&fixture_here), 1);
}

static void an_upload_cut_short_was_not_sent(void **state)
{
    struct fixture *f = *state;
    struct vault_restore_result r;

    standin_set(&fixture_here,
                "{\"faults\":[\"drop_request:method=POST,after=1000\"]}");
    assert_fails(f, restore(f, &r), ERR_UNAVAILABLE);
    assert_int_equal(r.outcome, VAULT_RESTORE_NOT_SENT);
    assert_int_equal(restore_posts(&fixture_here), 1);
}

static void no_answer_to_a_whole_upload_is_doubtful(void **state)
{
    struct fixture *f = *state;
    struct vault_restore_result r;

    standin_set(&fixture_here,
                "{\"faults\":[\"drop_request:method=POST,after=3000000\"]}");
    assert_fails(f, restore(f, &r), ERR_UNAVAILABLE);
    assert_int_equal(r.outcome, VAULT_RESTORE_DOUBTFUL);
    assert_non_null(strstr(f->err.text, "may be restored"));
    standin_set(&fixture_here, "{\"faults\":[\"hang:method=POST\"]}");
    assert_fails(f, restore(f, &r), ERR_UNAVAILABLE);
    assert_int_equal(r.outcome, VAULT_RESTORE_DOUBTFUL);
    assert_int_equal(restore_posts(&fixture_here), 2);
}

static void a_redirected_restore_is_refused_and_not_followed(void **state)
{
    struct fixture *f = *state;
    struct vault_restore_result r;
    char text[400];

    (void)snprintf(text, sizeof text,
                   "{\"faults\":[\"redirect:method=POST,to=%s\"]}",
                   fixture_there.address);
    standin_set(&fixture_here, text);
    assert_fails(f, restore(f, &r), ERR_UNAVAILABLE);
    assert_int_equal(r.outcome, VAULT_RESTORE_REFUSED);
    assert_int_equal(restore_posts(&fixture_there), 0);
}

static void a_node_that_is_meant_must_lead(void **state)
{
    struct fixture *f = *state;
    struct vault_restore_result r;
    struct bytes b = {UPLOAD};
    struct source source = {.read = give, .ctx = &b, .size = UPLOAD};

    leader_is_there();
    assert_fails(
        f,
        vault_snapshot_restore(
            f->v, &(struct vault_restore){.source = &source, .this_node = true},
            &r, &f->err),
        ERR_UNAVAILABLE);
    assert_int_equal(r.outcome, VAULT_RESTORE_NOT_SENT);
    assert_int_equal(b.left, UPLOAD);
    assert_int_equal(restore_posts(&fixture_here), 0);
    assert_int_equal(restore_posts(&fixture_there), 0);
}

/* It was not heard once: that is no answer. */
static void who_was_not_heard_is_asked_again(void **state)
{
    static const char *const once[] = {"drop:path=sys/leader,times=2", NULL};
    static const char *const always[] = {"drop:path=sys/leader", NULL};
    struct fixture *f = *state;
    struct vault_restore_result r;
    struct bytes b = {UPLOAD};
    struct source source = {.read = give, .ctx = &b, .size = UPLOAD};
    const struct vault_restore what = {.source = &source, .this_node = true};

    standin_faults(&fixture_here, once);
    if (vault_snapshot_restore(f->v, &what, &r, &f->err) != 0)
        fail_msg("%s", f->err.text);
    assert_int_equal(restore_posts(&fixture_here), 1);
    standin_faults(&fixture_here, always);
    assert_fails(f, vault_snapshot_restore(f->v, &what, &r, &f->err),
                 ERR_UNAVAILABLE);
    assert_int_equal(restore_posts(&fixture_here), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_snapshot_is_taken_whole),
        fixture_test(a_standby_is_never_asked_for_its_copy),
        fixture_test(an_empty_200_is_an_error),
        fixture_test(a_dropped_or_stalled_snapshot_is_an_error),
        fixture_test(a_refusal_is_not_a_snapshot),
        fixture_test(a_dead_token_does_not_spoil_a_snapshot),
        fixture_test(a_restore_is_posted_once_to_the_leader),
        fixture_test(a_refused_restore_has_changed_nothing),
        fixture_test(a_403_is_not_answered_with_a_second_post),
        fixture_test(an_upload_cut_short_was_not_sent),
        fixture_test(no_answer_to_a_whole_upload_is_doubtful),
        fixture_test(a_redirected_restore_is_refused_and_not_followed),
        fixture_test(a_node_that_is_meant_must_lead),
        fixture_test(who_was_not_heard_is_asked_again),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
