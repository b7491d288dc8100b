/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "access/cache.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"

/* A token that nobody has. */
#define PROBE "assay-probe"

enum {
    SETS = 256, /* of four places each: 1024 paths of some tokens */
    ALLOWED_MS = 5000,
    REFUSED_MS = 1000,
};

/* What Vault said about a token on one path.  `kind` ERR_NONE: `can` is
 * valid. */
struct rights {
    enum error_kind kind;
    unsigned can;
};

/* Who a token is; `known` false when Vault would not say. */
struct identity {
    bool known;
    bool root;
    char display_name[PRINCIPAL_NAME_MAX];
    char entity_id[PRINCIPAL_ID_MAX];
    char accessor[PRINCIPAL_ID_MAX];
};

/* The lock guards the caches and `down`; Vault is asked without it. */
struct access {
    struct access_options options;
    pthread_mutex_t lock;
    struct cache *rights;     /* by token and path */
    struct cache *identities; /* by token */
    int64_t down_until_ms;    /* Vault did not answer just now */
    struct error down;
    bool down_hard; /* nobody gets an answer, not only this caller */
};

/* One check under way. */
struct check {
    const struct access_question *q;
    bool may_block;
    bool fresh; /* not from the cache */
    const char *path;
    uint8_t rights_key[CACHE_KEY_SIZE];
    uint8_t token_key[CACHE_KEY_SIZE];
};

int access_new(const struct access_options *options, struct access **out,
               struct error *err)
{
    struct access *a = calloc(1, sizeof(*a));

    assert(options->backend.capabilities != NULL &&
           options->backend.identify != NULL);
    if (a == NULL)
        return error_memory(err);
    a->options = *options;
    if (a->options.allowed_ms == 0)
        a->options.allowed_ms = ALLOWED_MS;
    if (a->options.refused_ms == 0)
        a->options.refused_ms = REFUSED_MS;
    (void)pthread_mutex_init(&a->lock, NULL);
    a->rights = cache_new(SETS, sizeof(struct rights));
    a->identities = cache_new(SETS / 4, sizeof(struct identity));
    if (a->rights == NULL || a->identities == NULL) {
        access_free(a);
        return error_memory(err);
    }
    *out = a;
    return 0;
}

void access_free(struct access *a)
{
    if (a == NULL)
        return;
    cache_free(a->rights);
    cache_free(a->identities);
    (void)pthread_mutex_destroy(&a->lock);
    secret_wipe(a->options.key, sizeof(a->options.key));
    free(a);
}

void access_flush(struct access *a)
{
    (void)pthread_mutex_lock(&a->lock);
    cache_clear(a->rights);
    cache_clear(a->identities);
    a->down_until_ms = 0;
    (void)pthread_mutex_unlock(&a->lock);
}

/* Token, NUL, path: neither holds a NUL, so no two pairs look the same. */
static int make_keys(const struct access *a, struct check *c, struct error *err)
{
    const uint8_t *key = a->options.key;
    struct buf both;
    int rc;

    buf_init_secret(&both, LIMIT_CONNECTION_MEMORY + LIMIT_REQUEST_URL);
    buf_str(&both, c->q->token);
    buf_char(&both, '\0');
    buf_str(&both, c->path);
    rc = buf_check(&both, "token and path", err);
    if (rc == 0) {
        digest_hmac_sha256(key, ACCESS_KEY_SIZE, both.data, both.len,
                           c->rights_key);
        digest_hmac_sha256(key, ACCESS_KEY_SIZE, c->q->token,
                           strlen(c->q->token), c->token_key);
    }
    buf_done(&both);
    return rc;
}

/* A backend that did not answer is not asked again for a moment: the callers
 * of a cluster that is down must not queue up behind each other's timeouts. */
static void note_down(struct access *a, const struct error *err, bool hard)
{
    (void)pthread_mutex_lock(&a->lock);
    a->down = *err;
    a->down_hard = hard;
    a->down_until_ms = clock_mono_ms() + a->options.refused_ms;
    (void)pthread_mutex_unlock(&a->lock);
}

static bool is_down(struct access *a, struct error *err)
{
    bool down;

    (void)pthread_mutex_lock(&a->lock);
    down = clock_mono_ms() < a->down_until_ms;
    if (down)
        *err = a->down;
    (void)pthread_mutex_unlock(&a->lock);
    return down;
}

static bool recall(struct access *a, const struct cache *cache,
                   const uint8_t *key, void *value)
{
    bool found;

    (void)pthread_mutex_lock(&a->lock);
    found = cache_get(cache, key, clock_mono_ms(), value);
    (void)pthread_mutex_unlock(&a->lock);
    return found;
}

static void remember(struct access *a, struct cache *cache, const uint8_t *key,
                     const void *value, int64_t for_ms)
{
    (void)pthread_mutex_lock(&a->lock);
    cache_put(cache, key, clock_mono_ms() + for_ms, value);
    (void)pthread_mutex_unlock(&a->lock);
}

