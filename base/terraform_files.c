/* SPDX-License-Identifier: Apache-2.0 */
#include "base/terraform_files.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

enum { TEXT_MAX = 256 * 1024 };

int terraform_put(const char *dir, const char *name, const struct buf *text,
                  struct error *err)
{
    char *path = text_format("%s/%s", dir, name);
    int rc = -1;

    if (path == NULL)
        error_memory(err);
    else if (buf_check(text, name, err) == 0)
        rc = file_replace(path, buf_text(text), text->len, 0600, err);
    free(path);
    return rc;
}

int terraform_write_vars(const char *dir, const struct program_pairs *vars,
                         struct error *err)
{
    struct jsonw w;
    struct buf text;
    int rc;

    buf_init_secret(&text, TEXT_MAX);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    for (size_t i = 0; i < vars->count; i++)
        jsonw_text(&w, vars->items[i].name, vars->items[i].value);
    jsonw_end_object(&w);
    rc = terraform_put(dir, "vars.json", &text, err);
    buf_done(&text);
    return rc;
}

int terraform_write_override(const char *dir, const char *module,
                             struct error *err)
{
    char *state = text_format("%s/state.json", dir);
    struct jsonw w;
    struct buf text;
    int rc;

    if (state == NULL)
        return error_memory(err);
    buf_init(&text, TEXT_MAX);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    jsonw_object(&w, "terraform");
    jsonw_object(&w, "backend");
    jsonw_object(&w, "local");
    jsonw_text(&w, "path", state);
    for (int i = 0; i < 4; i++)
        jsonw_end_object(&w);
    rc = terraform_put(module, TERRAFORM_OVERRIDE, &text, err);
    buf_done(&text);
    free(state);
    return rc;
}

int terraform_check_state(const char *dir, struct error *err)
{
    char *path = text_format("%s/state.json", dir);
    struct json *state = NULL;
    struct buf text;
    int rc = -1;

    buf_init_secret(&text, LIMIT_TERRAFORM_STATE);
    if (path == NULL) {
        error_memory(err);
        goto done;
    }
    rc = 0;
    if (!file_exists(path))
        goto done;
    rc = -1;
    if (file_read(path, &text, err) != 0 ||
        json_parse(buf_text(&text), text.len, &state, err) != 0)
        goto done;
    rc = 0;
    if (json_count(json_get(state, "resources")) > 0)
        rc = error_set(err, ERR_INTERNAL,
                       "terraform destroy said that it is done, and its "
                       "state %s still lists resources",
                       path);
done:
    json_free(state);
    buf_done(&text);
    free(path);
    return rc;
}
