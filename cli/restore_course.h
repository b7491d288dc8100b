/* SPDX-License-Identifier: Apache-2.0
 *
 * A restore without a daemon, from the archive to the report. */
#ifndef ASSAY_CLI_RESTORE_COURSE_H
#define ASSAY_CLI_RESTORE_COURSE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/flags.h"
#include "cli/restore_source.h"

/* As the flags have it; texts may be NULL, but for wanted.from, `to` and
 * work_dir. */
struct restore_order {
    struct restore_wanted wanted;
    const char *to;
    const char *token_file;
    const char *yes;
    const char *work_dir;
    struct flag_texts key_files;
    struct flag_texts static_key_files;
    struct flag_texts trusted_keys;
    struct flag_texts overrides;
    int64_t settle_ms; /* 0: as the daemon */
    bool force;
    bool dry_run;
    bool ask_keys;
    bool init;
};

/* Exit codes, as cli_restore has them. */
enum {
    RESTORE_DONE = 0,
    RESTORE_REFUSED = 1,
    RESTORE_UNKNOWN = 2,
    RESTORE_SENT = 3,
};

/* Takes SIGINT and SIGTERM over. */
int restore_course(const struct restore_order *order);

#endif
