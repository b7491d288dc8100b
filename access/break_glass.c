/* SPDX-License-Identifier: Apache-2.0 */
#include "access/break_glass.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"

enum { RANDOM_BYTES = 24, QUIET_MS = 60 * 1000 };

/* The lock guards the rest. */
struct break_glass_box {
    pthread_mutex_t lock;
    struct break_glass tokens[BREAK_GLASS_TOKENS_MAX];
    int64_t quiet_until_ms[BREAK_GLASS_TOKENS_MAX]; /* monotonic */
    size_t count;
    char used[BREAK_GLASS_NAME_MAX];
    int64_t used_ms;
};

static const struct {
    const char *name;
    unsigned right;
} rights[] = {
    {"read", ACCESS_RIGHT_READ},
    {"operate", ACCESS_RIGHT_OPERATE},
    {"approve", ACCESS_RIGHT_APPROVE},
    {"restore", ACCESS_RIGHT_RESTORE},
};
enum { RIGHTS = sizeof(rights) / sizeof(rights[0]) };

void break_glass_make(char token[BREAK_GLASS_TOKEN_MAX],
                      char sha256[DIGEST_SHA256_HEX])
{
    uint8_t bytes[RANDOM_BYTES];
    char hex[2 * RANDOM_BYTES + 1];

    digest_random(bytes, sizeof(bytes));
    text_hex(bytes, sizeof(bytes), hex);
    (void)snprintf(token, BREAK_GLASS_TOKEN_MAX, BREAK_GLASS_PREFIX "%s", hex);
    digest_sha256_hex(token, strlen(token), sha256);
    secret_wipe(hex, sizeof(hex));
    secret_wipe(bytes, sizeof(bytes));
}

bool break_glass_is(const char *token)
{
    return text_starts(token, BREAK_GLASS_PREFIX);
}

unsigned break_glass_right(const char *name)
{
    for (size_t i = 0; i < RIGHTS; i++)
        if (strcmp(rights[i].name, name) == 0)
            return rights[i].right;
    return 0;
}

static const char *right_name(unsigned right)
{
    for (size_t i = 0; i < RIGHTS; i++)
        if (rights[i].right == right)
            return rights[i].name;
    return "";
}

int break_glass_judge(const struct break_glass *token, unsigned right,
                      int64_t now_ms, struct principal *out, struct error *err)
{
    char expired[CLOCK_TEXT_MAX];
    unsigned has = token->rights;

    (void)snprintf(out->display_name, sizeof(out->display_name),
                   "break-glass %s", token->name);
    (void)snprintf(out->entity_id, sizeof(out->entity_id),
                   BREAK_GLASS_ENTITY "%s", token->name);
    if (now_ms >= token->expires_ms) {
        clock_text(token->expires_ms, expired);
        return error_set(err, ERR_DENIED,
                         "permission denied: the break-glass token \"%s\" "
                         "expired at %s",
                         token->name, expired);
    }
    if (right == 0 || right_name(right)[0] == '\0')
        return error_set(err, ERR_DENIED,
                         "permission denied: no break-glass token may do this");
    if (has != 0)
        has |= ACCESS_RIGHT_READ;
    if ((has & right) == 0)
        return error_set(err, ERR_DENIED,
                         "permission denied: the break-glass token \"%s\" has "
                         "no right to \"%s\"",
                         token->name, right_name(right));
    return 0;
}

int break_glass_box_new(struct break_glass_box **out, struct error *err)
{
    struct break_glass_box *box = calloc(1, sizeof(*box));

    if (box == NULL)
        return error_memory(err);
    (void)pthread_mutex_init(&box->lock, NULL);
    *out = box;
    return 0;
}

void break_glass_box_free(struct break_glass_box *box)
{
    if (box == NULL)
        return;
    (void)pthread_mutex_destroy(&box->lock);
    free(box);
}

void break_glass_box_set(struct break_glass_box *box,
                         const struct break_glass *tokens, size_t count)
{
    (void)pthread_mutex_lock(&box->lock);
    box->count =
        count < BREAK_GLASS_TOKENS_MAX ? count : BREAK_GLASS_TOKENS_MAX;
    for (size_t i = 0; i < box->count; i++)
        box->tokens[i] = tokens[i];
    memset(box->quiet_until_ms, 0, sizeof(box->quiet_until_ms));
    (void)pthread_mutex_unlock(&box->lock);
}

bool break_glass_find(struct break_glass_box *box, const char *token,
                      struct break_glass *out)
{
    char sha256[DIGEST_SHA256_HEX];
    bool found = false;

    if (box == NULL)
        return false;
    digest_sha256_hex(token, strlen(token), sha256);
    (void)pthread_mutex_lock(&box->lock);
    for (size_t i = 0; i < box->count; i++) {
        if (!text_equal_secret(box->tokens[i].sha256, sha256))
            continue;
        *out = box->tokens[i];
        found = true;
    }
    (void)pthread_mutex_unlock(&box->lock);
    return found;
}

bool break_glass_used(struct break_glass_box *box, const char *name)
{
    const int64_t now = clock_mono_ms();
    bool news = false;

    (void)pthread_mutex_lock(&box->lock);
    box->used_ms = clock_now_ms();
    (void)text_copy(box->used, sizeof(box->used), name);
    for (size_t i = 0; i < box->count; i++) {
        if (strcmp(box->tokens[i].name, name) != 0)
            continue;
        news = now >= box->quiet_until_ms[i];
        if (news)
            box->quiet_until_ms[i] = now + QUIET_MS;
    }
    (void)pthread_mutex_unlock(&box->lock);
    return news;
}

void break_glass_look(struct break_glass_box *box, struct break_glass_view *out)
{
    const int64_t now = clock_now_ms();

    *out = (struct break_glass_view){0};
    if (box == NULL)
        return;
    (void)pthread_mutex_lock(&box->lock);
    out->used_ms = box->used_ms;
    memcpy(out->name, box->used, sizeof(out->name));
    for (size_t i = 0; i < box->count; i++) {
        int64_t end = box->tokens[i].expires_ms;

        if (end <= now)
            continue;
        out->tokens++;
        if (out->expires_ms == 0 || end < out->expires_ms)
            out->expires_ms = end;
    }
    (void)pthread_mutex_unlock(&box->lock);
}
