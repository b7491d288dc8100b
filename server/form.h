/* SPDX-License-Identifier: Apache-2.0
 *
 * name=value&name=value, as queries and small form bodies have it
 * (WHATWG URL, application/x-www-form-urlencoded).  libmicrohttpd's own post
 * processor has had its share of CVEs, and cuts values at %00. */
#ifndef ASSAY_SERVER_FORM_H
#define ASSAY_SERVER_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { FORM_PAIRS_MAX = 64 };

struct form_pair {
    const char *name;
    const char *value; /* "" for a name alone */
};

/* Caller's storage; zero it before the first use.  Texts live until
 * form_done. */
struct form {
    char *memory;
    size_t size; /* of the memory */
    size_t count;
    struct form_pair *pairs;
};

/* ERR_INVALID for a bad escape, a NUL, text that is not UTF-8 or too many
 * pairs.  Empty names are dropped. */
int form_parse(const char *text, size_t len, struct form *out,
               struct error *err) MUST_USE;
/* Wiped, names as well: a form may carry a secret anywhere.  Accepts a zeroed
 * form. */
void form_done(struct form *form);
/* The first value of that name, or NULL. */
const char *form_get(const struct form *form, const char *name);

/* Percent-decode `len` bytes of `src` into `dst` (which has room for len + 1
 * and may be `src` itself); '+' becomes a space if `plus`.  -1 for a bad
 * escape or a NUL; *out_len without the final NUL. */
int form_unescape(char *dst, const char *src, size_t len, bool plus,
                  size_t *out_len) MUST_USE;

#endif
