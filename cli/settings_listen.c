/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settings_listen.h"

#include <assert.h>
#include <grp.h>
#include <pwd.h>

#include "base/text.h"

/* A name, or a number that need not be known. */
static int find_user(const char *text, uid_t *out, struct error *err)
{
    const struct passwd *user = NULL;
    uint64_t number = 0;

    if (text == NULL)
        return 0;
    if (text_u64(text, &number) && number < (uid_t)-1) {
        *out = (uid_t)number;
        return 0;
    }
    user = getpwnam(text);
    if (user == NULL)
        return error_set(err, ERR_INVALID, "socket_user: no user %s here",
                         text);
    *out = user->pw_uid;
    return 0;
}

static int find_group(const char *text, gid_t *out, struct error *err)
{
    const struct group *group = NULL;
    uint64_t number = 0;

    if (text == NULL)
        return 0;
    if (text_u64(text, &number) && number < (gid_t)-1) {
        *out = (gid_t)number;
        return 0;
    }
    group = getgrnam(text);
    if (group == NULL)
        return error_set(err, ERR_INVALID, "socket_group: no group %s here",
                         text);
    *out = group->gr_gid;
    return 0;
}

static int fill_socket(const struct config_listen *l, struct server_socket *out,
                       struct error *err)
{
    unsigned mode = 0;

    *out = (struct server_socket){.uid = (uid_t)-1, .gid = (gid_t)-1};
    /* config_load has refused any other. */
    if (l->socket_mode != NULL && config_socket_mode(l->socket_mode, &mode))
        out->mode = (mode_t)mode;
    out->chown = l->socket_user != NULL || l->socket_group != NULL;
    if (find_user(l->socket_user, &out->uid, err) != 0)
        return -1;
    return find_group(l->socket_group, &out->gid, err);
}

int settings_listen(const struct config *config,
                    struct server_listen listen[SERVER_LISTEN_MAX],
                    struct error *err)
{
    assert(config->listen_count <= SERVER_LISTEN_MAX);
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct config_listen *l = &config->listen[i];

        listen[i] = (struct server_listen){
            .address = l->address,
            .tls = {.cert_file = l->tls_cert_file,
                    .key_file = l->tls_key_file,
                    .only_1_3 = l->tls_min_version == CONFIG_TLS13,
                    .client_ca_file = l->tls_client_ca_file,
                    .require_client_cert = l->tls_require_client_cert},
            .forwarded = {.trusted =
                              (const char *const *)l->forwarded_addrs.items,
                          .trusted_count = l->forwarded_addrs.count,
                          .hop_skips = l->forwarded_hop_skips,
                          .reject_untrusted = l->forwarded_reject_others,
                          .reject_absent = l->forwarded_reject_absent},
        };
        if (fill_socket(l, &listen[i].socket, err) != 0)
            return error_prefix(err, "listen[%zu]", i);
    }
    return 0;
}

void settings_limits(const struct config *config, struct server_options *out)
{
    const struct config_limits *l = &config->limits;

    out->connections = (unsigned)l->connections;
    out->connections_per_client = (unsigned)l->connections_per_client;
    out->parked = (unsigned)l->long_polls;
    out->request_ms = l->request_timeout_ms;
    out->idle_ms = l->idle_timeout_ms;
    out->send_ms = l->send_timeout_ms;
    out->rates = (struct server_rates){
        .all = {l->requests_per_second, l->burst},
        .caller = {l->caller_requests_per_second, l->caller_burst},
    };
}
