/* SPDX-License-Identifier: Apache-2.0
 *
 * For the machine where Assay runs, which has the key, and for an auditor's,
 * which has only the public one and a file. */
#include "cli/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/signer.h"
#include "base/text.h"
#include "cli/evidence_print.h"
#include "cli/flags.h"
#include "cli/input.h"
#include "cli/keyring.h"
#include "cli/settings.h"
#include "jobs/envelope.h"
#include "jobs/evidence.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_UNKNOWN = 2 };

static int key(int argc, char **argv)
{
    struct settings_flags source = {.offline = true};
    const char *format = "pem";
    const struct flag flags[] = {
        {"format", FLAG_TEXT, &format, "FORMAT",
         "pem (default), or hex as trusted_keys wants it"},
        {"config", FLAG_TEXT, &source.file, "FILE",
         "configuration, JSON with comments; else $ASSAY_CONFIG"},
        {"dev", FLAG_BOOL, &source.dev, NULL, "as `assay server -dev` sees it"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay evidence key [-format=pem|hex] [-config=FILE] [-dev]",
        .about = "Prints the public key with which this Assay signs manifests "
                 "and evidence.\nGive it to whoever is to verify them, by a "
                 "way that they trust.",
        .flags = flags};
    uint8_t public_key[DIGEST_PUBLIC_KEY_SIZE];
    char hex[2 * DIGEST_PUBLIC_KEY_SIZE + 1];
    char pem[SIGNER_PEM_MAX];
    struct config *config = NULL;
    struct error err = {0};
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0)
        return rc > 0 ? EXIT_GOOD : EXIT_UNKNOWN;
    if (count != 0 ||
        (strcmp(format, "pem") != 0 && strcmp(format, "hex") != 0)) {
        fprintf(stderr, "Usage: %s\n", usage.usage);
        return EXIT_UNKNOWN;
    }
    if (settings_load(&source, &config) != 0)
        return EXIT_UNKNOWN;
    rc = keyring_own(config, public_key, &err);
    if (rc == 0)
        rc = signer_public_pem(public_key, pem, &err);
    config_free(config);
    if (rc != 0) {
        fprintf(stderr, "%s\n", err.text);
        return EXIT_UNKNOWN;
    }
    text_hex(public_key, sizeof(public_key), hex);
    printf("%s%s", strcmp(format, "hex") == 0 ? hex : pem,
           strcmp(format, "hex") == 0 ? "\n" : "");
    return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_UNKNOWN;
}

/* What the command line asks for. */
struct request {
    const char *file;
    const char *archive;
    const char *format;
    struct flag_texts keys;
    struct settings_flags source;
};

static int load_keys(const struct request *q, struct keyring *ring,
                     struct error *err)
{
    struct config *config = NULL;
    int rc = 0;

    for (size_t i = 0; i < q->keys.count && rc == 0; i++)
        rc = keyring_add_named(ring, q->keys.items[i], err);
    if (rc != 0 || q->keys.count > 0)
        return rc;
    if (settings_load(&q->source, &config) != 0)
        return error_set(err, ERR_INVALID,
                         "give a key with -key, or a configuration with "
                         "-config");
    rc = keyring_add_configured(ring, config, err);
    config_free(config);
    return rc;
}

static int read_all(const char *name, struct buf *out, struct error *err)
{
    struct input in = {.fd = -1};
    char block[16 * 1024];
    size_t len = 0;
    int rc = input_open(&in, name, err);

    while (rc == 0) {
        rc = in.source.read(in.source.ctx, block, sizeof(block), &len, err);
        if (rc != 0 || len == 0)
            break;
        buf_add(out, block, len);
        rc = buf_check(out, name, err);
    }
    input_close(&in);
    return rc;
}

static int digest_file(const char *name, char out[DIGEST_SHA256_HEX],
                       struct error *err)
{
    struct digest *digest = digest_new();
    struct input in = {.fd = -1};
    char block[64 * 1024];
    size_t len = 0;
    int rc = -1;

    if (digest == NULL)
        return error_memory(err);
    rc = input_open(&in, name, err);
    while (rc == 0) {
        rc = in.source.read(in.source.ctx, block, sizeof(block), &len, err);
        if (rc != 0 || len == 0)
            break;
        digest_update(digest, block, len);
    }
    if (rc == 0)
        digest_final_hex(digest, out);
    input_close(&in);
    digest_free(digest);
    return rc;
}

static bool says(const struct json *payload, const char *key, const char *text)
{
    return strcmp(json_get_text(payload, key, ""), text) == 0;
}

/* By the type of the envelope and by what the payload says of itself. */
static enum evidence_kind kind_of(const char *type, const struct json *payload)
{
    if (json_type(payload) != JSON_OBJECT)
        return EVIDENCE_UNKNOWN;
    if (strcmp(type, ENVELOPE_VALIDATION) == 0)
        return EVIDENCE_VALIDATION;
    if (strcmp(type, ENVELOPE_SNAPSHOT) == 0)
        return EVIDENCE_SNAPSHOT;
    if (strcmp(type, ENVELOPE_STATEMENT) == 0 &&
        says(payload, "_type", EVIDENCE_STATEMENT_TYPE) &&
        says(payload, "predicateType", EVIDENCE_PREDICATE_TYPE))
        return EVIDENCE_STATEMENT;
    return EVIDENCE_UNKNOWN;
}

