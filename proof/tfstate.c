/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/tfstate.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"

enum { ADDRESS_MAX = 4096 };

struct tfstate {
    struct buf text;
    struct tape *tape;
    bool is_file;
    const struct tape_node *resources; /* of a state file */
    const struct tape_node *module;    /* of `show -json` */
};

struct visit {
    struct tfstate *s;
    int (*fn)(void *ctx, const struct tfstate_resource *r, struct error *err);
    void *ctx;
};

/* Forks and mirrors have other hosts and owners in front of it. */
bool tfstate_is_vault(const char *provider)
{
    const char *last = strrchr(provider, '/');

    return last != NULL &&
           (strcmp(last, "/vault") == 0 || text_starts(last, "/vault\"]"));
}

static const struct tape_node *get(const struct tfstate *s,
                                   const struct tape_node *n, const char *key)
{
    return tape_get(s->tape, n, key);
}

static const char *text(const struct tfstate *s, const struct tape_node *n,
                        const char *key)
{
    return tape_get_text(s->tape, n, key, "");
}

/* Which of the forms it is. */
static int recognise(struct tfstate *s, struct error *err)
{
    const struct tape_node *root = tape_root(s->tape);
    const struct tape_node *values = get(s, root, "values");
    int64_t version = 0;

    if (get(s, root, "encrypted_data") != NULL)
        return error_set(err, ERR_INVALID,
                         "it is encrypted: give what \"show -json\" prints");
    if (tape_i64(s->tape, get(s, root, "version"), &version)) {
        if (version != 4)
            return error_set(err, ERR_INVALID,
                             "it is a state of version %lld, not 4: a newer "
                             "Terraform rewrites it at its next apply",
                             (long long)version);
        s->is_file = true;
        s->resources = get(s, root, "resources");
        return 0;
    }
    if (tape_type(get(s, root, "format_version")) != JSON_STRING)
        return error_set(err, ERR_INVALID,
                         "it is neither a Terraform state nor what "
                         "\"terraform show -json\" prints");
    if (values == NULL)
        values = get(s, get(s, root, "prior_state"), "values");
    s->module = get(s, values, "root_module");
    return 0;
}

int tfstate_load(const char *path, struct tfstate **out, struct error *err)
{
    struct tfstate *s = calloc(1, sizeof *s);
    int rc = -1;

    if (s == NULL)
        return error_memory(err);
    buf_init_secret(&s->text, LIMIT_TERRAFORM_STATE);
    s->tape = tape_new();
    if (s->tape == NULL) {
        (void)error_memory(err);
        goto done;
    }
    tape_set_depth(s->tape, LIMIT_TERRAFORM_DEPTH);
    if (file_read(path, &s->text, err) != 0)
        goto done;
    if (s->text.len == 0) {
        (void)error_set(err, ERR_INVALID, "%s is empty", path);
        goto done;
    }
    if (tape_parse(s->tape, s->text.data, s->text.len, err) != 0 ||
        recognise(s, err) != 0) {
        (void)error_prefix(err, "the Terraform state %s", path);
        goto done;
    }
    *out = s;
    s = NULL;
    rc = 0;
done:
    tfstate_free(s);
    return rc;
}

void tfstate_free(struct tfstate *s)
{
    if (s == NULL)
        return;
    tape_free(s->tape);
    buf_done(&s->text);
    free(s);
}

bool tfstate_is_file(const struct tfstate *s)
{
    return s->is_file;
}

struct tape *tfstate_tape(struct tfstate *s)
{
    return s->tape;
}

/* [0] or ["key"], as Terraform writes an address. */
static void add_index(const struct tfstate *s, const struct tape_node *index,
                      struct buf *out)
{
    bool quoted = tape_type(index) == JSON_STRING;

    if (index == NULL)
        return;
    buf_str(out, quoted ? "[\"" : "[");
    tape_scalar(s->tape, index, out);
    buf_str(out, quoted ? "\"]" : "]");
}

static int visit_instance(const struct visit *v, const struct tape_node *r,
                          const struct tape_node *instance, struct error *err)
{
    const struct tfstate *s = v->s;
    struct tfstate_resource found = {.type = text(s, r, "type")};
    const char *module = text(s, r, "module");
    struct buf address;
    int rc;

    /* One that waits to be destroyed is not what should be there. */
    if (get(s, instance, "deposed") != NULL)
        return 0;
    buf_init(&address, ADDRESS_MAX);
    buf_printf(&address, "%s%s%s.%s", module, module[0] != '\0' ? "." : "",
               found.type, text(s, r, "name"));
    add_index(s, get(s, instance, "index_key"), &address);
    found.address = buf_failed(&address) ? found.type : buf_text(&address);
    found.attributes = get(s, instance, "attributes");
    rc = v->fn(v->ctx, &found, err);
    buf_done(&address);
    return rc;
}

static bool is_ours(const struct tfstate *s, const struct tape_node *r,
                    const char *provider)
{
    return strcmp(text(s, r, "mode"), "managed") == 0 &&
           tfstate_is_vault(text(s, r, provider));
}

static int visit_state(const struct visit *v, struct error *err)
{
    const struct tape *t = v->s->tape;

    for (const struct tape_node *r = tape_first(t, v->s->resources); r != NULL;
         r = tape_next(t, r)) {
        const struct tape_node *instances = get(v->s, r, "instances");

        if (!is_ours(v->s, r, "provider"))
            continue;
        for (const struct tape_node *i = tape_first(t, instances); i != NULL;
             i = tape_next(t, i))
            if (visit_instance(v, r, i, err) != 0)
                return -1;
    }
    return 0;
}

/* The parser bounds how deep modules go. */
static int visit_module(const struct visit *v, const struct tape_node *module,
                        struct error *err)
{
    const struct tape *t = v->s->tape;
    const struct tape_node *list = get(v->s, module, "resources");

    for (const struct tape_node *r = tape_first(t, list); r != NULL;
         r = tape_next(t, r)) {
        const struct tfstate_resource found = {
            .address = text(v->s, r, "address"),
            .type = text(v->s, r, "type"),
            .attributes = get(v->s, r, "values"),
        };

        if (is_ours(v->s, r, "provider_name") &&
            get(v->s, r, "deposed_key") == NULL &&
            v->fn(v->ctx, &found, err) != 0)
            return -1;
    }
    list = get(v->s, module, "child_modules");
    for (const struct tape_node *m = tape_first(t, list); m != NULL;
         m = tape_next(t, m))
        if (visit_module(v, m, err) != 0)
            return -1;
    return 0;
}

int tfstate_each(struct tfstate *s,
                 int (*visit)(void *ctx, const struct tfstate_resource *r,
                              struct error *err),
                 void *ctx, struct error *err)
{
    struct visit v = {.s = s, .fn = visit, .ctx = ctx};

    return s->module != NULL ? visit_module(&v, s->module, err)
                             : visit_state(&v, err);
}
