/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps of transient/restore.c, one after the other.  Each returns 0 or
 * -1 with f->report->outcome set.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_RESTORE_STEPS_H
#define ASSAY_TRANSIENT_RESTORE_STEPS_H

#include "transient/driver.h"
#include "transient/restore.h"
#include "vault/status.h"
#include "vault/sys.h"

enum {
    RESTORE_INIT_TIMEOUT_MS = 30 * 1000,
    RESTORE_SLICE_MS = 250,
    /* A server somewhere else may have to boot first. */
    RESTORE_FOREIGN_TIMEOUT_MS = 2 * 60 * 1000,
};

struct restore_flow {
    struct transient *t;
    const struct transient_restore_options *o;
    struct transient_report *report;
    struct transient_facts facts; /* once it is up */
    struct vault *admin;          /* the throw-away cluster, as its root */
    struct vault *vault;          /* the restored copy, as ourselves */
    struct vault_keys throwaway;
    char cluster_id[64]; /* of the throw-away cluster */
};

/* restore_enter.c */
/* How long to wait for a server that does not answer. */
int64_t restore_patience(const struct restore_flow *f);
int restore_up(struct restore_flow *f, struct error *err) MUST_USE;
int restore_init(struct restore_flow *f, struct error *err) MUST_USE;
int restore_upload(struct restore_flow *f, struct error *err) MUST_USE;
/* restore_fit.c: a server that is not our own process: is it one that the
 * archive may be sent to?  Before anything is. */
int restore_fit(struct restore_flow *f, struct error *err) MUST_USE;
/* restore_data.c */
int restore_data(struct restore_flow *f, struct error *err) MUST_USE;
/* restore_login.c */
int restore_login(struct restore_flow *f, struct error *err) MUST_USE;

/* restore.c, for them all. */
int64_t restore_or_default(int64_t ms, int64_t otherwise);
/* Who is to blame, unless somebody cancelled.  BROKEN becomes UNUSABLE where
 * the server is not ours. */
int restore_blame(struct restore_flow *f, enum transient_outcome outcome,
                  const struct error *err);
/* The driver failed, and knows why. */
int restore_blame_driver(struct restore_flow *f, const struct error *err);
void restore_add_last_words(struct restore_flow *f, struct error *err);
/* f->admin anew, as nobody. */
int restore_connect(struct restore_flow *f, struct error *err) MUST_USE;

#endif
