/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

static bool given(const char *s)
{
    return s != NULL && s[0] != '\0';
}

/* NULL and "" are both "not given", and become NULL. */
static int copy_text(char **dst, const char *src, struct error *err)
{
    if (!given(src))
        return 0;
    *dst = text_dup(src);
    return *dst != NULL ? 0 : error_memory(err);
}

static int copy_secret(char **dst, const char *src, struct error *err)
{
    if (!given(src))
        return 0;
    *dst = secret_dup(src);
    if (*dst == NULL)
        return error_set(err, ERR_INTERNAL, "no secret memory is left");
    return 0;
}

static int copy_peers(struct settings *s, const char *const *peers,
                      struct error *err)
{
    for (size_t i = 0; peers != NULL && peers[i] != NULL; i++) {
        if (i == SETTINGS_PEERS_MAX)
            return error_set(err, ERR_INVALID, "more than %d peers",
                             SETTINGS_PEERS_MAX);
        if (copy_text(&s->peers[i], peers[i], err) != 0)
            return -1;
    }
    return 0;
}

static int copy_tls(struct settings *s, const struct http_tls *tls,
                    struct error *err)
{
    s->skip_verify = tls->skip_verify;
    if (copy_text(&s->ca_file, tls->ca_file, err) != 0 ||
        copy_text(&s->ca_dir, tls->ca_dir, err) != 0 ||
        copy_text(&s->cert_file, tls->cert_file, err) != 0 ||
        copy_text(&s->key_file, tls->key_file, err) != 0)
        return -1;
    return copy_text(&s->server_name, tls->server_name, err);
}

static int copy_auth(struct settings *s, const struct vault_auth_options *a,
                     struct error *err)
{
    s->method = a->method;
    if (copy_text(&s->mount, a->mount, err) != 0 ||
        copy_text(&s->token_file, a->token_file, err) != 0 ||
        copy_text(&s->role_id, a->role_id, err) != 0 ||
        copy_text(&s->role_id_file, a->role_id_file, err) != 0 ||
        copy_text(&s->secret_id_file, a->secret_id_file, err) != 0 ||
        copy_text(&s->role, a->role, err) != 0 ||
        copy_text(&s->jwt_file, a->jwt_file, err) != 0 ||
        copy_secret(&s->token, a->token, err) != 0)
        return -1;
    return copy_secret(&s->secret_id, a->secret_id, err);
}

int settings_copy(struct settings *s, const struct vault_options *o,
                  struct error *err)
{
    memset(s, 0, sizeof *s);
    s->stall_timeout_ms = o->stall_timeout_ms;
    s->refuse_root = o->refuse_root;
    s->call_timeout_ms =
        o->call_timeout_ms > 0 ? o->call_timeout_ms : 30 * 1000;
    if (copy_text(&s->namespace, o->namespace, err) != 0 ||
        copy_tls(s, &o->tls, err) != 0 ||
        copy_text(&s->proxy, o->proxy, err) != 0 ||
        copy_auth(s, &o->auth, err) != 0)
        return -1;
    return copy_peers(s, o->peers, err);
}

/* Points into `s`. */
void settings_view(const struct settings *s, struct vault_options *o)
{
    memset(o, 0, sizeof *o);
    o->namespace = s->namespace;
    o->tls = (struct http_tls){
        .ca_file = s->ca_file,
        .ca_dir = s->ca_dir,
        .cert_file = s->cert_file,
        .key_file = s->key_file,
        .server_name = s->server_name,
        .skip_verify = s->skip_verify,
    };
    o->proxy = s->proxy;
    o->stall_timeout_ms = s->stall_timeout_ms;
    o->call_timeout_ms = s->call_timeout_ms;
    o->refuse_root = s->refuse_root;
    o->auth = (struct vault_auth_options){
        .method = s->method,
        .mount = s->mount,
        .token = s->token,
        .token_file = s->token_file,
        .role_id = s->role_id,
        .role_id_file = s->role_id_file,
        .secret_id = s->secret_id,
        .secret_id_file = s->secret_id_file,
        .role = s->role,
        .jwt_file = s->jwt_file,
    };
}

void settings_done(struct settings *s)
{
    for (size_t i = 0; i < SETTINGS_PEERS_MAX; i++)
        free(s->peers[i]);
    secret_free(s->secret_id);
    secret_free(s->token);
    free(s->jwt_file);
    free(s->role);
    free(s->secret_id_file);
    free(s->role_id_file);
    free(s->role_id);
    free(s->token_file);
    free(s->mount);
    free(s->proxy);
    free(s->server_name);
    free(s->key_file);
    free(s->cert_file);
    free(s->ca_dir);
    free(s->ca_file);
    free(s->namespace);
    memset(s, 0, sizeof *s);
}
