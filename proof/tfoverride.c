/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/tfoverride.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/terraform_files.h"

enum { OVERRIDE_MAX = 64 * 1024 };

static void write_backend(const struct tfoverride *o, struct jsonw *w)
{
    jsonw_object(w, "terraform");
    jsonw_object(w, "backend");
    jsonw_object(w, "local");
    if (o->workspaces == NULL)
        jsonw_text(w, "path", o->state);
    else
        jsonw_text(w, "workspace_dir", o->workspaces);
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

/* Null takes a setting of the module's back. */
static void write_provider(const struct tfoverride_target *t, const char *alias,
                           struct jsonw *w)
{
    jsonw_object(w, NULL);
    jsonw_object(w, "vault");
    if (alias != NULL)
        jsonw_text(w, "alias", alias);
    jsonw_text(w, "address", t->address);
    if (t->ca_file != NULL)
        jsonw_text(w, "ca_cert_file", t->ca_file);
    else
        jsonw_null(w, "ca_cert_file");
    jsonw_null(w, "token");
    jsonw_bool(w, "skip_child_token", true);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

int tfoverride_write(const struct tfoverride *o, const char *module,
                     struct error *err)
{
    struct jsonw w;
    struct buf text;
    int rc;

    buf_init(&text, OVERRIDE_MAX);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    write_backend(o, &w);
    if (o->providers != NULL) {
        jsonw_array(&w, "provider");
        write_provider(o->target, NULL, &w);
        for (size_t i = 0; i < o->providers->count; i++)
            write_provider(o->target, o->providers->aliases[i], &w);
        jsonw_end_array(&w);
    }
    jsonw_end_object(&w);
    rc = terraform_put(module, TERRAFORM_OVERRIDE, &text, err);
    buf_done(&text);
    return rc;
}
