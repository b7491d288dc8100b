/* SPDX-License-Identifier: Apache-2.0 */
#include "store/texts.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 8192 };

/* The newest block comes first; older ones are full. */
struct texts {
    struct texts *next;
    size_t used;
    size_t size;
    _Alignas(max_align_t) char bytes[];
};

static void *take(struct texts **t, size_t size, size_t align)
{
    struct texts *block = *t;
    size_t at = block != NULL ? (block->used + align - 1) & ~(align - 1) : 0;

    if (block == NULL || at > block->size || block->size - at < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

        block = calloc(1, sizeof(*block) + room);
        if (block == NULL)
            return NULL;
        block->size = room;
        block->next = *t;
        *t = block;
        at = 0;
    }
    block->used = at + size;
    return block->bytes + at;
}

const char *texts_add(struct texts **t, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = take(t, size, 1);

    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

void *texts_room(struct texts **t, unsigned long size)
{
    return take(t, size, _Alignof(max_align_t));
}

void texts_free(struct texts *t)
{
    while (t != NULL) {
        struct texts *next = t->next;

        free(t);
        t = next;
    }
}
