/* SPDX-License-Identifier: Apache-2.0
 *
 * Chooses the command. */
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/nearest.h"
#include "base/secret.h"
#include "cli/access.h"
#include "cli/audit.h"
#include "cli/canary.h"
#include "cli/catalog.h"
#include "cli/config.h"
#include "cli/evidence.h"
#include "cli/health.h"
#include "cli/policy.h"
#include "cli/restore.h"
#include "cli/server.h"
#include "cli/snapshot.h"
#include "transient/launcher.h"
#include "transient/sandbox.h"

static int print_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("Assay " ASSAY_VERSION);
    return 0;
}

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} commands[] = {
    {"server", cli_server, "run the daemon"},
    {"health", cli_health, "ask a running daemon whether it is ready"},
    {"policy", cli_policy, "print the Vault policies to create"},
    {"access", cli_access, "make a token for the day when Vault is down"},
    {"canary", cli_canary, "make what a restored copy is asked for"},
    {"config", cli_config, "check the configuration"},
    {"catalog", cli_catalog, "check the catalog, or rebuild it from storage"},
    {"snapshot", cli_snapshot,
     "verify, inspect, compare or prove archives on disk"},
    {"restore", cli_restore,
     "put an archive back with no daemon and no catalog"},
    {"evidence", cli_evidence, "print the signing key, verify what it signed"},
    {"audit", cli_audit, "verify the audit record"},
    {"version", print_version, "print the version"},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_usage(FILE *out)
{
    fputs("Usage: assay COMMAND [flags]\n\n"
          "Could you restore Vault or OpenBao, right now, and what would you "
          "get?\n\nCommands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].about);
    fputs("\n`assay COMMAND -help` says more.  A running daemon is used with "
          "Vault's own CLI:\n  vault write -f assay/backups\n",
          out);
}

static int unknown_command(const char *name)
{
    struct nearest nearest;
    const char *best = NULL;

    nearest_init(&nearest, name);
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_offer(&nearest, commands[i].name);
    best = nearest_best(&nearest);
    if (best != NULL)
        fprintf(stderr, "assay: no command %s; did you mean %s?\n", name, best);
    else
        fprintf(stderr, "assay: no command %s; `assay help` lists them\n",
                name);
    return 2;
}

static bool asks_for_help(const char *arg)
{
    static const char *const words[] = {"help", "-h", "-help", "--help"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(arg, words[i]) == 0)
            return true;
    return false;
}

/* Before any thread and any secret.  Two arenas: a daemon whose workers each
 * grow one of their own would keep megabytes for nothing. */
static void prepare_process(void)
{
    secret_harden_process();
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    /* A file that may not grow is an error to be told. */
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)mallopt(M_ARENA_MAX, 2);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], SANDBOX_COMMAND) == 0)
        return sandbox_main(argc, argv);
    prepare_process();
    if (argc > 1 && strcmp(argv[1], LAUNCHER_COMMAND) == 0)
        return launcher_main(argc - 1, argv + 1);
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    if (asks_for_help(argv[1])) {
        print_usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "-version") == 0 || strcmp(argv[1], "--version") == 0)
        return print_version(argc, argv);
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown_command(argv[1]);
}
