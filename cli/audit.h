/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_CLI_AUDIT_H
#define ASSAY_CLI_AUDIT_H

/* `assay audit verify`: 0 intact, 1 not, 2 could not tell. */
int cli_audit(int argc, char **argv);

#endif
