/* SPDX-License-Identifier: Apache-2.0
 *
 * Restore an archive into a transient cluster, the same for every driver:
 *
 *   up -> init (one throw-away key) -> snapshot-force -> restarted as soon as
 *   the data is in -> unsealed with the snapshot's own keys -> active -> login
 *
 * The keys and root token of the throw-away initialisation are wiped as soon
 * as the data is in; the restored cluster never knew them. */
#ifndef ASSAY_TRANSIENT_RESTORE_H
#define ASSAY_TRANSIENT_RESTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "transient/keys.h"
#include "transient/transient.h"
#include "vault/vault.h"

enum { TRANSIENT_PHASES = 7 };

/* up init upload restore unseal active login, as far as it came. */
struct transient_phase {
    const char *name;
    int64_t started_at_ms; /* wall clock */
    int64_t duration_ms;
};

struct transient_restore_options {
    const struct source *archive; /* at its first byte */
    const char *cluster_id;       /* the snapshot's; NULL: not compared */
    const struct keys *keys;      /* NULL: none there are */
    /* Who logs in to the restored copy: `auth`, or, when that is NULL, with
     * the credential of `primary`. */
    const struct vault_auth_options *auth;
    struct vault *primary;
    int64_t init_timeout_ms;    /* 0: 30 s */
    int64_t restore_timeout_ms; /* 0: 10 min, from upload to data in */
    int64_t active_timeout_ms;  /* 0: 60 s, from unsealed to active */
};

struct transient_report {
    enum transient_outcome outcome;
    struct transient_phase phases[TRANSIENT_PHASES];
    size_t phase_count;
    int64_t total_ms; /* start of `up` to logged in */
    bool batch_login; /* our login in the copy left no entry in it */
    bool root_login; /* it was refused; a root token made in the copy was not */
    /* Of a server that is not our own process; else "". */
    char server_version[64];
    char containment[512]; /* what is known about its way out */
};

/* Blocks for seconds to minutes; cancelled through the handle's options.
 * `report` is filled in either way.  0: *out is a client that is logged in
 * to the restored copy, for the caller to close before transient_down.  -1:
 * report->outcome says whose fault it is, `err` the sentence.  The caller
 * takes the transient down in either case. */
int transient_restore(struct transient *t,
                      const struct transient_restore_options *o,
                      struct transient_report *report, struct vault **out,
                      struct error *err) MUST_USE;

#endif
