/* SPDX-License-Identifier: Apache-2.0
 *
 * Judge `access`, private to config/. */
#ifndef ASSAY_CONFIG_CHECK_ACCESS_H
#define ASSAY_CONFIG_CHECK_ACCESS_H

#include "config/config.h"

/* Slashes around its paths are taken away first. */
void config_check_access(struct config_access *access,
                         struct config_report *report);

#endif
