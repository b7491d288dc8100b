/* SPDX-License-Identifier: Apache-2.0
 *
 * What `assay evidence verify` prints: a table for people, or JSON. */
#ifndef ASSAY_CLI_EVIDENCE_PRINT_H
#define ASSAY_CLI_EVIDENCE_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"

enum evidence_kind {
    EVIDENCE_UNKNOWN,
    EVIDENCE_STATEMENT,  /* of validations/:id/evidence */
    EVIDENCE_VALIDATION, /* <id>.<run>.json in the storage */
    EVIDENCE_SNAPSHOT,   /* <id>.json in the storage */
};

/* What was found.  Plain data; borrowed. */
struct evidence_result {
    const char *file;
    const struct error *why; /* NULL: the signature is good */
    bool told;               /* `why` is an answer, not a trouble */
    enum evidence_kind kind;
    const char *type;
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE];
    const struct json *payload;
    const struct buf *payload_text;
    const char *archive; /* a file that was compared; NULL: none */
    bool archive_matches;
};

/* The SHA-256 of the archive that it speaks about, in hex; "" for none. */
const char *evidence_subject(enum evidence_kind kind,
                             const struct json *payload);
/* -1 (ERR_IO) when standard output does not take it all. */
int evidence_print(const struct evidence_result *r, bool json,
                   struct error *err) MUST_USE;

#endif
