/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/drivers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

/* Every piece of memory of a copy, so that there is one way to free it. */
struct piece {
    struct piece *next;
    char *secret; /* or NULL */
    void *plain;
};

struct copy {
    struct transient_drivers d; /* first: what callers see */
    struct vault_auth_options auth;
    struct piece *pieces;
};

static struct piece *piece_new(struct copy *c)
{
    struct piece *p = calloc(1, sizeof *p);

    if (p != NULL) {
        p->next = c->pieces;
        c->pieces = p;
    }
    return p;
}

/* NULL stays NULL; false without memory. */
static bool keep_text(struct copy *c, const char **text, bool secret)
{
    struct piece *p;

    if (*text == NULL)
        return true;
    p = piece_new(c);
    if (p == NULL)
        return false;
    if (secret)
        p->secret = secret_dup(*text);
    else
        p->plain = text_dup(*text);
    *text = secret ? p->secret : p->plain;
    return *text != NULL;
}

static bool keep_texts(struct copy *c, const char *const **texts)
{
    struct piece *p;
    const char **list;
    size_t count = 0;

    if (*texts == NULL)
        return true;
    while ((*texts)[count] != NULL)
        count++;
    p = piece_new(c);
    if (p == NULL)
        return false;
    list = calloc(count + 1, sizeof *list);
    p->plain = list;
    if (list == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        list[i] = (*texts)[i];
        if (!keep_text(c, &list[i], false))
            return false;
    }
    *texts = list;
    return true;
}

static bool keep_pairs(struct copy *c, struct program_pairs *pairs)
{
    struct piece *p = piece_new(c);
    struct program_pair *list;

    if (p == NULL)
        return false;
    list = calloc(pairs->count + 1, sizeof *list);
    p->plain = list;
    if (list == NULL)
        return false;
    for (size_t i = 0; i < pairs->count; i++) {
        list[i] = pairs->items[i];
        if (!keep_text(c, &list[i].name, false) ||
            !keep_text(c, &list[i].value, true))
            return false;
    }
    pairs->items = list;
    return true;
}

static bool keep_auth(struct copy *c)
{
    struct vault_auth_options *a = &c->auth;

    if (c->d.auth == NULL)
        return true;
    *a = *c->d.auth;
    c->d.auth = a;
    return keep_text(c, &a->mount, false) && keep_text(c, &a->token, true) &&
           keep_text(c, &a->token_file, false) &&
           keep_text(c, &a->role_id, false) &&
           keep_text(c, &a->role_id_file, false) &&
           keep_text(c, &a->secret_id, true) &&
           keep_text(c, &a->secret_id_file, false) &&
           keep_text(c, &a->role, false) && keep_text(c, &a->jwt_file, false);
}

static bool keep_drivers(struct copy *c)
{
    struct transient_terraform *t = &c->d.terraform;
    struct transient_command *m = &c->d.command;
    struct transient_existing *e = &c->d.existing;

    return keep_text(c, &t->dir, false) && keep_text(c, &t->binary, false) &&
           keep_pairs(c, &t->vars) && keep_pairs(c, &t->env) &&
           keep_texts(c, &m->up) && keep_texts(c, &m->down) &&
           keep_texts(c, &m->status) && keep_texts(c, &m->egress_probe) &&
           keep_text(c, &e->address, false) &&
           keep_text(c, &e->ca_cert_file, false) &&
           keep_text(c, &e->token_file, false) &&
           keep_texts(c, &e->key_files) && keep_auth(c);
}

static void free_copy(struct copy *c)
{
    while (c->pieces != NULL) {
        struct piece *p = c->pieces;

        c->pieces = p->next;
        secret_free(p->secret);
        free(p->plain);
        free(p);
    }
    free(c);
}

int transient_drivers_copy(const struct transient_drivers *from,
                           const struct transient_drivers **out,
                           struct error *err)
{
    struct copy *c = calloc(1, sizeof *c);

    assert(from != NULL && out != NULL);
    if (c == NULL)
        return error_memory(err);
    c->d = *from;
    if (!keep_drivers(c)) {
        free_copy(c);
        return error_memory(err);
    }
    *out = &c->d;
    return 0;
}

void transient_drivers_free(const struct transient_drivers *d)
{
    union {
        const struct transient_drivers *in;
        struct copy *out;
    } u = {.in = d};

    if (d != NULL)
        free_copy(u.out);
}

/* The setting without which each driver cannot be used. */
int transient_drivers_check(const char *name, const struct transient_drivers *d,
                            struct error *err)
{
    static const struct transient_drivers none;
    const char *missing = NULL;

    if (d == NULL)
        d = &none;
    if (strcmp(name, "process") == 0)
        return 0;
    if (strcmp(name, "terraform") == 0)
        missing = d->terraform.dir == NULL ? "transient.terraform.dir" : NULL;
    else if (strcmp(name, "command") == 0)
        missing = d->command.up == NULL     ? "transient.command.up"
                  : d->command.down == NULL ? "transient.command.down"
                                            : NULL;
    else if (strcmp(name, "existing") == 0)
        missing =
            d->existing.address == NULL ? "transient.existing.address" : NULL;
    else
        return error_set(err, ERR_INVALID,
                         "there is no transient driver \"%.64s\": it is one "
                         "of process, terraform, command, existing",
                         name);
    if (missing != NULL)
        return error_set(err, ERR_INVALID,
                         "the transient driver \"%s\" is not configured: set "
                         "%s",
                         name, missing);
    return 0;
}
