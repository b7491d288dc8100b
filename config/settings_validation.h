/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of `validation`, a part of config/settings.h. */
#ifndef ASSAY_CONFIG_SETTINGS_VALIDATION_H
#define ASSAY_CONFIG_SETTINGS_VALIDATION_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings_parts.h"

/* In the order of their names in schema.c. */
enum config_oracle {
    CONFIG_ORACLE_NONE = 1,
    CONFIG_ORACLE_AUTO,
    CONFIG_ORACLE_PRIMARY,
    CONFIG_ORACLE_BASELINE,
    CONFIG_ORACLE_TERRAFORM,
};

/* A truth whose default depends on other settings. */
enum config_either { CONFIG_EITHER_UNSET, CONFIG_TRUE, CONFIG_FALSE };

/* Texts are NULL when not set. */
struct config_validation {
    struct config_texts required; /* names of checks */
    unsigned oracle;              /* enum config_oracle */
    unsigned baseline;            /* enum config_either */
    bool compare_values;
    uint64_t requests_per_second; /* 0: no limit */
    int64_t await_unseal_ms;      /* 0: do not wait for key holders */
    int64_t rto_target_ms;        /* 0: none */
    int64_t rpo_target_ms;
    struct {
        uint64_t max_drop_percent;
        uint64_t min_entries;
        uint64_t min_bytes;
        struct config_texts ignore; /* key prefixes */
    } plausible;
};

#endif
