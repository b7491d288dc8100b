/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "proof/walk.h"

/* The primary knows best.  Without it, what it was meant to be, and then what
 * it was. */
static const struct oracle *const oracles[] = {
    &oracle_primary,
    &oracle_terraform,
    &oracle_baseline,
};

const struct oracle *oracle_at(size_t i)
{
    return i < sizeof oracles / sizeof oracles[0] ? oracles[i] : NULL;
}

static const struct oracle *find(const char *name)
{
    for (size_t i = 0; oracle_at(i) != NULL; i++)
        if (strcmp(oracle_at(i)->name, name) == 0)
            return oracle_at(i);
    return NULL;
}

bool oracle_is_name(const char *name)
{
    return strcmp(name, "auto") == 0 || strcmp(name, "none") == 0 ||
           find(name) != NULL;
}

/* The first that can be asked; what kept the ones before it. */
static const struct oracle *first_ready(const struct proof_context *c,
                                        char chosen[ORACLE_CHOSEN_MAX],
                                        struct error *why)
{
    const struct oracle *o;
    struct error first = {0};

    for (size_t i = 0; (o = oracle_at(i)) != NULL; i++) {
        if (o->ready(c, why) != 0) {
            if (i == 0)
                first = *why;
            continue;
        }
        if (i == 0)
            (void)snprintf(chosen, ORACLE_CHOSEN_MAX, " (auto: it answers)");
        else
            (void)snprintf(chosen, ORACLE_CHOSEN_MAX,
                           " (auto: the primary cannot be asked: %.140s)",
                           first.text);
        return o;
    }
    (void)error_set(why, ERR_UNAVAILABLE,
                    "there is no oracle: the primary cannot be asked (%.150s), "
                    "and there is no baseline (%.150s)",
                    first.text,
                    c->oracle->baseline_text == NULL
                        ? "none was taken"
                        : c->oracle->baseline_text);
    return NULL;
}

const struct oracle *oracle_choose(const struct proof_context *c,
                                   char chosen[ORACLE_CHOSEN_MAX],
                                   struct error *why)
{
    const struct oracle *o;

    chosen[0] = '\0';
    if (strcmp(c->oracle->wanted, "auto") == 0)
        return first_ready(c, chosen, why);
    o = find(c->oracle->wanted);
    if (o == NULL) {
        (void)error_set(why, ERR_INVALID, "there is no oracle named %.64s",
                        c->oracle->wanted);
        return NULL;
    }
    if (o->ready(c, why) != 0) {
        (void)error_prefix(why, "the oracle \"%s\" cannot be asked", o->name);
        return NULL;
    }
    return o;
}

/* A message names how its oracle was found: that is said once. */
static void cut_out(const char *text, const char *part, char *out, size_t size)
{
    const char *at = part[0] == '\0' ? NULL : strstr(text, part);

    if (at == NULL)
        (void)snprintf(out, size, "%s", text);
    else
        (void)snprintf(out, size, "%.*s%s", (int)(at - text), text,
                       at + strlen(part));
}

const struct oracle *oracle_after(const struct oracle *told,
                                  const struct proof_context *c,
                                  const char *said,
                                  char chosen[ORACLE_CHOSEN_MAX])
{
    char before[ORACLE_CHOSEN_MAX], words[ERROR_TEXT_MAX];
    const struct oracle *o;
    bool later = false;
    struct error why;

    if (!told->is_helped || strcmp(c->oracle->wanted, "auto") != 0)
        return NULL;
    for (size_t i = 0; (o = oracle_at(i)) != NULL; i++) {
        if (later && o->ready(c, &why) == 0)
            break;
        later |= o == told;
    }
    if (o == NULL)
        return NULL;
    (void)text_copy(before, sizeof before, chosen);
    if (text_ends(before, ")"))
        before[strlen(before) - 1] = '\0';
    cut_out(said, chosen, words, sizeof words);
    (void)snprintf(chosen, ORACLE_CHOSEN_MAX,
                   "%.140s; %s could not tell: %.120s)", before, told->name,
                   words);
    return o;
}

/* Whose fault it is that a walk came to no end. */
static int walk_failed(const struct proof_context *c, const char *whose,
                       struct proof_result *r, const struct error *err)
{
    if (cancelled(c->cancel) || err->kind == ERR_CANCELLED ||
        err->kind == ERR_IO || err->kind == ERR_INTERNAL)
        return -1;
    proof_say(r, PROOF_NOT_RUN, "%s did not show what it has to the end: %s",
              whose, err->text);
    return 0;
}

static int walk(const struct proof_context *c, const struct walk_options *o,
                const char *whose, struct proof_result *r, struct error *err)
{
    struct walk_result *result = calloc(1, sizeof *result);
    int rc;

    if (result == NULL || o->path == NULL) {
        free(result);
        return error_memory(err);
    }
    rc = walk_run(o, result, err);
    free(result);
    return rc == 0 ? 1 : walk_failed(c, whose, r, err);
}

/* A copy in the sandbox disturbs nobody. */
int oracle_walk_copy(const struct proof_context *c, bool values, char **path,
                     struct proof_result *r, struct error *err)
{
    const struct proof_oracle *o = c->oracle;

    *path = text_format("%s/restored.inventory", c->work_dir);
    return walk(c,
                &(struct walk_options){.vault = c->transient,
                                       .path = *path,
                                       .work_dir = c->work_dir,
                                       .key = o->key,
                                       .compare_values = values,
                                       .cancel = c->cancel},
                "the restored copy", r, err);
}

int oracle_walk_primary(const struct proof_context *c, char **path,
                        struct proof_result *r, struct error *err)
{
    const struct proof_oracle *o = c->oracle;

    *path = text_format("%s/primary.inventory", c->work_dir);
    return walk(c,
                &(struct walk_options){.vault = o->primary,
                                       .path = *path,
                                       .work_dir = c->work_dir,
                                       .key = o->key,
                                       .requests_per_second = o->per_second,
                                       .compare_values = o->compare_values,
                                       .cancel = c->cancel},
                "the primary", r, err);
}
