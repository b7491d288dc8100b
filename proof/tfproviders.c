/* SPDX-License-Identifier: Apache-2.0
 *
 * A node is "[root] module.x.provider[\"host/owner/vault\"].alias (close)";
 * a line has one or, with "->" between them, two. */
#include "proof/tfproviders.h"

#include <string.h>

#include "base/text.h"
#include "proof/tfstate.h"

static const char opening[] = "provider[\\\"";
static const char closing[] = "\\\"]";

enum { SOURCE_MAX = 256 };

static bool is_vault(const char *source, size_t len)
{
    char text[SOURCE_MAX];

    if (len >= sizeof text)
        return false;
    memcpy(text, source, len);
    text[len] = '\0';
    return tfstate_is_vault(text);
}

static void add_alias(struct tfproviders *p, const char *alias, size_t len)
{
    char *to = p->aliases[p->count];

    if (len == 0)
        return;
    for (size_t i = 0; i < p->count; i++)
        if (strlen(p->aliases[i]) == len &&
            memcmp(p->aliases[i], alias, len) == 0)
            return;
    if (p->count == TFPROVIDERS_MAX || len >= TFPROVIDERS_NAME_MAX) {
        p->too_many = true;
        return;
    }
    memcpy(to, alias, len);
    to[len] = '\0';
    p->count++;
}

/* What stands before it, up to the node's own beginning. */
static void see_module(struct tfproviders *p, const char *line,
                       const char *node)
{
    const char *from = node;
    size_t len;

    while (from > line && from[-1] != ' ' && from[-1] != '"')
        from--;
    len = (size_t)(node - from);
    if (len == 0 || p->inner[0] != '\0')
        return;
    if (len >= sizeof p->inner)
        len = sizeof p->inner - 1;
    memcpy(p->inner, from, len);
    p->inner[len - 1] = '\0'; /* its dot */
}

void tfproviders_line(void *ctx, const char *line)
{
    struct tfproviders *p = ctx;
    const char *node = line;

    while ((node = strstr(node, opening)) != NULL) {
        const char *source = node + sizeof opening - 1;
        const char *end = strstr(source, closing);
        const char *rest;

        if (end == NULL)
            return;
        rest = end + sizeof closing - 1;
        if (is_vault(source, (size_t)(end - source))) {
            p->any = true;
            see_module(p, line, node);
            if (*rest == '.')
                add_alias(p, rest + 1, strcspn(rest + 1, " \""));
        }
        node = rest;
    }
}
