/* SPDX-License-Identifier: Apache-2.0
 *
 * What is below `transient`, judged. */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "config/check.h"
#include "config/schema.h"

enum { SEAL_FILES_MAX = 16 };

/* What a server of either product needs before it holds anything. */
#define LEAST_MEMORY (UINT64_C(256) * 1024 * 1024)

static bool uses_other_drivers(const struct config_transient *t)
{
    return t->terraform.dir != NULL || t->command.up.count > 0 ||
           t->existing.address != NULL;
}

/* The chosen one must be there; those that a request may choose as well. */
static void check_drivers(const struct config_transient *t,
                          struct config_report *report)
{
    unsigned driver = t->driver;

    if (driver == CONFIG_DRIVER_TERRAFORM && t->terraform.dir == NULL)
        report_error(report, "transient.terraform.dir: missing, and the "
                             "driver is \"terraform\"");
    if (driver == CONFIG_DRIVER_COMMAND && t->command.up.count == 0)
        report_error(report, "transient.command.up: missing, and the driver "
                             "is \"command\"");
    if (driver == CONFIG_DRIVER_EXISTING && t->existing.address == NULL)
        report_error(report, "transient.existing.address: missing, and the "
                             "driver is \"existing\"");
    if (t->command.up.count > 0 && t->command.down.count == 0)
        report_error(report, "transient.command.down: missing; what is raised "
                             "must be destroyed");
    if (t->existing.address != NULL && t->existing.token_file == NULL)
        report_error(report, "transient.existing.token_file: missing");
    if (uses_other_drivers(t) && !t->egress_blocked)
        report_warning(report,
                       "transient.egress_blocked: not asserted: validations "
                       "with the drivers terraform, command and existing end "
                       "inconclusive, because a restored copy acts on "
                       "production systems that it can reach");
}

/* Nothing else is looked at here: the file may come later. */
static void check_files(const struct config_transient *t,
                        struct config_report *report)
{
    const char *dir = t->terraform.dir;
    const char *token = t->existing.token_file;

    if (dir != NULL && access(dir, R_OK | X_OK) != 0)
        report_warning(report, "transient.terraform.dir: cannot read %s: %m",
                       dir);
    if (token != NULL && access(token, R_OK) != 0)
        report_warning(report,
                       "transient.existing.token_file: cannot read "
                       "%s: %m",
                       token);
}

static void check_absolute(struct config_report *report, const char *setting,
                           const char *path)
{
    if (path == NULL)
        return;
    if (path[0] != '/')
        report_error(report, "transient.%s: %s is not an absolute path",
                     setting, path);
    else if (access(path, R_OK) != 0)
        report_warning(report, "transient.%s: cannot read %s: %m", setting,
                       path);
}

static bool is_endpoint(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    size_t len = strspn(text, letters);
    uint64_t port = 0;

    return len > 0 && text[len] == ':' && text_u64(text + len + 1, &port) &&
           port > 0 && port <= 65535;
}

/* One machine's. */
static bool is_client(const char *text)
{
    struct in_addr in;

    if (inet_pton(AF_INET, text, &in) != 1)
        return false;
    return ntohl(in.s_addr) >> 24 > 0 && ntohl(in.s_addr) >> 24 < 224;
}

/* What driver `process` is given. */
static void check_process(const struct config_transient *t,
                          struct config_report *report)
{
    check_absolute(report, "seal_file", t->seal_file);
    check_absolute(report, "audit_file", t->audit_file);
    check_absolute(report, "license_file", t->license_file);
    for (size_t i = 0; i < t->seal_files.count; i++)
        check_absolute(report, "seal_files", t->seal_files.items[i]);
    if (t->seal_files.count > SEAL_FILES_MAX)
        report_error(report, "transient.seal_files: at most %d",
                     SEAL_FILES_MAX);
    if (t->seal_endpoint != NULL && !is_endpoint(t->seal_endpoint))
        report_error(report, "transient.seal_endpoint: expected host:port, "
                             "with a host name or an IPv4 address");
    if (t->client_address != NULL && !is_client(t->client_address))
        report_error(report, "transient.client_address: expected the IPv4 "
                             "address of one machine");
    if (t->memory_limit > 0 && t->memory_limit < LEAST_MEMORY)
        report_error(report, "transient.memory_limit: at least 256MiB, or no "
                             "server starts");
    if (t->audit_file != NULL && t->isolation == CONFIG_ISOLATION_OFF)
        report_error(report, "transient.audit_file: without isolation a "
                             "transient server would write where production "
                             "writes");
}

void config_check_transient(struct config_transient *t, const char *const *env,
                            struct config_report *report)
{
    if (t->isolation == CONFIG_ISOLATION_OFF)
        report_warning(report,
                       "transient.isolation: off: a transient server holds "
                       "production secrets and can reach what they open");
    if (t->allow_generate_root)
        report_warning(report,
                       "transient.allow_generate_root: where the login to a "
                       "restored copy fails, a root token is made in it");
    config_check_auth(&t->auth, "transient.auth", env, report);
    config_check_terraform_env(&t->terraform.env, "transient.terraform",
                               report);
    check_drivers(t, report);
    check_files(t, report);
    check_process(t, report);
}
