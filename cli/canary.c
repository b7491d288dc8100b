/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/canary.h"

#include <stdio.h>
#include <string.h>

#include "cli/flags.h"
#include "cli/policy.h"
#include "cli/settings.h"
#include "vault/canary.h"
#include "vault/canary_setup.h"
#include "vault/env.h"
#include "vault/status.h"
#include "vault/vault.h"

enum { POLICY_MAX = 8 * 1024 };

struct canary_flags {
    struct settings_flags source;
    const char *cluster;
    bool print_policy;
    bool renew;
};

static void print_said(void *ctx, const char *what, bool made)
{
    (void)ctx;
    printf("%-8s %s\n", made ? "made" : "there", what);
    (void)fflush(stdout);
}

static const char *mount_of(const struct config *config)
{
    return config->canary.mount != NULL ? config->canary.mount
                                        : VAULT_CANARY_MOUNT;
}

static int print_policies(const char *mount)
{
    const struct policy_mounts mounts = {.api = "assay", .canary = mount};
    struct error err = {0};
    struct buf out;
    int rc;

    buf_init(&out, POLICY_MAX);
    rc = policy_write_for("canary-setup", &mounts, &out, &err);
    buf_char(&out, '\n');
    if (rc == 0)
        rc = policy_write_for("canary", &mounts, &out, &err);
    if (rc == 0)
        fputs(buf_text(&out), stdout);
    else
        fprintf(stderr, "%s\n", err.text);
    buf_done(&out);
    return rc;
}

static const struct config_cluster *
choose_cluster(const struct config *config, const char *name, struct error *err)
{
    if (name == NULL && config->clusters_count == 1)
        return &config->clusters[0];
    for (size_t i = 0; name != NULL && i < config->clusters_count; i++)
        if (strcmp(config->clusters[i].name, name) == 0)
            return &config->clusters[i];
    if (name == NULL)
        (void)error_set(err, ERR_INVALID,
                        "%zu clusters are configured: name one with -cluster",
                        config->clusters_count);
    else
        (void)error_set(err, ERR_INVALID, "no cluster %s is configured", name);
    return NULL;
}

/* The cluster as the daemon reaches it, but as whom the environment says:
 * the daemon's own role may not do this. */
static int reach(const struct config_cluster *cluster, struct vault **out,
                 struct error *err)
{
    struct vault_options options = {0};
    struct vault_options environment = {0};
    struct vault *any = NULL;
    int rc = -1;

    if (vault_options_from_env(&environment, err) != 0)
        return -1;
    if (environment.auth.method == VAULT_AUTH_NONE)
        return error_set(err, ERR_INVALID,
                         "no token: set VAULT_TOKEN to one that has the "
                         "policy of `assay policy canary-setup`");
    if (settings_vault(cluster, &options, err) != 0)
        return -1;
    options.auth = environment.auth;
    options.refuse_root = false; /* a person's, for once */
    if (vault_new(&options, &any, err) == 0)
        rc = vault_leader(any, out, NULL, err);
    vault_free(any);
    return rc;
}

static void print_next(const struct config *config, const char *mount)
{
    printf("\nAssay's own role needs these lines besides:\n"
           "  assay policy -canary=%s canary\n",
           mount);
    if (config->canary.mount == NULL)
        printf("and its configuration: \"canary\": { \"mount\": \"%s\" }\n",
               mount);
}

static int set_up(const struct config *config, const struct canary_flags *flags,
                  struct error *err)
{
    const struct config_cluster *cluster =
        choose_cluster(config, flags->cluster, err);
    const struct vault_canary_setup setup = {
        .mount = mount_of(config),
        .renew = flags->renew,
        .said = print_said,
    };
    struct vault *vault = NULL;
    int rc;

    if (cluster == NULL || reach(cluster, &vault, err) != 0)
        return -1;
    printf("cluster  %s (%s)\n", cluster->name, vault_address(vault));
    rc = vault_canary_setup(vault, &setup, err);
    if (rc == 0)
        print_next(config, setup.mount);
    vault_free(vault);
    return rc;
}

static int run(struct canary_flags *flags)
{
    struct config *config = NULL;
    struct error err = {0};
    int rc;

    flags->source.offline = flags->print_policy;
    if (settings_load(&flags->source, &config) != 0)
        return 1;
    if (flags->print_policy) {
        rc = print_policies(mount_of(config));
    } else {
        rc = set_up(config, flags, &err);
        if (rc != 0)
            fprintf(stderr, "%s\n", err.text);
    }
    config_free(config);
    return rc == 0 ? 0 : 1;
}

int cli_canary(int argc, char **argv)
{
    struct canary_flags f = {0};
    const struct flag flags[] = {
        {"config", FLAG_TEXT, &f.source.file, "FILE",
         "configuration, JSON with comments; else $ASSAY_CONFIG"},
        {"dev", FLAG_BOOL, &f.source.dev, NULL,
         "as `assay server -dev` sees it"},
        {"cluster", FLAG_TEXT, &f.cluster, "NAME", "where there are several"},
        {"renew", FLAG_BOOL, &f.renew, NULL,
         "a new ciphertext: the key of the old one is known to be lost"},
        {"print-policy", FLAG_BOOL, &f.print_policy, NULL,
         "only print what the token for this, and Assay's own role, need"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay canary setup [-config=FILE] [-cluster=NAME] [-renew] "
                 "[-print-policy]",
        .about =
            "Make the canaries at canary.mount (" VAULT_CANARY_MOUNT
            " where none is\nconfigured): a KV store for the marker that each "
            "backup writes, a transit key,\nand something encrypted with it.  "
            "What is there already stays as it is.\n\nThe token is "
            "$VAULT_TOKEN, $BAO_TOKEN or ~/.vault-token; it needs the\npolicy "
            "of `assay policy canary-setup`, a root token not.",
        .flags = flags};
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0)
        return rc > 0 ? 0 : 2;
    if (count != 1 || strcmp(argv[1], "setup") != 0) {
        fprintf(stderr, "Usage: %s\n", usage.usage);
        return 2;
    }
    return run(&f);
}
