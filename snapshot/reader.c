/* SPDX-License-Identifier: Apache-2.0
 *
 * Four machines in a row: gunzip gives plain bytes, tar gives the members'
 * bytes, entries gives entries, and the sums are taken alongside.  Members
 * may come in any order, so the sums are compared at the end. */
#include "snapshot/reader_step.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "snapshot/entries.h"
#include "snapshot/gunzip.h"
#include "snapshot/hasher.h"
#include "snapshot/members.h"
#include "snapshot/prefixes.h"
#include "snapshot/span.h"
#include "snapshot/tar.h"

/* Larger falls out of the second-level cache, smaller calls more often. */
enum { CHUNK = 64 * 1024 };

struct snapshot_reader {
    struct snapshot_reader_options options;
    struct gunzip *gunzip;
    struct tar *tar;
    struct entries *entries;
    struct prefixes *prefixes; /* NULL unless asked for */
    struct hasher *hasher;
    struct span in;    /* the archive's bytes, given and not yet used */
    struct span plain; /* the tar's, in gunzip's window */
    struct span state; /* state.bin's, in the same place */
    uint64_t size_bytes;
    enum member member; /* the one being read */
    bool seen[MEMBERS];
    struct buf text;   /* meta.json or SHA256SUMS, while it is read */
    struct buf sealed; /* SHA256SUMS.sealed */
    char meta_sum[DIGEST_SHA256_HEX];
    struct members_sums sums;
    uint64_t state_bytes; /* as the tar has it */
    struct snapshot_facts facts;
    bool finished;
    struct error error; /* the first one; kind ERR_NONE until then */
};

static struct snapshot_reader *
reader_new(const struct snapshot_reader_options *options, bool keep_values)
{
    struct snapshot_reader *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        return NULL;
    }
    if (options != NULL) {
        r->options = *options;
    }
    buf_init(&r->text, LIMIT_SNAPSHOT_MEMBER);
    buf_init(&r->sealed, LIMIT_SNAPSHOT_MEMBER);
    r->gunzip = gunzip_new();
    r->tar = tar_new();
    r->entries = entries_new(keep_values);
    r->prefixes = r->options.prefixes ? prefixes_new() : NULL;
    r->hasher = hasher_new(r->options.helper_thread);
    if (r->gunzip == NULL || r->tar == NULL || r->entries == NULL ||
        (r->options.prefixes && r->prefixes == NULL) || r->hasher == NULL) {
        snapshot_reader_free(r);
        return NULL;
    }
    return r;
}

struct snapshot_reader *
snapshot_reader_new(const struct snapshot_reader_options *options)
{
    return reader_new(options, options != NULL && options->entry != NULL);
}

struct snapshot_reader *
snapshot_reader_new_stepped(const struct snapshot_reader_options *options)
{
    return reader_new(options, true);
}

void snapshot_reader_free(struct snapshot_reader *r)
{
    if (r == NULL) {
        return;
    }
    snapshot_facts_done(&r->facts);
    buf_done(&r->text);
    buf_done(&r->sealed);
    hasher_free(r->hasher);
    prefixes_free(r->prefixes);
    entries_free(r->entries);
    tar_free(r->tar);
    gunzip_free(r->gunzip);
    free(r);
}

/* The name came from outside: only what is harmless to print. */
static int unknown_member(const char *name, struct error *err)
{
    char shown[32] = "";
    size_t n = 0;

    for (; name[n] != '\0' && n < sizeof(shown) - 1; n++) {
        shown[n] = name[n] > ' ' && name[n] < 0x7f ? name[n] : '?';
    }
    return error_set(err, ERR_CORRUPT,
                     "the archive has a member that does not belong there: %s",
                     shown);
}

static int begin_member(struct snapshot_reader *r, struct error *err)
{
    enum member m = members_find(tar_name(r->tar));
    uint64_t size = tar_size(r->tar);

    if (m == MEMBERS) {
        return unknown_member(tar_name(r->tar), err);
    }
    if (r->seen[m]) {
        return error_set(err, ERR_CORRUPT, "%s is in the archive twice",
                         members_name(m));
    }
    if (size == 0) {
        return error_set(err, ERR_CORRUPT, "%s is empty", members_name(m));
    }
    if (m == MEMBER_STATE) {
        r->state_bytes = size;
    } else if (size > LIMIT_SNAPSHOT_MEMBER) {
        return error_set(err, ERR_CORRUPT,
                         "%s claims a length of %" PRIu64 " bytes",
                         members_name(m), size);
    }
    r->seen[m] = true;
    r->member = m;
    buf_clear(&r->text);
    return 0;
}

