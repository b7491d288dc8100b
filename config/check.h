/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging settings together, private to config/. */
#ifndef ASSAY_CONFIG_CHECK_H
#define ASSAY_CONFIG_CHECK_H

#include "config/config.h"

/* Fill in a method that follows from the credential, and judge it; `path` is
 * where it stands.  "approver" is for a path that ends in restore_auth. */
void config_check_auth(struct config_auth *auth, const char *path,
                       const char *const *env, struct config_report *report);
/* Each in a file of its own. */
void config_check_transient(struct config_transient *t, const char *const *env,
                            struct config_report *report);
void config_check_listen(struct config *config, struct config_report *report);
/* Of `path`.env of whatever runs Terraform. */
void config_check_terraform_env(const struct config_pairs *env,
                                const char *path, struct config_report *report);
void config_check_oracles(const struct config *config,
                          struct config_report *report);
/* Fill in what follows from the rest, and judge the whole. */
void config_check(struct config *config, const struct config_source *source,
                  struct config_report *report);

#endif
