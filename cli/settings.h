/* SPDX-License-Identifier: Apache-2.0
 *
 * From the configuration to what the modules take.  No module but cli/
 * knows struct config. */
#ifndef ASSAY_CLI_SETTINGS_H
#define ASSAY_CLI_SETTINGS_H

#include <stdio.h>

#include "base/error.h"
#include "config/config.h"
#include "jobs/options.h"
#include "storage/storage.h"
#include "transient/drivers.h"
#include "vault/options.h"

/* What the flags of a command say about the configuration. */
struct settings_flags {
    const char *file;   /* -config */
    const char *listen; /* -listen */
    bool dev;
    bool offline; /* the command speaks to no cluster */
};

/* Read it; every problem is one line on standard error.  -1 when there is an
 * error among them.  $ASSAY_CONFIG names the file where no flag does. */
int settings_load(const struct settings_flags *flags,
                  struct config **out) MUST_USE;
/* The same, with the problems handed over instead of printed. */
int settings_load_report(const struct settings_flags *flags,
                         struct config_report *report,
                         struct config **out) MUST_USE;
void settings_print_report(const struct config_report *report);

/* Pointers into the configuration, which must outlive the result. */
int settings_vault(const struct config_cluster *cluster,
                   struct vault_options *out, struct error *err) MUST_USE;
/* The same cluster with the credential that restores: restore_auth, or auth
 * where there is none. */
int settings_restore_vault(const struct config_cluster *cluster,
                           struct vault_options *out,
                           struct error *err) MUST_USE;
/* An array of as many, which `to` then has and the caller frees; NULL
 * without memory. */
struct program_pair *settings_pairs(const struct config_pairs *from,
                                    struct program_pairs *to);
/* The drivers' settings, with the arrays that they point to. */
struct settings_drivers {
    struct transient_drivers drivers;
    struct vault_auth_options auth;
    struct program_pair *vars;
    struct program_pair *env;
};

int settings_drivers_init(const struct config *config,
                          struct settings_drivers *out,
                          struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void settings_drivers_done(struct settings_drivers *d);

struct storage_options settings_storage(const struct config *config);
/* Store, storage, signer, clusters and trusted keys are left to the caller. */
struct jobs_options settings_jobs(const struct config *config);
/* The public keys, 32 bytes each; the caller frees them.  NULL and *count 0
 * without any; -1 without memory. */
int settings_trusted_keys(const struct config *config, uint8_t (**out)[32],
                          size_t *count, struct error *err) MUST_USE;
/* A file in data_dir; malloc'd, NULL without memory. */
char *settings_data_path(const struct config *config, const char *name);

/* Level and format of the log. */
void settings_apply_log(const struct config *config);

#endif
