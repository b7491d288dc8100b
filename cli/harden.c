/* SPDX-License-Identifier: Apache-2.0
 *
 * Which paths are written to is known here alone. */
#include "cli/harden.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "transient/launcher.h"

/* What servers, Terraform and programs of the operator expect to be able to
 * write to besides. */
static const struct {
    const char *path;
    enum confine_right right;
} always[] = {
    {"/tmp", CONFINE_TREE},         {"/var/tmp", CONFINE_TREE},
    {"/dev/shm", CONFINE_TREE},     {"/dev/null", CONFINE_WRITE},
    {"/dev/zero", CONFINE_WRITE},   {"/dev/full", CONFINE_WRITE},
    {"/dev/random", CONFINE_WRITE}, {"/dev/urandom", CONFINE_WRITE},
    {"/dev/tty", CONFINE_WRITE},    {"/dev/pts", CONFINE_WRITE},
};
enum { ALWAYS = sizeof(always) / sizeof(always[0]) };

/* Room is made first; the paths are copies. */
struct paths {
    struct confine_path *items;
    char **owned;
    size_t count;
    bool failed;
};

static void add(struct paths *p, char *path, enum confine_right right)
{
    p->failed = p->failed || path == NULL;
    p->owned[p->count] = path;
    p->items[p->count++] = (struct confine_path){.path = path, .right = right};
}

static void add_optional(struct paths *p, char *path, enum confine_right right)
{
    add(p, path, right);
    p->items[p->count - 1].optional = true;
}

/* The directory that holds an absolute path. */
static char *parent_of(const char *path)
{
    size_t len = (size_t)(strrchr(path, '/') - path);

    return len == 0 ? text_dup("/") : text_format("%.*s", (int)len, path);
}

static void collect(const struct config *config, struct paths *p)
{
    const struct config_texts *more = &config->hardening.write_paths;
    const char *temp = getenv("TMPDIR");

    add(p, text_dup(config->data_dir), CONFINE_TREE);
    for (size_t i = 0; i < config->storage_count; i++)
        add(p, text_dup(config->storage[i].path), CONFINE_TREE);
    /* logrotate moves the file, and it is made anew. */
    if (config->audit.file != NULL)
        add(p, parent_of(config->audit.file), CONFINE_TREE);
    for (size_t i = 0; i < config->listen_count; i++)
        if (config_is_socket(config->listen[i].address))
            add_optional(p,
                         parent_of(strchr(config->listen[i].address, '/') + 2),
                         CONFINE_SOCKETS);
    for (size_t i = 0; i < more->count; i++)
        add(p, text_dup(more->items[i]), CONFINE_TREE);
    if (temp != NULL && temp[0] == '/')
        add_optional(p, text_dup(temp), CONFINE_TREE);
    for (size_t i = 0; i < ALWAYS; i++)
        add_optional(p, text_dup(always[i].path), always[i].right);
    /* Programs that make user namespaces write to /proc/self.  Whoever may
     * write to all of /proc must say so. */
    if (geteuid() != 0)
        add_optional(p, text_dup("/proc"), CONFINE_WRITE);
}

static int confine_to_paths(const struct config *config, struct error *err)
{
    const size_t most = 4 + ALWAYS + config->storage_count +
                        config->listen_count +
                        config->hardening.write_paths.count;
    struct paths p = {.items = calloc(most, sizeof(*p.items)),
                      .owned = calloc(most, sizeof(*p.owned))};
    int rc = -1;

    if (p.items == NULL || p.owned == NULL) {
        (void)error_memory(err);
        goto done;
    }
    collect(config, &p);
    rc = p.failed ? error_memory(err) : confine_writing(p.items, p.count, err);
done:
    for (size_t i = 0; i < p.count; i++)
        free(p.owned[i]);
    free(p.owned);
    free(p.items);
    return rc;
}

static int confine_to_calls(const struct config *config, struct error *err)
{
    (void)config;
    return confine_calls(err);
}

/* One of them, as it is wanted. */
struct measure {
    const char *name;
    unsigned wanted; /* enum config_confine */
    int (*apply)(const struct config *config, struct error *err);
};

static int take(const struct measure *m, const struct config *config,
                const char **out, struct error *err)
{
    struct error why = {0};

    *out = "off";
    if (m->wanted == CONFIG_CONFINE_OFF)
        return 0;
    if (m->apply(config, &why) == 0) {
        *out = "on";
        return 0;
    }
    if (m->wanted == CONFIG_CONFINE_REQUIRED || why.kind != ERR_PRECONDITION) {
        *err = why;
        return error_prefix(err, "hardening.%s", m->name);
    }
    *out = "unavailable";
    log_warn("hardening: no %s: %s", m->name, why.text);
    return 0;
}

int harden_process(const struct config *config, struct handlers_hardening *out,
                   struct error *err)
{
    const struct measure landlock = {"landlock", config->hardening.landlock,
                                     confine_to_paths};
    const struct measure seccomp = {"seccomp", config->hardening.seccomp,
                                    confine_to_calls};

    out->memory_locked = secret_memory_is_locked();
    if (!out->memory_locked)
        log_warn("secrets may reach the swap space: RLIMIT_MEMLOCK is too "
                 "small to keep them in memory; 512 KiB will do (systemd: "
                 "LimitMEMLOCK=)");
    if (landlock.wanted == CONFIG_CONFINE_OFF &&
        seccomp.wanted == CONFIG_CONFINE_OFF)
        log_warn("hardening: landlock and seccomp are off");
    else if (launcher_open(config->data_dir, err) != 0)
        return -1;
    /* Landlock first: the filter need not let its calls through. */
    if (take(&landlock, config, &out->landlock, err) != 0 ||
        take(&seccomp, config, &out->seccomp, err) != 0)
        return -1;
    log_info("hardening: landlock %s, seccomp %s, memory of secrets %s",
             out->landlock, out->seccomp,
             out->memory_locked ? "locked" : "not locked");
    return 0;
}

void harden_done(void)
{
    launcher_close();
}