/* Compare the archive; only for what is known to speak of one. */
static int compare(const struct request *q, struct evidence_result *r,
                   struct error *err)
{
    char sha256[DIGEST_SHA256_HEX];

    if (q->archive == NULL || r->kind == EVIDENCE_UNKNOWN)
        return 0;
    if (digest_file(q->archive, sha256, err) != 0)
        return -1;
    r->archive = q->archive;
    r->archive_matches =
        strcmp(sha256, evidence_subject(r->kind, r->payload)) == 0;
    return 0;
}

static int conclude(const struct evidence_result *r)
{
    if (r->why != NULL)
        return r->told ? EXIT_BAD : EXIT_UNKNOWN;
    if (r->archive != NULL && !r->archive_matches)
        return EXIT_BAD;
    return r->kind == EVIDENCE_UNKNOWN ? EXIT_UNKNOWN : EXIT_GOOD;
}

/* Whether it is not so, or nobody knows. */
static bool is_answer(const struct error *err)
{
    return err->kind == ERR_DENIED || err->kind == ERR_CORRUPT;
}

/* What the result borrows from. */
struct opened {
    struct envelope_facts facts;
    struct buf payload;
    struct json *root;
};

static int judge(const struct request *q, struct opened *o,
                 struct evidence_result *r, struct error *err)
{
    struct keyring ring = {0};
    struct manifest_trust trust = {0};
    struct buf text;
    int rc = -1;

    buf_init(&text, LIMIT_REPLY_BODY);
    if (load_keys(q, &ring, err) != 0 || read_all(q->file, &text, err) != 0)
        goto done;
    trust.keys = (const uint8_t(*)[DIGEST_PUBLIC_KEY_SIZE])ring.keys;
    trust.count = ring.count;
    if (envelope_open_any(&text, &trust, &o->facts, &o->payload, err) != 0)
        goto done;
    if (json_parse(buf_text(&o->payload), o->payload.len, &o->root, err) != 0) {
        err->kind = ERR_CORRUPT;
        goto done;
    }
    memcpy(r->key, ring.keys[o->facts.key], sizeof(r->key));
    r->payload = o->root;
    r->payload_text = &o->payload;
    r->kind = kind_of(o->facts.type, o->root);
    r->type = o->facts.type;
    rc = compare(q, r, err);
done:
    keyring_done(&ring);
    buf_done(&text);
    return rc;
}

static int verify_and_print(const struct request *q)
{
    struct evidence_result r = {.file = q->file};
    struct opened o = {.root = NULL};
    struct error why = {0};
    struct error err = {0};
    int rc = EXIT_UNKNOWN;

    buf_init(&o.payload, LIMIT_MANIFEST);
    if (judge(q, &o, &r, &why) != 0) {
        r.why = &why;
        r.told = is_answer(&why);
    }
    rc = conclude(&r);
    if (evidence_print(&r, strcmp(q->format, "json") == 0, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        rc = EXIT_UNKNOWN;
    }
    json_free(o.root);
    buf_done(&o.payload);
    return rc;
}

static int verify(int argc, char **argv)
{
    struct request q = {.format = "table", .source = {.offline = true}};
    const struct flag flags[] = {
        {"key", FLAG_TEXTS, &q.keys, "KEY",
         "public key, 64 hex digits or a file (repeatable)"},
        {"archive", FLAG_TEXT, &q.archive, "FILE",
         "also compare this archive with the one spoken of"},
        {"format", FLAG_TEXT, &q.format, "FORMAT", "table (default) or json"},
        {"config", FLAG_TEXT, &q.source.file, "FILE",
         "without -key: the key and trusted_keys of this configuration"},
        {"dev", FLAG_BOOL, &q.source.dev, NULL,
         "as `assay server -dev` sees it"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay evidence verify [flags] FILE",
        .about = "Checks the signature of what Assay signed, and prints what "
                 "it says: evidence\nfrom validations/:id/evidence, with or "
                 "without Vault's envelope around it, and\nthe manifests that "
                 "lie beside the archives.  FILE may be - for standard "
                 "input.\n\nExit code: 0 good, 1 bad (not signed by such a "
                 "key, changed, about another\narchive), 2 could not tell.",
        .flags = flags};
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0)
        return rc > 0 ? EXIT_GOOD : EXIT_UNKNOWN;
    if (count != 1 ||
        (strcmp(q.format, "json") != 0 && strcmp(q.format, "table") != 0)) {
        fprintf(stderr, "%s\n\nUsage: %s\n",
                count != 1 ? "expected one FILE"
                           : "-format: expected table or json",
                usage.usage);
        return EXIT_UNKNOWN;
    }
    q.file = argv[1];
    return verify_and_print(&q);
}

int cli_evidence(int argc, char **argv)
{
    static const struct flags_choice choices[] = {
        {"key", key},
        {"verify", verify},
        {NULL, NULL},
    };

    return flags_choose(
        choices,
        "Usage: assay evidence key|verify [flags]\n\n"
        "  key          print the public key that verifies\n"
        "  verify FILE  is it signed, and what does it say?\n\n"
        "Neither needs a server.  assay evidence COMMAND -h says more.\n",
        argc, argv);
}
