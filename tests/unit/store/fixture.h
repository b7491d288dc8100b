/* SPDX-License-Identifier: Apache-2.0
 *
 * A catalog in a directory of its own, and rows to put into it. */
#ifndef ASSAY_TESTS_UNIT_STORE_FIXTURE_H
#define ASSAY_TESTS_UNIT_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/runs.h"
#include "store/snapshots.h"
#include "store/store.h"

struct fixture {
    char dir[64];
    char path[96];
    struct store *store;
};

/* cmocka's set-up and tear-down; *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Close the catalog and open it again. */
void fixture_reopen(struct fixture *f);

#define assert_ok(call, err)                                                   \
    do {                                                                       \
        if ((call) != 0)                                                       \
            fail_msg("%s: %s", #call, (err).text);                             \
    } while (0)
#define assert_refused(call, err, expected)                                    \
    do {                                                                       \
        assert_int_equal(call, -1);                                            \
        if ((err).kind != (expected))                                          \
            fail_msg("%s: kind %d, %s", #call, (err).kind, (err).text);        \
        assert_true((err).text[0] != '\0');                                    \
    } while (0)

/* A new run of this kind for cluster "main"; its id. */
void fixture_run(struct store *s, enum run_kind kind, char id[ID_TEXT_MAX]);
/* The same, claimed by a worker. */
void fixture_claimed(struct store *s, enum run_kind kind, char id[ID_TEXT_MAX]);
enum run_status fixture_status(struct store *s, const char *id);
/* A row with everything filled in and one copy; a fresh id. */
struct snapshot_row fixture_snapshot(const char *cluster, int64_t created_ms);
void fixture_add(struct store *s, const struct snapshot_row *row);

#endif
