/* SPDX-License-Identifier: Apache-2.0
 *
 * The request target, from its raw bytes.  What is routed, what Vault is
 * asked about and what a proxy in front believes to be the path must be one
 * and the same: whatever could be read in two ways is refused. */
#ifndef ASSAY_SERVER_URI_H
#define ASSAY_SERVER_URI_H

#include <stddef.h>

#include "base/error.h"
#include "server/form.h"

enum { URI_SEGMENTS_MAX = 16 };

/* Caller's storage; zero it before the first use. */
struct uri {
    char *memory;
    size_t count; /* segments; one slash at the end is not a segment */
    const char *segments[URI_SEGMENTS_MAX]; /* decoded, never empty */
    struct form query;
};

/* ERR_TOO_LARGE over LIMIT_REQUEST_URL.  ERR_INVALID for anything but an
 * absolute path of printable ASCII; bad escapes; encoded NUL, slash,
 * backslash or control bytes; dot segments, encoded or not; empty segments;
 * too many segments; a path that is not UTF-8; a query that form_parse does
 * not take. */
int uri_parse(const char *raw, struct uri *out, struct error *err) MUST_USE;
void uri_done(struct uri *uri);

#endif
