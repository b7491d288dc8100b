/* SPDX-License-Identifier: Apache-2.0
 *
 * What `assay snapshot prove` prints: a table for people, or JSON. */
#ifndef ASSAY_CLI_PROVE_PRINT_H
#define ASSAY_CLI_PROVE_PRINT_H

#include <stdbool.h>

#include "base/error.h"
#include "snapshot/prove.h"

/* -1 (ERR_IO) when standard output does not take it all. */
int prove_print(const char *file, const struct snapshot_proof *proof, bool json,
                struct error *err) MUST_USE;

#endif
