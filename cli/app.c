/* SPDX-License-Identifier: Apache-2.0
 *
 * Opened in the order of dependence, released in reverse.  The sockets are
 * opened before anything is cleaned up or run: a second Assay on the same
 * port, or on the same data, ends here without having touched anything. */
#include "cli/app.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/access.h"
#include "access/key.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/privileges.h"
#include "base/secret.h"
#include "base/signer.h"
#include "cli/access_backend.h"
#include "cli/harden.h"
#include "cli/rights.h"
#include "cli/settings.h"
#include "cli/settings_listen.h"
#include "cli/settings_oracles.h"
#include "cli/told.h"
#include "cli/watch.h"
#include "handlers/handlers.h"
#include "handlers/trail.h"
#include "jobs/jobs.h"
#include "notify/notify.h"
#include "server/request.h"
#include "server/server.h"
#include "storage/storage.h"
#include "store/audit.h"
#include "store/store.h"
#include "vault/vault.h"

struct app {
    const struct config *config;
    struct store *store;
    struct audit *audit;
    struct trail *trail;
    struct signer *signer;
    struct storage *storage;
    struct vault **vaults; /* one per cluster, in the configuration's order */
    size_t vaults_count;
    struct vault **restore_vaults; /* the same, as who restores */
    size_t restore_vaults_count;
    struct jobs *jobs;
    struct access *access;
    struct break_glass_box *break_glass;
    struct notify *notify;
    struct access_backend_source backend;
    struct server *server;
    struct watch *watch;
    struct handlers_app handlers;
    bool listening_to_store;
    int64_t drain_ms;
};

static int open_audit(struct app *app, struct error *err)
{
    const struct config *config = app->config;
    const struct audit_options options = {
        .store = app->store,
        .file = config->audit.file,
        .reserve_dir = config->data_dir,
        .reserve_bytes = config->audit.reserve_bytes,
    };

    if (audit_open(&options, &app->audit, err) != 0)
        return error_prefix(err, "audit");
    return trail_new(app->audit, &app->trail, err);
}

static int open_data(struct app *app, struct error *err)
{
    const struct config *config = app->config;
    const struct storage_options storage = settings_storage(config);
    char *catalog = settings_data_path(config, "assay.db");
    char *key = settings_data_path(config, "signing-key.pem");
    int rc = -1;

    if (catalog == NULL || key == NULL) {
        (void)error_memory(err);
        goto done;
    }
    if (file_make_dirs(config->data_dir, 0700, err) != 0 ||
        store_open(catalog, &app->store, err) != 0 ||
        store_own(app->store, err) != 0 ||
        signer_open(key, &app->signer, err) != 0 ||
        storage_open(&storage, &app->storage, err) != 0 ||
        open_audit(app, err) != 0)
        goto done;
    rc = 0;
done:
    free(catalog);
    free(key);
    return rc;
}

static int open_vaults(struct app *app, struct error *err)
{
    const struct config *config = app->config;

    app->vaults = calloc(config->clusters_count, sizeof(*app->vaults));
    if (app->vaults == NULL)
        return error_memory(err);
    for (size_t i = 0; i < config->clusters_count; i++) {
        struct vault_options options;

        if (settings_vault(&config->clusters[i], &options, err) != 0 ||
            vault_new(&options, &app->vaults[i], err) != 0)
            return -1;
        app->vaults_count++;
    }
    return 0;
}

/* The credential that restores has handles of its own, and logs in when it
 * is needed only. */
static int open_restore_vaults(struct app *app, struct error *err)
{
    const struct config *config = app->config;

    app->restore_vaults =
        calloc(config->clusters_count, sizeof(*app->restore_vaults));
    if (app->restore_vaults == NULL)
        return error_memory(err);
    for (size_t i = 0; i < config->clusters_count; i++) {
        struct vault_options options;

        if (settings_restore_vault(&config->clusters[i], &options, err) != 0 ||
            vault_new(&options, &app->restore_vaults[i], err) != 0)
            return -1;
        app->restore_vaults_count++;
    }
    return 0;
}

/* The arrays that struct jobs_options points to, while it is handed over. */
struct engine_options {
    struct jobs_options options;
    struct jobs_cluster *clusters;
    uint8_t (*keys)[32];
    struct settings_drivers drivers;
    struct settings_oracles oracles;
};

/* Only workers call it, and they start when everything is there. */
static void flush_access(void *ctx)
{
    struct app *app = ctx;

    access_flush(app->access);
}

static int engine_options_init(struct app *app, const struct config *config,
                               struct engine_options *out, struct error *err)
{
    size_t count = config->clusters_count;

