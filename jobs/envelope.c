/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/envelope.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/signer.h"
#include "base/text.h"

enum { SIGNATURES_MAX = 16 };

void manifest_keyid(const uint8_t key[DIGEST_PUBLIC_KEY_SIZE],
                    char out[MANIFEST_KEYID_MAX])
{
    digest_sha256_hex(key, DIGEST_PUBLIC_KEY_SIZE, out);
}

/* DSSE's pre-authentication encoding: lengths before texts, so that no two
 * pairs of type and payload give the same bytes. */
static void encode(struct buf *b, const char *type, const char *payload,
                   size_t len)
{
    buf_printf(b, "DSSEv1 %zu %s %zu ", strlen(type), type, len);
    buf_add(b, payload, len);
}

int envelope_sign(const char *type, const struct buf *payload,
                  struct signer *signer, struct buf *out, struct error *err)
{
    assert(type != NULL && payload != NULL && signer != NULL && out != NULL);
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE];
    uint8_t signature[DIGEST_SIGNATURE_SIZE];
    char keyid[MANIFEST_KEYID_MAX];
    char *body = NULL;
    char *sig = NULL;
    struct buf signed_bytes;
    struct jsonw w;
    int rc = -1;

    buf_init(&signed_bytes, LIMIT_MANIFEST);
    encode(&signed_bytes, type, buf_text(payload), payload->len);
    if (buf_check(&signed_bytes, "the manifest", err) != 0 ||
        signer_sign(signer, signed_bytes.data, signed_bytes.len, signature,
                    err) != 0)
        goto done;
    signer_public_key(signer, key);
    manifest_keyid(key, keyid);
    body = text_base64(buf_text(payload), payload->len);
    sig = text_base64(signature, sizeof(signature));
    if (body == NULL || sig == NULL) {
        error_memory(err);
        goto done;
    }
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "payloadType", type);
    jsonw_text(&w, "payload", body);
    jsonw_array(&w, "signatures");
    jsonw_object(&w, NULL);
    jsonw_text(&w, "keyid", keyid);
    jsonw_text(&w, "sig", sig);
    jsonw_end_object(&w);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    buf_char(out, '\n');
    rc = buf_check(out, "the manifest", err);
done:
    buf_done(&signed_bytes);
    free(body);
    free(sig);
    return rc;
}

/* keyid is only a hint (DSSE): what counts is that a trusted key verifies.
 * *key says which. */
static bool signed_by(const struct json *signatures, const struct buf *bytes,
                      const struct manifest_trust *trust, size_t *key)
{
    unsigned seen = 0;
    for (const struct json *s = json_first(signatures);
         s != NULL && seen < SIGNATURES_MAX; s = json_next(s), seen++) {
        uint8_t signature[DIGEST_SIGNATURE_SIZE];
        size_t len = 0;
        const char *sig = json_get_text(s, "sig", "");
        if (!text_unbase64(sig, signature, sizeof(signature), &len) ||
            len != sizeof(signature))
            continue;
        for (*key = 0; *key < trust->count; ++*key)
            if (signer_verify(trust->keys[*key], bytes->data, bytes->len,
                              signature))
                return true;
    }
    return false;
}

/* The payload of a parsed envelope, its bytes as they were signed. */
static int open_parsed(const struct json *root,
                       const struct manifest_trust *trust,
                       struct envelope_facts *facts, struct buf *out,
                       struct error *err)
{
    const char *encoded = json_get_text(root, "payload", NULL);
    struct buf bytes;
    char *payload = NULL;
    size_t len = 0;
    int rc = -1;

    buf_init(&bytes, LIMIT_MANIFEST);
    if (encoded == NULL || !text_copy(facts->type, sizeof(facts->type),
                                      json_get_text(root, "payloadType", ""))) {
        error_set(err, ERR_CORRUPT, "not a signed document");
        goto done;
    }
    size_t room = strlen(encoded) / 4 * 3 + 3;
    payload = malloc(room);
    if (payload == NULL) {
        error_memory(err);
        goto done;
    }
    if (!text_unbase64(encoded, payload, room, &len)) {
        error_set(err, ERR_CORRUPT, "the manifest's payload is not base64");
        goto done;
    }
    encode(&bytes, facts->type, payload, len);
    if (buf_check(&bytes, "the manifest", err) != 0)
        goto done;
    if (!signed_by(json_get(root, "signatures"), &bytes, trust, &facts->key)) {
        error_set(err, ERR_DENIED,
                  "it bears no good signature by a trusted key");
        goto done;
    }
    buf_add(out, payload, len);
    rc = buf_check(out, "the manifest", err);
done:
    buf_done(&bytes);
    free(payload);
    return rc;
}

int envelope_open(const struct buf *text, const char *type,
                  const struct manifest_trust *trust, struct buf *out,
                  struct error *err)
{
    assert(text != NULL && type != NULL && trust != NULL && out != NULL);
    struct envelope_facts facts = {0};
    struct json *root = NULL;
    struct error why = {0};
    int rc = -1;

    if (json_parse(buf_text(text), text->len, &root, &why) != 0)
        return error_set(err, ERR_CORRUPT, "not a signed manifest: %s",
                         why.text);
    if (strcmp(json_get_text(root, "payloadType", ""), type) != 0)
        error_set(err, ERR_CORRUPT, "not a manifest of type %s", type);
    else
        rc = open_parsed(root, trust, &facts, out, err);
    json_free(root);
    return rc;
}

int envelope_open_any(const struct buf *text,
                      const struct manifest_trust *trust,
                      struct envelope_facts *facts, struct buf *out,
                      struct error *err)
{
    assert(text != NULL && trust != NULL && facts != NULL && out != NULL);
    struct json *root = NULL;
    struct error why = {0};
    int rc = -1;

    if (json_parse(buf_text(text), text->len, &root, &why) != 0)
        return error_set(err, ERR_CORRUPT, "not a signed document: %s",
                         why.text);
    /* As Assay's API hands it out. */
    const struct json *data = json_get(root, "data");
    rc = open_parsed(data != NULL ? data : root, trust, facts, out, err);
    json_free(root);
    return rc;
}
