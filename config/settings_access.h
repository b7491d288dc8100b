/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of `access`, a part of config/settings.h. */
#ifndef ASSAY_CONFIG_SETTINGS_ACCESS_H
#define ASSAY_CONFIG_SETTINGS_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings_parts.h"

/* Texts are NULL when not set, which config_load lets pass for none of
 * these. */
struct config_break_glass {
    char *name;
    char *sha256; /* of the token: 64 hex digits */
    struct config_texts rights;
    char *expires; /* RFC 3339 */
};

struct config_access {
    char *mount;     /* without slashes at the ends */
    char *namespace; /* "": the root namespace */
    int64_t cache_ttl_ms;
    bool allow_root;
    struct config_break_glass *break_glass;
    size_t break_glass_count;
};

#endif
