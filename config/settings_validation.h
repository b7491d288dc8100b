/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of `validation`, a part of config/settings.h. */
#ifndef ASSAY_CONFIG_SETTINGS_VALIDATION_H
#define ASSAY_CONFIG_SETTINGS_VALIDATION_H

#include <stdint.h>

#include "config/settings_parts.h"

/* Texts are NULL when not set. */
struct config_validation {
    struct config_texts required; /* names of checks */
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