    *out = (struct engine_options){.options = settings_jobs(config)};
    out->clusters = calloc(count, sizeof(*out->clusters));
    if (out->clusters == NULL)
        return error_memory(err);
    for (size_t i = 0; i < count; i++)
        out->clusters[i] = (struct jobs_cluster){
            .name = config->clusters[i].name,
            .vault = app->vaults[i],
            .restore_vault = app->restore_vaults[i],
            .unseal_key_files =
                (const char *const *)config->clusters[i].unseal.key_files.items,
            .unseal_key_files_count =
                config->clusters[i].unseal.key_files.count,
            .unseal_command =
                (const char *const *)config->clusters[i].unseal.command.items,
            .unseal_command_count = config->clusters[i].unseal.command.count,
        };
    if (settings_drivers_init(config, &out->drivers, err) != 0)
        return -1;
    out->options.transient_drivers = &out->drivers.drivers;
    if (settings_oracles_init(config, &out->oracles, err) != 0)
        return -1;
    out->options.oracle.terraform = settings_oracles_terraform(&out->oracles);
    if (settings_trusted_keys(config, &out->keys,
                              &out->options.trusted_keys_count, err) != 0)
        return -1;
    out->options.trusted_keys = (const uint8_t(*)[32])out->keys;
    out->options.clusters = out->clusters;
    out->options.clusters_count = count;
    out->options.store = app->store;
    out->options.storage = app->storage;
    out->options.signer = app->signer;
    out->options.audit = app->audit;
    out->options.restored = flush_access;
    out->options.restored_ctx = app;
    return 0;
}

static void engine_options_done(struct engine_options *o)
{
    free(o->clusters);
    free(o->keys);
    settings_drivers_done(&o->drivers);
    settings_oracles_done(&o->oracles);
}

static int open_jobs(struct app *app, struct error *err)
{
    struct engine_options options;
    int rc = -1;

    if (engine_options_init(app, app->config, &options, err) == 0)
        rc = jobs_new(&options.options, &app->jobs, err);
    engine_options_done(&options);
    return rc;
}

/* Callers are known to the first cluster. */
static int open_access(struct app *app, struct error *err)
{
    const struct config *config = app->config;
    struct access_options options = {
        .allow_root_requester = config->access.allow_root,
        .allowed_ms = config->access.cache_ttl_ms,
    };
    int rc = -1;

    app->backend = (struct access_backend_source){
        .vault = app->vaults[0], .namespace = config->access.namespace};
    options.backend = access_backend_of(&app->backend);
    const struct notify_options told = told_options(config);

    if (break_glass_box_new(&app->break_glass, err) != 0 ||
        notify_new(&told, &app->notify, err) != 0)
        return -1;
    rights_set_break_glass(config, app->break_glass);
    options.break_glass = app->break_glass;
    if (access_key_load(app->store, options.key, err) == 0)
        rc = access_new(&options, &app->access, err);
    secret_wipe(options.key, sizeof(options.key));
    return rc;
}

static enum access_operation operation_of(enum verb verb)
{
    switch (verb) {
    case VERB_READ:
        return ACCESS_READ;
    case VERB_LIST:
        return ACCESS_LIST;
    case VERB_WRITE:
        return ACCESS_WRITE;
    case VERB_DELETE:
        break;
    }
    return ACCESS_DELETE;
}

static int authorize(void *ctx, const struct request *request, bool may_block,
                     struct principal *out, struct error *err)
{
    struct app *app = ctx;
    const struct route *route = request_route(request);
    const struct access_question question = {
        .token = request_token(request),
        .path = request_path(request),
        .operation = operation_of(route->verb),
        .needs = (route->flags & ROUTE_SUDO ? ACCESS_SUDO : 0u) |
                 (route->flags & ROUTE_ENTITY ? ACCESS_ENTITY : 0u) |
                 (route->flags & ROUTE_OWN_RUN ? ACCESS_OWN_RUN : 0u),
        .right = rights_of_route(route),
    };
    int rc = access_check(app->access, &question, may_block, out, err);

    if (rc == 0 && out->authenticated && out->break_glass)
        told_break_glass(app->break_glass, app->notify, request, &question,
                         out);
    return rc;
}

static void wake_server(void *ctx)
{
    struct app *app = ctx;

    server_wake(app->server);
}

static int open_server(struct app *app, struct error *err)
{
    static const struct route *const tables[] = {handlers_routes, NULL};
    const struct config *config = app->config;
    struct server_listen listen[SERVER_LISTEN_MAX];
    struct server_options options = {
        .listen = listen,
        .listen_count = config->listen_count,
        .mount = config->access.mount,
        .routes = tables,
        .outside = handlers_outside,
        .app = &app->handlers,
        .authorize = authorize,
        .authorize_ctx = app,
        .audit = trail_hooks(app->trail),
        .bound = privileges_end,
    };

    if (settings_listen(config, listen, err) != 0)
        return -1;
    settings_limits(config, &options);
    app->handlers.store = app->store;
    app->handlers.jobs = app->jobs;
    app->handlers.break_glass = app->break_glass;
    app->handlers.started_ms = clock_now_ms();
    atomic_init(&app->handlers.stopping, false);
    return server_new(&options, &app->server, err);
}

