/* SPDX-License-Identifier: Apache-2.0
 *
 * A tar stream, taken apart as it arrives: regular files only, in the forms
 * that Go's archive/tar and GNU tar write (ustar, pax with "size" and "path",
 * sizes in base 256), ended by exactly two blocks of zeros. */
#ifndef ASSAY_SNAPSHOT_TAR_H
#define ASSAY_SNAPSHOT_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "snapshot/span.h"

enum { TAR_NAME_MAX = 257 };

enum tar_event {
    TAR_MORE,   /* nothing yet: more input, please */
    TAR_MEMBER, /* a member begins: tar_name, tar_size */
    TAR_DATA,   /* `data`: the next piece of it */
    TAR_CLOSED, /* the member is complete */
};

struct tar;

/* NULL without memory. */
struct tar *tar_new(void);
void tar_free(struct tar *t);

/* Consume from the front of `in` up to the next event.  `data` is set for
 * TAR_DATA only and points into `in`.  -1 with ERR_CORRUPT. */
int tar_next(struct tar *t, struct span *in, enum tar_event *event,
             struct span *data, struct error *err) MUST_USE;

/* Of the member that began last. */
const char *tar_name(const struct tar *t);
uint64_t tar_size(const struct tar *t);

/* The end was seen. */
bool tar_ended(const struct tar *t);
/* What the stream ends in if it ends here, in `out`: "a tar header",
 * "state.bin after 17 of 100 bytes".  False if between two members. */
bool tar_inside(const struct tar *t, char *out, size_t size);

#endif
