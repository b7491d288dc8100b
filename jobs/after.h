/* SPDX-License-Identifier: Apache-2.0
 *
 * A cluster after the POST of a restore, as it shows itself: every node that
 * was there before, who leads now, and what is still missing.  Private to
 * jobs/, used by one worker. */
#ifndef ASSAY_JOBS_AFTER_H
#define ASSAY_JOBS_AFTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "jobs/job.h"
#include "jobs/target.h"
#include "proof/check.h"
#include "vault/marker.h"
#include "vault/raft.h"
#include "vault/status.h"

enum { AFTER_TEXT_MAX = 256 };

struct after_node {
    char id[VAULT_NAME_MAX];         /* "" when nobody may list them */
    char address[VAULT_ADDRESS_MAX]; /* of its API */
    struct vault_status status;      /* the last look's */
    bool settled;
    char text[AFTER_TEXT_MAX];    /* "": there is nothing to say */
    int64_t try_at;               /* monotonic: not to be given shares before */
    char refused[AFTER_TEXT_MAX]; /* what it said to shares; "": nothing */
};

/* What is known of the restored data. */
enum after_applied { AFTER_UNKNOWN, AFTER_NOT_APPLIED, AFTER_APPLIED };

/* What state the cluster is in, in one word for scripts. */
enum after_state {
    AFTER_UNSURE,     /* whether it was applied is not known */
    AFTER_UNCHANGED,  /* it has the data from before */
    AFTER_SEALED,     /* nobody unsealed it */
    AFTER_UNSETTLED,  /* applied, but not every node is there */
    AFTER_LOCKED_OUT, /* applied, but Assay cannot log in */
    AFTER_DIFFERS,    /* applied, but not what the baseline has */
    AFTER_RESTORED,
};

struct after {
    struct job *job;
    const struct target *target;       /* the cluster before */
    const struct vault_marker *marker; /* NULL: never made */
    enum vault_restore_outcome sent;
    const char *safety;   /* id of the safety snapshot; "": none */
    struct vault *leader; /* owned; whom to ask */
    bool leader_changed;  /* it is not the one that got the archive */
    struct vault *login;  /* owned; logged in to what is there now */
    char login_text[ERROR_TEXT_MAX]; /* as whom, or why not */
    enum vault_fact healthy;         /* says autopilot, afterwards */
    struct proof_result compared;    /* with the baseline; name NULL: was not */
    enum after_applied applied;
    enum after_state state;
    size_t count;
    struct after_node node[VAULT_NODES_MAX];
    /* The last look. */
    bool settled;
    size_t sealed;
    int64_t sealed_at; /* monotonic: when one was seen sealed last, or the
                          beginning */
    int64_t opened_at; /* monotonic: key holders are asked since; 0: not */
    bool has_leader;
    char text[ERROR_TEXT_MAX]; /* what is still missing */
};

/* The nodes that could be reached before, the leader among them.  The fields
 * from `job` to `safety` are the caller's. */
int after_init(struct after *a, struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void after_done(struct after *a);

/* Look at every node once; a new leader becomes a->leader.  Settled: all
 * answer, unsealed, with the snapshot's cluster id, as far as the leader was
 * when this look began, and none has what was made before the restore. */
void after_look(struct after *a);
/* The target is, or was, a cluster of another id than the snapshot's. */
bool after_is_foreign(const struct after *a);

#endif
