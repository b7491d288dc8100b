/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/handed.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "store/runs.h"
#include "vault/wrapped.h"

struct handed {
    char run_id[ID_TEXT_MAX];
    char entity_id[RUN_ENTITY_ID_MAX];
    uint64_t revision;
    char *token; /* secret */
    struct handed *next;
};

static bool is_of(const struct handed *h, const char *run_id,
                  const char *entity_id)
{
    return (run_id == NULL || strcmp(h->run_id, run_id) == 0) &&
           (entity_id == NULL || strcmp(h->entity_id, entity_id) == 0);
}

void handed_drop(struct handed **list, const char *run_id,
                 const char *entity_id)
{
    while (*list != NULL) {
        struct handed *h = *list;

        if (!is_of(h, run_id, entity_id)) {
            list = &h->next;
            continue;
        }
        *list = h->next;
        secret_free(h->token);
        free(h);
    }
}

static size_t length(const struct handed *h)
{
    size_t n = 0;

    for (; h != NULL; h = h->next)
        n++;
    return n;
}

int handed_put(struct handed **list, const struct handed_key *key,
               const char *token, struct error *err)
{
    struct handed *h = NULL;

    if (vault_wrapped_check(token, err) != 0)
        return error_prefix(err, "wrapped_token");
    handed_drop(list, key->run_id, key->entity_id);
    if (length(*list) >= LIMIT_HANDED_TOKENS)
        return error_set(err, ERR_TOO_MANY,
                         "too many credentials are waiting to be used: try "
                         "again in a minute");
    h = calloc(1, sizeof(*h));
    if (h == NULL || (h->token = secret_dup(token)) == NULL) {
        free(h);
        return error_memory(err);
    }
    (void)text_copy(h->run_id, sizeof(h->run_id), key->run_id);
    (void)text_copy(h->entity_id, sizeof(h->entity_id), key->entity_id);
    h->revision = key->revision;
    h->next = *list;
    *list = h;
    return 0;
}

char *handed_copy(const struct handed *h, const struct handed_key *key)
{
    for (; h != NULL; h = h->next)
        if (is_of(h, key->run_id, key->entity_id) &&
            h->revision == key->revision)
            return secret_dup(h->token);
    return NULL;
}

bool handed_any(const struct handed *h, const char *run_id, uint64_t revision)
{
    for (; h != NULL; h = h->next)
        if (is_of(h, run_id, NULL) && h->revision == revision)
            return true;
    return false;
}

bool handed_run(const struct handed *list, size_t i, char id[ID_TEXT_MAX])
{
    while (list != NULL && i-- > 0)
        list = list->next;
    if (list == NULL)
        return false;
    (void)text_copy(id, ID_TEXT_MAX, list->run_id);
    return true;
}
