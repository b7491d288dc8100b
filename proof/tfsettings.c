/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/tfsettings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

/* The strings that a copy owns, beside the constant ones that it shows. */
struct own_pair {
    char *name;
    char *value;
};

struct own {
    struct tfsettings shown; /* first: what callers have */
    char *dir, *binary, *state_file;
    struct own_pair *pairs[2];
    struct program_pair *items[2];
    size_t counts[2];
};

/* NULL stays NULL. */
static bool keep(const char *text, char **own, const char **shown)
{
    if (text == NULL)
        return true;
    *shown = *own = text_dup(text);
    return *own != NULL;
}

static bool keep_pairs(struct own *o, size_t which,
                       const struct program_pairs *from,
                       struct program_pairs *shown)
{
    struct own_pair *own = calloc(from->count + 1, sizeof *own);
    struct program_pair *items = calloc(from->count + 1, sizeof *items);

    o->pairs[which] = own;
    o->items[which] = items;
    if (own == NULL || items == NULL)
        return false;
    o->counts[which] = from->count;
    for (size_t i = 0; i < from->count; i++) {
        own[i].name = text_dup(from->items[i].name);
        own[i].value = secret_dup(from->items[i].value);
        if (own[i].name == NULL || own[i].value == NULL)
            return false;
        items[i] = (struct program_pair){own[i].name, own[i].value};
    }
    *shown = (struct program_pairs){items, from->count};
    return true;
}

int tfsettings_copy(const struct tfsettings *from, struct tfsettings **out,
                    struct error *err)
{
    struct own *o = calloc(1, sizeof *o);

    if (o == NULL)
        return error_memory(err);
    if (!keep(from->dir, &o->dir, &o->shown.dir) ||
        !keep(from->binary, &o->binary, &o->shown.binary) ||
        !keep(from->state_file, &o->state_file, &o->shown.state_file) ||
        !keep_pairs(o, 0, &from->env, &o->shown.env) ||
        !keep_pairs(o, 1, &from->vars, &o->shown.vars)) {
        tfsettings_free(&o->shown);
        return error_memory(err);
    }
    *out = &o->shown;
    return 0;
}

static void free_pairs(struct own *o, size_t which)
{
    for (size_t i = 0; i < o->counts[which]; i++) {
        free(o->pairs[which][i].name);
        secret_free(o->pairs[which][i].value);
    }
    free(o->pairs[which]);
    free(o->items[which]);
}

void tfsettings_free(struct tfsettings *s)
{
    struct own *o = (struct own *)s;

    if (o == NULL)
        return;
    free(o->dir);
    free(o->binary);
    free(o->state_file);
    free_pairs(o, 0);
    free_pairs(o, 1);
    free(o);
}
