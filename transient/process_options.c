/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/process_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* As given out, with its strings ours. */
struct owned {
    struct transient_process p;
    char *seal_file, *seal_endpoint, *audit_file, *license_file;
    char *client_address;
    char **seal_files;
};

static int copy(const char *from, char **out)
{
    if (from == NULL || from[0] == '\0')
        return 0;
    *out = text_dup(from);
    return *out == NULL ? -1 : 0;
}

int transient_process_copy(const struct transient_process *from,
                           struct transient_process **out, struct error *err)
{
    struct owned *o = calloc(1, sizeof *o);

    if (o == NULL)
        return error_memory(err);
    o->p = *from;
    o->seal_files = text_dup_list(from->seal_files, from->seal_files_count);
    if (o->seal_files == NULL || copy(from->seal_file, &o->seal_file) != 0 ||
        copy(from->seal_endpoint, &o->seal_endpoint) != 0 ||
        copy(from->client_address, &o->client_address) != 0 ||
        copy(from->audit_file, &o->audit_file) != 0 ||
        copy(from->license_file, &o->license_file) != 0) {
        transient_process_free(&o->p);
        return error_memory(err);
    }
    o->p.seal_file = o->seal_file;
    o->p.seal_files = (const char *const *)o->seal_files;
    o->p.seal_endpoint = o->seal_endpoint;
    o->p.client_address = o->client_address;
    o->p.audit_file = o->audit_file;
    o->p.license_file = o->license_file;
    *out = &o->p;
    return 0;
}

void transient_process_free(struct transient_process *p)
{
    struct owned *o = (struct owned *)p; /* its first member */

    if (o == NULL)
        return;
    if (o->seal_files != NULL)
        text_free_list(o->seal_files, o->p.seal_files_count);
    free(o->seal_file);
    free(o->seal_endpoint);
    free(o->client_address);
    free(o->audit_file);
    free(o->license_file);
    free(o);
}

int transient_endpoint_parse(const char *text, struct transient_endpoint *out,
                             struct error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);

    if (len == 0 || len >= sizeof out->host || strspn(text, letters) != len ||
        !text_u64(colon + 1, &port) || port == 0 || port > 65535)
        return error_set(err, ERR_INVALID,
                         "expected host:port, with a host name or an IPv4 "
                         "address");
    memcpy(out->host, text, len);
    out->host[len] = '\0';
    out->port = (unsigned)port;
    return 0;
}
