/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay canary setup`: what an operator makes once, with a token of his
 * own. */
#ifndef ASSAY_CLI_CANARY_H
#define ASSAY_CLI_CANARY_H

/* argv[0] is "canary".  The exit code: 0, 1 for what failed, or 2 for wrong
 * use. */
int cli_canary(int argc, char **argv);

#endif