static unsigned wanted(enum access_operation operation)
{
    static const unsigned bits[] = {
        [ACCESS_READ] = ACCESS_CAN_READ,
        [ACCESS_LIST] = ACCESS_CAN_LIST,
        [ACCESS_WRITE] = ACCESS_CAN_UPDATE | ACCESS_CAN_CREATE,
        [ACCESS_DELETE] = ACCESS_CAN_DELETE,
    };

    return bits[operation];
}

static bool may_operate(const struct check *c, unsigned can)
{
    return (can & wanted(c->q->operation)) != 0;
}

static bool is_allowed(const struct check *c, unsigned can)
{
    if ((can & ACCESS_CAN_DENY) != 0)
        return false;
    if ((can & ACCESS_CAN_ALL) != 0)
        return true;
    return may_operate(c, can) &&
           ((c->q->needs & ACCESS_SUDO) == 0 || (can & ACCESS_CAN_SUDO) != 0);
}

const char *access_operation_name(enum access_operation operation)
{
    static const char *const names[] = {
        [ACCESS_READ] = "read",
        [ACCESS_LIST] = "list",
        [ACCESS_WRITE] = "update",
        [ACCESS_DELETE] = "delete",
    };

    return names[operation];
}

/* One sentence an operator can turn into a policy. */
static int refuse(const struct check *c, unsigned can, struct error *err)
{
    const bool denied = (can & ACCESS_CAN_DENY) != 0;
    const bool operation = denied || !may_operate(c, can);
    const bool sudo = (c->q->needs & ACCESS_SUDO) != 0 &&
                      (denied || (can & ACCESS_CAN_SUDO) == 0);

    return error_set(err, ERR_DENIED,
                     "permission denied: needs %s%s%s%s%s on %s",
                     operation ? "\"" : "",
                     operation ? access_operation_name(c->q->operation) : "",
                     operation ? "\"" : "", operation && sudo ? " and " : "",
                     sudo ? "\"sudo\"" : "", c->q->path);
}

static int refuse_token(struct error *err)
{
    return error_set(err, ERR_DENIED,
                     "permission denied: Vault does not accept this token");
}

/* Down, sealed or without a leader: not merely too busy for this caller. */
static bool is_hard(const struct error *why)
{
    return (why->kind == ERR_UNAVAILABLE && why->status != 429) ||
           why->status >= 500;
}

static void explain(struct error *err)
{
    err->kind = ERR_UNAVAILABLE;
    (void)error_prefix(err, "Vault cannot be asked who may do this");
}

/* Asked as for a caller, with a token that nobody has: what answers that it
 * does not know it can be asked.  Otherwise that is noted. */
static bool probe_down(struct access *a, const struct check *c)
{
    struct error why = {0};
    unsigned can = 0;
    bool hard;

    if (a->options.backend.capabilities(a->options.backend.ctx, PROBE, c->path,
                                        &can, &why) == 0 ||
        why.kind == ERR_DENIED)
        return false;
    hard = is_hard(&why);
    explain(&why);
    note_down(a, &why, hard);
    return hard;
}

/* Tell apart what Vault said about the token from not having been asked.  An
 * answer may be due to this very token (both products answer 500 to some that
 * are none), which must not lock out the others. */
static int backend_failed(struct access *a, const struct check *c,
                          const struct error *why, struct error *err)
{
    if (why->kind == ERR_DENIED)
        return refuse_token(err);
    *err = *why;
    explain(err);
    if (why->status == 0 || why->status == 429)
        note_down(a, err, is_hard(why));
    else
        (void)probe_down(a, c);
    return -1;
}

/* 0, -1 or 1 as access_check. */
static int get_rights(struct access *a, const struct check *c, unsigned *can,
                      struct error *err)
{
    struct rights rights = {0};
    struct error why = {0};
    bool good;

    if (!c->fresh && recall(a, a->rights, c->rights_key, &rights)) {
        *can = rights.can;
        return rights.kind == ERR_NONE ? 0 : refuse_token(err);
    }
    if (is_down(a, err))
        return -1;
    if (!c->may_block)
        return 1;
    if (a->options.backend.capabilities(a->options.backend.ctx, c->q->token,
                                        c->path, &rights.can, &why) < 0) {
        if (why.kind == ERR_DENIED) {
            rights.kind = ERR_DENIED;
            remember(a, a->rights, c->rights_key, &rights,
                     a->options.refused_ms);
        }
        return backend_failed(a, c, &why, err);
    }
    good = is_allowed(c, rights.can);
    remember(a, a->rights, c->rights_key, &rights,
             good ? a->options.allowed_ms : a->options.refused_ms);
    *can = rights.can;
    return 0;
}

static int get_identity(struct access *a, const struct check *c,
                        struct identity *out, struct error *err)
{
    struct principal found = {0};
    struct error why = {0};

