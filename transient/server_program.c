/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/server_program.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

enum { VERSION_TIMEOUT_MS = 20 * 1000, VERSION_OUTPUT_MAX = 4096 };

static const struct product {
    const char *name;
    const char *program; /* on PATH */
    const char *says;    /* how its version begins */
} products[] = {
    {"vault", "vault", "Vault v"},
    {"openbao", "bao", "OpenBao v"},
};

static const struct product *find_product(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof products / sizeof products[0]; i++) {
        if (strcmp(products[i].name, name) == 0)
            return &products[i];
    }
    return NULL;
}

bool server_program_parse(const char *line, struct server_program *out)
{
    size_t i;

    for (i = 0; i < sizeof products / sizeof products[0]; i++) {
        const struct product *p = &products[i];
        size_t len;

        if (!text_starts(line, p->says))
            continue;
        line += strlen(p->says);
        len = strcspn(line, " ,\n");
        if (len == 0 || len >= sizeof out->version)
            return false;
        memcpy(out->version, line, len);
        out->version[len] = '\0';
        return text_copy(out->product, sizeof out->product, p->name);
    }
    return false;
}

bool server_version_is_enterprise(const char *version)
{
    const char *build = strchr(version, '+');

    return build != NULL && text_starts(build, "+ent");
}

static int ask_version(struct server_program *p, struct error *err)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", "HOME=/", NULL};
    const char *const argv[] = {p->path, "version", NULL};
    const struct process_options o = {
        .program = p->path,
        .argv = argv,
        .env = env,
        .stdin_fd = -1,
        .stderr_fd = -1,
    };
    struct buf out;
    int rc = -1;

    buf_init(&out, VERSION_OUTPUT_MAX);
    if (process_run(&o, VERSION_TIMEOUT_MS, &out, err) != 0) {
        error_prefix(err, "cannot ask the transient server's program for its "
                          "version");
        goto done;
    }
    if (!server_program_parse(buf_text(&out), p)) {
        error_set(err, ERR_PRECONDITION, "%s is neither Vault nor OpenBao",
                  p->path);
        goto done;
    }
    rc = 0;
done:
    buf_done(&out);
    return rc;
}

static int not_found(const char *server, const struct product *p,
                     struct error *err)
{
    if (server != NULL && server[0] != '\0')
        return error_set(err, ERR_PRECONDITION,
                         "the server program %s cannot be executed: set "
                         "transient.server to a %s program",
                         server, p->name);
    return error_set(err, ERR_PRECONDITION,
                     "no server to restore into: there is no \"%s\" on PATH; "
                     "install it or set transient.server",
                     p->program);
}

static enum transient_outcome check(const struct server_program *p,
                                    const char *product, const char *version,
                                    struct error *err)
{
    if (strcmp(p->product, product) != 0) {
        error_set(err, ERR_PRECONDITION,
                  "%s is a server of %s, but the snapshot is one of %s: set "
                  "transient.server",
                  p->path, p->product, product);
        return TRANSIENT_NO_SERVER;
    }
    if (server_version_is_enterprise(version) &&
        !server_version_is_enterprise(p->version)) {
        error_set(err, ERR_PRECONDITION,
                  "%s is no Enterprise program, but the snapshot is of Vault "
                  "Enterprise (%s): set transient.server",
                  p->path, version);
        return TRANSIENT_NO_SERVER;
    }
    if (version[0] != '\0' && text_version_compare(p->version, version) < 0) {
        error_set(err, ERR_PRECONDITION,
                  "%s is version %s, older than the snapshot's server "
                  "(%s): install %s or newer",
                  p->path, p->version, version, version);
        return TRANSIENT_OLD_SERVER;
    }
    return TRANSIENT_OK;
}

int server_program_find(const struct server_wanted *wanted,
                        struct server_program *out,
                        enum transient_outcome *outcome, struct error *err)
{
    const struct product *product = find_product(wanted->product);
    const char *version = wanted->version == NULL ? "" : wanted->version;
    struct server_program p = {.path = NULL};
    bool named = wanted->server != NULL && wanted->server[0] != '\0';

    assert(product != NULL);
    p.path = file_find_program(named ? wanted->server : product->program);
    *outcome = TRANSIENT_NO_SERVER;
    if (p.path == NULL)
        return not_found(wanted->server, product, err);
    if (ask_version(&p, err) == 0)
        *outcome = check(&p, wanted->product, version, err);
    if (*outcome != TRANSIENT_OK) {
        server_program_done(&p);
        return -1;
    }
    *out = p;
    return 0;
}

void server_program_done(struct server_program *p)
{
    free(p->path);
    p->path = NULL;
}
