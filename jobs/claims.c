/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/claims.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"

struct claims {
    char run_id[ID_TEXT_MAX];
    char *token; /* secret */
    int64_t until;
    struct claims *next;
};

static void drop(struct claims **at)
{
    struct claims *c = *at;

    *at = c->next;
    secret_free(c->token);
    free(c);
}

void claims_expire(struct claims **list, int64_t now)
{
    while (*list != NULL) {
        if ((*list)->until <= now)
            drop(list);
        else
            list = &(*list)->next;
    }
}

void claims_drop_all(struct claims **list)
{
    while (*list != NULL)
        drop(list);
}

int claims_room(const struct claims *list, struct error *err)
{
    size_t count = 0;

    for (; list != NULL; list = list->next)
        count++;
    return count < LIMIT_HANDED_TOKENS
               ? 0
               : error_set(err, ERR_TOO_MANY,
                           "too many wrapped secrets wait to be claimed");
}

int claims_put(struct claims **list, const char *run_id, char *token,
               int64_t until, struct error *err)
{
    struct claims *c = NULL;

    if (claims_room(*list, err) != 0) {
        secret_free(token);
        return -1;
    }
    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        secret_free(token);
        return error_memory(err);
    }
    (void)text_copy(c->run_id, sizeof(c->run_id), run_id);
    c->token = token;
    c->until = until;
    c->next = *list;
    *list = c;
    return 0;
}

bool claims_wait(const struct claims *list, const char *run_id, int64_t now)
{
    for (; list != NULL; list = list->next)
        if (strcmp(list->run_id, run_id) == 0 && list->until > now)
            return true;
    return false;
}

char *claims_take(struct claims **list, const char *run_id, int64_t now)
{
    char *token = NULL;

    claims_expire(list, now);
    for (; *list != NULL; list = &(*list)->next) {
        if (strcmp((*list)->run_id, run_id) != 0)
            continue;
        token = (*list)->token;
        (*list)->token = NULL;
        drop(list);
        return token;
    }
    return NULL;
}
