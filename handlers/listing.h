/* SPDX-License-Identifier: Apache-2.0
 *
 * The fields that every list has, read in one way. */
#ifndef ASSAY_HANDLERS_LISTING_H
#define ASSAY_HANDLERS_LISTING_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "server/request.h"

/* `limit`, or as many as a page has.  ERR_INVALID names the field. */
int listing_limit(const struct request *request, size_t *out,
                  struct error *err) MUST_USE;
/* `since`, a moment or how long ago, in milliseconds since 1970; 0 when it
 * was not given. */
int listing_since(const struct request *request, int64_t *out,
                  struct error *err) MUST_USE;

#endif
