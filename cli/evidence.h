/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay evidence key|verify`: what Assay has signed, with no server. */
#ifndef ASSAY_CLI_EVIDENCE_H
#define ASSAY_CLI_EVIDENCE_H

/* argv[0] is "evidence", argv[1] the subcommand.  The exit code: 0 good, 1
 * bad, 2 could not tell. */
int cli_evidence(int argc, char **argv);

#endif
