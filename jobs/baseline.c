/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/baseline.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "proof/walk.h"
#include "storage/storage.h"

enum { BLOCK = 64 * 1024 };

int baseline_plan(struct baseline *b, const struct job *job, struct error *err)
{
    b->dir = text_format("%s/work/%s", job->world->data_dir, job->run.id);
    return b->dir == NULL ? error_memory(err) : 0;
}

/* Said once, and kept in the manifest. */
static void give_up(struct baseline *b, const struct job *job,
                    const struct error *why)
{
    free(b->path);
    b->path = NULL;
    (void)text_copy(b->facts.missing, sizeof b->facts.missing, why->text);
    log_warn("backup %s: no baseline: %s", job->run.id, why->text);
}

static void show_progress(void *ctx, uint64_t records, uint64_t requests)
{
    (void)requests;
    job_progress(ctx, records, 0, "objects");
}

static int walk(const struct baseline *b, struct job *job, struct vault *vault,
                struct error *err)
{
    struct walk_result *result = calloc(1, sizeof *result);
    struct inventory_key key;
    int rc = -1;

    if (result == NULL)
        return error_memory(err);
    inventory_key_derive(job->world->signer, &key);
    if (file_make_dirs(b->dir, 0700, err) == 0)
        rc = walk_run(
            &(struct walk_options){.vault = vault,
                                   .path = b->path,
                                   .work_dir = b->dir,
                                   .key = &key,
                                   .requests_per_second =
                                       job->settings->requests_per_second,
                                   .cancel = &job->cancel,
                                   .progress = show_progress,
                                   .progress_ctx = job},
            result, err);
    if (rc == 0 && result->not_covered > 0)
        log_warn("backup %s: the baseline lacks %llu things that Assay's "
                 "policy or the server did not show",
                 job->run.id, (unsigned long long)result->not_covered);
    secret_wipe(&key, sizeof key);
    free(result);
    return rc;
}

int baseline_take(struct baseline *b, struct job *job, struct vault *vault,
                  struct error *err)
{
    struct error why = {0};

    if (b->dir == NULL)
        return 0;
    if (job_phase(job, "baseline", err) != 0)
        return -1;
    b->path = text_format("%s/baseline.inventory", b->dir);
    if (b->path == NULL)
        return error_memory(err);
    if (walk(b, job, vault, &why) != 0) {
        if (why.kind != ERR_CANCELLED)
            give_up(b, job, &why);
        else
            *err = why;
    }
    return job_check(job, err);
}

/* From one place to the other, through a digest. */
struct copying {
    int fd;
    struct storage_writer *writer; /* where to; or a file at `to` */
    int to;
    const char *path; /* for errors */
    struct digest *digest;
    uint64_t size;
    char block[BLOCK];
};

static struct copying *copying_new(const char *path)
{
    struct copying *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->fd = c->to = -1;
    c->path = path;
    c->digest = digest_new();
    if (c->digest == NULL) {
        free(c);
        return NULL;
    }
    return c;
}

static void copying_free(struct copying *c)
{
    if (c == NULL)
        return;
    if (c->fd >= 0)
        (void)close(c->fd);
    if (c->to >= 0)
        (void)close(c->to);
    digest_free(c->digest);
    free(c);
}

static int send_all(struct copying *c, struct error *err)
{
    for (;;) {
        ssize_t n = read(c->fd, c->block, sizeof c->block);

        if (n < 0)
            return error_errno(err, ERR_IO, "cannot read %s", c->path);
        if (n == 0)
            return 0;
        digest_update(c->digest, c->block, (size_t)n);
        c->size += (uint64_t)n;
        if (storage_writer_write(c->writer, c->block, (size_t)n, err) != 0)
            return -1;
    }
}

static int put(struct baseline *b, const struct job *job, const char *key,
               struct error *err)
{
    struct copying *c = copying_new(b->path);
    struct storage_writer *w = NULL;
    int rc = -1;

    if (c == NULL)
        return error_memory(err);
    c->fd = open(b->path, O_RDONLY | O_CLOEXEC);
    if (c->fd < 0) {
        (void)error_errno(err, ERR_IO, "cannot open %s", b->path);
        goto done;
    }
    if (storage_writer_open(job->world->storage, key, &c->writer, err) != 0 ||
        send_all(c, err) != 0)
        goto done;
    w = c->writer;
    c->writer = NULL;
    if (storage_writer_commit(w, err) != 0)
        goto done;
    digest_final_hex(c->digest, b->facts.sha256);
    b->facts.size_bytes = c->size;
    rc = 0;
done:
    storage_writer_abort(c->writer);
    copying_free(c);
    return rc;
}

int baseline_store(struct baseline *b, const struct job *job, const char *key,
                   struct error *err)
{
    struct error why = {0};

    if (b->path == NULL)
        return 0;
    if (put(b, job, key, &why) != 0)
        give_up(b, job, &why);
    return job_check(job, err);
}

void baseline_done(struct baseline *b)
{
    struct error ignored;

    if (b->dir != NULL && file_remove_tree(b->dir, &ignored) != 0)
        error_clear(&ignored);
    free(b->path);
    free(b->dir);
    b->path = b->dir = NULL;
}

static int receive_all(struct copying *c, const struct source *from,
                       uint64_t size, struct error *err)
{
    for (;;) {
        size_t n = 0;

        if (from->read(from->ctx, c->block, sizeof c->block, &n, err) != 0)
            return -1;
        if (n == 0)
            return 0;
        digest_update(c->digest, c->block, n);
        c->size += n;
        if (c->size > size)
            return 0; /* another one: seen by its size */
        if (file_write_all(c->to, c->block, n, c->path, err) != 0)
            return -1;
    }
}

int baseline_fetch(const struct job_world *world, const char *key,
                   const struct manifest_baseline *facts, const char *path,
                   struct error *err)
{
    struct copying *c = copying_new(path);
    struct storage_reader *reader = NULL;
    struct source from;
    char sum[DIGEST_SHA256_HEX];
    int rc = -1;

    if (c == NULL)
        return error_memory(err);
    if (storage_reader_open(world->storage, key, &reader, err) != 0)
        goto done;
    from = storage_reader_source(reader);
    c->to =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (c->to < 0) {
        (void)error_errno(err, ERR_IO, "cannot create %s", path);
        goto done;
    }
    if (receive_all(c, &from, facts->size_bytes, err) != 0)
        goto done;
    digest_final_hex(c->digest, sum);
    if (c->size != facts->size_bytes || strcmp(sum, facts->sha256) != 0) {
        (void)error_set(err, ERR_CORRUPT,
                        "the stored baseline is not the one that the signed "
                        "manifest speaks of");
        goto done;
    }
    rc = 0;
done:
    storage_reader_close(reader);
    copying_free(c);
    return rc;
}
