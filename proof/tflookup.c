/* SPDX-License-Identifier: Apache-2.0
 *
 * What the state speaks of is in memory, in the order of inventories; the
 * inventory streams past it. */
#include "proof/tflookup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "proof/shape.h"
#include "proof/tfdiffer.h"
#include "proof/tftypes.h"
#include "proof/veil.h"

enum { TYPES_MAX = 64 };

/* An object that a resource should be. */
struct wanted {
    const struct tftype *row;
    char *path;
    const struct tape_node *attributes;
    size_t resource;
    bool found;
};

enum fate { FATE_RIGHT, FATE_UNKNOWN, FATE_FAULT, FATE_HIDDEN };

struct resource {
    char *address;
    const char *type;
    enum fate fate;
    const struct wanted *missing; /* the object that decides its fate */
    bool hidden;                  /* and whether a policy may hide it */
    size_t there;                 /* objects that are */
};

struct lookup {
    const struct tflookup_options *o;
    struct resource *resources;
    size_t count, room;
    struct wanted *wanted;
    size_t wanted_count, wanted_room;
    struct shape shape;
    struct proof_result *r;
    uint64_t faults, hidden, unknown, unseen;
    struct {
        const char *name;
        size_t resources;
    } types[TYPES_MAX]; /* the first of those that are not known */
    size_t type_count;
    char unknown_types[160];
    char first[160]; /* address of the first fault */
};

static void *one_more(void *list, size_t count, size_t *room, size_t size)
{
    size_t more = *room == 0 ? 64 : *room * 2;
    void *grown;

    if (count < *room)
        return list;
    grown = reallocarray(list, more, size);
    if (grown != NULL)
        *room = more;
    return grown;
}

static int want(struct lookup *l, const struct tftype *row,
                const struct tape_node *attributes, struct error *err)
{
    struct wanted *list =
        one_more(l->wanted, l->wanted_count, &l->wanted_room, sizeof *list);
    char *path = tftypes_path(row, tfstate_tape(l->o->state), attributes,
                              l->o->namespace);

    if (list == NULL) {
        free(path);
        return error_memory(err);
    }
    l->wanted = list;
    if (path == NULL) {
        l->resources[l->count - 1].fate = FATE_UNKNOWN;
        return 0;
    }
    l->wanted[l->wanted_count++] = (struct wanted){.row = row,
                                                   .path = path,
                                                   .attributes = attributes,
                                                   .resource = l->count - 1};
    return 0;
}

static int visit(void *ctx, const struct tfstate_resource *r, struct error *err)
{
    struct lookup *l = ctx;
    struct resource *list =
        one_more(l->resources, l->count, &l->room, sizeof *list);
    const struct tftype *row = tftypes_find(r->type);

    if (list == NULL)
        return error_memory(err);
    l->resources = list;
    list[l->count] =
        (struct resource){.address = text_dup(r->address), .type = r->type};
    if (list[l->count].address == NULL)
        return error_memory(err);
    l->count++;
    if (row == NULL || tape_type(r->attributes) != JSON_OBJECT) {
        list[l->count - 1].fate = FATE_UNKNOWN;
        return 0;
    }
    for (; row != NULL; row = tftypes_next(row))
        if (want(l, row, r->attributes, err) != 0)
            return -1;
    return 0;
}

static int order(const char *kind, const char *path, const struct wanted *w)
{
    int kinds = strcmp(kind, w->row->kind);

    return kinds != 0 ? kinds : strcmp(path, w->path);
}

static int by_object(const void *a, const void *b)
{
    const struct wanted *w = a;

    return order(w->row->kind, w->path, b);
}

static void fault(struct lookup *l, struct resource *resource)
{
    if (resource->fate == FATE_FAULT)
        return;
    resource->fate = FATE_FAULT;
    if (l->faults++ == 0)
        (void)text_copy(l->first, sizeof l->first, resource->address);
}

/* "policy:shop: token_ttl 300" */
static void find(struct lookup *l, const char *kind, const struct wanted *w,
                 const char *expected, const char *found)
{
    char *full = text_format("%s:%s: %s", w->row->kind, w->path, expected);

    proof_find(l->r, kind, l->resources[w->resource].address,
               full != NULL ? full : expected, found);
    free(full);
}

static int judge(struct lookup *l, struct wanted *w,
                 const struct inventory_record *record, struct error *err)
{
    struct resource *resource = &l->resources[w->resource];
    const struct tfdiffer_sides sides = {
        .row = w->row, .attributes = w->attributes, .found = record};
    struct tfdiffer differ;

    w->found = true;
    resource->there++;
    if (tfdiffer_run(&l->shape, &sides, &differ, err) != 0)
        return -1;
    l->unseen += differ.unseen;
    if (differ.differing == 0)
        return 0;
    fault(l, resource);
    find(l, "fault_changed", w, differ.expected, differ.found);
    return 0;
}

static int compare_all(struct lookup *l, struct error *err)
{
    const struct inventory_record *record = NULL;
    struct inventory_reader *reader = NULL;
    size_t at = 0;
    int rc;

    if (inventory_reader_open(l->o->inventory, &reader, err) != 0)
        return -1;
    while ((rc = inventory_reader_next(reader, &record, err)) == 1) {
        if (cancelled(l->o->cancel)) {
            rc = error_set(err, ERR_CANCELLED, "cancelled");
            break;
        }
        while (at < l->wanted_count &&
               order(record->kind, record->path, &l->wanted[at]) > 0)
            at++;
        /* Two resources may be about one object. */
        for (size_t i = at;
             rc == 1 && i < l->wanted_count &&
             order(record->kind, record->path, &l->wanted[i]) == 0;
             i++)
            if (judge(l, &l->wanted[i], record, err) != 0)
                rc = -1;
        if (rc != 1)
            break;
    }
    inventory_reader_close(reader);
    return rc;
}

