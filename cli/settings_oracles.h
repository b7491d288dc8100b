/* SPDX-License-Identifier: Apache-2.0
 *
 * What the configuration says about oracles, as proof/ wants it. */
#ifndef ASSAY_CLI_SETTINGS_ORACLES_H
#define ASSAY_CLI_SETTINGS_ORACLES_H

#include "config/config.h"
#include "proof/tfsettings.h"

/* The settings, with the arrays that they point to. */
struct settings_oracles {
    struct tfsettings terraform;
    struct program_pair *env, *vars;
};

/* Pointers into the configuration, which must outlive the result. */
int settings_oracles_init(const struct config *config,
                          struct settings_oracles *out,
                          struct error *err) MUST_USE;
/* NULL: Terraform is not configured. */
const struct tfsettings *
settings_oracles_terraform(const struct settings_oracles *o);
/* Accepts a zeroed one. */
void settings_oracles_done(struct settings_oracles *o);

#endif
