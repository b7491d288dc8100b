/* SPDX-License-Identifier: Apache-2.0
 *
 * What an operator's settings (process_options.h) mean for one transient
 * server of driver `process`.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_PROCESS_EXTRAS_H
#define ASSAY_TRANSIENT_PROCESS_EXTRAS_H

#include "base/buf.h"
#include "base/error.h"
#include "transient/helper.h"
#include "transient/server_program.h"
#include "transient/transient.h"

struct process_extras {
    struct buf stanzas;     /* for the server's configuration; secret */
    bool auto_unseal;       /* one of them is a seal */
    unsigned endpoint_port; /* 0: none */
    int64_t time_limit_ms;
    char *words[HELPER_EXTRAS_MAX + 1]; /* for the helper */
    size_t words_count;
};

/* Read the files.  -1: *outcome is what follows, and `err` says what to
 * configure: the snapshot's seal asks for a stanza, or for another one; the
 * program asks for a license; a file cannot be read. */
int process_extras_read(const struct transient_options *o,
                        const struct server_program *program,
                        struct process_extras *out,
                        enum transient_outcome *outcome,
                        struct error *err) MUST_USE;
/* The words, with the time that is left; < 1 s: none is, and -1. */
int process_extras_words(struct process_extras *x, int64_t used_ms,
                         char *const **words, struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void process_extras_done(struct process_extras *x);

#endif