static int member_data(struct snapshot_reader *r, const struct span *data,
                       struct error *err)
{
    switch (r->member) {
    case MEMBER_STATE:
        hasher_update(r->hasher, HASHER_STATE, data->data, data->len);
        r->state = *data;
        return 0;
    case MEMBER_META:
    case MEMBER_SUMS:
        buf_add(&r->text, data->data, data->len);
        return buf_failed(&r->text) ? error_memory(err) : 0;
    case MEMBER_SEALED: /* only the server's seal can read it */
        buf_add(&r->sealed, data->data, data->len);
        return buf_failed(&r->sealed) ? error_memory(err) : 0;
    case MEMBERS:
        break;
    }
    return 0;
}

static int end_member(struct snapshot_reader *r, struct error *err)
{
    switch (r->member) {
    case MEMBER_META:
        digest_sha256_hex(r->text.data, r->text.len, r->meta_sum);
        return members_parse_meta(r->text.data, r->text.len, &r->facts, err);
    case MEMBER_SUMS:
        return members_parse_sums(r->text.data, r->text.len, &r->sums, err);
    case MEMBER_STATE:
        return entries_end(r->entries, err);
    case MEMBER_SEALED:
    case MEMBERS:
        break;
    }
    return 0;
}

static int tar_step(struct snapshot_reader *r, bool *moved, struct error *err)
{
    enum tar_event event = TAR_MORE;
    struct span data = {NULL, 0};

    if (tar_next(r->tar, &r->plain, &event, &data, err) != 0) {
        return -1;
    }
    *moved = event != TAR_MORE;
    switch (event) {
    case TAR_MEMBER:
        return begin_member(r, err);
    case TAR_DATA:
        return member_data(r, &data, err);
    case TAR_CLOSED:
        return end_member(r, err);
    case TAR_MORE:
        break;
    }
    return 0;
}

static int state_step(struct snapshot_reader *r, bool *found,
                      struct snapshot_entry *entry, struct error *err)
{
    struct entries_item item;

    if (entries_next(r->entries, &r->state, found, &item, err) != 0) {
        return -1;
    }
    if (!*found) {
        return 0;
    }
    *entry = (struct snapshot_entry){
        .key = item.key,
        .key_len = item.key_len,
        .value = item.value,
        .value_len = item.value_len,
    };
    return r->prefixes == NULL
               ? 0
               : prefixes_add(r->prefixes, item.key, item.key_len,
                              item.message_len, err);
}

