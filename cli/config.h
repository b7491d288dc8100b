/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay config check`: what is wrong with the configuration. */
#ifndef ASSAY_CLI_CONFIG_H
#define ASSAY_CLI_CONFIG_H

/* argv[0] is "config".  The exit code: 0 good, 1 not, 2 wrong use. */
int cli_config(int argc, char **argv);

#endif
