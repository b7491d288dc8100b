/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/text.h"
#include "vault/address.h"
#include "vault/internal.h"

struct cluster *cluster_new(void)
{
    struct cluster *cl = calloc(1, sizeof *cl);

    if (cl == NULL)
        return NULL;
    (void)pthread_mutex_init(&cl->lock, NULL);
    login_init(&cl->login);
    cl->handles = 1;
    return cl;
}

void cluster_hold(struct cluster *cl)
{
    (void)pthread_mutex_lock(&cl->lock);
    cl->handles++;
    (void)pthread_mutex_unlock(&cl->lock);
}

static int client_new(const struct cluster *cl, const char *address,
                      struct http_client **out, struct error *err)
{
    struct vault_options o;

    settings_view(&cl->settings, &o);
    return http_client_new(
        &(struct http_options){
            .address = address,
            .tls = o.tls,
            .proxy = o.proxy,
            .stall_timeout_ms = o.stall_timeout_ms,
        },
        out, err);
}

/* Under cluster->lock.  NULL when it is not there. */
static struct known *known_find(struct cluster *cl, const char *address)
{
    for (size_t i = 0; i < cl->known_count; i++) {
        if (address_same(cl->known[i].address, address))
            return &cl->known[i];
    }
    return NULL;
}

/* Under cluster->lock.  NULL when there is no room. */
static struct known *known_add(struct cluster *cl, const char *address)
{
    struct known *k = known_find(cl, address);

    if (k != NULL)
        return k;
    if (cl->known_count == CLUSTER_KNOWN_MAX)
        return NULL;
    k = &cl->known[cl->known_count];
    if (!text_copy(k->address, sizeof k->address, address))
        return NULL;
    cl->known_count++;
    return k;
}

void cluster_learn(struct vault *v, const char *address)
{
    char normal[VAULT_ADDRESS_MAX];

    if (!address_normal(address, normal) ||
        !address_same_scheme(address, v->address))
        return;
    (void)pthread_mutex_lock(&v->cluster->lock);
    (void)known_add(v->cluster, address);
    (void)pthread_mutex_unlock(&v->cluster->lock);
}

/* Under cluster->lock. */
static int known_client(struct cluster *cl, struct known *k,
                        struct http_client **out, struct error *err)
{
    if (k->http == NULL && client_new(cl, k->address, &k->http, err) != 0)
        return -1;
    *out = k->http;
    return 0;
}

struct http_client *cluster_find(struct vault *v, const char *address)
{
    struct http_client *http = NULL;
    struct known *k;

    if (!address_same_scheme(address, v->address))
        return NULL;
    (void)pthread_mutex_lock(&v->cluster->lock);
    k = known_find(v->cluster, address);
    if (k != NULL && known_client(v->cluster, k, &http, NULL) != 0)
        http = NULL;
    (void)pthread_mutex_unlock(&v->cluster->lock);
    return http;
}

void cluster_release(struct cluster *cl)
{
    unsigned left;

    if (cl == NULL)
        return;
    (void)pthread_mutex_lock(&cl->lock);
    left = --cl->handles;
    (void)pthread_mutex_unlock(&cl->lock);
    if (left > 0)
        return;
    for (size_t i = 0; i < cl->known_count; i++)
        http_client_free(cl->known[i].http);
    login_done(&cl->login);
    settings_done(&cl->settings);
    (void)pthread_mutex_destroy(&cl->lock);
    free(cl);
}

int cluster_connect(struct cluster *cl, const char *address,
                    struct http_client **out, struct error *err)
{
    struct known *k;
    int rc = -1;

    (void)pthread_mutex_lock(&cl->lock);
    k = known_add(cl, address);
    if (k == NULL)
        (void)error_set(err, ERR_INVALID,
                        "address %s is too long, or the cluster has too many",
                        address);
    else
        rc = known_client(cl, k, out, err);
    (void)pthread_mutex_unlock(&cl->lock);
    return rc;
}
