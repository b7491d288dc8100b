/* SPDX-License-Identifier: Apache-2.0
 *
 * The signals are blocked in every thread and waited for by this one:
 * SIGTERM and SIGINT drain and end, a second one ends at once; SIGHUP reads
 * the configuration again. */
#include "cli/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/app.h"
#include "cli/flags.h"
#include "cli/identity.h"
#include "cli/notify.h"
#include "cli/reload.h"
#include "cli/settings.h"

struct daemon {
    struct settings_flags flags;
    struct config *config;
    struct app *app;
};

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, set, NULL);
}

static void end_at_once(int number)
{
    (void)number;
    _exit(1);
}

/* From now on nobody waits for signals: a second one must not be lost. */
static void let_second_signal_end(const sigset_t *set)
{
    const struct sigaction on = {.sa_handler = end_at_once};

    (void)sigaction(SIGTERM, &on, NULL);
    (void)sigaction(SIGINT, &on, NULL);
    (void)signal(SIGHUP, SIG_IGN);
    (void)pthread_sigmask(SIG_UNBLOCK, set, NULL);
}

static void print_line(const char *name, const char *value)
{
    printf("%20s: %s\n", name, value);
}

static const char *where_shares_are(const struct config *config, size_t i)
{
    const struct config_unseal *unseal = &config->clusters[i].unseal;

    if (unseal->key_files.count > 0)
        return "key shares from files";
    if (unseal->command.count > 0)
        return "key shares from a command";
    return config->validation.await_unseal_ms > 0
               ? "key holders submit their shares"
               : "no key shares (validations stay inconclusive)";
}

/* As `vault server` does: what somebody at a terminal wants to know. */
static void print_banner(const struct daemon *d)
{
    const struct config *config = d->config;
    const char *server = config->transient.server;
    const char *name = NULL;
    const char *address = NULL;

    printf("==> Assay server configuration:\n\n");
    print_line("Version", ASSAY_VERSION);
    for (size_t i = 0; (address = app_address(d->app, i)) != NULL; i++)
        printf("%20s: %s%s%s/\n", "Listening on", address,
               config_is_socket(address) ? ", path /v1/" : "/v1/",
               config->access.mount);
    for (size_t i = 0; (address = app_cluster(d->app, i, &name)) != NULL; i++)
        printf("%20s: %s at %s, %s\n", "Cluster", name, address,
               where_shares_are(config, i));
    print_line("Data", config->data_dir);
    printf("%20s: %s (%s)\n", "Storage", config->storage[0].path,
           config->storage[0].name);
    print_line("Transient server",
               server != NULL ? server : "bao or vault from PATH");
    if (config->transient.isolation == CONFIG_ISOLATION_OFF)
        print_line("WARNING", "transient servers are not isolated");
    printf("\n");
    (void)fflush(stdout);
}

static void print_dev_hint(const struct daemon *d)
{
    const char *mount = d->config->access.mount;

    printf("Dev mode: a root token is accepted, from Assay and from callers. "
           "Try:\n\n"
           "    export VAULT_ADDR=%s\n"
           "    vault write -f %s/backups\n"
           "    vault write -f %s/validations\n"
           "    vault list -detailed %s/snapshots\n\n",
           app_address(d->app, 0), mount, mount, mount);
}

static void log_needs_restart(void *ctx, const char *path)
{
    (void)ctx;
    log_warn("reload: %s has changed, which needs a restart", path);
}

static void log_problems(const struct config_report *report)
{
    for (size_t i = 0; i < report->kept; i++) {
        if (report->items[i].warning)
            log_warn("configuration: %s", report->items[i].text);
        else
            log_error("configuration: %s", report->items[i].text);
    }
}

static void reload(struct daemon *d)
{
    struct config_report report;
    struct config *config = NULL;
    struct error err = {0};
    char state[64];

    (void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
                   (long long)clock_mono_ms() * 1000);
    notify_service_manager(state);
    if (settings_load_report(&d->flags, &report, &config) != 0) {
        log_problems(&report);
        log_error("reload: nothing has changed");
        goto done;
    }
    log_problems(&report);
    if (reload_needs_restart(d->config, config, log_needs_restart, NULL,
                             &err) != 0 ||
        app_reload(d->app, config, &err) != 0) {
        log_error("reload: %s; nothing has changed", err.text);
        goto done;
    }
    log_info("reload: done");
done:
    /* What needs a restart is still read from the first one. */
    config_free(config);
    notify_service_manager("READY=1");
}

static int run(struct daemon *d)
{
    struct error err = {0};
    sigset_t set;
    int number = 0;

    block_signals(&set);
    if (app_open(d->config, &d->app, &err) != 0) {
        log_error("%s", err.text);
        return 1;
    }
    print_banner(d);
    if (app_start(d->app, &err) != 0) {
        log_error("%s", err.text);
        return 1;
    }
    if (d->config->dev)
        print_dev_hint(d);
    printf("==> Assay server started! Log data follows on standard error.\n");
    (void)fflush(stdout);
    notify_service_manager("READY=1");
    while (sigwait(&set, &number) == 0 && number == SIGHUP)
        reload(d);
    log_info("stopping, by signal %d", number);
    notify_service_manager("STOPPING=1");
    let_second_signal_end(&set);
    app_stop(d->app);
    return app_refused() ? 1 : 0;
}

int cli_server(int argc, char **argv)
{
    struct daemon d = {0};
    const struct flag flags[] = {
        {"config", FLAG_TEXT, &d.flags.file, "FILE",
         "configuration, JSON with comments; else $ASSAY_CONFIG"},
        {"dev", FLAG_BOOL, &d.flags.dev, NULL,
         "no file needed: 127.0.0.1:8210, ./assay-data, VAULT_ADDR"},
        {"listen", FLAG_TEXT, &d.flags.listen, "ADDR",
         "listen there instead of where the configuration says"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay server [-dev] [-config=FILE] [-listen=ADDR]",
        .about = "Run the daemon in the foreground.  SIGTERM and SIGINT let "
                 "what is under way finish\nand end it, a second one ends it "
                 "at once.  SIGHUP reads the configuration and the\n"
                 "certificates again.",
        .flags = flags};
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0)
        return rc > 0 ? 0 : 2;
    if (count != 0) {
        fprintf(stderr, "assay server takes no arguments, got %s\n", argv[1]);
        return 2;
    }
    if (identity_load(&d.flags, &d.config) != 0)
        return 1;
    rc = run(&d);
    app_free(d.app);
    config_free(d.config);
    return rc;
}
