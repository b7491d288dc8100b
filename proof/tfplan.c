/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/tfplan.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "proof/tfchanges.h"

enum { TIMEOUT_MS = 15 * 60 * 1000, SHOW_TIMEOUT_MS = 5 * 60 * 1000 };

/* Of plan -detailed-exitcode. */
enum { PLAN_SAME = 0, PLAN_DIFFERS = 2 };

/* 0: `path` has a plan.  1: `r` says why there is none. */
static int make_plan(struct tfcopy *c, const char *path, struct proof_result *r,
                     struct error *err)
{
    const struct terraform *t = tfcopy_terraform(c);
    char *out = text_format("-out=%s", path);
    char *vars = text_format("-var-file=%s/vars.json", t->dir);
    struct terraform_said said = {.said = NULL};
    int code = 1;
    const struct terraform_step step = {
        .name = "plan",
        .args = {"plan", "-input=false", "-detailed-exitcode", "-json",
                 "-lock=false", out, vars},
        .timeout_ms = TIMEOUT_MS,
        .said = &said,
        .exit_code = &code,
        .cancel = tfcopy_cancel(c),
    };
    int rc = -1;

    if (out == NULL || vars == NULL)
        (void)error_memory(err);
    else
        rc = terraform_run(t, &step, NULL, err);
    free(out);
    free(vars);
    if (rc != 0 || code == PLAN_SAME || code == PLAN_DIFFERS)
        return rc;
    terraform_blot(t, said.error);
    proof_say(r, PROOF_NOT_RUN, "terraform plan could not tell: %s",
              said.error[0] != '\0' ? said.error : "it does not say why");
    return 1;
}

static int show_plan(struct tfcopy *c, const char *path, struct buf *out,
                     struct error *err)
{
    const struct terraform_step step = {
        .name = "show",
        .args = {"show", "-json", path},
        .timeout_ms = SHOW_TIMEOUT_MS,
        .cancel = tfcopy_cancel(c),
    };

    return terraform_run(tfcopy_terraform(c), &step, out, err);
}

/* Whether it is Terraform that failed, and not Assay or the machine. */
static int not_run(struct proof_result *r, const struct error *err)
{
    if (err->kind == ERR_CANCELLED)
        return -1;
    proof_say(r, PROOF_NOT_RUN, "%s", err->text);
    return 0;
}

int tfplan_run(struct tfcopy *c, const char *address, const char *with,
               struct proof_result *r, struct error *err)
{
    const struct tfchanges_options o = {.address = address, .with = with};
    char *path = text_format("%s/plan", tfcopy_terraform(c)->dir);
    struct error why = {0};
    struct buf json;
    int rc = -1;

    buf_init_secret(&json, LIMIT_TERRAFORM_PLAN);
    if (path == NULL)
        (void)error_memory(&why);
    else
        rc = make_plan(c, path, r, &why);
    if (rc == 0) {
        rc = show_plan(c, path, &json, &why);
        if (rc == 0)
            rc = tfchanges_judge(&o, json.data, json.len, r, &why);
    }
    if (rc < 0) {
        rc = not_run(r, &why);
        if (rc != 0 && err != NULL)
            *err = why;
    }
    buf_done(&json);
    free(path);
    return rc < 0 ? -1 : 0;
}
