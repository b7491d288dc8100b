/* SPDX-License-Identifier: Apache-2.0
 *
 * What kind of right a route takes: one table for the policies that
 * `assay policy` prints and for break-glass tokens. */
#ifndef ASSAY_CLI_RIGHTS_H
#define ASSAY_CLI_RIGHTS_H

#include "access/break_glass.h"
#include "config/config.h"
#include "server/route.h"

/* One of enum access_right; 0 for what belongs to none of them: deleting,
 * and taking archives away. */
unsigned rights_of_route(const struct route *route);
/* The break-glass tokens of the configuration. */
void rights_set_break_glass(const struct config *config,
                            struct break_glass_box *box);

#endif