    if (!c->fresh && recall(a, a->identities, c->token_key, out))
        return 0;
    if (!c->may_block)
        return 1;
    *out = (struct identity){0};
    if (a->options.backend.identify(a->options.backend.ctx, c->q->token, &found,
                                    &why) < 0) {
        /* A policy without lookup-self is no reason to refuse: the rights
         * are known, only the name is not. */
        if (why.kind != ERR_DENIED)
            return backend_failed(a, c, &why, err);
    } else {
        out->known = true;
        out->root = found.root;
        memcpy(out->display_name, found.display_name,
               sizeof(out->display_name));
        memcpy(out->entity_id, found.entity_id, sizeof(out->entity_id));
        memcpy(out->accessor, found.accessor, sizeof(out->accessor));
    }
    remember(a, a->identities, c->token_key, out, a->options.allowed_ms);
    return 0;
}

static int check_entity(const struct access *a, const struct check *c,
                        const struct identity *who, struct error *err)
{
    if ((c->q->needs & ACCESS_ENTITY) == 0 || who->entity_id[0] != '\0')
        return 0;
    if (who->root && a->options.allow_root_requester)
        return 0;
    if (who->root)
        return error_set(err, ERR_DENIED,
                         "permission denied: a root token has no entity; "
                         "restores are asked for with a token from a login");
    if (!who->known)
        return error_set(err, ERR_DENIED,
                         "permission denied: the token's entity is not known, "
                         "its policies do not allow auth/token/lookup-self");
    return error_set(err, ERR_DENIED,
                     "permission denied: the token has no entity; restores "
                     "are asked for with a token from a login");
}

static void write_identity(const struct identity *who, struct principal *out)
{
    memcpy(out->display_name, who->display_name, sizeof(out->display_name));
    memcpy(out->entity_id, who->entity_id, sizeof(out->entity_id));
    memcpy(out->accessor, who->accessor, sizeof(out->accessor));
    out->root = who->root;
}

static int decide(struct access *a, const struct check *c,
                  struct principal *out, struct error *err)
{
    struct identity who;
    unsigned can = 0;
    int rc;

    rc = get_rights(a, c, &can, err);
    if (rc != 0)
        return rc;
    /* Who was refused is of interest, too, if that can be known. */
    rc = get_identity(a, c, &who, err);
    if (rc > 0)
        return rc;
    if (rc == 0)
        write_identity(&who, out);
    if (!is_allowed(c, can))
        return refuse(c, can, err);
    if (rc < 0)
        return -1;
    if (check_entity(a, c, &who, err) < 0)
        return -1;
    out->authenticated = true;
    return 0;
}

/* Whether nobody can be asked who may do what, as far as is known now. */
static bool is_down_hard(struct access *a)
{
    bool down;

    (void)pthread_mutex_lock(&a->lock);
    down = a->down_hard && clock_mono_ms() < a->down_until_ms;
    (void)pthread_mutex_unlock(&a->lock);
    return down;
}

/* A token of the configuration: Vault is not told of it, only whether Vault
 * is there counts. */
static int decide_break_glass(struct access *a, const struct check *c,
                              struct principal *out, struct error *err)
{
    const int64_t now = clock_now_ms();
    struct break_glass token;

    out->break_glass = true;
    if (!break_glass_find(a->options.break_glass, c->q->token, &token)) {
        out->token_key[0] = '\0'; /* not even for runs of its own */
        return error_set(err, ERR_DENIED,
                         "permission denied: this break-glass token is not "
                         "one of the configuration");
    }
    if (now >= token.expires_ms)
        out->token_key[0] = '\0';
    if (break_glass_judge(&token, c->q->right, now, out, err) < 0)
        return -1;
    if (c->fresh || !is_down_hard(a)) {
        if (!c->may_block)
            return 1;
        if (!probe_down(a, c))
            return error_set(err, ERR_DENIED,
                             "permission denied: break-glass tokens count "
                             "only while Vault is down, sealed or without a "
                             "leader, and now it answers");
    }
    out->authenticated = true;
    return 0;
}

/* Vault compares a LIST with the path that ends in a slash, and falls back to
 * the one without. */
static char *asked_path(const struct access_question *q)
{
    return text_format("%s%s", q->path, q->operation == ACCESS_LIST ? "/" : "");
}

int access_check(struct access *a, const struct access_question *q,
                 bool may_block, struct principal *out, struct error *err)
{
    struct check c = {
        .q = q,
        .may_block = may_block,
        .fresh = (q->needs & (ACCESS_SUDO | ACCESS_ENTITY)) != 0,
    };
    struct principal who = {0};
    struct error why = {0};
    char *path = NULL;
    int rc = -1;

    if (q->token[0] == '\0')
        return error_set(err, ERR_DENIED, "missing client token");
    path = asked_path(q);
    if (path == NULL)
        return error_memory(err);
    c.path = path;
    if (make_keys(a, &c, &why) == 0) {
        text_hex(c.token_key, sizeof(c.token_key), who.token_key);
        rc = break_glass_is(q->token) ? decide_break_glass(a, &c, &who, &why)
                                      : decide(a, &c, &who, &why);
        if (rc < 0 && (q->needs & ACCESS_OWN_RUN) != 0) {
            who.refusal = why;
            rc = 0;
        }
    }
    if (rc == 0 || why.kind == ERR_DENIED)
        *out = who;
    if (rc < 0 && err != NULL)
        *err = why;
    free(path);
    return rc;
}
