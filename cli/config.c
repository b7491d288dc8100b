/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config.h"

#include <stdio.h>
#include <string.h>

#include "cli/flags.h"
#include "cli/settings.h"

enum { PRINTED_MAX = 256 * 1024 };

/* A step beyond config_load: what vault/ says about the options. */
static int check_clusters(const struct config *config)
{
    struct vault_options options;
    struct error err = {0};
    int rc = 0;

    for (size_t i = 0; i < config->clusters_count; i++) {
        if (settings_vault(&config->clusters[i], &options, &err) == 0)
            continue;
        fprintf(stderr, "error: %s\n", err.text);
        rc = -1;
    }
    return rc;
}

static void print_settings(const struct config *config)
{
    struct buf out;

    buf_init(&out, PRINTED_MAX);
    config_print(config, &out);
    puts(buf_text(&out));
    buf_done(&out);
}

int cli_config(int argc, char **argv)
{
    struct settings_flags source = {0};
    bool print = false;
    const struct flag flags[] = {
        {"config", FLAG_TEXT, &source.file, "FILE",
         "configuration, JSON with comments; else $ASSAY_CONFIG"},
        {"dev", FLAG_BOOL, &source.dev, NULL, "as `assay server -dev` sees it"},
        {"print", FLAG_BOOL, &print, NULL,
         "print every setting as JSON; secrets as \"(set)\""},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay config check [-config=FILE] [-dev] [-print]",
        .about = "Read the configuration as the server would, from file and "
                 "environment, and say\nwhat is wrong with it.",
        .flags = flags};
    struct config *config = NULL;
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0)
        return rc > 0 ? 0 : 2;
    if (count != 1 || strcmp(argv[1], "check") != 0) {
        fprintf(stderr, "Usage: %s\n", usage.usage);
        return 2;
    }
    if (settings_load(&source, &config) != 0)
        return 1;
    rc = check_clusters(config);
    if (print)
        print_settings(config);
    else if (rc == 0)
        puts("The configuration is good.");
    config_free(config);
    return rc == 0 ? 0 : 1;
}