/* From the back to the front: what is already there goes first. */
static int advance(struct snapshot_reader *r, bool *found,
                   struct snapshot_entry *entry, struct error *err)
{
    *found = false;
    while (!*found) {
        bool moved = false;

        if (r->state.len > 0) {
            if (state_step(r, found, entry, err) != 0) {
                return -1;
            }
            continue;
        }
        if (tar_step(r, &moved, err) != 0) {
            return -1;
        }
        if (moved) {
            continue;
        }
        if (r->in.len == 0 && !gunzip_pending(r->gunzip)) {
            return 0;
        }
        if (gunzip_step(r->gunzip, &r->in, &r->plain, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Remember the first error, repeat it ever after. */
static int fail(struct snapshot_reader *r, const struct error *why,
                struct error *err)
{
    if (r->error.kind == ERR_NONE) {
        r->error = *why;
    }
    if (err != NULL) {
        *err = r->error;
    }
    return -1;
}

void snapshot_reader_feed(struct snapshot_reader *r, const void *data,
                          size_t len)
{
    assert(!r->finished && r->in.len == 0);
    if (len == 0) {
        return;
    }
    r->size_bytes += len;
    if (r->options.digest_archive) {
        hasher_update(r->hasher, HASHER_ARCHIVE, data, len);
    }
    r->in = (struct span){data, len};
}

int snapshot_reader_step(struct snapshot_reader *r, bool *found,
                         struct snapshot_entry *entry, struct error *err)
{
    struct error why = {.kind = ERR_NONE};

    if (r->error.kind != ERR_NONE || advance(r, found, entry, &why) != 0) {
        return fail(r, &why, err);
    }
    return 0;
}

int snapshot_reader_push(struct snapshot_reader *r, const void *data,
                         size_t len, struct error *err)
{
    struct error why = {.kind = ERR_NONE};
    struct snapshot_entry entry;
    bool found = true;

    if (r->error.kind != ERR_NONE) {
        return fail(r, &why, err);
    }
    snapshot_reader_feed(r, data, len);
    while (found) {
        if (snapshot_reader_step(r, &found, &entry, err) != 0) {
            return -1;
        }
        if (found && r->options.entry != NULL &&
            r->options.entry(r->options.ctx, &entry, &why) != 0) {
            return fail(r, &why, err);
        }
    }
    return 0;
}

static int truncated(const struct snapshot_reader *r, struct error *err)
{
    static const char *const places[] = {
        [GUNZIP_HEADER] = "the gzip header",
        [GUNZIP_BODY] = "the compressed data, between two members",
        [GUNZIP_TRAILER] = "the gzip trailer",
    };
    enum gunzip_place where = gunzip_where(r->gunzip);
    char inside[TAR_NAME_MAX + 64] = "";

    if (r->size_bytes == 0) {
        return error_set(err, ERR_CORRUPT, "the archive is empty (0 bytes)");
    }
    if (where != GUNZIP_BODY || !tar_inside(r->tar, inside, sizeof(inside))) {
        return error_set(err, ERR_CORRUPT,
                         "the archive is truncated: it ends inside %s",
                         places[where]);
    }
    return error_set(err, ERR_CORRUPT,
                     "the archive is truncated: it ends inside %s", inside);
}

/* The gzip stream ended well; did what is in it? */
static int check_tar(const struct snapshot_reader *r, struct error *err)
{
    char inside[TAR_NAME_MAX + 64] = "";

    if (!tar_ended(r->tar) && tar_inside(r->tar, inside, sizeof(inside))) {
        return error_set(err, ERR_CORRUPT,
                         "the archive is incomplete: its tar ends inside %s",
                         inside);
    }
    for (enum member m = 0; m < MEMBERS; m++) {
        if (!r->seen[m]) {
            return error_set(err, ERR_CORRUPT, "%s is missing from the archive",
                             members_name(m));
        }
    }
    if (!tar_ended(r->tar)) {
        return error_set(err, ERR_CORRUPT,
                         "the archive is incomplete: its tar has no end "
                         "marker");
    }
    return 0;
}

static int check_sums(struct snapshot_reader *r, struct error *err)
{
    char state_sum[DIGEST_SHA256_HEX];

    hasher_final_hex(r->hasher, HASHER_STATE, state_sum);
    if (strcmp(r->meta_sum, r->sums.meta) != 0) {
        return error_set(err, ERR_CORRUPT,
                         "meta.json does not match its sum in SHA256SUMS");
    }
    if (strcmp(state_sum, r->sums.state) != 0) {
        return error_set(err, ERR_CORRUPT,
                         "state.bin does not match its sum in SHA256SUMS");
    }
    if (r->state_bytes != r->facts.state_bytes) {
        return error_set(err, ERR_CORRUPT,
                         "state.bin is %" PRIu64 " bytes long, but meta.json "
                         "says %" PRIu64,
                         r->state_bytes, r->facts.state_bytes);
    }
    return 0;
}

static int finish(struct snapshot_reader *r, struct error *err)
{
    if (gunzip_where(r->gunzip) != GUNZIP_END) {
        return truncated(r, err);
    }
    if (check_tar(r, err) != 0 || check_sums(r, err) != 0) {
        return -1;
    }
    if (r->prefixes != NULL &&
        prefixes_take(r->prefixes, &r->facts, err) != 0) {
        return -1;
    }
    r->facts.entries = entries_count(r->entries);
    r->facts.size_bytes = r->size_bytes;
    r->facts.archive_digested = r->options.digest_archive;
    if (r->options.digest_archive) {
        hasher_final_hex(r->hasher, HASHER_ARCHIVE, r->facts.sha256);
    }
    return 0;
}

int snapshot_reader_finish(struct snapshot_reader *r,
                           struct snapshot_facts *facts, struct error *err)
{
    struct error why = {.kind = ERR_NONE};

    assert(!r->finished);
    if (r->error.kind != ERR_NONE || finish(r, &why) != 0) {
        return fail(r, &why, err);
    }
    r->finished = true;
    *facts = r->facts;
    snapshot_facts_init(&r->facts);
    return 0;
}

void snapshot_reader_sums(const struct snapshot_reader *r,
                          struct members_sums *sums, struct span *sealed)
{
    *sums = r->sums;
    *sealed = (struct span){(const uint8_t *)r->sealed.data, r->sealed.len};
}

static int sink_write(void *ctx, const void *data, size_t len,
                      struct error *err)
{
    return snapshot_reader_push(ctx, data, len, err);
}

struct sink snapshot_reader_sink(struct snapshot_reader *r)
{
    return (struct sink){.write = sink_write, .ctx = r};
}

int snapshot_read_source(const struct source *source,
                         const struct snapshot_reader_options *options,
                         const struct cancel *cancel,
                         struct snapshot_facts *facts, struct error *err)
{
    struct snapshot_reader *r = snapshot_reader_new(options);
    uint8_t *data = malloc(CHUNK);
    size_t len = 1;
    int rc = -1;

    if (r == NULL || data == NULL) {
        error_memory(err);
        goto done;
    }
    while (len > 0) {
        if (cancelled(cancel)) {
            error_set(err, ERR_CANCELLED, "reading the archive was cancelled");
            goto done;
        }
        if (source->read(source->ctx, data, CHUNK, &len, err) != 0 ||
            snapshot_reader_push(r, data, len, err) != 0) {
            goto done;
        }
    }
    rc = snapshot_reader_finish(r, facts, err);
done:
    free(data);
    snapshot_reader_free(r);
    return rc;
}
