/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/snapshot_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/output.h"

enum { HUMAN_MAX = 32 };
enum { OUTPUT_MAX = 256 * 1024 * 1024 };
/* As many as -changes can ask for: a key may be 64 KiB, but is not. */
enum { CHANGES_MAX = 128 * 1024 * 1024 };

static void row_size(struct buf *out, const char *name, uint64_t bytes)
{
    char human[HUMAN_MAX];

    text_human_size(bytes, human, sizeof(human));
    buf_printf(out, "%-14s%s (%" PRIu64 " bytes)\n", name, human, bytes);
}

static void row_count(struct buf *out, const char *name, uint64_t value)
{
    buf_printf(out, "%-14s%" PRIu64 "\n", name, value);
}

static void table_facts(struct buf *out, const char *file, const char *verdict,
                        const struct snapshot_facts *facts)
{
    buf_printf(out, "%-14s%s\n", "File", file);
    if (verdict != NULL) {
        buf_printf(out, "%-14s%s\n", "Archive", verdict);
    }
    if (facts->archive_digested) {
        buf_printf(out, "%-14s%s\n", "SHA-256", facts->sha256);
    }
    row_size(out, "Size", facts->size_bytes);
    row_size(out, "State", facts->state_bytes);
    row_count(out, "Entries", facts->entries);
    row_count(out, "Raft index", facts->raft_index);
    row_count(out, "Raft term", facts->raft_term);
    for (size_t n = 0; n < facts->server_count; n++) {
        const struct snapshot_server *s = &facts->servers[n];

        buf_printf(out, "%-14s", n == 0 ? "Raft peers" : "");
        output_text(out, s->id, strlen(s->id));
        buf_str(out, "  ");
        output_text(out, s->address, strlen(s->address));
        buf_str(out, s->voter ? "\n" : "  (non-voter)\n");
    }
}

