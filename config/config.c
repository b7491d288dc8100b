/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/check.h"
#include "config/schema.h"

int config_set_listen(struct config *config, const char *addresses)
{
    const struct schema_field *listen = schema_find(&schema_root, "listen");
    char *copy = text_dup(addresses);
    char *rest = copy;
    char *item = NULL;
    int rc = copy != NULL ? 0 : -1;

    schema_clear_elements(listen, config);
    while (rc == 0 && (item = strsep(&rest, ",")) != NULL) {
        struct config_listen *one = NULL;

        item = text_trim(item);
        if (*item == '\0')
            continue;
        one = schema_element(listen, config, NULL, config->listen_count);
        if (one == NULL || (one->address = text_dup(item)) == NULL)
            rc = -1;
    }
    free(copy);
    return rc;
}

static int apply_dev(struct config *config)
{
    config->dev = true;
    config->access.allow_root = true;
    config->restore.approvals = 0;
    free(config->data_dir);
    config->data_dir = text_dup("./assay-data");
    return config->data_dir != NULL ? 0 : -1;
}

int config_load(const struct config_source *source,
                struct config_report *report, struct config **out)
{
    struct config *config = calloc(1, sizeof(*config));
    int rc = -1;

    assert(source->env != NULL);
    *report = (struct config_report){0};
    if (config == NULL || schema_defaults(&schema_root, config) != 0 ||
        (source->dev && apply_dev(config) != 0)) {
        report_error(report, "out of memory");
        goto done;
    }
    if (source->file != NULL &&
        !config_file_apply(source->file, config, report))
        goto done;
    config_environment_apply(source->env, config, report);
    if (source->listen != NULL &&
        config_set_listen(config, source->listen) != 0)
        report_error(report, "-listen: out of memory");
    config_check(config, source, report);
    if (report->errors > 0)
        goto done;
    *out = config;
    config = NULL;
    rc = 0;
done:
    config_free(config);
    return rc;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    schema_release(&schema_root, config);
    free(config);
}

enum log_level config_log_level(const struct config *config)
{
    return (enum log_level)(config->log.level - 1);
}
