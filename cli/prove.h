/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay snapshot prove`: an archive and its key shares, no server. */
#ifndef ASSAY_CLI_PROVE_H
#define ASSAY_CLI_PROVE_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/flags.h"
#include "snapshot/prove.h"
#include "transient/keys.h"
#include "transient/static_keys.h"

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

/* The same in two steps, for whoever needs the keys once more.  Zeroed:
 * none. */
struct prove_keys {
    struct keys *keys;
    struct static_keys statics;
};

/* Each file is read once: it may be a pipe. */
int prove_keys_read(struct prove_keys *k, const struct flag_texts *key_files,
                    const struct flag_texts *static_key_files,
                    struct error *err) MUST_USE;
/* Wiped.  Accepts a zeroed one. */
void prove_keys_done(struct prove_keys *k);
/* `options` without keys; those of `k` are filled in. */
int prove_archive(const char *file, const struct prove_keys *k,
                  const struct snapshot_prove_options *options,
                  struct snapshot_proof *proof, struct error *err) MUST_USE;

#endif
