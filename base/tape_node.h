/* SPDX-License-Identifier: Apache-2.0
 *
 * What tape.c and tape_parse.c share.  Nobody else includes this.
 *
 * A node is 24 bytes and knows where its text is; children follow their
 * parent, and `next` leads from one to the next.  Offsets, not pointers: the
 * array of nodes moves when it grows. */
#ifndef ASSAY_BASE_TAPE_NODE_H
#define ASSAY_BASE_TAPE_NODE_H

#include "base/tape.h"

struct tape_node {
    uint32_t key;  /* offset of an object's child's */
    uint32_t text; /* of a string, a number, a word */
    uint32_t len;  /* of that text; or how many children */
    uint32_t next; /* index; 0: the last */
    uint32_t type;
    uint32_t end; /* index behind the last child */
};

struct tape {
    char *base;
    unsigned depth; /* at most */
    struct tape_node *nodes;
    size_t count, room;
    uint32_t *order; /* of keys, while a canonical form is made */
    size_t order_count, order_room;
};

#endif
