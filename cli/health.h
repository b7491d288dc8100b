/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay health`: one question to the local daemon, for HEALTHCHECK. */
#ifndef ASSAY_CLI_HEALTH_H
#define ASSAY_CLI_HEALTH_H

/* argv[0] is "health".  The exit code: 0 healthy, 1 not, 2 wrong use. */
int cli_health(int argc, char **argv);

/* Where to ask: the first address of a comma separated list (as of -listen),
 * as a URL; an address that means "every interface" becomes loopback.
 * malloc'd; NULL without memory. */
char *health_url(const char *listen);

#endif
