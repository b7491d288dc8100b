/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's own engine for the length of one restore: a private directory
 * with a catalog, a signing key and a storage that has the one archive (a link
 * to it) in it; removed at the end, but for the safety snapshot. */
#ifndef ASSAY_CLI_RESTORE_WORK_H
#define ASSAY_CLI_RESTORE_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cli/flags.h"
#include "cli/restore_source.h"
#include "snapshot/prove.h"
#include "store/runs.h"

struct jobs;
struct vault;
struct restore_work;

struct restore_work_options {
    const char *dir; /* where the directory is made */
    struct vault *vault;
    const struct restore_source *source;
    const struct snapshot_proof *proof;
    const struct flag_texts *trusted_keys; /* public keys, hex */
    const char *const *key_files; /* those that can be read once more */
    size_t key_files_count;
    int64_t await_unseal_ms;
    int64_t settle_ms; /* 0: as the daemon */
};

/* Make it, and catalogue the archive: by what was proved of it, and by what
 * its signed manifests say where their key is trusted.  No thread runs yet.
 * ERR_PRECONDITION: nobody knows whose archive it is. */
int restore_work_open(const struct restore_work_options *o,
                      struct restore_work **out, struct error *err) MUST_USE;
/* Ends the engine and removes the directory; says so on standard error where
 * it cannot.  Accepts NULL. */
void restore_work_close(struct restore_work *w);

struct jobs *restore_work_jobs(struct restore_work *w);
/* As it is in the catalog when it was opened, with its verdict. */
const struct snapshot_row *restore_work_row(const struct restore_work *w);

enum restore_work_stop {
    RESTORE_WORK_GO_ON,
    RESTORE_WORK_CANCEL, /* before anything is sent; else without effect */
    RESTORE_WORK_LEAVE,  /* whatever it waits for */
};

struct restore_work_request {
    bool dry_run;
    bool force;
    const struct flag_texts *overrides;
    const char *reason;
    /* Called about every 200 ms with the run as it is. */
    void (*watch)(void *ctx, const struct run *run,
                  enum restore_work_stop *stop);
    void *ctx;
};

/* Run a restore to its end.  0 and *out (to be released with run_done)
 * however it ended; -1 when it could not even be asked for. */
int restore_work_run(struct restore_work *w,
                     const struct restore_work_request *r, struct run *out,
                     struct error *err) MUST_USE;
/* Whether the target may have changed in that run. */
bool restore_work_sent(struct restore_work *w, const struct run *run);
int restore_work_phases(struct restore_work *w, const struct run *run,
                        struct run_phases *out, struct error *err) MUST_USE;
/* The directory is not to be removed: something in it may still be wanted. */
void restore_work_leave(struct restore_work *w);
/* Move a safety snapshot's archive out of the directory, to be kept beside
 * it.  `out` is its new path. */
int restore_work_keep(struct restore_work *w, const char *snapshot_id,
                      char out[RESTORE_PATH_MAX], struct error *err) MUST_USE;

#endif
