/* SPDX-License-Identifier: Apache-2.0
 *
 * After an archive was sent to a server that is not ours: it is waited for,
 * and what the throw-away cluster was opened with is forgotten. */
#include "flow.h"

#include <string.h>

#include "base/secret.h"
#include "base/text.h"

#define SEAL(json) "body:path=sys/seal-status,json=" json

static void ready(struct flow *w)
{
    flow_open(w);
    (void)text_copy(w->f.cluster_id, sizeof w->f.cluster_id,
                    SCRIPTED_SCRATCH_ID);
    w->f.throwaway.root_token = secret_dup("root");
    assert_non_null(w->f.throwaway.root_token);
    w->o.restore_timeout_ms = 500;
    w->f.facts.address = NULL; /* asked of the driver again */
    flow_ok(w, transient_up(w->f.t, &w->err));
}

static void test_sealed_it_has_the_data(void **state)
{
    struct flow *w = *state;

    standin_set(&scripted_scratch, "{\"sealed\":true}");
    ready(w);
    flow_ok(w, restore_data(&w->f, &w->err));
    assert_null(w->f.throwaway.root_token);
    assert_non_null(w->f.admin);
    assert_string_equal(w->f.facts.address, scripted_scratch.address);
}

static void test_the_snapshots_id_means_it_too(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, SEAL("{\"sealed\":false,\"cluster_id\":"
                                            "\"" SCRIPTED_PRODUCTION_ID "\"}"));
    ready(w);
    flow_ok(w, restore_data(&w->f, &w->err));
}

static void test_nothing_comes(void **state)
{
    struct flow *w = *state;

    ready(w);
    flow_fails(w, restore_data(&w->f, &w->err), TRANSIENT_UNUSABLE,
               "did not finish restoring it");
}

static void test_it_can_be_cancelled(void **state)
{
    struct flow *w = *state;
    struct cancel cancel = {.requested = false};

    w->options.cancel = &cancel;
    ready(w);
    w->o.restore_timeout_ms = 60 * 1000;
    atomic_store(&cancel.requested, true);
    flow_fails(w, restore_data(&w->f, &w->err), TRANSIENT_CANCELLED,
               "cancelled");
    transient_free(w->f.t);
    w->f.t = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(test_sealed_it_has_the_data),
        FLOW_TEST(test_the_snapshots_id_means_it_too),
        FLOW_TEST(test_nothing_comes),
        FLOW_TEST(test_it_can_be_cancelled),
    };

    return cmocka_run_group_tests(tests, flow_start, flow_stop);
}
