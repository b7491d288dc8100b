/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay snapshot verify|inspect|diff|prove`: archives on disk, no server. */
#ifndef ASSAY_CLI_SNAPSHOT_H
#define ASSAY_CLI_SNAPSHOT_H

/* argv[0] is "snapshot", argv[1] the subcommand.  The exit code: 0 good (for
 * diff: the same), 1 bad (for diff: different), 2 could not tell. */
int cli_snapshot(int argc, char **argv);

#endif
