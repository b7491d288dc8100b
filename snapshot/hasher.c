/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes are copied into slots that go round: free, being filled (one per
 * stream), queued, being hashed, free.  A copy costs a tenth of the hash.
 *
 * Under `lock`: the free list, the queue, `busy` and `stop`.  A slot being
 * filled belongs to the caller alone, one being hashed to the thread alone;
 * so does digest[] while the thread is busy or the queue is not empty. */
#include "snapshot/hasher.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Large enough that waking the thread costs nothing, small enough that both
 * sides stay in the cache; more slots than streams, or filling would wait for
 * itself. */
enum { SLOT_SIZE = 256 * 1024, SLOTS = 6 };

struct slot {
    struct slot *next;
    enum hasher_stream stream;
    size_t len;
    uint8_t data[SLOT_SIZE];
};

struct hasher {
    struct digest *digest[HASHER_STREAMS];
    bool threaded;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t queued; /* the queue is not empty, or stop */
    pthread_cond_t freed;  /* a slot became free */
    struct slot *slots;    /* all of them */
    struct slot *free;
    struct slot *first; /* of the queue */
    struct slot *last;
    bool busy;
    bool stop;
    struct slot *filling[HASHER_STREAMS];
};

/* With the lock held: the next slot to hash, or NULL to stop. */
static struct slot *dequeue(struct hasher *h)
{
    struct slot *slot = NULL;

    while (h->first == NULL && !h->stop) {
        pthread_cond_wait(&h->queued, &h->lock);
    }
    if (h->stop) {
        return NULL;
    }
    slot = h->first;
    h->first = slot->next;
    if (h->first == NULL) {
        h->last = NULL;
    }
    return slot;
}

static void *run(void *arg)
{
    struct hasher *h = arg;
    struct slot *slot = NULL;

    pthread_mutex_lock(&h->lock);
    while ((slot = dequeue(h)) != NULL) {
        h->busy = true;
        pthread_mutex_unlock(&h->lock);
        digest_update(h->digest[slot->stream], slot->data, slot->len);
        pthread_mutex_lock(&h->lock);
        h->busy = false;
        slot->next = h->free;
        h->free = slot;
        pthread_cond_signal(&h->freed);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* Signals are for the threads that expect them. */
static bool start(struct hasher *h)
{
    sigset_t all;
    sigset_t before;
    int rc = 0;

    h->slots = calloc(SLOTS, sizeof(*h->slots));
    if (h->slots == NULL) {
        return false;
    }
    for (size_t n = 0; n < SLOTS; n++) {
        h->slots[n].next = h->free;
        h->free = &h->slots[n];
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&h->thread, NULL, run, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0;
}

struct hasher *hasher_new(bool threaded)
{
    struct hasher *h = calloc(1, sizeof(*h));

    if (h == NULL) {
        return NULL;
    }
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->queued, NULL);
    pthread_cond_init(&h->freed, NULL);
    for (size_t n = 0; n < HASHER_STREAMS; n++) {
        h->digest[n] = digest_new();
        if (h->digest[n] == NULL) {
            hasher_free(h);
            return NULL;
        }
    }
    h->threaded = threaded && start(h);
    return h;
}

void hasher_free(struct hasher *h)
{
    if (h == NULL) {
        return;
    }
    if (h->threaded) {
        pthread_mutex_lock(&h->lock);
        h->stop = true;
        pthread_cond_signal(&h->queued);
        pthread_mutex_unlock(&h->lock);
        pthread_join(h->thread, NULL);
    }
    pthread_cond_destroy(&h->freed);
    pthread_cond_destroy(&h->queued);
    pthread_mutex_destroy(&h->lock);
    free(h->slots);
    for (size_t n = 0; n < HASHER_STREAMS; n++) {
        digest_free(h->digest[n]);
    }
    free(h);
}

static struct slot *free_slot(struct hasher *h)
{
    struct slot *slot = NULL;

    pthread_mutex_lock(&h->lock);
    while (h->free == NULL) {
        pthread_cond_wait(&h->freed, &h->lock);
    }
    slot = h->free;
    h->free = slot->next;
    pthread_mutex_unlock(&h->lock);
    slot->next = NULL;
    slot->len = 0;
    return slot;
}

static void submit(struct hasher *h, enum hasher_stream stream)
{
    struct slot *slot = h->filling[stream];

    h->filling[stream] = NULL;
    slot->stream = stream;
    pthread_mutex_lock(&h->lock);
    if (h->last == NULL) {
        h->first = slot;
    } else {
        h->last->next = slot;
    }
    h->last = slot;
    pthread_cond_signal(&h->queued);
    pthread_mutex_unlock(&h->lock);
}

void hasher_update(struct hasher *h, enum hasher_stream stream,
                   const void *data, size_t len)
{
    const uint8_t *at = data;

    if (!h->threaded) {
        digest_update(h->digest[stream], data, len);
        return;
    }
    while (len > 0) {
        struct slot *slot = h->filling[stream];
        size_t piece = 0;

        if (slot == NULL) {
            slot = h->filling[stream] = free_slot(h);
        }
        piece = SLOT_SIZE - slot->len < len ? SLOT_SIZE - slot->len : len;
        memcpy(slot->data + slot->len, at, piece);
        slot->len += piece;
        at += piece;
        len -= piece;
        if (slot->len == SLOT_SIZE) {
            submit(h, stream);
        }
    }
}

void hasher_final_hex(struct hasher *h, enum hasher_stream stream,
                      char out[DIGEST_SHA256_HEX])
{
    if (h->threaded) {
        if (h->filling[stream] != NULL) {
            submit(h, stream);
        }
        pthread_mutex_lock(&h->lock);
        while (h->first != NULL || h->busy) {
            pthread_cond_wait(&h->freed, &h->lock);
        }
        pthread_mutex_unlock(&h->lock);
    }
    digest_final_hex(h->digest[stream], out);
}
