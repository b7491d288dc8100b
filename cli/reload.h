/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_CLI_RELOAD_H
#define ASSAY_CLI_RELOAD_H

#include "base/error.h"
#include "config/config.h"

/* Call `each` with the path of every setting that differs between the two
 * and takes a restart to change ("listen", "clusters.main.address"). */
int reload_needs_restart(const struct config *old, const struct config *new,
                         void (*each)(void *ctx, const char *path), void *ctx,
                         struct error *err) MUST_USE;

#endif
