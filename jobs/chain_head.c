/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/chain_head.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "jobs/envelope.h"
#include "storage/storage.h"
#include "store/audit.h"

enum { VERSION = 1 };

static void key_of(const struct chain_head *head, char out[STORAGE_KEY_MAX])
{
    (void)snprintf(out, STORAGE_KEY_MAX, "audit/%s/%020" PRIu64 ".json",
                   head->chain, head->seq);
}

static int write_head(const struct chain_head *head, struct signer *signer,
                      struct buf *out, struct error *err)
{
    struct buf payload;
    struct jsonw w;
    int rc;

    buf_init(&payload, LIMIT_MANIFEST);
    jsonw_init(&w, &payload);
    jsonw_object(&w, NULL);
    jsonw_u64(&w, "version", VERSION);
    jsonw_text(&w, "chain", head->chain);
    jsonw_u64(&w, "seq", head->seq);
    jsonw_text(&w, "hash", head->hash);
    jsonw_time(&w, "at", head->at_ms);
    jsonw_end_object(&w);
    rc = buf_check(&payload, "the head of the audit record", err);
    if (rc == 0)
        rc = envelope_sign(ENVELOPE_AUDIT_HEAD, &payload, signer, out, err);
    buf_done(&payload);
    return rc;
}

static bool parse(const struct buf *payload, struct chain_head *out)
{
    struct json *root = NULL;
    struct error ignored;
    bool good;

    if (json_parse(buf_text(payload), payload->len, &root, &ignored) != 0)
        return false;
    good = json_get_u64(root, "version", 0) == VERSION &&
           id_valid(json_get_text(root, "chain", "")) &&
           text_copy(out->chain, sizeof(out->chain),
                     json_get_text(root, "chain", "")) &&
           json_u64(json_get(root, "seq"), &out->seq) &&
           text_copy(out->hash, sizeof(out->hash),
                     json_get_text(root, "hash", "")) &&
           text_rfc3339_ms(json_get_text(root, "at", ""), &out->at_ms);
    json_free(root);
    return good;
}

static int read_head(struct storage *storage, const char *key,
                     const struct manifest_trust *trust, struct chain_head *out,
                     struct error *err)
{
    char right[STORAGE_KEY_MAX];
    struct buf payload;
    struct buf text;
    int rc = -1;

    buf_init(&text, LIMIT_MANIFEST);
    buf_init(&payload, LIMIT_MANIFEST);
    if (storage_get(storage, key, &text, err) != 0 ||
        envelope_open(&text, ENVELOPE_AUDIT_HEAD, trust, &payload, err) != 0)
        goto done;
    if (!parse(&payload, out)) {
        (void)error_set(err, ERR_CORRUPT,
                        "not a head of an audit record of a known version");
        goto done;
    }
    key_of(out, right);
    rc = strcmp(right, key) == 0
             ? 0
             : error_set(err, ERR_CORRUPT, "it belongs to %s", right);
done:
    buf_done(&payload);
    buf_done(&text);
    return rc;
}

/* Put there in an earlier life, or by the last try, whose answer got lost. */
static int check_same(const struct chain_head_place *place, const char *key,
                      const struct chain_head *head, struct error *err)
{
    uint8_t own[1][DIGEST_PUBLIC_KEY_SIZE];
    const struct manifest_trust trust = {
        .keys = (const uint8_t(*)[DIGEST_PUBLIC_KEY_SIZE])own, .count = 1};
    struct chain_head there = {0};

    signer_public_key(place->signer, own[0]);
    if (read_head(place->storage, key, &trust, &there, err) != 0)
        return error_prefix(err, "the head of the audit record in %s", key);
    if (strcmp(there.hash, head->hash) == 0)
        return 0;
    return error_set(err, ERR_CONFLICT,
                     "the audit record was changed, or the catalog is an "
                     "older one: entry %" PRIu64 " is another than the "
                     "storage says (`assay audit verify` tells more)",
                     head->seq);
}

int chain_head_publish(const struct chain_head_place *place,
                       struct chain_head *last, struct error *err)
{
    struct audit_head now;
    struct chain_head head = {0};
    char key[STORAGE_KEY_MAX];
    struct error why = {0};
    struct buf text;
    int rc = -1;

    if (audit_head(place->store, &now, err) != 0)
        return -1;
    if (now.seq == 0 || strcmp(now.hash, last->hash) == 0)
        return 0;
    memcpy(head.chain, now.chain, sizeof(head.chain));
    memcpy(head.hash, now.hash, sizeof(head.hash));
    head.seq = now.seq;
    head.at_ms = now.at_ms;
    key_of(&head, key);
    buf_init(&text, LIMIT_MANIFEST);
    if (write_head(&head, place->signer, &text, err) == 0) {
        rc = storage_put(place->storage, key, text.data, text.len, &why);
        if (rc != 0 && why.kind == ERR_CONFLICT)
            rc = check_same(place, key, &head, err);
        else if (rc != 0 && err != NULL)
            *err = why;
    }
    buf_done(&text);
    if (rc == 0)
        *last = head;
    return rc;
}

struct each {
    struct storage *storage;
    const struct manifest_trust *trust;
    const struct chain_head_reader *reader;
};

static int each_key(void *ctx, const char *key, const struct storage_stat *stat,
                    struct error *err)
{
    const struct each *e = ctx;
    struct chain_head head = {0};
    struct error why = {0};

    (void)stat;
    if (read_head(e->storage, key, e->trust, &head, &why) == 0)
        return e->reader->each(e->reader->ctx, &head, err);
    if (why.kind == ERR_IO) {
        *err = why;
        return -1;
    }
    e->reader->skipped(e->reader->ctx, key, why.text);
    return 0;
}

int chain_head_each(struct storage *storage, const struct manifest_trust *trust,
                    const struct chain_head_reader *reader, struct error *err)
{
    struct each e = {.storage = storage, .trust = trust, .reader = reader};

    return storage_list(storage, "audit/", each_key, &e, err);
}
