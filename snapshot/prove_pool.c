/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries are copied into batches that go round: free, being filled by the
 * caller, queued, being decrypted, done, free.  When none is free the caller
 * decrypts one that is queued instead of waiting, so that no core idles.
 *
 * Under `lock`: the three lists, `busy` and `stop`.  A batch in no list
 * belongs to whoever took it off. */
#include "snapshot/prove_pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "snapshot/opener.h"

/* Large enough that waking a thread costs nothing, small enough for the
 * second-level cache. */
enum { BATCH_BYTES = 128 * 1024, BATCH_ITEMS = 512, BATCHES_PER_THREAD = 4 };

struct item {
    size_t key; /* offsets into the batch's bytes */
    size_t key_len;
    size_t value;
    size_t value_len;
    enum opener_result result;
    enum snapshot_fault fault;
};

struct batch {
    struct batch *next;
    struct buf bytes;
    size_t count;
    struct item items[BATCH_ITEMS];
};

struct list {
    struct batch *first;
    struct batch *last;
};

struct prove_pool {
    prove_pool_fault *fault;
    void *ctx;
    struct opener *own; /* the caller's */
    struct batch *batches;
    size_t batches_count;
    struct batch *filling; /* the caller's */
    uint64_t verified;     /* the caller's */
    pthread_mutex_t lock;
    pthread_cond_t queued_more; /* or stop */
    pthread_cond_t done_more;
    struct list free;
    struct list queued;
    struct list done;
    unsigned busy; /* threads that are decrypting */
    bool stop;
    struct thread {
        struct prove_pool *pool;
        struct opener *opener;
        pthread_t thread;
    } * threads;
    unsigned threads_count; /* that run */
    unsigned openers_count;
};

static void push(struct list *l, struct batch *b)
{
    b->next = NULL;
    if (l->last == NULL) {
        l->first = b;
    } else {
        l->last->next = b;
    }
    l->last = b;
}

static struct batch *pop(struct list *l)
{
    struct batch *b = l->first;

    if (b != NULL) {
        l->first = b->next;
        if (l->first == NULL) {
            l->last = NULL;
        }
    }
    return b;
}

static struct snapshot_entry entry_of(const struct batch *b,
                                      const struct item *item)
{
    const uint8_t *bytes = (const uint8_t *)b->bytes.data;

    return (struct snapshot_entry){
        .key = bytes + item->key,
        .key_len = item->key_len,
        .value = bytes + item->value,
        .value_len = item->value_len,
    };
}

static void decrypt(struct batch *b, struct opener *opener)
{
    for (size_t n = 0; n < b->count; n++) {
        struct item *item = &b->items[n];
        struct snapshot_entry entry = entry_of(b, item);

        item->result = opener_open(opener, &entry, &item->fault, NULL);
    }
    opener_wipe(opener);
}

static void *work(void *arg)
{
    struct thread *me = arg;
    struct prove_pool *p = me->pool;
    struct batch *b = NULL;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->queued.first == NULL && !p->stop) {
            pthread_cond_wait(&p->queued_more, &p->lock);
        }
        if (p->stop) {
            break;
        }
        b = pop(&p->queued);
        p->busy++;
        pthread_mutex_unlock(&p->lock);
        decrypt(b, me->opener);
        pthread_mutex_lock(&p->lock);
        p->busy--;
        push(&p->done, b);
        pthread_cond_signal(&p->done_more);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals are for the threads that expect them; where no thread can be had,
 * the caller does the work. */
static bool start(struct prove_pool *p, const struct unseal *u,
                  unsigned threads)
{
    sigset_t all;
    sigset_t before;
    int rc = 0;

    p->threads = calloc(threads + 1, sizeof(*p->threads));
    if (p->threads == NULL) {
        return false;
    }
    for (; p->openers_count < threads; p->openers_count++) {
        p->threads[p->openers_count].pool = p;
        p->threads[p->openers_count].opener = opener_new(u);
        if (p->threads[p->openers_count].opener == NULL) {
            return false;
        }
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (rc == 0 && p->threads_count < threads) {
        struct thread *t = &p->threads[p->threads_count];

        rc = pthread_create(&t->thread, NULL, work, t);
        p->threads_count += rc == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return true;
}

struct prove_pool *prove_pool_new(const struct unseal *u, unsigned threads,
                                  prove_pool_fault *fault, void *ctx)
{
    struct prove_pool *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        return NULL;
    }
    p->fault = fault;
    p->ctx = ctx;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->queued_more, NULL);
    pthread_cond_init(&p->done_more, NULL);
    p->own = opener_new(u);
    p->batches_count = (threads + 1) * (size_t)BATCHES_PER_THREAD;
    p->batches = calloc(p->batches_count, sizeof(*p->batches));
    if (p->own == NULL || p->batches == NULL) {
        prove_pool_free(p);
        return NULL;
    }
    for (size_t n = 0; n < p->batches_count; n++) {
        buf_init(&p->batches[n].bytes,
                 LIMIT_SNAPSHOT_ENTRY + LIMIT_SNAPSHOT_KEY + BATCH_BYTES);
        push(&p->free, &p->batches[n]);
    }
    if (!start(p, u, threads)) {
        prove_pool_free(p);
        return NULL;
    }
    return p;
}

