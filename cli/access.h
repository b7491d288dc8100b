/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay access`: make break-glass tokens. */
#ifndef ASSAY_CLI_ACCESS_H
#define ASSAY_CLI_ACCESS_H

/* argv[0] is "access".  The exit code: 0, or 2 for wrong use. */
int cli_access(int argc, char **argv);

#endif
