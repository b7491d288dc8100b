/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/unsealed.h"

#include <stdlib.h>
#include <string.h>

struct proof_unsealed {
    const char *const *shares;
    size_t count;
    struct unseal_keys statics;
    bool asked;
    struct error corrupt; /* ERR_NONE: intact */
    struct snapshot_proof proof;
};

/* Any archive can be read twice that can be opened twice. */
struct reopened {
    const struct proof_context *c;
    struct source archive;
    bool open;
};

struct proof_unsealed *proof_unsealed_new(const char *const *shares,
                                          size_t count)
{
    struct proof_unsealed *u = calloc(1, sizeof *u);

    if (u == NULL)
        return NULL;
    u->shares = shares;
    u->count = count;
    snapshot_proof_init(&u->proof);
    return u;
}

void proof_unsealed_statics(struct proof_unsealed *u,
                            const struct unseal_keys *keys)
{
    u->statics = *keys;
}

void proof_unsealed_free(struct proof_unsealed *u)
{
    if (u == NULL)
        return;
    snapshot_proof_done(&u->proof);
    free(u);
}

void proof_unsealed_forget(struct proof_unsealed *u)
{
    u->shares = NULL;
    u->count = 0;
}

static void close_it(struct reopened *a)
{
    if (a->open)
        a->c->close_archive(a->c->archive_ctx, &a->archive);
    a->open = false;
}

static int open_it(struct reopened *a, struct error *err)
{
    close_it(a);
    if (a->c->open_archive(a->c->archive_ctx, &a->archive, err) != 0)
        return -1;
    a->open = true;
    return 0;
}

static int read_it(void *ctx, void *data, size_t size, size_t *len,
                   struct error *err)
{
    struct reopened *a = ctx;

    return a->archive.read(a->archive.ctx, data, size, len, err);
}

static int rewind_it(void *ctx, struct error *err)
{
    return open_it(ctx, err);
}

static int prove(struct proof_unsealed *u, const struct proof_context *c,
                 struct error *err)
{
    const struct snapshot_prove_options options = {
        .shares = u->shares,
        .shares_count = u->count,
        .statics = u->statics,
        .cancel = c->cancel,
    };
    struct reopened archive = {.c = c};
    const struct source source = {.read = read_it,
                                  .rewind = rewind_it,
                                  .ctx = &archive,
                                  .size = UINT64_MAX};
    int rc = open_it(&archive, err);

    if (rc == 0)
        rc = snapshot_prove(&source, &options, &u->proof, err);
    close_it(&archive);
    if (rc != 0 && err->kind != ERR_CORRUPT && err->kind != ERR_NOT_FOUND)
        return -1;
    if (rc != 0)
        u->corrupt = *err;
    u->asked = true;
    return 0;
}

static void say_why_not(const struct proof_unsealed *u, struct proof_result *r)
{
    const char *text = u->proof.keys_text;

    switch (u->proof.keys) {
    case UNSEAL_AUTO:
        proof_say(r, PROOF_NOT_RUN,
                  "%s%s: the restored copy is to be asked instead", text,
                  strcmp(u->proof.seal.type, UNSEAL_STATIC) == 0
                      ? " (in transient.seal_files)"
                      : "");
        break;
    case UNSEAL_TOO_FEW:
        proof_say(r, PROOF_NOT_RUN,
                  "%s: have the cluster's unseal.key_files or unseal.command "
                  "give enough of them",
                  text);
        break;
    case UNSEAL_WRONG:
    case UNSEAL_UNSUPPORTED:
        proof_say(r, PROOF_NOT_RUN, "%s", text);
        break;
    case UNSEAL_OPENED:
    case UNSEAL_BROKEN_KEYRING:
        break;
    }
}

int proof_unsealed_ask(const struct proof_context *c, struct proof_result *r,
                       const struct snapshot_proof **out, struct error *err)
{
    struct proof_unsealed *u = c->unsealed;

    *out = NULL;
    if (u == NULL) {
        proof_say(r, PROOF_NOT_RUN, "there are no key shares: %s",
                  c->unsealed_text != NULL
                      ? c->unsealed_text
                      : "name files with them in the cluster's "
                        "unseal.key_files");
        return 0;
    }
    if (!u->asked && prove(u, c, err) != 0)
        return -1;
    if (u->corrupt.kind != ERR_NONE) {
        proof_say(r, PROOF_NOT_RUN, "the archive is not intact: %s",
                  u->corrupt.text);
    } else if (u->proof.keys == UNSEAL_OPENED ||
               u->proof.keys == UNSEAL_BROKEN_KEYRING) {
        *out = &u->proof;
    } else {
        say_why_not(u, r);
    }
    return 0;
}

const struct unseal_config *proof_unsealed_seal(const struct proof_unsealed *u)
{
    return u == NULL || !u->asked || u->corrupt.kind != ERR_NONE
               ? NULL
               : &u->proof.seal;
}

bool proof_unsealed_is_auto(const struct proof_unsealed *u)
{
    return u != NULL && u->asked && u->corrupt.kind == ERR_NONE &&
           u->proof.keys == UNSEAL_AUTO;
}
