/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of `audit`, a part of config/settings.h. */
#ifndef ASSAY_CONFIG_SETTINGS_AUDIT_H
#define ASSAY_CONFIG_SETTINGS_AUDIT_H

#include <stdint.h>

/* Texts are NULL when not set. */
struct config_audit {
    char *file; /* JSON lines */
    uint64_t reserve_bytes;
    int64_t heads_ms; /* how often the chain's head goes into the storage */
};

#endif
