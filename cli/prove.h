/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay snapshot prove`: an archive and its key shares, no server. */
#ifndef ASSAY_CLI_PROVE_H
#define ASSAY_CLI_PROVE_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/flags.h"
#include "snapshot/prove.h"

/* The exit code: 0 authentic and every entry decrypts, 1 it is not so, 2
 * could not tell. */
int cli_prove(int argc, char **argv);

struct prove_request {
    const char *file; /* not "-": it is read twice */
    const struct flag_texts *key_files;
    const struct flag_texts *static_key_files;
    bool prefixes;
};

/* Read shares and keys, prove the archive.  As snapshot_prove; the error names
 * the file. */
int prove_file(const struct prove_request *request,
               struct snapshot_proof *proof, struct error *err) MUST_USE;

#endif
