/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens for the day when Vault cannot be asked who may do what: it is down,
 * sealed, or has no leader.  The configuration has their names, their hashes,
 * what each may do and until when; the tokens themselves are with people.
 * While Vault answers they are worth nothing, and they are never sent to it:
 * whatever begins with BREAK_GLASS_PREFIX stays here. */
#ifndef ASSAY_ACCESS_BREAK_GLASS_H
#define ASSAY_ACCESS_BREAK_GLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/principal.h"

#define BREAK_GLASS_PREFIX "assay.bg."
/* Before the name, as an entity id. */
#define BREAK_GLASS_ENTITY "break-glass:"

enum {
    /* With the final NUL; a run keeps 64 bytes of an entity's id. */
    BREAK_GLASS_NAME_MAX = 49,
    BREAK_GLASS_TOKENS_MAX = 32,
    BREAK_GLASS_TOKEN_MAX = 64, /* with the final NUL */
};

/* What a token may be for.  Each but "read" has "read" in it. */
enum access_right {
    ACCESS_RIGHT_READ = 1,     /* look */
    ACCESS_RIGHT_OPERATE = 2,  /* backups, validations, cancelling */
    ACCESS_RIGHT_APPROVE = 4,  /* approve or reject a restore */
    ACCESS_RIGHT_RESTORE = 8,  /* ask for one */
    ACCESS_RIGHT_AUDIT = 16,   /* read the record; no break-glass token may */
    ACCESS_RIGHT_RECOVER = 32, /* ask for a secret, and take it; nor this */
};

/* Plain data. */
struct break_glass {
    char name[BREAK_GLASS_NAME_MAX];
    char sha256[DIGEST_SHA256_HEX]; /* of the token */
    unsigned rights;
    int64_t expires_ms; /* Unix */
};

/* A new token and its hash. */
void break_glass_make(char token[BREAK_GLASS_TOKEN_MAX],
                      char sha256[DIGEST_SHA256_HEX]);
/* Whether it is to be looked for here and nowhere else. */
bool break_glass_is(const char *token);
/* "read", "operate", "approve", "restore"; 0 for any other. */
unsigned break_glass_right(const char *name);
/* Whether it may do what takes `right` (0: nothing that is for these tokens)
 * at `now_ms`: 0, or -1, ERR_DENIED.  Who it is is written in any case; that
 * he is let in (`authenticated`) is not for this to say. */
int break_glass_judge(const struct break_glass *token, unsigned right,
                      int64_t now_ms, struct principal *out,
                      struct error *err) MUST_USE;

/* The tokens of the configuration.  Any thread. */
struct break_glass_box;

int break_glass_box_new(struct break_glass_box **out,
                        struct error *err) MUST_USE;
/* Accepts NULL. */
void break_glass_box_free(struct break_glass_box *box);
/* These and no others, from now on: they are copied, BREAK_GLASS_TOKENS_MAX
 * at most. */
void break_glass_box_set(struct break_glass_box *box,
                         const struct break_glass *tokens, size_t count);
/* The one that it is, in time that does not depend on which.  A NULL box has
 * none. */
bool break_glass_find(struct break_glass_box *box, const char *token,
                      struct break_glass *out);
/* It was let in.  True if it was not within the last minute: a dashboard that
 * asks every few seconds is worth a line of log now and then. */
bool break_glass_used(struct break_glass_box *box, const char *name);

struct break_glass_view {
    size_t tokens;                   /* that have not expired */
    int64_t expires_ms;              /* the next of them that does; 0 */
    char name[BREAK_GLASS_NAME_MAX]; /* of the last that was let in */
    int64_t used_ms;                 /* when: Unix; 0: none, since the start */
};
/* A NULL box has nothing to tell. */
void break_glass_look(struct break_glass_box *box,
                      struct break_glass_view *out);

#endif
