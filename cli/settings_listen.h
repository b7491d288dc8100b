/* SPDX-License-Identifier: Apache-2.0
 *
 * What the configuration says about listeners and limits, as server/ wants
 * it. */
#ifndef ASSAY_CLI_SETTINGS_LISTEN_H
#define ASSAY_CLI_SETTINGS_LISTEN_H

#include "config/config.h"
#include "server/options.h"

/* Fill listen[0 … listen_count - 1].  Pointers into the configuration, which
 * must outlive the result.  -1: a user or group that the system does not
 * know. */
int settings_listen(const struct config *config,
                    struct server_listen listen[SERVER_LISTEN_MAX],
                    struct error *err) MUST_USE;
/* Connections, deadlines and rates. */
void settings_limits(const struct config *config, struct server_options *out);

#endif
