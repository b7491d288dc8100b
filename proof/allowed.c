/* SPDX-License-Identifier: Apache-2.0
 *
 * Seen on real servers of both products, unless a row says otherwise.  What
 * is not here is a fault, so a new row needs a reason that a stranger would
 * accept. */
#include "proof/allowed.h"

#include <string.h>

enum { UUID_LEN = 36 };

static const struct allowed_row rows[] = {
    /* Who leads. */
    {"core/lock", ALLOWED_ADDED | ALLOWED_REMOVED | ALLOWED_CHANGED,
     ALLOWED_ALWAYS, 1, NULL, "names the node that leads now"},
    {"core/leader/<uuid>", ALLOWED_ADDED, ALLOWED_ALWAYS, 1, NULL,
     "how to reach the node that leads now"},
    {"core/leader/<uuid>", ALLOWED_REMOVED, ALLOWED_ALWAYS, 0, NULL,
     "how to reach the node that led then"},

    /* What a server writes when it becomes active. */
    {"core/cluster/feature-flags", ALLOWED_ADDED | ALLOWED_CHANGED,
     ALLOWED_ALWAYS, 1, NULL, "written anew by every active Vault"},
    {"core/raft/autopilot/state", ALLOWED_ADDED | ALLOWED_CHANGED,
     ALLOWED_ALWAYS, 1, NULL, "the health of the nodes there are now"},
    {"core/raft/tls", ALLOWED_CHANGED, ALLOWED_ALWAYS, 1, NULL,
     "the cluster's own certificates are replaced every day"},
    {"core/versions/*", ALLOWED_ADDED, ALLOWED_NEWER_SERVER, 1, NULL,
     "the history of versions that ran on this data"},
    {"sys/policy/response-wrapping", ALLOWED_CHANGED, ALLOWED_NEWER_SERVER, 1,
     NULL, "built in; a newer server brings its own text"},
    {"core/audit", ALLOWED_CHANGED, ALLOWED_UNDECLARED, 0,
     "rewritten list of audit devices",
     "devices of a configuration file are taken off the list by a server "
     "that has no such file"},
    {"core/local-audit", ALLOWED_CHANGED, ALLOWED_UNDECLARED, 0,
     "rewritten list of local audit devices", "as core/audit"},
    {"logical/<uuid>/wal/*", ALLOWED_ADDED, ALLOWED_ALWAYS, 0, NULL,
     "a database engine that starts tries whether it may write: an entry "
     "that it removes at once"},
    {"logical/<uuid>/<uuid>/upgrading", ALLOWED_ADDED | ALLOWED_CHANGED,
     ALLOWED_ALWAYS, 0, NULL,
     "a versioned KV store notes that it has nothing left to upgrade; one that "
     "was made just before the snapshot had not yet"},

    /* Our own login. */
    {"sys/token/id/*", ALLOWED_ADDED, ALLOWED_SERVICE_LOGIN, 1, NULL,
     "the token that the validation logged in with"},
    {"sys/token/accessor/*", ALLOWED_ADDED, ALLOWED_SERVICE_LOGIN, 1, NULL,
     "its accessor"},
    {"sys/expire/id/auth/**", ALLOWED_ADDED, ALLOWED_SERVICE_LOGIN, 1, NULL,
     "its lease"},
    {"auth/<uuid>/secret_id/**", ALLOWED_CHANGED, ALLOWED_ALWAYS, 1, NULL,
     "the uses that are left of our own secret-id"},
    {"logical/<uuid>/packer/buckets/*", ALLOWED_ADDED, ALLOWED_ALWAYS, 1,
     "entity that our first login made",
     "a credential that never logged in before the snapshot gets its entity "
     "now; where its bucket existed already that cannot be told from damage"},

    /* Whatever ran out between the snapshot and now. */
    {"sys/token/id/*", ALLOWED_REMOVED, ALLOWED_ALWAYS, 0, "expired tokens",
     "a token whose time is over"},
    {"sys/token/accessor/*", ALLOWED_REMOVED, ALLOWED_ALWAYS, 0, NULL,
     "goes with its token"},
    {"sys/token/parent/**", ALLOWED_REMOVED, ALLOWED_ALWAYS, 0, NULL,
     "goes with its token"},
    {"sys/expire/id/**", ALLOWED_REMOVED, ALLOWED_ALWAYS, 0, "expired leases",
     "a lease whose time is over"},
    {"logical/<uuid>/*/response", ALLOWED_REMOVED, ALLOWED_WITH_TOKENS, 1, NULL,
     "the cubbyhole of a wrapping token goes with it"},
    {"logical/<uuid>/*/wrapinfo", ALLOWED_REMOVED, ALLOWED_WITH_TOKENS, 1, NULL,
     "the cubbyhole of a wrapping token goes with it"},
    {"auth/<uuid>/secret_id/**", ALLOWED_REMOVED, ALLOWED_ALWAYS, 0,
     "expired secret-ids", "tidied away"},
    {"auth/<uuid>/accessor/**", ALLOWED_REMOVED, ALLOWED_ALWAYS, 0, NULL,
     "goes with its secret-id"},
};

const struct allowed_row *allowed_at(size_t i)
{
    return i < sizeof rows / sizeof rows[0] ? &rows[i] : NULL;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_uuid(const char *s, size_t len)
{
    size_t i;

    if (len != UUID_LEN)
        return false;
    for (i = 0; i < len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? s[i] != '-' : !is_hex(s[i]))
            return false;
    }
    return true;
}

static size_t segment(const char *s, size_t len)
{
    const char *slash = memchr(s, '/', len);

    return slash == NULL ? len : (size_t)(slash - s);
}

static bool fits(const char *pattern, size_t pattern_len, const char *s,
                 size_t len)
{
    if (pattern_len == 1 && pattern[0] == '*')
        return len > 0;
    if (pattern_len == strlen("<uuid>") &&
        memcmp(pattern, "<uuid>", pattern_len) == 0)
        return is_uuid(s, len);
    return pattern_len == len && memcmp(pattern, s, len) == 0;
}

bool allowed_match(const char *pattern, const void *key, size_t key_len)
{
    const char *k = key;
    size_t left = strlen(pattern);

    for (;;) {
        size_t want = segment(pattern, left);
        size_t have = segment(k, key_len);

        if (left == 2 && memcmp(pattern, "**", 2) == 0)
            return have > 0;
        if (!fits(pattern, want, k, have))
            return false;
        if (want == left || have == key_len)
            return want == left && have == key_len;
        pattern += want + 1;
        left -= want + 1;
        k += have + 1;
        key_len -= have + 1;
    }
}

/* Past "namespaces/<uuid>/", as often as it occurs. */
static void leave_namespaces(const char **key, size_t *len)
{
    static const char prefix[] = "namespaces/";
    const size_t whole = sizeof prefix - 1 + UUID_LEN + 1;

    while (*len > whole && memcmp(*key, prefix, sizeof prefix - 1) == 0 &&
           is_uuid(*key + sizeof prefix - 1, UUID_LEN) &&
           (*key)[whole - 1] == '/') {
        *key += whole;
        *len -= whole;
    }
}

const struct allowed_row *allowed_find(enum allowed_change change,
                                       const void *key, size_t key_len)
{
    const char *k = key;
    size_t i;

    leave_namespaces(&k, &key_len);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((rows[i].changes & change) != 0 &&
            allowed_match(rows[i].pattern, k, key_len))
            return &rows[i];
    }
    return NULL;
}
