/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/handed.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "vault/address.h"
#include "vault/sys.h"
#include "vault/vault.h"

int handed_check_address(const char *address, struct error *err)
{
    char normal[VAULT_ADDRESS_MAX];

    if (!address_normal(address, normal))
        return error_set(err, ERR_INVALID,
                         "\"%.200s\" is no address of a server: expected "
                         "https://host:port or unix:///path",
                         address);
    if (text_starts(normal, "http://") && !address_is_loopback(normal))
        return error_set(err, ERR_INVALID,
                         "%.200s is neither https, a socket nor on loopback: "
                         "tokens and the snapshot would travel in the clear; "
                         "give the server a certificate and hand out its CA "
                         "as vault_cacert",
                         normal);
    return 0;
}

/* {"name": value} or {"name": {"value": value}}. */
static const struct json *member(const struct json *outputs, const char *name)
{
    const struct json *node = json_get(outputs, name);

    return json_type(node) == JSON_OBJECT ? json_get(node, "value") : node;
}

static const char *text(const struct json *outputs, const char *name)
{
    return json_text(member(outputs, name), "");
}

static int read_bool(const struct json *outputs, const char *name, bool *out,
                     struct error *err)
{
    const struct json *node = member(outputs, name);

    if (json_type(node) == JSON_NULL)
        return 0;
    if (json_type(node) == JSON_BOOL) {
        *out = json_bool(node, false);
        return 0;
    }
    if (text_bool(json_text(node, ""), out))
        return 0;
    return error_set(err, ERR_INVALID, "%s: expected true or false", name);
}

static int read_probe(const struct json *outputs, const char **out,
                      struct error *err)
{
    static const char *const known[] = {"blocked", "open"};
    const char *said = text(outputs, "egress_probe");

    for (size_t i = 0; i < 2; i++) {
        if (strcmp(said, known[i]) == 0)
            *out = known[i];
    }
    if (said[0] != '\0' && *out == NULL)
        return error_set(err, ERR_INVALID,
                         "egress_probe: expected \"blocked\" or \"open\"");
    return 0;
}

static int copy(const char *from, char **to, struct error *err)
{
    if (from[0] == '\0')
        return 0;
    *to = text_dup(from);
    return *to == NULL ? error_memory(err) : 0;
}

static int write_ca(const char *pem, const struct driver_dir *dir, char **file,
                    struct error *err)
{
    if (pem[0] == '\0')
        return 0;
    if (strstr(pem, "-----BEGIN CERTIFICATE-----") == NULL)
        return error_set(err, ERR_INVALID,
                         "vault_cacert: expected a certificate as PEM text");
    *file = driver_dir_file(dir, "ca.pem");
    if (*file == NULL)
        return error_memory(err);
    return file_replace(*file, pem, strlen(pem), 0600, err);
}

int handed_read(const struct json *outputs, const struct driver_dir *dir,
                struct handed *out, struct error *err)
{
    struct handed h = {.address = NULL};
    const char *address = text(outputs, "vault_addr");
    const char *token = text(outputs, "init_token");

    if (json_type(outputs) != JSON_OBJECT)
        return error_set(err, ERR_INVALID, "the output is no JSON object");
    if (address[0] == '\0')
        return error_set(err, ERR_INVALID,
                         "the output has no text \"vault_addr\"");
    if (handed_check_address(address, err) != 0 ||
        read_bool(outputs, "unsealed", &h.unsealed, err) != 0 ||
        read_probe(outputs, &h.egress_probe, err) != 0 ||
        copy(address, &h.address, err) != 0 ||
        copy(text(outputs, "vault_namespace"), &h.namespace, err) != 0 ||
        write_ca(text(outputs, "vault_cacert"), dir, &h.ca_file, err) != 0)
        goto fail;
    if (token[0] != '\0' && (h.init_token = secret_dup(token)) == NULL) {
        error_memory(err);
        goto fail;
    }
    *out = h;
    return 0;
fail:
    handed_done(&h);
    return -1;
}

void handed_facts(const struct handed *h, struct transient_facts *out)
{
    out->address = h->address;
    out->ca_file = h->ca_file;
    out->namespace = h->namespace;
    out->init_token = h->init_token;
    out->unsealed = h->unsealed;
    out->egress_probe = h->egress_probe;
}

bool handed_answers(const struct handed *h)
{
    struct vault_options o = {.address = h->address,
                              .tls = {.ca_file = h->ca_file}};
    struct vault *v = NULL;
    struct vault_seal seal;
    bool yes;

    if (h->address == NULL || vault_new(&o, &v, NULL) != 0)
        return false;
    yes = vault_seal_status(v, &seal, NULL) == 0;
    vault_free(v);
    return yes;
}

void handed_done(struct handed *h)
{
    free(h->address);
    free(h->namespace);
    free(h->ca_file);
    secret_free(h->init_token);
    memset(h, 0, sizeof *h);
}