static void json_servers(const struct snapshot_facts *facts, struct jsonw *w)
{
    jsonw_array(w, "raft_servers");
    for (size_t n = 0; n < facts->server_count; n++) {
        jsonw_object(w, NULL);
        jsonw_text(w, "id", facts->servers[n].id);
        jsonw_text(w, "address", facts->servers[n].address);
        jsonw_bool(w, "voter", facts->servers[n].voter);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

int snapshot_print_verify(const char *file, const struct snapshot_facts *facts,
                          const struct error *why, bool json, struct error *err)
{
    bool bad = why != NULL && why->kind == ERR_CORRUPT;
    struct buf out;
    struct jsonw w;
    int rc = -1;

    buf_init(&out, OUTPUT_MAX);
    if (json) {
        jsonw_init(&w, &out);
        jsonw_object(&w, NULL);
        jsonw_text(&w, "file", file);
        if (why == NULL || bad) {
            jsonw_bool(&w, "intact", !bad);
        } else {
            jsonw_null(&w, "intact");
        }
        if (why == NULL) {
            snapshot_facts_write(facts, &w);
        } else {
            jsonw_text(&w, "error", why->text);
        }
        jsonw_end_object(&w);
        buf_char(&out, '\n');
    } else if (why == NULL) {
        table_facts(&out, file, "intact", facts);
    } else {
        buf_printf(&out, "%-14s%s\n%-14s%s\n%-14s%s\n", "File", file, "Archive",
                   bad ? "NOT INTACT" : "could not tell", "Reason", why->text);
    }
    rc = output_flush(&out, err);
    buf_done(&out);
    return rc;
}

/* The largest groups first, as `vault operator raft snapshot inspect` does. */
static int by_entries(const void *a, const void *b)
{
    const struct snapshot_prefix *const *left = a;
    const struct snapshot_prefix *const *right = b;

    if ((*left)->entries != (*right)->entries) {
        return (*left)->entries < (*right)->entries ? 1 : -1;
    }
    return strcmp((*left)->prefix, (*right)->prefix);
}

/* "secret/ (kv)", "team/ (namespace)"; NULL where no name is known. */
static const char *name_of(const struct contents *contents, const char *prefix,
                           const char **type)
{
    static const char space[] = "namespaces/";
    const struct contents_mount *mount = NULL;
    const char *path = "";

    if (contents == NULL) {
        return NULL;
    }
    mount = contents_find(contents, prefix);
    if (mount != NULL) {
        *type = mount->type;
        return mount->path;
    }
    if (text_starts(prefix, space)) {
        *type = "namespace";
        path = contents_namespace_path(contents, prefix + sizeof(space) - 1);
    }
    return path[0] != '\0' ? path : NULL;
}

static void add_prefix(struct buf *out, const struct contents *contents,
                       const char *prefix)
{
    const char *type = "";
    const char *name = name_of(contents, prefix, &type);

    if (name == NULL) {
        output_text(out, prefix, strlen(prefix));
    } else {
        output_text(out, name, strlen(name));
        buf_str(out, " (");
        output_text(out, type, strlen(type));
        buf_char(out, ')');
    }
    buf_char(out, '\n');
}

static void json_prefixes(const struct snapshot_facts *facts,
                          const struct contents *contents, struct jsonw *w)
{
    if (contents == NULL) {
        snapshot_prefixes_write(facts->prefixes, facts->prefix_count, w);
        return;
    }
    jsonw_array(w, "prefixes");
    for (size_t n = 0; n < facts->prefix_count; n++) {
        const struct snapshot_prefix *p = &facts->prefixes[n];
        const char *type = NULL;
        const char *name = name_of(contents, p->prefix, &type);

        jsonw_object(w, NULL);
        jsonw_text(w, "prefix", p->prefix);
        jsonw_text(w, "path", name);
        jsonw_text(w, "type", name == NULL ? NULL : type);
        jsonw_u64(w, "entries", p->entries);
        jsonw_u64(w, "bytes", p->bytes);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static int table_prefixes(struct buf *out, const struct snapshot_facts *facts,
                          const struct contents *contents, struct error *err)
{
    const struct snapshot_prefix **rows =
        calloc(facts->prefix_count + 1, sizeof(*rows));
    uint64_t bytes = 0;

    if (rows == NULL) {
        return error_memory(err);
    }
    for (size_t n = 0; n < facts->prefix_count; n++) {
        rows[n] = &facts->prefixes[n];
        bytes += rows[n]->bytes;
    }
    qsort(rows, facts->prefix_count, sizeof(*rows), by_entries);
    buf_printf(out, "\n%10s  %14s  %s\n", "Entries", "Bytes", "Prefix");
    for (size_t n = 0; n < facts->prefix_count; n++) {
        buf_printf(out, "%10" PRIu64 "  %14" PRIu64 "  ", rows[n]->entries,
                   rows[n]->bytes);
        add_prefix(out, contents, rows[n]->prefix);
    }
    buf_printf(out, "%10" PRIu64 "  %14" PRIu64 "  in all\n", facts->entries,
               bytes);
    free(rows);
    return 0;
}

int snapshot_print_inspect(const char *file, const struct snapshot_facts *facts,
                           const struct contents *contents, bool json,
                           struct error *err)
{
    struct buf out;
    struct jsonw w;
    int rc = -1;

    buf_init(&out, OUTPUT_MAX);
    if (json) {
        jsonw_init(&w, &out);
        jsonw_object(&w, NULL);
        jsonw_text(&w, "file", file);
        snapshot_facts_write(facts, &w);
        json_servers(facts, &w);
        json_prefixes(facts, contents, &w);
        jsonw_end_object(&w);
        buf_char(&out, '\n');
    } else {
        table_facts(&out, file, NULL, facts);
        if (table_prefixes(&out, facts, contents, err) != 0) {
            goto done;
        }
    }
    rc = output_flush(&out, err);
done:
    buf_done(&out);
    return rc;
}

void snapshot_change_list_init(struct snapshot_change_list *list, bool json,
                               uint64_t limit)
{
    *list = (struct snapshot_change_list){.json = json, .limit = limit};
    buf_init(&list->text, CHANGES_MAX);
    if (json) {
        buf_char(&list->text, '[');
    }
}

void snapshot_change_list_done(struct snapshot_change_list *list)
{
    buf_done(&list->text);
}

static void change_json(struct buf *out, const struct snapshot_change *change)
{
    static const char *const kinds[] = {"added", "removed", "changed"};
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "kind", kinds[change->kind]);
    jsonw_text_len(&w, "key", (const char *)change->key, change->key_len);
    jsonw_u64(&w, "left_bytes", change->left_size);
    jsonw_u64(&w, "right_bytes", change->right_size);
    jsonw_end_object(&w);
}

void snapshot_change_list_add(void *ctx, const struct snapshot_change *change)
{
    static const char marks[] = {'+', '-', '~'};
    struct snapshot_change_list *list = ctx;

    if (list->kept == list->limit) {
        list->left_out = true;
        return;
    }
    if (list->json) {
        if (list->kept > 0) {
            buf_char(&list->text, ',');
        }
        change_json(&list->text, change);
    } else {
        buf_printf(&list->text, "%c ", marks[change->kind]);
        output_text(&list->text, (const char *)change->key, change->key_len);
        buf_char(&list->text, '\n');
    }
    list->kept++;
}

void snapshot_change_list_end(struct snapshot_change_list *list)
{
    if (list->json) {
        buf_char(&list->text, ']');
    }
}

static void diff_json(const struct snapshot_diff *d,
                      const struct snapshot_prefix_delta *deltas, size_t count,
                      struct buf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_object(&w, "left");
    jsonw_text(&w, "file", d->left_file);
    snapshot_facts_write(d->left, &w);
    jsonw_end_object(&w);
    jsonw_object(&w, "right");
    jsonw_text(&w, "file", d->right_file);
    snapshot_facts_write(d->right, &w);
    jsonw_end_object(&w);
    jsonw_u64(&w, "equal", d->counts->equal);
    jsonw_u64(&w, "added", d->counts->added);
    jsonw_u64(&w, "removed", d->counts->removed);
    jsonw_u64(&w, "changed", d->counts->changed);
    jsonw_array(&w, "prefixes");
    for (size_t n = 0; n < count; n++) {
        jsonw_object(&w, NULL);
        jsonw_text(&w, "prefix", deltas[n].prefix);
        jsonw_u64(&w, "left_entries", deltas[n].left_entries);
        jsonw_u64(&w, "right_entries", deltas[n].right_entries);
        jsonw_u64(&w, "left_bytes", deltas[n].left_bytes);
        jsonw_u64(&w, "right_bytes", deltas[n].right_bytes);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_raw(&w, "changes", buf_text(&d->changes->text));
    jsonw_bool(&w, "changes_cut", d->changes->left_out);
    jsonw_end_object(&w);
    buf_char(out, '\n');
}

static void diff_table(const struct snapshot_diff *d,
                       const struct snapshot_prefix_delta *deltas, size_t count,
                       struct buf *out)
{
    uint64_t differing =
        d->counts->added + d->counts->removed + d->counts->changed;

    buf_printf(out, "%-14s%s (%" PRIu64 " entries, raft index %" PRIu64 ")\n",
               "Left", d->left_file, d->left->entries, d->left->raft_index);
    buf_printf(out, "%-14s%s (%" PRIu64 " entries, raft index %" PRIu64 ")\n",
               "Right", d->right_file, d->right->entries, d->right->raft_index);
    row_count(out, "Equal", d->counts->equal);
    row_count(out, "Added", d->counts->added);
    row_count(out, "Removed", d->counts->removed);
    row_count(out, "Changed", d->counts->changed);
    if (count > 0) {
        buf_printf(out, "\n%21s  %29s\n%10s %10s  %14s %14s  %s\n", "Entries",
                   "Bytes", "left", "right", "left", "right", "Prefix");
    }
    for (size_t n = 0; n < count; n++) {
        buf_printf(out,
                   "%10" PRIu64 " %10" PRIu64 "  %14" PRIu64 " %14" PRIu64 "  ",
                   deltas[n].left_entries, deltas[n].right_entries,
                   deltas[n].left_bytes, deltas[n].right_bytes);
        output_text(out, deltas[n].prefix, strlen(deltas[n].prefix));
        buf_char(out, '\n');
    }
    if (d->changes->kept > 0) {
        buf_char(out, '\n');
        buf_add(out, d->changes->text.data, d->changes->text.len);
    }
    if (d->changes->left_out) {
        buf_printf(out, "... and %" PRIu64 " more (-changes=N shows more)\n",
                   differing - d->changes->kept);
    }
}

int snapshot_print_diff(const struct snapshot_diff *d, struct error *err)
{
    struct snapshot_prefix_list left = {d->left->prefixes,
                                        d->left->prefix_count};
    struct snapshot_prefix_list right = {d->right->prefixes,
                                         d->right->prefix_count};
    struct snapshot_prefix_delta *deltas = NULL;
    size_t count = 0;
    struct buf out;
    int rc = -1;

    buf_init(&out, OUTPUT_MAX);
    if (buf_check(&d->changes->text, "the list of changes", err) != 0 ||
        snapshot_prefix_diff(&left, &right, &deltas, &count, err) != 0) {
        goto done;
    }
    (d->changes->json ? diff_json : diff_table)(d, deltas, count, &out);
    rc = output_flush(&out, err);
done:
    free(deltas);
    buf_done(&out);
    return rc;
}