/* Where any one of several objects would do, one that may be there unseen
 * decides; where all are needed, one that is certainly lost. */
static void name_missing(struct lookup *l, const struct veil *veil)
{
    for (size_t i = 0; i < l->wanted_count; i++) {
        const struct wanted *w = &l->wanted[i];
        struct resource *resource = &l->resources[w->resource];
        const bool either = (w->row->flags & TFTYPES_EITHER) != 0;
        bool hidden;

        if (w->found)
            continue;
        hidden = veil_hides(veil, w->row->kind, w->path);
        if (resource->missing != NULL && hidden != either)
            continue;
        resource->missing = w;
        resource->hidden = hidden;
    }
}

static void judge_missing(struct lookup *l, const struct veil *veil)
{
    name_missing(l, veil);
    for (size_t i = 0; i < l->count; i++) {
        struct resource *resource = &l->resources[i];
        const struct wanted *w = resource->missing;

        if (w == NULL || resource->fate == FATE_FAULT ||
            ((w->row->flags & TFTYPES_EITHER) != 0 && resource->there > 0))
            continue;
        if (resource->hidden) {
            resource->fate = FATE_HIDDEN;
            find(l, "not_covered", w, "there", "hidden by a policy");
            continue;
        }
        fault(l, resource);
        find(l, "fault_missing", w, "there", "not there");
    }
}

static void tally(struct lookup *l, const char *type)
{
    size_t i = 0;

    while (i < l->type_count && strcmp(l->types[i].name, type) != 0)
        i++;
    if (i == TYPES_MAX)
        return;
    l->types[i].name = type;
    l->types[i].resources++;
    l->type_count += i == l->type_count;
}

static void count(struct lookup *l)
{
    for (size_t i = 0; i < l->count; i++) {
        l->hidden += l->resources[i].fate == FATE_HIDDEN;
        if (l->resources[i].fate != FATE_UNKNOWN)
            continue;
        l->unknown++;
        tally(l, l->resources[i].type);
    }
    l->r->total = l->count;
    l->r->covered = l->count - l->hidden - l->unknown;
}

/* One finding for each type that nobody knows. */
static void note_unknown(struct lookup *l)
{
    size_t used = 0;

    for (size_t i = 0; i < l->type_count; i++) {
        char text[64];
        int n;

        (void)snprintf(text, sizeof text, "%zu of a type that is not known",
                       l->types[i].resources);
        proof_find(l->r, "not_covered", l->types[i].name, NULL, text);
        n = snprintf(l->unknown_types + used, sizeof l->unknown_types - used,
                     "%s%.64s", used > 0 ? ", " : "", l->types[i].name);
        if (n > 0 && used + (size_t)n < sizeof l->unknown_types)
            used += (size_t)n;
    }
}

static void conclude(struct lookup *l)
{
    struct proof_result *r = l->r;
    char rest[256] = "";

    if (l->unknown > 0)
        (void)snprintf(rest, sizeof rest,
                       "; %" PRIu64 " are of types that are not known (%s)",
                       l->unknown, l->unknown_types);
    else if (l->unseen > 0)
        (void)snprintf(rest, sizeof rest,
                       "; %" PRIu64 " long or private lists were not compared",
                       l->unseen);
    if (l->faults > 0)
        proof_say(r, PROOF_FAIL,
                  "%" PRIu64 " of %" PRIu64 " resources are not as %s says "
                  "(the first: %s), unless they were applied after the "
                  "snapshot was taken%s",
                  l->faults, r->total, l->o->with, l->first, rest);
    else if (l->hidden > 0)
        proof_say(r, PROOF_NOT_RUN,
                  "compared %" PRIu64 " of %" PRIu64 " resources of %s: "
                  "Assay's policy in the snapshot hides %" PRIu64 "%s",
                  r->covered, r->total, l->o->with, l->hidden, rest);
    else if (r->covered == 0)
        proof_say(r, PROOF_NOT_RUN, "%s has nothing to compare%s", l->o->with,
                  rest);
    else
        proof_say(r, PROOF_PASS,
                  "compared %" PRIu64 " of %" PRIu64 " resources of %s: all "
                  "are as it says%s",
                  r->covered, r->total, l->o->with, rest);
}

static void lookup_done(struct lookup *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->resources[i].address);
    for (size_t i = 0; i < l->wanted_count; i++)
        free(l->wanted[i].path);
    free(l->resources);
    free(l->wanted);
    shape_done(&l->shape);
    free(l);
}

int tflookup_run(const struct tflookup_options *o, struct proof_result *r,
                 struct error *err)
{
    struct lookup *l = calloc(1, sizeof *l);
    struct veil *veil = NULL;
    int rc = -1;

    if (l == NULL)
        return error_memory(err);
    l->o = o;
    l->r = r;
    shape_init(&l->shape, o->key, tfstate_tape(o->state), 0);
    if (tfstate_each(o->state, visit, l, err) != 0)
        goto done;
    if (l->wanted_count > 0)
        qsort(l->wanted, l->wanted_count, sizeof l->wanted[0], by_object);
    if (compare_all(l, err) != 0 || veil_load(o->inventory, &veil, err) != 0)
        goto done;
    judge_missing(l, veil);
    count(l);
    note_unknown(l);
    conclude(l);
    rc = 0;
done:
    veil_free(veil);
    lookup_done(l);
    return rc;
}
