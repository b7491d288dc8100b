/* SPDX-License-Identifier: Apache-2.0 */
#include "freed.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

void __real_free(void *block);
void __wrap_free(void *block);
void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __real_secret_wipe(void *data, size_t len);
void __wrap_secret_wipe(void *data, size_t len);
void __real_secret_heap_free(void *block);
void __wrap_secret_heap_free(void *block);

static atomic_uint marked, wiped;

/* A part is as bad as the whole. */
static bool holds(const void *data, size_t len)
{
    return data != NULL && memmem(data, len, FREED_MARK, 40) != NULL;
}

void __wrap_free(void *block)
{
    if (holds(block, malloc_usable_size(block)))
        atomic_fetch_add(&marked, 1);
    __real_free(block);
}

void *__wrap_realloc(void *block, size_t size)
{
    if (holds(block, malloc_usable_size(block)))
        atomic_fetch_add(&marked, 1);
    return __real_realloc(block, size);
}

void __wrap_secret_wipe(void *data, size_t len)
{
    if (holds(data, len))
        atomic_fetch_add(&wiped, 1);
    __real_secret_wipe(data, len);
}

void __wrap_secret_heap_free(void *block)
{
    if (holds(block, malloc_usable_size(block)))
        atomic_fetch_add(&wiped, 1);
    __real_secret_heap_free(block);
}

unsigned freed_marked(void)
{
    return atomic_load(&marked);
}

unsigned freed_wiped(void)
{
    return atomic_load(&wiped);
}

void freed_reset(void)
{
    atomic_store(&marked, 0);
    atomic_store(&wiped, 0);
}
