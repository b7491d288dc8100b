/* SPDX-License-Identifier: Apache-2.0
 *
 * What several parts of config/settings.h are made of. */
#ifndef ASSAY_CONFIG_SETTINGS_TEXTS_H
#define ASSAY_CONFIG_SETTINGS_TEXTS_H

#include <stddef.h>

struct config_texts {
    char **items; /* a NULL behind the last; NULL for none */
    size_t count;
};

#endif
