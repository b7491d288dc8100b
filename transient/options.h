/* SPDX-License-Identifier: Apache-2.0
 *
 * What a transient cluster is made with, and what may become of it. */
#ifndef ASSAY_TRANSIENT_OPTIONS_H
#define ASSAY_TRANSIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"
#include "transient/drivers.h"
#include "transient/process_options.h"

struct keys;
struct vault;

/* What became of a transient cluster, beside the sentence in `err`: whether
 * the snapshot is to blame, or the question could not be asked. */
enum transient_outcome {
    TRANSIENT_OK,
    /* The snapshot's fault: */
    TRANSIENT_REFUSED,    /* the server would not take the archive */
    TRANSIENT_NOT_ACTIVE, /* took it, unsealed, never became active */
    /* The question could not be asked; `err` says what to do: */
    TRANSIENT_NO_SERVER,     /* no server program of that product */
    TRANSIENT_OLD_SERVER,    /* older than the snapshot's server */
    TRANSIENT_NO_ISOLATION,  /* the system refuses namespaces */
    TRANSIENT_KEYS,          /* wrong key shares, or too few */
    TRANSIENT_LOGIN,         /* the restored cluster refused our credential */
    TRANSIENT_NOT_CONTAINED, /* nobody says that it cannot reach anything */
    TRANSIENT_LIMIT,         /* it used up the time or memory it may have */
    TRANSIENT_UNUSABLE,      /* what the operator raised: not there, or unfit */
    /* Neither: */
    TRANSIENT_BROKEN, /* the driver, the machine, a timeout before the data */
    TRANSIENT_CANCELLED,
};

/* "ok", "refused", "not_active", "no_server", … */
const char *transient_outcome_text(enum transient_outcome outcome);
/* REFUSED or NOT_ACTIVE: the answer is no. */
bool transient_outcome_is_answer(enum transient_outcome outcome);

/* Progress, reported by the thread that called.  Members may be NULL. */
struct transient_events {
    void (*phase)(void *ctx, const char *name); /* a static string */
    /* Within a phase; total 0: not known yet. */
    void (*progress)(void *ctx, uint64_t done, uint64_t total,
                     const char *unit);
    /* What an operator's tool reports; for a log at debug, not for people
     * who wait. */
    void (*said)(void *ctx, const char *text);
    void *ctx;
};

/* How a seal is shared out; zeroed: not known, or not by shares. */
struct transient_shares {
    unsigned shares;
    unsigned threshold;
};

struct transient_protected {
    const char *name;
    struct vault *vault;
    const char *cluster_id; /* as known from its snapshots; NULL: never seen */
};

struct transient_options {
    const char *driver;   /* NULL: "process" */
    const char *product;  /* "vault" or "openbao": the snapshot's own */
    const char *version;  /* the snapshot's server; NULL or "": not compared */
    const char *server;   /* the program; NULL or "": looked up on PATH */
    const char *base_dir; /* private directories are made below it */
    bool no_isolation;    /* configuration said "isolation": "off" */
    /* The program that becomes the sandbox when its first argument is
     * "__sandbox"; NULL: this very program. */
    const char *helper;
    int64_t start_timeout_ms; /* 0: 30 s, for a server to listen */
    uint64_t state_bytes;     /* the snapshot's; 0: not known */
    const char *seal_type;    /* the snapshot's; NULL or "": not known */
    /* The settings of driver `process`; NULL: none.  Outlives the handle. */
    const struct transient_process *process;
    /* The other drivers' settings; NULL: none is configured.  Outlives the
     * handle, and so does everything below. */
    const struct transient_drivers *drivers;
    struct transient_shares seal; /* the snapshot's */
    const char *cluster_id;       /* the snapshot's; NULL or "": not known */
    /* Every cluster that is configured: never to be restored into. */
    const struct transient_protected *clusters;
    size_t clusters_count;
    /* Whoever logs in to the restored copy, and its key shares: `existing`
     * puts its own data back with them. */
    struct vault *primary;
    const struct keys *keys;
    /* Is this a whole archive?  `existing` lends nothing that it could not
     * put back.  NULL: not looked at. */
    int (*intact)(const struct source *archive, const struct cancel *cancel,
                  struct error *err);
    struct transient_events events;
    const struct cancel *cancel; /* may be NULL; must outlive the handle */
};

#endif
