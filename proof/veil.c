/* SPDX-License-Identifier: Apache-2.0
 *
 * Most inventories have nothing in them that was not covered, and no line
 * need be parsed to know it. */
#include "proof/veil.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "proof/probes.h"

struct veil {
    struct curtain {
        char *kind;  /* of the objects behind it; "": of any */
        char *where; /* how their paths begin */
    } * curtains;
    size_t count;
    bool too_many;
};

/* Whether a line speaks of it at all. */
static int mentioned(const char *path, bool *out, struct error *err)
{
    FILE *file = fopen(path, "re");
    char *line = malloc(LIMIT_INVENTORY_LINE);
    int rc = -1;

    *out = false;
    if (file == NULL || line == NULL) {
        (void)error_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                          "cannot read %s", path);
        goto done;
    }
    while (!*out && fgets(line, LIMIT_INVENTORY_LINE, file) != NULL)
        *out = strstr(line, "\"" INVENTORY_NOT_COVERED "\"") != NULL;
    rc = ferror(file) ? error_errno(err, ERR_IO, "cannot read %s", path) : 0;
done:
    free(line);
    if (file != NULL)
        (void)fclose(file);
    return rc;
}

/* The row of the table that such objects come from; NULL: none. */
static const struct probe *probe_of(const char *kind)
{
    for (size_t i = 0; i < probes_count; i++)
        if (strcmp(probes[i].kind, kind) == 0)
            return &probes[i];
    return NULL;
}

/* "team/" of "team/sys/policies/acl". */
static char *namespace_of(const char *asked)
{
    const char *sys =
        text_starts(asked, "sys/") ? asked : strstr(asked, "/sys/");

    if (sys == NULL)
        return text_dup("");
    return text_dup_len(asked, (size_t)(sys - asked) + (sys != asked));
}

/* "secret/shop/" of "secret/metadata/shop/". */
static char *tree_of(const char *asked, const char *list)
{
    size_t len = strlen(list);
    const char *at = len > 0 ? strstr(asked, list) : NULL;

    while (at != NULL && (at == asked || at[-1] != '/'))
        at = strstr(at + 1, list);
    if (at == NULL)
        return text_dup(asked);
    return text_format("%.*s%s", (int)(at - asked), asked,
                       at[len] == '/' ? at + len + 1 : at + len);
}

/* What was asked for is an API path: turn it into how the paths of the
 * objects begin that it would have told about.  Without the list of mounts
 * nothing is known of what is in them. */
static int hang(struct curtain *c, const char *asked, const char *kind,
                struct error *err)
{
    const struct probe *p = probe_of(kind);
    bool all = p != NULL && strcmp(p->engine, "system") == 0 &&
               (strcmp(kind, "mount") == 0 || strcmp(kind, "auth") == 0 ||
                strcmp(kind, "namespace") == 0);

    c->kind = text_dup(all ? "" : kind);
    if (p != NULL && (p->flags & PROBE_BARE) != 0)
        c->where = namespace_of(asked);
    else if (p != NULL && (p->flags & PROBE_TREE) != 0)
        c->where = tree_of(asked, p->list);
    else
        c->where = text_dup(asked);
    return c->kind == NULL || c->where == NULL ? error_memory(err) : 0;
}

static int add(struct veil *v, const struct inventory_record *r,
               struct error *err)
{
    const char *kind = inventory_field(r, "kind");
    struct curtain *c = &v->curtains[v->count];

    if (v->count == LIMIT_INVENTORY_VEILS) {
        v->too_many = true;
        return 0;
    }
    v->count++;
    return hang(c, r->path, kind == NULL ? "" : kind, err);
}

static int read_all(struct veil *v, const char *path, struct error *err)
{
    const struct inventory_record *record = NULL;
    struct inventory_reader *r = NULL;
    int rc;

    if (inventory_reader_open(path, &r, err) != 0)
        return -1;
    while ((rc = inventory_reader_next(r, &record, err)) == 1) {
        if (strcmp(record->kind, INVENTORY_NOT_COVERED) == 0 &&
            add(v, record, err) != 0) {
            rc = -1;
            break;
        }
    }
    inventory_reader_close(r);
    return rc;
}

int veil_load(const char *path, struct veil **out, struct error *err)
{
    struct veil *v = calloc(1, sizeof *v);
    bool any = false;
    int rc = -1;

    if (v == NULL)
        return error_memory(err);
    if (mentioned(path, &any, err) != 0)
        goto done;
    if (any) {
        v->curtains = calloc(LIMIT_INVENTORY_VEILS, sizeof *v->curtains);
        if (v->curtains == NULL) {
            (void)error_memory(err);
            goto done;
        }
        if (read_all(v, path, err) != 0)
            goto done;
    }
    *out = v;
    v = NULL;
    rc = 0;
done:
    veil_free(v);
    return rc;
}

void veil_free(struct veil *v)
{
    if (v == NULL)
        return;
    for (size_t i = 0; i < v->count; i++) {
        free(v->curtains[i].kind);
        free(v->curtains[i].where);
    }
    free(v->curtains);
    free(v);
}

bool veil_hides(const struct veil *v, const char *kind, const char *path)
{
    if (v == NULL)
        return false;
    for (size_t i = 0; i < v->count; i++) {
        const struct curtain *c = &v->curtains[i];

        if ((c->kind[0] == '\0' || strcmp(c->kind, kind) == 0) &&
            text_starts(path, c->where))
            return true;
    }
    return v->too_many;
}

bool veil_matters(const struct inventory_record *not_covered)
{
    const char *reason = inventory_field(not_covered, "reason");

    return reason == NULL || strcmp(reason, "unknown engine") != 0;
}
