/* SPDX-License-Identifier: Apache-2.0
 *
 * GET, parse and hash secrets, as a walk that compares values does.
 *
 *   bench_many_gets ADDRESS COUNT CONNECTIONS
 *
 * Prints the seconds it took and a sum over all hashes. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/tape.h"
#include "base/text.h"
#include "proof/inventory.h"
#include "vault/many.h"

struct bench {
    struct tape *tape;
    struct buf canonical;
    struct inventory_key key;
    uint64_t count, next, done;
    unsigned sum;
};

static int next(void *ctx, struct vault_many_request *q, struct error *err)
{
    static char path[64];
    struct bench *b = ctx;

    (void)err;
    if (b->next == b->count)
        return 0;
    (void)snprintf(path, sizeof path, "secret/data/s%06llu",
                   (unsigned long long)b->next++);
    q->method = "GET";
    q->path = path;
    return 1;
}

static int done(void *ctx, void *tag, struct vault_many_answer *a,
                struct error *err)
{
    struct bench *b = ctx;
    char hash[INVENTORY_HASH_MAX];
    const struct tape_node *data;

    (void)tag;
    if (a->outcome != VAULT_MANY_OK ||
        tape_parse(b->tape, a->body, a->len, err) != 0)
        return -1;
    data = tape_get(b->tape, tape_root(b->tape), "data");
    buf_clear(&b->canonical);
    tape_canonical(b->tape, tape_get(b->tape, data, "data"), &b->canonical);
    inventory_hash(&b->key, b->canonical.data, b->canonical.len, hash);
    b->sum += (unsigned char)hash[10];
    b->done++;
    return 0;
}

int main(int argc, char **argv)
{
    struct vault_options o = {
        .auth = {.method = VAULT_AUTH_TOKEN, .token = "bench"}};
    struct bench b = {.sum = 0};
    struct vault_many_options many = {.ctx = &b, .next = next, .done = done};
    struct error err = {0};
    struct vault *v = NULL;
    uint64_t connections = 0;
    int64_t from;
    int rc = -1;

    if (argc != 4 || !text_u64(argv[2], &b.count) ||
        !text_u64(argv[3], &connections)) {
        fputs("usage: bench_many_gets ADDRESS COUNT CONNECTIONS\n", stderr);
        return 2;
    }
    o.address = argv[1];
    many.in_flight = (unsigned)connections;
    buf_init_secret(&b.canonical, LIMIT_UPSTREAM_BODY);
    b.tape = tape_new();
    from = clock_mono_ms();
    if (b.tape != NULL && vault_new(&o, &v, &err) == 0)
        rc = vault_many_run(v, &many, NULL, &err);
    if (rc == 0 && b.done == b.count)
        printf("%.3f %u\n", (double)(clock_mono_ms() - from) / 1000.0, b.sum);
    else
        fprintf(stderr, "%llu answers: %s\n", (unsigned long long)b.done,
                err.text);
    vault_free(v);
    buf_done(&b.canonical);
    tape_free(b.tape);
    return rc == 0 ? 0 : 1;
}