void prove_pool_free(struct prove_pool *p)
{
    if (p == NULL) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->queued_more);
    pthread_mutex_unlock(&p->lock);
    for (unsigned n = 0; n < p->threads_count; n++) {
        pthread_join(p->threads[n].thread, NULL);
    }
    for (unsigned n = 0; n < p->openers_count; n++) {
        opener_free(p->threads[n].opener);
    }
    for (size_t n = 0; p->batches != NULL && n < p->batches_count; n++) {
        buf_done(&p->batches[n].bytes);
    }
    pthread_cond_destroy(&p->queued_more);
    pthread_cond_destroy(&p->done_more);
    pthread_mutex_destroy(&p->lock);
    opener_free(p->own);
    free(p->threads);
    free(p->batches);
    free(p);
}

/* Hand on what a batch found, and make it empty. */
static int settle(struct prove_pool *p, struct batch *b, struct error *err)
{
    for (size_t n = 0; n < b->count; n++) {
        const struct item *item = &b->items[n];
        struct snapshot_entry entry = entry_of(b, item);

        switch (item->result) {
        case OPENER_OPENED:
            p->verified++;
            break;
        case OPENER_FAULT:
            if (p->fault(p->ctx, item->fault, &entry, err) != 0) {
                return -1;
            }
            break;
        case OPENER_NO_MEMORY:
            return error_memory(err);
        }
    }
    b->count = 0;
    /* An entry may be huge; the next ones are not. */
    if (b->bytes.cap > 4 * (size_t)BATCH_BYTES) {
        buf_done(&b->bytes);
        buf_init(&b->bytes,
                 LIMIT_SNAPSHOT_ENTRY + LIMIT_SNAPSHOT_KEY + BATCH_BYTES);
    }
    buf_clear(&b->bytes);
    return 0;
}

/* Take one that is done, or do one; `wait`: for a thread, when all are in
 * their hands.  *out is NULL when there is nothing. */
static void next_done(struct prove_pool *p, bool wait, struct batch **out)
{
    struct batch *b = NULL;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        b = pop(&p->done);
        if (b != NULL) {
            break;
        }
        b = pop(&p->queued);
        if (b != NULL) {
            pthread_mutex_unlock(&p->lock);
            decrypt(b, p->own);
            *out = b;
            return;
        }
        if (!wait || p->busy == 0) {
            break;
        }
        pthread_cond_wait(&p->done_more, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    *out = b;
}

static struct batch *take_free(struct prove_pool *p)
{
    struct batch *b = NULL;

    pthread_mutex_lock(&p->lock);
    b = pop(&p->free);
    if (b == NULL) {
        b = pop(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return b;
}

static int empty_batch(struct prove_pool *p, struct batch **out,
                       struct error *err)
{
    struct batch *b = take_free(p);

    if (b == NULL) {
        next_done(p, true, &b);
    }
    /* There are more batches than threads, and the caller holds none. */
    assert(b != NULL);
    *out = b;
    return settle(p, b, err);
}

static void submit(struct prove_pool *p)
{
    pthread_mutex_lock(&p->lock);
    push(&p->queued, p->filling);
    pthread_cond_signal(&p->queued_more);
    pthread_mutex_unlock(&p->lock);
    p->filling = NULL;
}

int prove_pool_give(struct prove_pool *p, const struct snapshot_entry *entry,
                    struct error *err)
{
    struct batch *b = NULL;
    struct item *item = NULL;

    if (p->filling == NULL && empty_batch(p, &p->filling, err) != 0) {
        return -1;
    }
    b = p->filling;
    item = &b->items[b->count];
    *item = (struct item){
        .key = b->bytes.len,
        .key_len = entry->key_len,
        .value = b->bytes.len + entry->key_len,
        .value_len = entry->value_len,
    };
    buf_add(&b->bytes, entry->key, entry->key_len);
    buf_add(&b->bytes, entry->value, entry->value_len);
    if (buf_failed(&b->bytes)) {
        return error_memory(err);
    }
    b->count++;
    if (b->count == BATCH_ITEMS || b->bytes.len >= BATCH_BYTES) {
        submit(p);
    }
    return 0;
}

int prove_pool_finish(struct prove_pool *p, uint64_t *verified,
                      struct error *err)
{
    struct batch *b = NULL;

    if (p->filling != NULL) {
        submit(p);
    }
    for (;;) {
        next_done(p, true, &b);
        if (b == NULL) {
            break;
        }
        if (settle(p, b, err) != 0) {
            return -1;
        }
    }
    *verified = p->verified;
    return 0;
}
