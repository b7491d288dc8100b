/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <assert.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"

/* A small arena of fixed slots, a bitmap of which are taken.  256 KiB holds
 * every token, secret-id and key share of a busy daemon many times over.
 *
 * Invariant under `lock`: used[i] is the number of slots of the secret that
 * begins at slot i, or 0; slots inside a secret have 0xffff. */
enum {
    SLOT = 64,
    SLOTS = 4096,
    INSIDE = 0xffff,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t *arena;
static bool locked;
static uint16_t used[SLOTS];
_Static_assert(SLOTS < INSIDE, "a run's length is told from INSIDE");

/* What may be locked at all, we may lock. */
static bool lock_pages(void *p, size_t size)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
        limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_MEMLOCK, &limit);
    }
    return mlock(p, size) == 0;
}

/* Between two pages that nobody may touch: who runs over the end of some
 * other buffer does not get in, and who runs over the end of a secret does
 * not get out.  Not MADV_DONTFORK: between fork and exec a child reads the
 * environment that it is to give. */
static int arena_ready(void)
{
    const size_t size = (size_t)SLOT * SLOTS;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *p;

    if (arena != NULL)
        return 0;
    p = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
             0);
    if (p == MAP_FAILED)
        return -1;
    if (mprotect(p + page, size, PROT_READ | PROT_WRITE) != 0) {
        (void)munmap(p, size + 2 * page);
        return -1;
    }
    /* Both are best effort: RLIMIT_MEMLOCK may forbid the first. */
    locked = lock_pages(p + page, size);
    (void)madvise(p + page, size, MADV_DONTDUMP);
    arena = p + page;
    return 0;
}

bool secret_memory_is_locked(void)
{
    bool yes;

    pthread_mutex_lock(&lock);
    yes = arena_ready() == 0 && locked;
    pthread_mutex_unlock(&lock);
    return yes;
}

static int find_run(size_t want)
{
    size_t run = 0;

    for (size_t i = 0; i < SLOTS; i++) {
        run = used[i] == 0 ? run + 1 : 0;
        if (run == want)
            return (int)(i + 1 - want);
    }
    return -1;
}

char *secret_new(const char *data, size_t len)
{
    size_t want = len / SLOT + 1;
    char *out = NULL;
    int at = -1;

    if (want > SLOTS)
        return NULL;
    pthread_mutex_lock(&lock);
    if (arena_ready() == 0)
        at = find_run(want);
    if (at >= 0) {
        for (size_t i = 0; i < want; i++)
            used[(size_t)at + i] = INSIDE;
        used[at] = (uint16_t)want;
        out = (char *)arena + (size_t)at * SLOT;
        memcpy(out, data, len);
        out[len] = '\0';
    }
    pthread_mutex_unlock(&lock);
    return out;
}

char *secret_dup(const char *text)
{
    return secret_new(text, strlen(text));
}

void secret_free(char *secret)
{
    size_t at, n;

    if (secret == NULL)
        return;
    pthread_mutex_lock(&lock);
    assert(arena != NULL && (uint8_t *)secret >= arena &&
           (uint8_t *)secret < arena + (size_t)SLOT * SLOTS);
    at = (size_t)((uint8_t *)secret - arena) / SLOT;
    n = used[at];
    assert(n > 0 && n < INSIDE);
    explicit_bzero(arena + at * SLOT, n * SLOT);
    memset(used + at, 0, n * sizeof used[0]);
    pthread_mutex_unlock(&lock);
}

void secret_heap_free(void *block)
{
    if (block != NULL)
        explicit_bzero(block, malloc_usable_size(block));
    free(block);
}

void *secret_heap_realloc(void *block, size_t size)
{
    const size_t had = malloc_usable_size(block);
    void *larger;

    if (block != NULL && size <= had)
        return block;
    larger = malloc(size);
    if (larger == NULL || block == NULL)
        return larger;
    memcpy(larger, block, had);
    secret_heap_free(block);
    return larger;
}

void secret_wipe(void *data, size_t len)
{
    if (data != NULL)
        explicit_bzero(data, len);
}

/* What fits of the file, without stdio: its buffers would keep a copy. */
static ssize_t read_some(int fd, char *data, size_t size)
{
    size_t have = 0;

    while (have < size) {
        ssize_t n = read(fd, data + have, size - have);

        if (n < 0)
            return -1;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

int secret_read_file(const char *path, char **out, struct error *err)
{
    char data[LIMIT_SECRET_FILE + 1];
    char *start = data, *end, *copy;
    ssize_t n = -1;
    int rc = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        error_errno(err, ERR_IO, "cannot open %s", path);
        goto done;
    }
    n = read_some(fd, data, sizeof data);
    if (n < 0) {
        error_errno(err, ERR_IO, "cannot read %s", path);
        goto done;
    }
    if (n > LIMIT_SECRET_FILE) {
        error_set(err, ERR_TOO_LARGE, "%s is larger than %d bytes", path,
                  LIMIT_SECRET_FILE);
        goto done;
    }
    end = memchr(data, '\n', (size_t)n);
    if (end == NULL)
        end = data + n;
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (end > start &&
           (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    if (start == end) {
        error_set(err, ERR_INVALID, "%s holds nothing in its first line", path);
        goto done;
    }
    copy = secret_new(start, (size_t)(end - start));
    if (copy == NULL) {
        error_memory(err);
        goto done;
    }
    *out = copy;
    rc = 0;
done:
    secret_wipe(data, sizeof data);
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* One byte, not none: none keeps files from being written, but a program
 * that cores are piped to (kernel.core_pattern) gets them all the same.  With
 * one the kernel starts neither, and that holds for our children too, who
 * are dumpable again. */
void secret_harden_process(void)
{
    struct rlimit one = {1, 1};

    if (setrlimit(RLIMIT_CORE, &one) != 0) {
        /* The hard limit was lower: nothing but a pipe is left. */
        one = (struct rlimit){0, 0};
        (void)setrlimit(RLIMIT_CORE, &one);
    }
    (void)prctl(PR_SET_DUMPABLE, 0);
}
