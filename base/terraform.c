/* SPDX-License-Identifier: Apache-2.0 */
#include "base/terraform.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hide.h"
#include "base/text.h"

char *terraform_find(const char *wanted)
{
    char *found = file_find_program(wanted != NULL ? wanted : "terraform");

    if (found == NULL && wanted == NULL)
        found = file_find_program("tofu");
    return found;
}

void terraform_blot(const struct terraform *t, char *text)
{
    hide_values((const struct program_pairs *[]){&t->env, &t->vars}, 2, text);
}

static void say(const struct terraform *t, const struct terraform_step *step,
                struct error *err)
{
    if (err == NULL)
        return;
    if (err->kind == ERR_INTERNAL && step->said != NULL &&
        step->said->error[0] != '\0')
        (void)error_set(err, ERR_INTERNAL, "%s", step->said->error);
    (void)error_prefix(err, "terraform %s", step->name);
    terraform_blot(t, err->text);
}

int terraform_run(const struct terraform *t, const struct terraform_step *step,
                  struct buf *out, struct error *err)
{
    char *log = text_format("%s/program.log", t->dir);
    char *pid = text_format("%s/program.pid", t->dir);
    char *data = text_format("TF_DATA_DIR=%s/data", t->dir);
    const char *argv[TERRAFORM_ARGS_MAX + 2] = {t->binary};
    const char *const env[] = {data, "TF_IN_AUTOMATION=1", "TF_INPUT=0",
                               "CHECKPOINT_DISABLE=1", NULL};
    const struct program p = {
        .argv = argv,
        .dir = t->module,
        .log_path = log,
        .pid_path = pid,
        .temp_dir = t->dir,
        .fixed_env = env,
        .env = t->env,
        .hidden = {&t->env, &t->vars},
        .timeout_ms = step->timeout_ms,
        .grace_ms = TERRAFORM_GRACE_MS,
        .cancel = step->cancel,
        .line = step->said != NULL ? terraform_said_line : step->line,
        .ctx = step->said != NULL ? step->said : step->ctx,
        .exit_code = step->exit_code,
    };
    int rc = -1;

    for (size_t i = 0; i < TERRAFORM_ARGS_MAX && step->args[i] != NULL; i++)
        argv[i + 1] = step->args[i];
    if (step->said != NULL) {
        step->said->hidden[0] = &t->env;
        step->said->hidden[1] = &t->vars;
    }
    if (log == NULL || pid == NULL || data == NULL)
        (void)error_memory(err);
    else
        rc = program_run(&p, out, err);
    if (rc != 0)
        say(t, step, err);
    free(log);
    free(pid);
    free(data);
    return rc;
}
