/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

#include "base/clock.h"
#include "vault/marker.h"
#include "vault/raft.h"

static int give_nothing(void *ctx, void *data, size_t size, size_t *len,
                        struct error *err)
{
    (void)ctx;
    (void)data;
    (void)size;
    (void)err;
    *len = 0;
    return 0;
}

static void restore(struct fixture *f)
{
    struct source source = {.read = give_nothing, .size = 0};
    struct vault_restore_result r;

    assert_ok(
        f, vault_snapshot_restore(
               f->v, &(struct vault_restore){.source = &source}, &r, &f->err));
}

static int wait_for(struct fixture *f, const struct vault_marker *m,
                    int64_t timeout_ms, struct vault_status *st)
{
    return vault_marker_wait(
        f->v, m, &(struct vault_wait){.timeout_ms = timeout_ms}, st, &f->err);
}

static void gone_after_a_restore(void **state)
{
    struct fixture *f = *state;
    struct vault_marker *m = NULL;
    enum vault_marker_state there = VAULT_MARKER_GONE;
    struct vault_status st;

    standin_set(&fixture_here, "{\"restore_pause\":1.0}");
    assert_ok(f, vault_marker_make(f->v, &m, &f->err));
    assert_ok(f, vault_marker_look(f->v, m, &there, &f->err));
    assert_int_equal(there, VAULT_MARKER_THERE);
    restore(f);
    assert_ok(f, wait_for(f, m, 8000, &st));
    assert_true(st.is_self);
    vault_marker_free(m);
}

/* A batch token lives on, which is why the login proves nothing. */
static void gone_also_for_batch_tokens(void **state)
{
    struct fixture *f = *state;
    struct vault_marker *m = NULL;
    struct vault_status st;

    standin_set(&fixture_here, "{\"token_type\":\"batch\"}");
    assert_ok(f, vault_marker_make(f->v, &m, &f->err));
    restore(f);
    assert_ok(f, wait_for(f, m, 5000, &st));
    vault_marker_free(m);
}

static void a_204_that_restored_nothing_is_found_out(void **state)
{
    struct fixture *f = *state;
    struct vault_marker *m = NULL;
    struct vault_status st;

    standin_set(&fixture_here, "{\"faults\":[\"swallow:method=POST\"]}");
    assert_ok(f, vault_marker_make(f->v, &m, &f->err));
    restore(f);
    assert_fails(f, wait_for(f, m, 600, &st), ERR_UPSTREAM);
    assert_non_null(strstr(f->err.text, "nothing was restored"));
    vault_marker_free(m);
}

static void a_server_that_seals_itself_is_found_out(void **state)
{
    struct fixture *f = *state;
    struct vault_marker *m = NULL;
    struct vault_status st;
    int64_t start;

    assert_ok(f, vault_marker_make(f->v, &m, &f->err));
    standin_set(&fixture_here, "{\"sealed\":true}");
    start = clock_mono_ms();
    assert_fails(f, wait_for(f, m, 20000, &st), ERR_PRECONDITION);
    assert_true(st.sealed);
    assert_in_range(clock_mono_ms() - start, 1500, 6000);
    vault_marker_free(m);
}

static void a_follower_s_word_is_not_taken(void **state)
{
    struct fixture *f = *state;
    struct vault_marker *m = NULL;
    struct vault_status st;

    assert_ok(f, vault_marker_make(f->v, &m, &f->err));
    restore(f);
    standin_set(&fixture_here, "{\"is_self\":false}");
    assert_fails(f, wait_for(f, m, 600, &st), ERR_UNAVAILABLE);
    assert_non_null(strstr(f->err.text, "not the leader"));
    vault_marker_free(m);
}

static void without_wrapping_a_service_login_will_do(void **state)
{
    struct fixture *f = *state;
    struct vault_marker *m = NULL;
    struct vault_status st;

    standin_set(&fixture_here,
                "{\"faults\":[\"status:path=sys/wrapping/wrap,code=403\"]}");
    assert_ok(f, vault_marker_make(f->v, &m, &f->err));
    restore(f);
    assert_ok(f, wait_for(f, m, 5000, &st));
    vault_marker_free(m);
}

static void without_either_the_policy_is_named(void **state)
{
    struct fixture *f = *state;
    struct vault_marker *m = NULL;

    standin_set(&fixture_here,
                "{\"token_type\":\"batch\","
                "\"faults\":[\"status:path=sys/wrapping/wrap,code=403\"]}");
    assert_fails(f, vault_marker_make(f->v, &m, &f->err), ERR_DENIED);
    assert_non_null(strstr(f->err.text, "sys/wrapping/wrap"));
    assert_null(m);
}

static void waiting_can_be_cancelled(void **state)
{
    struct fixture *f = *state;
    struct vault_marker *m = NULL;
    struct vault_status st;
    const struct cancel cancel = {.requested = true};
    const struct vault_wait wait = {.timeout_ms = 20000, .cancel = &cancel};

    assert_ok(f, vault_marker_make(f->v, &m, &f->err));
    assert_fails(f, vault_marker_wait(f->v, m, &wait, &st, &f->err),
                 ERR_CANCELLED);
    vault_marker_free(m);
    vault_marker_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(gone_after_a_restore),
        fixture_test(gone_also_for_batch_tokens),
        fixture_test(a_204_that_restored_nothing_is_found_out),
        fixture_test(a_server_that_seals_itself_is_found_out),
        fixture_test(a_follower_s_word_is_not_taken),
        fixture_test(without_wrapping_a_service_login_will_do),
        fixture_test(without_either_the_policy_is_named),
        fixture_test(waiting_can_be_cancelled),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
