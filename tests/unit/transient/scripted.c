/* SPDX-License-Identifier: Apache-2.0 */
#include "scripted.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct standin scripted_scratch, scripted_production;

int scripted_start(void **state)
{
    (void)state;
    standin_start(&scripted_scratch, NULL);
    standin_start(&scripted_production, NULL);
    return 0;
}

int scripted_stop(void **state)
{
    (void)state;
    standin_stop(&scripted_scratch);
    standin_stop(&scripted_production);
    return 0;
}

int scripted_reset(void **state)
{
    (void)state;
    standin_reset(&scripted_scratch);
    standin_reset(&scripted_production);
    standin_set(&scripted_scratch,
                "{\"cluster_id\":\"" SCRIPTED_SCRATCH_ID "\"}");
    return 0;
}

struct vault *scripted_client(const char *address, const char *token)
{
    const struct vault_options o = {
        .address = address,
        .auth = {.method = token == NULL ? VAULT_AUTH_NONE : VAULT_AUTH_TOKEN,
                 .token = token},
    };
    struct vault *v = NULL;
    struct error err;

    if (vault_new(&o, &v, &err) != 0)
        fail_msg("%s", err.text);
    return v;
}

char *scripted_last(const struct standin *s, const char *method,
                    const char *path, const char *what)
{
    struct json *facts = standin_facts(s);
    char *found = NULL;

    for (const struct json *q = json_first(json_get(facts, "requests"));
         q != NULL; q = json_next(q)) {
        if (strcmp(json_get_text(q, "method", ""), method) != 0 ||
            strcmp(json_get_text(q, "path", ""), path) != 0)
            continue;
        free(found);
        found = text_dup(json_get_text(q, what, ""));
    }
    json_free(facts);
    return found;
}

void scripted_only_read(const struct standin *s)
{
    struct json *facts = standin_facts(s);

    for (const struct json *q = json_first(json_get(facts, "requests"));
         q != NULL; q = json_next(q)) {
        const char *method = json_get_text(q, "method", "");
        const char *path = json_get_text(q, "path", "");

        if (strcmp(method, "GET") != 0 &&
            strcmp(path, "sys/capabilities-self") != 0)
            fail_msg("%s %s was sent", method, path);
    }
    json_free(facts);
}

struct json *scripted_leftovers(const struct transient_driver *driver,
                                void *state, const char *const *secrets)
{
    struct json *root = NULL;
    struct error err;
    struct buf text;
    struct jsonw w;

    buf_init(&text, 4096);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    driver->leftovers(state, &w);
    jsonw_end_object(&w);
    for (; *secrets != NULL; secrets++)
        assert_null(strstr(text.data, *secrets));
    assert_int_equal(json_parse(text.data, text.len, &root, &err), 0);
    buf_done(&text);
    return root;
}