int app_open(const struct config *config, struct app **out, struct error *err)
{
    struct app *app = calloc(1, sizeof(*app));
    int rc = -1;

    if (app == NULL)
        return error_memory(err);
    app->config = config;
    app->drain_ms = config->drain_ms;
    if (open_data(app, err) != 0 || open_vaults(app, err) != 0 ||
        open_restore_vaults(app, err) != 0 || open_jobs(app, err) != 0 ||
        open_access(app, err) != 0)
        goto done;
    /* The server has threads, which must not be left out. */
    if (harden_process(config, &app->handlers.hardening, err) != 0 ||
        open_server(app, err) != 0)
        goto done;
    if (store_on_change(app->store, wake_server, app, err) != 0)
        goto done;
    app->listening_to_store = true;
    *out = app;
    app = NULL;
    rc = 0;
done:
    app_free(app);
    return rc;
}

/* Called by the watch when Vault could not be asked at the start. */
static atomic_bool refused;

static void refuse_credential(void)
{
    log_error("Assay stops: see the line before");
    atomic_store(&refused, true);
    (void)kill(getpid(), SIGTERM);
}

static int start_watch(struct app *app, struct error *err)
{
    size_t count = app->config->clusters_count;
    struct watch_cluster *clusters = calloc(count, sizeof(*clusters));
    struct error why = {0};
    int rc = -1;

    if (clusters == NULL)
        return error_memory(err);
    for (size_t i = 0; i < count; i++) {
        const struct config_cluster *c = &app->config->clusters[i];

        clusters[i] = (struct watch_cluster){.name = c->name,
                                             .vault = app->vaults[i],
                                             .allow_root = c->auth.allow_root};
        if (watch_credential(&clusters[i], &why) == 0)
            continue;
        if (why.kind == ERR_DENIED) {
            *err = why;
            (void)error_prefix(err, "cluster %s", c->name);
            goto done;
        }
        /* Nobody knows yet: the watch looks again, and says so. */
    }
    rc = watch_start(clusters, count, refuse_credential, &app->watch, err);
done:
    free(clusters);
    return rc;
}

int app_start(struct app *app, struct error *err)
{
    if (start_watch(app, err) != 0 || jobs_start(app->jobs, err) != 0)
        return -1;
    return server_start(app->server, err);
}

bool app_refused(void)
{
    return atomic_load(&refused);
}

const char *app_address(const struct app *app, size_t n)
{
    return server_url(app->server, n);
}

const char *app_cluster(const struct app *app, size_t n, const char **name)
{
    if (n >= app->vaults_count)
        return NULL;
    *name = app->config->clusters[n].name;
    return vault_address(app->vaults[n]);
}

int app_reload(struct app *app, const struct config *config, struct error *err)
{
    struct engine_options options = {.clusters = NULL};
    struct server_options limits = {0};
    const struct notify_options told = told_options(config);
    struct server_change *change = NULL;
    int rc = -1;

    /* The file may have been moved away (logrotate). */
    if (audit_reopen(app->audit, err) != 0)
        return -1;
    if (config->clusters_count != app->vaults_count)
        return error_set(err, ERR_INVALID,
                         "clusters were added or removed: that needs a "
                         "restart");
    settings_limits(config, &limits);
    if (server_prepare(app->server, &limits.rates, &change, err) == 0 &&
        engine_options_init(app, config, &options, err) == 0)
        rc = jobs_reload(app->jobs, &options.options, err);
    if (rc == 0)
        rc = notify_set(app->notify, &told, err);
    engine_options_done(&options);
    if (rc != 0) {
        server_discard(change);
        return -1;
    }
    server_apply(app->server, change);
    settings_apply_log(config);
    app->drain_ms = config->drain_ms;
    access_flush(app->access);
    rights_set_break_glass(config, app->break_glass);
    for (size_t i = 0; i < app->vaults_count; i++)
        vault_forget_login(app->vaults[i]);
    for (size_t i = 0; i < app->restore_vaults_count; i++)
        vault_forget_login(app->restore_vaults[i]);
    return 0;
}

void app_stop(struct app *app)
{
    atomic_store(&app->handlers.stopping, true);
    (void)server_drain(app->server, app->drain_ms);
    jobs_stop(app->jobs);
}

void app_free(struct app *app)
{
    if (app == NULL)
        return;
    if (app->listening_to_store)
        store_off_change(app->store, wake_server, app);
    watch_stop(app->watch);
    server_free(app->server);
    jobs_free(app->jobs);
    access_free(app->access);
    break_glass_box_free(app->break_glass);
    notify_free(app->notify);
    for (size_t i = 0; i < app->vaults_count; i++)
        vault_free(app->vaults[i]);
    free(app->vaults);
    for (size_t i = 0; i < app->restore_vaults_count; i++)
        vault_free(app->restore_vaults[i]);
    free(app->restore_vaults);
    trail_free(app->trail);
    audit_close(app->audit);
    storage_close(app->storage);
    signer_free(app->signer);
    store_close(app->store);
    harden_done();
    free(app);
}
