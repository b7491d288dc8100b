/* SPDX-License-Identifier: Apache-2.0
 *
 * An archive of a real server, sealed by three of five shares
 * (tests/fixtures), and those shares. */
#ifndef ASSAY_TESTS_JOBS_SEALED_H
#define ASSAY_TESTS_JOBS_SEALED_H

#include "base/buf.h"
#include "base/stream.h"

enum { SEALED_SHARES = 5, SEALED_THRESHOLD = 3 };

#define SEALED_VAULT "vault-1.21.0-rekeyed"
#define SEALED_OPENBAO "openbao-2.7.2-rekeyed"

struct sealed {
    char path[512]; /* of the archive */
    struct buf archive;
    struct buf keys;
    const char *shares[SEALED_SHARES];
    size_t at; /* of the source */
};

void sealed_load(struct sealed *s, const char *name);
void sealed_done(struct sealed *s);
/* From its first byte. */
struct source sealed_source(struct sealed *s);

#endif
