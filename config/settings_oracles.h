/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of `oracles`, a part of config/settings.h. */
#ifndef ASSAY_CONFIG_SETTINGS_ORACLES_H
#define ASSAY_CONFIG_SETTINGS_ORACLES_H

#include "config/settings_parts.h"

/* Texts are NULL when not set. */
struct config_oracles {
    struct config_oracle_terraform {
        char *dir;        /* the operator's code */
        char *binary;     /* NULL: terraform or tofu from PATH */
        char *state_file; /* NULL: its backend is asked */
        struct config_pairs env, vars;
    } terraform;
};

#endif
