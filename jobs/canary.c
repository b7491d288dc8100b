/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/canary.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "jobs/archive.h"
#include "jobs/job.h"
#include "jobs/manifest.h"
#include "store/snapshots.h"
#include "vault/status.h"

enum { PATIENCE_MS = 5 * 1000, PAUSE_MS = 500 };

/* Twice is harmless: what counts is the version that the answer names. */
static int write_marker(struct job *job, struct vault *leader,
                        const char *snapshot_id, struct canary_record *r,
                        struct error *err)
{
    int64_t end = clock_mono_ms() + PATIENCE_MS;

    while (vault_canary_write(leader, r->mount, snapshot_id, &r->marker, err) !=
           0) {
        if (err->kind != ERR_UNAVAILABLE || clock_mono_ms() >= end ||
            cancelled(&job->cancel))
            return -1;
        clock_sleep_ms(PAUSE_MS);
    }
    return 0;
}

/* A ciphertext that does not decrypt here is kept all the same: the copy is
 * then asked for what the cluster has lost. */
static int fetch_cipher(struct vault *leader, struct canary_record *r,
                        struct error *err)
{
    char sha256[DIGEST_SHA256_HEX];

    if (vault_canary_cipher(leader, r->mount, &r->cipher, err) != 0)
        return -1;
    if (vault_canary_decrypt(leader, r->mount, r->cipher.text, sha256, err) !=
        0)
        return -1;
    if (strcmp(sha256, r->cipher.sha256) != 0)
        return error_set(err, ERR_CORRUPT,
                         "%s/ciphertext decrypts to something else than it "
                         "was made of",
                         r->mount);
    return 0;
}

static void ask_cluster(struct job *job, struct vault *vault,
                        const char *snapshot_id, struct canary_record *r)
{
    struct vault *leader = NULL;
    struct error why = {0};

    if (vault_leader(vault, &leader, NULL, &why) != 0) {
        (void)text_copy(r->marker_problem, sizeof(r->marker_problem), why.text);
        (void)text_copy(r->cipher_problem, sizeof(r->cipher_problem), why.text);
        return;
    }
    if (write_marker(job, leader, snapshot_id, r, &why) != 0)
        (void)text_copy(r->marker_problem, sizeof(r->marker_problem), why.text);
    if (fetch_cipher(leader, r, &why) != 0)
        (void)text_copy(r->cipher_problem, sizeof(r->cipher_problem), why.text);
    vault_free(leader);
}

static void warn(const struct job *job, const struct canary_record *r)
{
    const char *first =
        r->marker_problem[0] != '\0' ? r->marker_problem : r->cipher_problem;

    if (first[0] != '\0')
        log_warn("%s %s of %s goes on without its canary: %s",
                 run_kind_name(job->run.kind), job->run.id, job->run.cluster,
                 first);
}

int canary_write(struct job *job, struct vault *vault, const char *snapshot_id,
                 struct canary_record *out, struct error *err)
{
    const char *mount = job->settings->canary_mount;

    *out = (struct canary_record){0};
    if (mount == NULL)
        return 0;
    if (job_phase(job, "canary", err) != 0)
        return -1;
    (void)text_copy(out->mount, sizeof(out->mount), mount);
    ask_cluster(job, vault, snapshot_id, out);
    if (job_check(job, err) != 0)
        return -1;
    warn(job, out);
    return 0;
}

static void write_some(struct jsonw *w, const char *key, const char *text)
{
    if (text[0] != '\0')
        jsonw_text(w, key, text);
}

void canary_record_write(const struct canary_record *r, struct jsonw *w)
{
    if (r->mount[0] == '\0')
        return;
    jsonw_object(w, "canary");
    jsonw_text(w, "mount", r->mount);
    jsonw_object(w, "marker");
    if (r->marker.nonce[0] != '\0') {
        jsonw_text(w, "nonce", r->marker.nonce);
        jsonw_u64(w, "version", r->marker.version);
    }
    write_some(w, "problem", r->marker_problem);
    jsonw_end_object(w);
    jsonw_object(w, "ciphertext");
    write_some(w, "text", r->cipher.text);
    write_some(w, "plaintext_sha256", r->cipher.sha256);
    write_some(w, "problem", r->cipher_problem);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static bool read_some(const struct json *node, const char *key, char *out,
                      size_t size)
{
    return text_copy(out, size, json_get_text(node, key, ""));
}

static bool read_marker(const struct json *node, struct canary_record *r)
{
    if (!read_some(node, "problem", r->marker_problem,
                   sizeof(r->marker_problem)) ||
        !read_some(node, "nonce", r->marker.nonce, sizeof(r->marker.nonce)))
        return false;
    return r->marker.nonce[0] == '\0' ||
           json_u64(json_get(node, "version"), &r->marker.version);
}

static bool read_cipher(const struct json *node, struct canary_record *r)
{
    return read_some(node, "problem", r->cipher_problem,
                     sizeof(r->cipher_problem)) &&
           read_some(node, "text", r->cipher.text, sizeof(r->cipher.text)) &&
           read_some(node, "plaintext_sha256", r->cipher.sha256,
                     sizeof(r->cipher.sha256));
}

int canary_record_read(const struct json *manifest, struct canary_record *out,
                       struct error *err)
{
    const struct json *node = json_get(manifest, "canary");
    struct canary_record r = {0};

    if (node != NULL &&
        (!read_some(node, "mount", r.mount, sizeof(r.mount)) ||
         r.mount[0] == '\0' || !read_marker(json_get(node, "marker"), &r) ||
         !read_cipher(json_get(node, "ciphertext"), &r)))
        return error_set(err, ERR_CORRUPT,
                         "the manifest's \"canary\" makes no sense");
    *out = r;
    return 0;
}

void canary_record_row(const struct canary_record *r, struct canary_row *out)
{
    const char *problem =
        r->marker_problem[0] != '\0' ? r->marker_problem : r->cipher_problem;

    *out = (struct canary_row){.configured = r->mount[0] != '\0'};
    (void)text_copy(out->problem, sizeof(out->problem), problem);
}

int canary_expect(const struct job *job, const struct snapshot_row *row,
                  struct canary_expected *out, struct error *err)
{
    struct manifest_snapshot m;

    if (archive_manifest(job, row, &m, err) != 0)
        return -1;
    out->record = m.canary;
    manifest_snapshot_done(&m);
    out->proof = (struct proof_canary){
        .configured = job->settings->canary_mount != NULL,
        .mount = out->record.mount[0] != '\0' ? out->record.mount : NULL,
        .marker = &out->record.marker,
        .marker_problem = out->record.marker_problem,
        .cipher = &out->record.cipher,
        .cipher_problem = out->record.cipher_problem,
    };
    return 0;
}
