/* SPDX-License-Identifier: Apache-2.0
 *
 * How an object of the restored copy differs from what Terraform remembers
 * of it.  Attributes take the same way into fields as a server's answers do
 * (proof/shape.h), so that what is private is compared as a hash and shown
 * as one. */
#ifndef ASSAY_PROOF_TFDIFFER_H
#define ASSAY_PROOF_TFDIFFER_H

#include <stddef.h>

#include "proof/shape.h"
#include "proof/tftypes.h"
#include "proof/unlike.h"

/* Plain data. */
struct tfdiffer {
    size_t differing; /* fields */
    /* Lists that are kept as a hash: Terraform and the server do not have
     * them in the same order, so that nothing can be said. */
    size_t unseen;
    char expected[UNLIKE_TEXT_MAX]; /* of what differs, as Terraform has it */
    char found[UNLIKE_TEXT_MAX];    /* and as the copy does */
};

/* What is compared. */
struct tfdiffer_sides {
    const struct tftype *row;
    const struct tape_node *attributes;   /* Terraform's */
    const struct inventory_record *found; /* the copy's */
};

/* `s` was made for the tape that the attributes belong to.  -1: memory. */
int tfdiffer_run(struct shape *s, const struct tfdiffer_sides *sides,
                 struct tfdiffer *out, struct error *err) MUST_USE;

#endif
