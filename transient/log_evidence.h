/* SPDX-License-Identifier: Apache-2.0
 *
 * A transient server's log, kept after the server is gone: without what its
 * audit devices may have written into it. */
#ifndef ASSAY_TRANSIENT_LOG_EVIDENCE_H
#define ASSAY_TRANSIENT_LOG_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"

enum { LOG_EVIDENCE_MAX = 4 * 1024 * 1024 };

struct log_evidence {
    uint64_t bytes;    /* of the copy */
    uint64_t left_out; /* lines: not the server's own (server_log_is_own) */
    bool cut;          /* only the last LOG_EVIDENCE_MAX bytes were looked at */
    char sha256[2 * DIGEST_SHA256_SIZE + 1]; /* of the copy, in hex */
};

/* Write what is the server's own in the log `from` to `to`, mode 0600,
 * durably.  Its last line says what was left out, if anything was. */
int log_evidence_keep(const char *from, const char *to,
                      struct log_evidence *out, struct error *err) MUST_USE;

#endif
