/* SPDX-License-Identifier: Apache-2.0
 *
 * A restore into the scripted server, for its single steps: the driver is
 * `command`, whose `up` says where that server is. */
#ifndef ASSAY_TESTS_TRANSIENT_FLOW_H
#define ASSAY_TESTS_TRANSIENT_FLOW_H

#include "scripted.h"

#include "transient/restore_steps.h"

/* One voter. */
#define FLOW_PEERS                                                             \
    "body:path=sys/storage/raft/configuration,json={\"data\":{\"config\":"     \
    "{\"servers\":[{\"node_id\":\"a\",\"address\":\"10.0.0.1:8201\","          \
    "\"leader\":true,\"voter\":true}]}}}"

struct flow {
    struct transient_drivers drivers;
    struct transient_options options; /* to be changed before flow_open */
    struct transient_restore_options o;
    struct transient_report report;
    struct restore_flow f;
    struct vault *primary; /* the scripted production, by AppRole */
    struct keys *keys;     /* both shares */
    const char *handed;    /* more of what `up` prints; NULL: nothing */
    const char *argv[4];
    char *up;
    struct error err;
};

int flow_start(void **state);
int flow_stop(void **state);
/* Per test: *state is a struct flow, with an admin who is root. */
int flow_set_up(void **state);
int flow_tear_down(void **state);
/* Make f.t. */
void flow_open(struct flow *w);
/* -1, with this outcome and these words. */
void flow_fails(struct flow *w, int rc, enum transient_outcome outcome,
                const char *says);
#define flow_ok(w, call)                                                       \
    do {                                                                       \
        if ((call) != 0)                                                       \
            fail_msg("%s: %s", #call, (w)->err.text);                          \
    } while (0)

#define FLOW_TEST(name)                                                        \
    cmocka_unit_test_setup_teardown(name, flow_set_up, flow_tear_down)

#endif
