/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "cli/input.h"
#include "cli/prove_print.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_UNKNOWN = 2 };

/* Here every file must be a key: somebody has called it one. */
static int read_statics(const struct flag_texts *files,
                        struct static_keys *keys, struct error *err)
{
    size_t skipped = 0;

    if (static_keys_read(files->items, files->count, keys, &skipped, err) !=
        0) {
        return -1;
    }
    if (skipped > 0) {
        return error_set(err, ERR_INVALID,
                         "-static-key-file: a file is not a key of 32 bytes, "
                         "raw, in hex or in base64");
    }
    return 0;
}

int prove_keys_read(struct prove_keys *k, const struct flag_texts *key_files,
                    const struct flag_texts *static_key_files,
                    struct error *err)
{
    secret_harden_process();
    k->keys = keys_new();
    if (k->keys == NULL) {
        return error_memory(err);
    }
    for (size_t n = 0; n < key_files->count; n++) {
        if (keys_add_file(k->keys, key_files->items[n], err) != 0) {
            return -1;
        }
    }
    return read_statics(static_key_files, &k->statics, err);
}

void prove_keys_done(struct prove_keys *k)
{
    static_keys_done(&k->statics);
    keys_free(k->keys);
    k->keys = NULL;
}

int prove_archive(const char *file, const struct prove_keys *k,
                  const struct snapshot_prove_options *options,
                  struct snapshot_proof *proof, struct error *err)
{
    const char *shares[KEYS_MAX] = {NULL};
    struct snapshot_prove_options o = *options;
    struct input in = {.fd = -1};
    int rc = -1;

    for (size_t n = 0; n < keys_count(k->keys); n++) {
        shares[n] = keys_at(k->keys, n);
    }
    o.shares = shares;
    o.shares_count = keys_count(k->keys);
    o.statics = (struct unseal_keys){.keys = (const uint8_t *)k->statics.bytes,
                                     .count = k->statics.count};
    if (input_open(&in, file, err) != 0) {
        goto done;
    }
    rc = snapshot_prove(&in.source, &o, proof, err);
    if (rc != 0) {
        error_prefix(err, "%s", file);
    }
done:
    input_close(&in);
    return rc;
}

int prove_file(const struct prove_request *request,
               struct snapshot_proof *proof, struct error *err)
{
    const struct snapshot_prove_options options = {.prefixes =
                                                       request->prefixes};
    struct prove_keys keys = {.keys = NULL};
    int rc = prove_keys_read(&keys, request->key_files,
                             request->static_key_files, err);

    if (rc == 0) {
        rc = prove_archive(request->file, &keys, &options, proof, err);
    }
    prove_keys_done(&keys);
    return rc;
}

/* A no is worth more than a don't know. */
static int verdict(const struct snapshot_proof *proof)
{
    if (proof->keys == UNSEAL_BROKEN_KEYRING) {
        return EXIT_BAD;
    }
    if (proof->keys != UNSEAL_OPENED) {
        return EXIT_UNKNOWN;
    }
    if (proof->sums != SNAPSHOT_SUMS_AUTHENTIC || proof->faults > 0) {
        return EXIT_BAD;
    }
    return proof->uncovered > 0 ? EXIT_UNKNOWN : EXIT_GOOD;
}

int cli_prove(int argc, char **argv)
{
    const char *format = "table";
    struct flag_texts key_files = {.count = 0};
    struct flag_texts static_key_files = {.count = 0};
    const struct flag flags[] = {
        {"key-file", FLAG_TEXTS, &key_files, "FILE",
         "unseal key shares, one a line (repeatable)"},
        {"static-key-file", FLAG_TEXTS, &static_key_files, "FILE",
         "a key of OpenBao's static seal (repeatable)"},
        {"format", FLAG_TEXT, &format, "FORMAT", "table (default) or json"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay snapshot prove [flags] FILE",
        .about = "Unseals an archive in memory with its key shares, or with "
                 "the key of OpenBao's\nstatic seal, without any server, and "
                 "proves that its sums were sealed by the\ncluster itself "
                 "(authentic) and that every entry in it decrypts "
                 "(decryptable).\nShows which mounts, auth methods, policies "
                 "and namespaces are inside, and the\nage of its keys; never "
                 "a value.\n\nExit code: 0 proved, 1 not so, 2 could not "
                 "tell (wrong shares, for instance).",
        .flags = flags,
    };
    struct prove_request request = {.key_files = &key_files,
                                    .static_key_files = &static_key_files};
    struct snapshot_proof proof;
    struct error err = {0};
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0) {
        return rc > 0 ? EXIT_GOOD : EXIT_UNKNOWN;
    }
    if (count != 1 ||
        (strcmp(format, "json") != 0 && strcmp(format, "table") != 0)) {
        fprintf(stderr, "%s\n\nUsage: %s\n",
                count != 1 ? "expected one FILE"
                           : "-format: expected table or json",
                usage.usage);
        return EXIT_UNKNOWN;
    }
    request.file = argv[1];
    if (prove_file(&request, &proof, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return err.kind == ERR_CORRUPT ? EXIT_BAD : EXIT_UNKNOWN;
    }
    rc = verdict(&proof);
    if (prove_print(request.file, &proof, strcmp(format, "json") == 0, &err) !=
        0) {
        fprintf(stderr, "%s\n", err.text);
        rc = EXIT_UNKNOWN;
    }
    snapshot_proof_done(&proof);
    return rc;
}
