/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay catalog check|rebuild`: the catalog, with no server running. */
#ifndef ASSAY_CLI_CATALOG_H
#define ASSAY_CLI_CATALOG_H

/* argv[0] is "catalog".  The exit code: 0 good, 1 not, 2 wrong use. */
int cli_catalog(int argc, char **argv);

#endif
