/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose data is in a server that is asked from outside, and its seal. */
#include "scripted.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "transient/foreign.h"

#define SEAL "sys/seal-status"
#define SEALED(progress)                                                       \
    "{\"initialized\":true,\"sealed\":true,\"t\":2,\"n\":3,"                   \
    "\"progress\":" progress ",\"type\":\"shamir\"}"
#define OPEN(id)                                                               \
    "{\"initialized\":true,\"sealed\":false,\"t\":2,\"n\":3,"                  \
    "\"type\":\"shamir\",\"cluster_id\":\"" id "\"}"
#define SAYS(json) "body:path=" SEAL ",json=" json
#define ONCE(json) "body:path=" SEAL ",times=1,json=" json

enum { SHORT_MS = 300 };

static int wait_data(const char *after, int64_t ms, const struct cancel *cancel,
                     struct error *err)
{
    const struct foreign_data data = {
        .before = "before",
        .after = after,
        .wait = {.timeout_ms = ms, .cancel = cancel},
    };
    struct vault *v = scripted_client(scripted_scratch.address, NULL);
    int rc = foreign_wait_data(v, &data, err);

    vault_free(v);
    scripted_only_read(&scripted_scratch);
    return rc;
}

static void test_sealed_means_that_the_data_is_in(void **state)
{
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, SAYS(SEALED("0")));
    assert_int_equal(wait_data("after", SHORT_MS, NULL, &err), 0);
    assert_int_equal(wait_data(NULL, SHORT_MS, NULL, &err), 0);
}

static void test_the_id_that_is_waited_for_counts(void **state)
{
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, SAYS(OPEN("after")));
    assert_int_equal(wait_data("after", SHORT_MS, NULL, &err), 0);
    /* Not known: any other than before. */
    assert_int_equal(wait_data(NULL, SHORT_MS, NULL, &err), 0);
    assert_int_equal(wait_data("", SHORT_MS, NULL, &err), 0);
}

static void test_what_is_not_it_is_waited_out(void **state)
{
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, SAYS(OPEN("before")));
    assert_int_equal(wait_data("after", SHORT_MS, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_says(&err, "did not finish restoring");
    assert_int_equal(wait_data(NULL, SHORT_MS, NULL, &err), -1);
    /* A third cluster is not the one that was sent. */
    scripted_faults(&scripted_scratch, SAYS(OPEN("third")));
    assert_int_equal(wait_data("after", SHORT_MS, NULL, &err), -1);
    /* For a moment it says neither that it is sealed nor who it is. */
    scripted_faults(&scripted_scratch, SAYS(OPEN("")));
    assert_int_equal(wait_data("after", SHORT_MS, NULL, &err), -1);
    assert_int_equal(wait_data(NULL, SHORT_MS, NULL, &err), -1);
}

static void test_silence_and_nonsense_in_between_mean_nothing(void **state)
{
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, ONCE(OPEN("before")),
                    "status:path=" SEAL ",times=1,code=500",
                    "drop:path=" SEAL ",times=1",
                    "body:path=" SEAL ",times=1,text=nonsense", ONCE(OPEN("")),
                    SAYS(OPEN("after")));
    assert_int_equal(wait_data("after", 20 * 1000, NULL, &err), 0);
}

static void test_waiting_can_be_cancelled(void **state)
{
    struct cancel cancel = {.requested = true};
    struct error err;
    int64_t started = clock_mono_ms();

    (void)state;
    scripted_faults(&scripted_scratch, SAYS(OPEN("before")));
    assert_int_equal(wait_data("after", 60 * 1000, &cancel, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    assert_in_range(clock_mono_ms() - started, 0, 20 * 1000);
}

static int unseal(size_t shares, struct error *err)
{
    static const char *const all[] = {SCRIPTED_SHARE_1, SCRIPTED_SHARE_2,
                                      SCRIPTED_SHARE_3};
    struct vault *v = scripted_client(scripted_scratch.address, NULL);
    struct keys *keys = keys_new();
    int rc;

    for (size_t i = 0; i < shares; i++)
        assert_int_equal(keys_add(keys, all[i], err), 0);
    rc = foreign_unseal(v, keys, err);
    keys_free(keys);
    vault_free(v);
    return rc;
}

static size_t given(void)
{
    return standin_count(&scripted_scratch, "POST", "sys/unseal", false);
}

#define UNSEAL(json) "body:path=sys/unseal,times=1,json=" json

static void test_shares_are_given_until_it_opens(void **state)
{
    struct error err;
    char *last;

    (void)state;
    scripted_faults(&scripted_scratch, SAYS(SEALED("0")), UNSEAL(SEALED("1")),
                    UNSEAL(OPEN("x")));
    if (unseal(3, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(given(), 2);
    last = scripted_last(&scripted_scratch, "POST", "sys/unseal", "body");
    assert_string_equal(last, "{\"key\":\"" SCRIPTED_SHARE_2 "\"}");
    free(last);
}

static void test_an_open_one_is_given_nothing(void **state)
{
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, SAYS(OPEN("x")));
    assert_int_equal(unseal(3, &err), 0);
    assert_int_equal(unseal(0, &err), 0);
    assert_int_equal(given(), 0);
}

/* Half of another try would spoil this one. */
static void test_shares_of_somebody_else_are_forgotten_first(void **state)
{
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, SAYS(SEALED("1")), UNSEAL(SEALED("0")),
                    UNSEAL(SEALED("1")), UNSEAL(OPEN("x")));
    assert_int_equal(unseal(2, &err), 0);
    assert_int_equal(given(), 3);
}

static void test_too_few_and_wrong_shares(void **state)
{
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, SAYS(SEALED("0")), UNSEAL(SEALED("1")));
    assert_int_equal(unseal(1, &err), -1);
    assert_int_equal(err.kind, ERR_PRECONDITION);
    assert_says(&err, "1 key shares are not enough (it wants 2)");
    scripted_faults(&scripted_scratch, SAYS(SEALED("0")), UNSEAL(SEALED("1")),
                    "status:path=sys/unseal,code=400,text=invalid key");
    assert_int_equal(unseal(2, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_null(strstr(err.text, SCRIPTED_SHARE_1));
    assert_null(strstr(err.text, SCRIPTED_SHARE_2));
    assert_int_equal(unseal(0, &err), -1);
    assert_int_equal(err.kind, ERR_PRECONDITION);
}

#define TEST(name) cmocka_unit_test_setup(name, scripted_reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sealed_means_that_the_data_is_in),
        TEST(test_the_id_that_is_waited_for_counts),
        TEST(test_what_is_not_it_is_waited_out),
        TEST(test_silence_and_nonsense_in_between_mean_nothing),
        TEST(test_waiting_can_be_cancelled),
        TEST(test_shares_are_given_until_it_opens),
        TEST(test_an_open_one_is_given_nothing),
        TEST(test_shares_of_somebody_else_are_forgotten_first),
        TEST(test_too_few_and_wrong_shares),
    };

    return cmocka_run_group_tests(tests, scripted_start, scripted_stop);
}
