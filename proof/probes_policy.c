/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy that a walk needs, from the rows that it walks by.
 *
 * A mount is a '+', for its name is the operator's.  Of two paths the servers
 * prefer the one with fewer '+', so that a pattern for whatever is right below
 * any mount would take the place of every longer one: stores of KV version 1
 * must be named. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "proof/probes.h"

enum { LINES_MAX = 256, PATH_LEN = 160, KINDS_LEN = 120 };
enum { CAN_LIST = 1, CAN_READ = 2, CAN_SUDO = 4, CAN_SCAN = 8 };

struct line {
    char path[PATH_LEN];
    char kinds[KINDS_LEN]; /* what it is for */
    unsigned can;
};

struct lines {
    size_t count;
    struct line line[LINES_MAX];
};

/* Two rows may need the same path, and one path has one block. */
static void add(struct lines *all, const char *path, const char *kind,
                unsigned can)
{
    struct line *l = all->line;

    for (; l < all->line + all->count; l++)
        if (strcmp(l->path, path) == 0)
            break;
    if (l == all->line + all->count) {
        if (all->count == LINES_MAX)
            return;
        all->count++;
        (void)text_copy(l->path, sizeof l->path, path);
        (void)text_copy(l->kinds, sizeof l->kinds, kind);
    } else if (!probes_word(l->kinds, kind) &&
               strlen(l->kinds) + strlen(kind) + 2 < sizeof l->kinds) {
        char *end = l->kinds + strlen(l->kinds);

        *end++ = ' ';
        (void)text_copy(end, sizeof l->kinds - (size_t)(end - l->kinds), kind);
    }
    l->can |= can;
}

static const char *mount_of(const struct probe *p)
{
    if (strcmp(p->engine, "system") == 0)
        return "sys/";
    if (strcmp(p->engine, "identity") == 0)
        return "identity/";
    return strncmp(p->engine, "auth/", 5) == 0 ? "auth/+/" : "+/";
}

static void add_at(struct lines *all, const char *prefix, const struct probe *p,
                   const char *below, unsigned can)
{
    char *path = text_format("%s%s%s", prefix, mount_of(p), below);

    if (path != NULL)
        add(all, path, p->kind, can);
    free(path);
}

static void add_below(struct lines *all, const char *prefix,
                      const struct probe *p, const char *folder, unsigned can)
{
    size_t len = strlen(folder);
    char *below = text_format("%s%s*", folder,
                              len > 0 && folder[len - 1] != '/' ? "/" : "");

    if (below != NULL)
        add_at(all, prefix, p, below, can);
    free(below);
}

static void add_probe(struct lines *all, const char *prefix,
                      const struct probe *p)
{
    unsigned sudo = (p->flags & PROBE_SUDO) != 0 ? CAN_SUDO : 0;
    bool tree = (p->flags & PROBE_TREE) != 0;

    if (strcmp(p->engine, "kv1") == 0 ||
        ((p->flags & PROBE_ROOT) != 0 && prefix[0] != '\0'))
        return;
    if (p->list == NULL) {
        add_at(all, prefix, p, p->read, CAN_READ | sudo);
        return;
    }
    if (tree)
        add_below(all, prefix, p, p->list, CAN_LIST);
    else
        add_at(all, prefix, p, p->list, CAN_LIST | sudo);
    /* A list is asked for with a slash at its end, and OpenBao then takes
     * the pattern of what is below for the better match. */
    if (p->read != NULL && (p->flags & PROBE_INFO) == 0)
        add_below(all, prefix, p, p->read,
                  CAN_READ | sudo | (tree ? 0 : CAN_LIST));
    if (p->detailed != NULL)
        add_below(all, prefix, p, p->detailed, CAN_LIST);
}

static void add_kv1(struct lines *all, const char *names, unsigned can)
{
    while (names != NULL && *names != '\0') {
        size_t len = strcspn(names, ",");
        size_t name = len;
        char *path;

        while (name > 0 && names[name - 1] == '/')
            name--;
        path = text_format("%.*s/*", (int)name, names);
        if (path != NULL && name > 0)
            add(all, path, "kv1", can);
        free(path);
        names += len;
        names += *names == ',';
    }
}

void probes_policy_line(const char *path, const char *capabilities,
                        struct buf *out)
{
    buf_printf(out, "path \"%s\" { capabilities = [%s] }", path, capabilities);
}

static void write_line(const struct line *l, struct buf *out)
{
    static const char *const names[] = {"list", "read", "sudo", "scan"};
    const char *comma = "";

    buf_printf(out, "\n# %s\npath \"%s\" {\n  capabilities = [", l->kinds,
               l->path);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((l->can & 1U << i) == 0)
            continue;
        buf_printf(out, "%s\"%s\"", comma, names[i]);
        comma = ", ";
    }
    buf_str(out, "]\n}\n");
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct line *)a)->path,
                  ((const struct line *)b)->path);
}

static const struct {
    size_t from, to; /* of the prefixes below */
    bool values;
    unsigned kv1; /* what is needed in stores of KV version 1 */
} policies[] = {
    [PROBES_POLICY_ROOT] = {0, 1, false, CAN_LIST},
    [PROBES_POLICY_NAMESPACES] = {1, 3, false, 0},
    [PROBES_POLICY_VALUES] = {0, 3, true, CAN_LIST | CAN_READ},
    [PROBES_POLICY_SCAN] = {0, 0, false, CAN_SCAN},
};

void probes_policy_write(enum probes_policy which, const char *kv1,
                         struct buf *out)
{
    static const char *const prefixes[] = {"", "+/", "+/+/"};
    struct lines *all = calloc(1, sizeof *all);
    bool values = policies[which].values;

    if (all == NULL) {
        out->failed = out->no_memory = true;
        return;
    }
    for (size_t p = policies[which].from; p < policies[which].to; p++)
        for (size_t i = 0; i < probes_count; i++)
            if (((probes[i].flags & PROBE_VALUES) != 0) == values)
                add_probe(all, prefixes[p], &probes[i]);
    if (policies[which].kv1 != 0)
        add_kv1(all, kv1, policies[which].kv1);
    qsort(all->line, all->count, sizeof all->line[0], by_path);
    for (size_t i = 0; i < all->count; i++)
        write_line(&all->line[i], out);
    free(all);
}
