/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of `hardening`, a part of config/settings.h. */
#ifndef ASSAY_CONFIG_SETTINGS_HARDENING_H
#define ASSAY_CONFIG_SETTINGS_HARDENING_H

#include "config/settings_parts.h"

enum config_confine {
    CONFIG_CONFINE_AUTO = 1, /* where the kernel can */
    CONFIG_CONFINE_OFF,
    CONFIG_CONFINE_REQUIRED,
};

struct config_hardening {
    unsigned seccomp;  /* enum config_confine */
    unsigned landlock; /* the same */
    struct config_texts write_paths;
};

#endif
