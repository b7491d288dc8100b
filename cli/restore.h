/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay restore`: put an archive back with no daemon and no catalog. */
#ifndef ASSAY_CLI_RESTORE_H
#define ASSAY_CLI_RESTORE_H

/* argv[0] is "restore".  The exit code: 0 restored (or, with -dry-run, would
 * be), 1 refused, nothing was sent, 2 could not tell or wrong use, nothing was
 * sent, 3 the archive was sent and the end is not as it should be. */
int cli_restore(int argc, char **argv);

#endif
