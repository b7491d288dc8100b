/* SPDX-License-Identifier: Apache-2.0
 *
 * Where Assay ran as root before there are files of root's.  They are looked
 * for here, by name: whoever finds one later cannot say what is to be done. */
#include "cli/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/privileges.h"
#include "base/text.h"

static const char *const of_data[] = {
    "assay.db",      "assay.db-wal", "assay.db-shm", "signing-key.pem",
    "audit.reserve", "evidence",     "work",         "transient"};
enum { OF_DATA = sizeof(of_data) / sizeof(of_data[0]) };

/* A directory that is made when it is not there. */
static int can_make(const char *path, const char *user, struct error *err)
{
    char *at = text_dup(path);
    int rc = -1;

    if (at == NULL)
        return error_memory(err);
    while (access(at, F_OK) != 0 && errno == ENOENT) {
        char *slash = strrchr(at, '/');

        if (slash == NULL || slash == at) {
            (void)text_copy(at, strlen(path) + 1, slash == NULL ? "." : "/");
            break;
        }
        *slash = '\0';
    }
    if (access(at, W_OK | X_OK) == 0)
        rc = 0;
    else if (strcmp(at, path) == 0)
        error_errno(err, ERR_IO,
                    "user %s cannot write to %s (give it to that user: chown "
                    "-R %s %s)",
                    user, path, user, path);
    else
        error_errno(err, ERR_IO,
                    "user %s cannot make %s (make it, and give it to that "
                    "user: chown %s %s)",
                    user, path, user, path);
    free(at);
    return rc;
}

/* `whole` is what to give to that user if `path`, below it, is root's; the
 * modes of its own files are its own affair. */
static int can_use(const char *path, const char *whole, const char *user,
                   struct error *err)
{
    struct stat st;

    if ((stat(path, &st) == 0 && st.st_uid == geteuid()) ||
        access(path, R_OK | W_OK) == 0 || errno == ENOENT)
        return 0;
    return error_errno(err, ERR_IO,
                       "user %s cannot write to %s (give all of it to that "
                       "user: chown -R %s %s)",
                       user, path, user, whole);
}

static int can_use_in(const char *dir, const char *name, const char *user,
                      struct error *err)
{
    char *path = text_format("%s/%s", dir, name);
    int rc = -1;

    if (path == NULL)
        (void)error_memory(err);
    else
        rc = can_use(path, dir, user, err);
    free(path);
    return rc;
}

static int check_storage(const struct config *config, const char *path,
                         const char *user, struct error *err)
{
    if (can_make(path, user, err) != 0 ||
        can_use_in(path, "audit", user, err) != 0)
        return -1;
    for (size_t i = 0; i < config->clusters_count; i++)
        if (can_use_in(path, config->clusters[i].name, user, err) != 0)
            return -1;
    return 0;
}

static int check_places(const struct config *config, const char *user,
                        struct error *err)
{
    if (can_make(config->data_dir, user, err) != 0)
        return -1;
    for (size_t i = 0; i < OF_DATA; i++)
        if (can_use_in(config->data_dir, of_data[i], user, err) != 0)
            return -1;
    for (size_t i = 0; i < config->storage_count; i++)
        if (check_storage(config, config->storage[i].path, user, err) != 0)
            return -1;
    return config->audit.file == NULL
               ? 0
               : can_use(config->audit.file, config->audit.file, user, err);
}

static const char *first_error(const struct config_report *report)
{
    for (size_t i = 0; i < report->kept; i++)
        if (!report->items[i].warning)
            return report->items[i].text;
    return "";
}

/* What root could read counts, where this user cannot; what this user is
 * warned of does otherwise: it is about files, as this user finds them. */
static void load_again(const struct settings_flags *flags, const char *user,
                       struct config_report *report, struct config **config)
{
    struct config_report report_again;
    struct config *again = NULL;

    if (settings_load_report(flags, &report_again, &again) != 0) {
        log_warn("the configuration cannot be read by user %s, and SIGHUP "
                 "will not work: %s",
                 user, first_error(&report_again));
        return;
    }
    config_free(*config);
    *config = again;
    *report = report_again;
}

static int change(const struct settings_flags *flags,
                  struct config_report *report, struct config **config,
                  struct error *err)
{
    struct privileges_user who;

    if (privileges_find((*config)->user, (*config)->group, &who, err) != 0 ||
        privileges_become(&who, err) != 0)
        return -1;
    log_info("running as user %s (%u), group %u", who.name, (unsigned)who.uid,
             (unsigned)who.gid);
    load_again(flags, who.name, report, config);
    return check_places(*config, who.name, err);
}

int identity_load(const struct settings_flags *flags, struct config **out)
{
    struct config_report report;
    struct config *config = NULL;
    struct error err = {0};
    int rc = settings_load_report(flags, &report, &config);

    if (rc == 0) {
        settings_apply_log(config);
        if (config->user != NULL && geteuid() == 0)
            rc = change(flags, &report, &config, &err);
    }
    settings_print_report(&report);
    if (err.kind != ERR_NONE)
        log_error("%s", err.text);
    if (rc == 0)
        *out = config;
    else
        config_free(config);
    return rc;
}
