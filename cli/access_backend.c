/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/access_backend.h"

#include "base/text.h"
#include "vault/auth.h"

static unsigned to_access(unsigned set)
{
    static const struct {
        unsigned theirs;
        unsigned ours;
    } pairs[] = {
        {VAULT_CAP_CREATE, ACCESS_CAN_CREATE},
        {VAULT_CAP_READ, ACCESS_CAN_READ},
        {VAULT_CAP_UPDATE, ACCESS_CAN_UPDATE},
        {VAULT_CAP_DELETE, ACCESS_CAN_DELETE},
        {VAULT_CAP_LIST, ACCESS_CAN_LIST},
        {VAULT_CAP_SUDO, ACCESS_CAN_SUDO},
        {VAULT_CAP_ROOT, ACCESS_CAN_ALL},
    };
    unsigned out = 0;

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if ((set & pairs[i].theirs) != 0)
            out |= pairs[i].ours;
    return set == 0 ? ACCESS_CAN_DENY : out;
}

static int capabilities(void *ctx, const char *token, const char *path,
                        unsigned *out, struct error *err)
{
    const struct access_backend_source *s = ctx;
    const struct vault_caller who = {.token = token, .namespace = s->namespace};
    struct vault_capabilities asked = {.path = path};

    if (vault_capabilities_self(s->vault, &who, &asked, 1, err) != 0)
        return -1;
    *out = to_access(asked.set);
    return 0;
}

static int identify(void *ctx, const char *token, struct principal *out,
                    struct error *err)
{
    const struct access_backend_source *s = ctx;
    const struct vault_caller who = {.token = token, .namespace = s->namespace};
    struct vault_token found;

    if (vault_lookup_self(s->vault, &who, &found, err) != 0)
        return -1;
    (void)text_copy(out->display_name, sizeof(out->display_name),
                    found.display_name);
    (void)text_copy(out->entity_id, sizeof(out->entity_id), found.entity_id);
    (void)text_copy(out->accessor, sizeof(out->accessor), found.accessor);
    out->root = found.root;
    return 0;
}

struct access_backend access_backend_of(struct access_backend_source *source)
{
    return (struct access_backend){
        .capabilities = capabilities, .identify = identify, .ctx = source};
}
