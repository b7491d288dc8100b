/* SPDX-License-Identifier: Apache-2.0
 *
 * Run ids are UUIDs of version 7: their order is the order of time. */
#include "jobs/log_keep.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "transient/log_evidence.h"

#define DIR_NAME "evidence"
#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum { FACTS_MAX = 4096 };

char *log_keep_path(const char *data_dir, const char *run_id)
{
    return text_format("%s/" DIR_NAME "/%s/server.log", data_dir, run_id);
}

static int write_facts(const char *path, const struct transient *t,
                       const struct log_evidence *e, struct error *err)
{
    struct buf text;
    struct jsonw w;
    int rc;

    buf_init(&text, FACTS_MAX);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "sha256", e->sha256);
    jsonw_u64(&w, "bytes", e->bytes);
    jsonw_u64(&w, "left_out", e->left_out);
    jsonw_bool(&w, "cut", e->cut);
    jsonw_text(&w, "server_version", transient_server_version(t));
    jsonw_end_object(&w);
    rc = buf_check(&text, "a log's facts", err);
    if (rc == 0)
        rc = file_replace(path, buf_text(&text), text.len, 0600, err);
    buf_done(&text);
    return rc;
}

int log_keep(const char *data_dir, const char *run_id,
             const struct transient *t, struct error *err)
{
    const char *from = transient_log_path(t);
    char *dir = text_format("%s/" DIR_NAME "/%s", data_dir, run_id);
    char *log = log_keep_path(data_dir, run_id);
    char *facts =
        text_format("%s/" DIR_NAME "/%s/server.json", data_dir, run_id);
    struct log_evidence e;
    int rc = -1;

    if (dir == NULL || log == NULL || facts == NULL) {
        error_memory(err);
        goto done;
    }
    if (from == NULL || !file_exists(from) || file_exists(facts)) {
        rc = 0;
        goto done;
    }
    if (file_make_dirs(dir, 0700, err) != 0 ||
        log_evidence_keep(from, log, &e, err) != 0 ||
        write_facts(facts, t, &e, err) != 0)
        goto done;
    rc = 0;
done:
    free(dir);
    free(log);
    free(facts);
    return rc;
}

static int is_run(const struct dirent *e)
{
    return id_valid(e->d_name);
}

static bool is_old(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 &&
           clock_now_ms() - (int64_t)st.st_mtime * 1000 >
               LOG_KEEP_DAYS * DAY_MS;
}

int log_keep_prune(const char *data_dir, struct error *err)
{
    struct dirent **list = NULL;
    char *dir = text_format("%s/" DIR_NAME, data_dir);
    int count = 0;
    int rc = 0;
    int i;

    if (dir == NULL)
        return error_memory(err);
    count = scandir(dir, &list, is_run, alphasort);
    if (count < 0 && errno != ENOENT)
        rc = error_errno(err, ERR_IO, "cannot read the directory %s", dir);
    for (i = 0; i < count; i++) {
        char *path = text_format("%s/%s", dir, list[i]->d_name);

        if (path == NULL)
            rc = error_memory(err);
        else if ((count - i > LOG_KEEP_RUNS || is_old(path)) &&
                 file_remove_tree(path, err) != 0)
            rc = -1;
        free(path);
        free(list[i]);
    }
    free(list);
    free(dir);
    return rc;
}
