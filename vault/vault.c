/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/vault.h"

#include <assert.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/text.h"
#include "vault/address.h"
#include "vault/internal.h"

/* A handle for `address`; takes over one reference to the cluster, also
 * when it fails. */
static int handle_new(struct cluster *cl, const char *address,
                      struct vault **out, struct error *err)
{
    struct vault *v = calloc(1, sizeof *v);
    int rc = -1;

    if (v == NULL) {
        cluster_release(cl);
        return error_memory(err);
    }
    v->cluster = cl;
    v->address = text_dup(address);
    if (v->address == NULL) {
        (void)error_memory(err);
        goto done;
    }
    rc = cluster_connect(cl, address, &v->http, err);
done:
    if (rc == 0)
        *out = v;
    else
        vault_free(v);
    return rc;
}

static int learn_peers(struct vault *v, struct error *err)
{
    struct settings *s = &v->cluster->settings;

    for (size_t i = 0; i < SETTINGS_PEERS_MAX && s->peers[i] != NULL; i++) {
        if (!address_same_scheme(s->peers[i], v->address))
            return error_set(err, ERR_INVALID,
                             "peer %s has another scheme than %s", s->peers[i],
                             v->address);
        cluster_learn(v, s->peers[i]);
    }
    return 0;
}

int vault_new(const struct vault_options *o, struct vault **out,
              struct error *err)
{
    struct cluster *cl;
    struct vault *v = NULL;

    assert(o != NULL && out != NULL);
    if (vault_options_check(o, err) != 0)
        return -1;
    cl = cluster_new();
    if (cl == NULL)
        return error_memory(err);
    if (settings_copy(&cl->settings, o, err) != 0) {
        cluster_release(cl);
        return -1;
    }
    if (handle_new(cl, o->address, &v, err) != 0)
        return -1;
    assert(v != NULL);
    if (learn_peers(v, err) != 0) {
        vault_free(v);
        return -1;
    }
    *out = v;
    return 0;
}

void vault_free(struct vault *v)
{
    if (v == NULL)
        return;
    cluster_release(v->cluster);
    free(v->address);
    free(v);
}

int vault_at(struct vault *v, const char *address, struct vault **out,
             struct error *err)
{
    assert(v != NULL && address != NULL && out != NULL);
    if (!address_same_scheme(address, v->address))
        return error_set(err, ERR_UPSTREAM,
                         "%s is not reached the way %s is: a token does not "
                         "go there",
                         address, v->address);
    cluster_hold(v->cluster);
    return handle_new(v->cluster, address, out, err);
}

int vault_like(struct vault *v, const struct vault_place *place,
               struct vault **out, struct error *err)
{
    struct vault_options o;

    assert(v != NULL && place->address != NULL && out != NULL);
    settings_view(&v->cluster->settings, &o);
    o.address = place->address;
    o.tls.skip_verify = false;
    o.tls.server_name = NULL;
    if (place->namespace != NULL)
        o.namespace = place->namespace;
    if (place->ca_file != NULL)
        o.tls = (struct http_tls){.ca_file = place->ca_file};
    if (!text_starts(place->address, "https://")) {
        o.tls = (struct http_tls){.skip_verify = false};
        o.proxy = NULL;
    }
    return vault_new(&o, out, err);
}

int vault_with(struct vault *v, const struct vault_auth_options *auth,
               struct vault **out, struct error *err)
{
    const struct settings *s = &v->cluster->settings;
    const char *peers[SETTINGS_PEERS_MAX + 1] = {NULL};
    struct vault_options o;

    settings_view(s, &o);
    for (size_t i = 0; i < SETTINGS_PEERS_MAX; i++)
        peers[i] = s->peers[i];
    o.address = v->address;
    o.peers = peers;
    o.auth = *auth;
    return vault_new(&o, out, err);
}

int vault_login(struct vault *v, struct error *err)
{
    char *token = NULL;
    unsigned generation = 0;
    int rc = login_token(v, &token, &generation, err);

    secret_free(token);
    return rc;
}

const char *vault_address(const struct vault *v)
{
    return v->address;
}

const char *vault_namespace(const struct vault *v)
{
    return v->cluster->settings.namespace;
}

const char *vault_ca_file(const struct vault *v)
{
    return v->cluster->settings.ca_file;
}

int vault_token(struct vault *v, char **token, struct error *err)
{
    unsigned generation;

    return login_token(v, token, &generation, err);
}
