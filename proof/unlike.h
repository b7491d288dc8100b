/* SPDX-License-Identifier: Apache-2.0
 *
 * How two records of one object differ.  Pure. */
#ifndef ASSAY_PROOF_UNLIKE_H
#define ASSAY_PROOF_UNLIKE_H

#include <stddef.h>

#include "proof/inventory.h"

enum unlike {
    UNLIKE_NOTHING,
    UNLIKE_UNSEEN, /* nothing that can be seen, but not all could be */
    UNLIKE_SOMETHING,
};

/* What two inventories do not have in common: then these fields of their
 * records cannot be compared. */
enum {
    UNLIKE_KEYS = 1 << 0,    /* hashes, made under other keys */
    UNLIKE_SERVERS = 1 << 1, /* what only one server version tells */
};

enum { UNLIKE_TEXT_MAX = 256 };

/* Either may be NULL: the object is not there.  `apart`: bits of the above.
 * Fields of the table in proof/volatile.h do not count. */
enum unlike unlike_records(const struct inventory_record *a,
                           const struct inventory_record *b, unsigned apart);

/* What `of` says where `other` says something else, as a finding has it:
 * "text h:1a2b3c4d…, version 3".  Hashes are shortened; a side that is not
 * there is "not there", the other one then says its version and times. */
void unlike_text(const struct inventory_record *of,
                 const struct inventory_record *other,
                 char out[UNLIKE_TEXT_MAX]);

#endif
