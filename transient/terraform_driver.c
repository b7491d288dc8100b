/* SPDX-License-Identifier: Apache-2.0
 *
 * Driver `terraform`: the operator's own module raises a cluster, Terraform
 * or OpenTofu runs it.
 *
 *   <dir>/tree/…/module   a private copy of the module, and an override file
 *                         that keeps the state here whatever backend the
 *                         module names
 *   <dir>/state.json      that state; it holds the module's outputs
 *   <dir>/vars.json       the configured variables
 *   <dir>/data            TF_DATA_DIR
 *   <dir>/begun           apply has begun: there may be something to destroy
 *
 * Destroyed from there, also by the next life of the daemon.  The directory
 * goes only after everything in it is. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/module_copy.h"
#include "base/program.h"
#include "base/terraform.h"
#include "base/terraform_files.h"
#include "base/text.h"
#include "transient/driver.h"
#include "transient/driver_dir.h"
#include "transient/handed.h"

enum {
    TIMEOUT_MS = 30 * 60 * 1000,
    INIT_TIMEOUT_MS = 10 * 60 * 1000,
    OUTPUT_TIMEOUT_MS = 60 * 1000,
    PATH_TEXT_MAX = 64 * 1024,
};

struct terraform_transient {
    const struct transient_terraform *settings;
    const struct transient_events *events; /* NULL: none */
    const struct cancel *cancel;
    struct driver_dir dir;
    char *module; /* the copy */
    char *binary;
    struct handed handed;
    enum transient_outcome outcome;
    bool gone;
};

static void terraform_close(void *state)
{
    struct terraform_transient *t = state;

    if (t == NULL)
        return;
    handed_done(&t->handed);
    driver_dir_done(&t->dir);
    free(t->module);
    free(t->binary);
    free(t);
}

static int terraform_open(const struct transient_options *o, void **state,
                          struct error *err)
{
    struct terraform_transient *t = calloc(1, sizeof *t);

    if (t == NULL)
        return error_memory(err);
    t->settings = &o->drivers->terraform;
    t->events = &o->events;
    t->cancel = o->cancel;
    t->gone = true; /* nothing is there yet */
    if (driver_dir_choose(o->base_dir, &t->dir, err) != 0) {
        terraform_close(t);
        return -1;
    }
    *state = t;
    return 0;
}

static void terraform_facts(const void *state, struct transient_facts *out)
{
    const struct terraform_transient *t = state;

    out->outcome = t->outcome;
    out->server_version = "";
    out->dir = t->dir.path;
    handed_facts(&t->handed, out);
}

static void terraform_leftovers(const void *state, struct jsonw *w)
{
    const struct terraform_transient *t = state;

    driver_dir_leftovers(&t->dir, w);
}

static int find_binary(struct terraform_transient *t, struct error *err)
{
    const char *wanted = t->settings->binary;

    t->binary = terraform_find(wanted);
    if (t->binary == NULL && wanted != NULL)
        return error_set(err, ERR_NOT_FOUND,
                         "there is no program %s: set "
                         "transient.terraform.binary",
                         wanted);
    if (t->binary == NULL)
        return error_set(err, ERR_NOT_FOUND,
                         "there is neither terraform nor tofu on PATH: "
                         "install one, or set transient.terraform.binary");
    return 0;
}

static int64_t patience(const struct terraform_transient *t)
{
    return t->settings->timeout_ms > 0 ? t->settings->timeout_ms : TIMEOUT_MS;
}

/* Its progress, for whoever watches. */
static struct terraform_said listener(const struct terraform_transient *t)
{
    if (t->events == NULL)
        return (struct terraform_said){.ctx = NULL};
    return (struct terraform_said){.progress = t->events->progress,
                                   .said = t->events->said,
                                   .ctx = t->events->ctx};
}

static int run(const struct terraform_transient *t,
               const struct terraform_step *step, struct buf *out,
               struct error *err)
{
    const struct terraform how = {.binary = t->binary,
                                  .dir = t->dir.path,
                                  .module = t->module,
                                  .env = t->settings->env,
                                  .vars = t->settings->vars};

    return terraform_run(&how, step, out, err);
}

static int prepare(struct terraform_transient *t, struct error *err)
{
    struct buf where;
    int rc;

    if (find_binary(t, err) != 0 || driver_dir_make(&t->dir, err) != 0)
        return -1;
    t->gone = false;
    if (module_copy(t->settings->dir, t->dir.path, &t->module, err) != 0)
        return error_prefix(err, "transient.terraform.dir");
    /* For the next life. */
    buf_init(&where, PATH_TEXT_MAX);
    buf_str(&where, t->module);
    rc = terraform_put(t->dir.path, "module", &where, err);
    buf_done(&where);
    if (rc != 0)
        return -1;
    if (terraform_write_vars(t->dir.path, &t->settings->vars, err) != 0)
        return -1;
    return terraform_write_override(t->dir.path, t->module, err);
}

static char *vars_argument(const struct terraform_transient *t)
{
    return text_format("-var-file=%s/vars.json", t->dir.path);
}

static int init(const struct terraform_transient *t, struct error *err)
{
    const struct terraform_step step = {
        .name = "init",
        .args = {"init", "-input=false", "-no-color"},
        .timeout_ms = INIT_TIMEOUT_MS,
        .cancel = t->cancel,
    };

    return run(t, &step, NULL, err);
}

static int apply(const struct terraform_transient *t, struct error *err)
{
    struct terraform_said said = listener(t);
    struct terraform_step step = {
        .name = "apply",
        .args = {"apply", "-input=false", "-auto-approve", "-json"},
        .timeout_ms = patience(t),
        .said = &said,
        .cancel = t->cancel,
    };
    struct buf nothing;
    char *vars = vars_argument(t);
    int rc = -1;

    buf_init(&nothing, 1);
    step.args[4] = vars;
    if (vars == NULL)
        error_memory(err);
    else if (terraform_put(t->dir.path, "begun", &nothing, err) == 0)
        rc = run(t, &step, NULL, err);
    free(vars);
    return rc;
}

static int read_outputs(struct terraform_transient *t, struct error *err)
{
    const struct terraform_step step = {
        .name = "output",
        .args = {"output", "-json", "-no-color"},
        .timeout_ms = OUTPUT_TIMEOUT_MS,
        .cancel = t->cancel,
    };
    struct json *outputs = NULL;
    struct buf text;
    int rc = -1;

    buf_init_secret(&text, PROGRAM_OUTPUT_MAX);
    if (run(t, &step, &text, err) != 0)
        goto done;
    if (json_parse(buf_text(&text), text.len, &outputs, err) != 0 ||
        handed_read(outputs, &t->dir, &t->handed, err) != 0) {
        error_prefix(err, "the outputs of the module");
        goto done;
    }
    rc = 0;
done:
    json_free(outputs);
    buf_done(&text);
    return rc;
}

static int terraform_up(void *state, struct error *err)
{
    struct terraform_transient *t = state;
    struct error why = {0};

    t->outcome = TRANSIENT_OK;
    if (prepare(t, &why) == 0 && init(t, &why) == 0 && apply(t, &why) == 0 &&
        read_outputs(t, &why) == 0)
        return 0;
    t->outcome =
        why.kind == ERR_CANCELLED ? TRANSIENT_CANCELLED : TRANSIENT_UNUSABLE;
    if (err != NULL)
        *err = why;
    return -1;
}

static int destroy(const struct terraform_transient *t, struct error *err)
{
    struct terraform_said said = listener(t);
    struct terraform_step step = {
        .name = "destroy",
        .args = {"destroy", "-input=false", "-auto-approve", "-json",
                 "-lock-timeout=30s"},
        .timeout_ms = patience(t),
        .said = &said,
    };
    char *vars = vars_argument(t);
    int rc = -1;

    step.args[5] = vars;
    if (vars == NULL)
        error_memory(err);
    else
        rc = run(t, &step, NULL, err);
    free(vars);
    if (rc != 0)
        return error_prefix(err, "everything is still in %s", t->dir.path);
    if (terraform_check_state(t->dir.path, err) != 0)
        return -1;
    if (handed_answers(&t->handed))
        return error_set(err, ERR_INTERNAL,
                         "terraform destroy said that it is done, and %s "
                         "still answers",
                         t->handed.address);
    return 0;
}

static int terraform_down(void *state, struct error *err)
{
    struct terraform_transient *t = state;
    char *begun = driver_dir_file(&t->dir, "begun");
    struct error why = {0};
    int rc = 0;

    if (begun == NULL)
        return error_memory(err);
    if (!t->gone && file_exists(begun))
        rc = destroy(t, &why);
    if (rc == 0)
        rc = driver_dir_remove(&t->dir, &why);
    t->gone = rc == 0;
    if (rc != 0 && err != NULL)
        *err = why;
    free(begun);
    return rc;
}

static bool terraform_gone(const void *state)
{
    const struct terraform_transient *t = state;

    return t->gone;
}

/* What prepare() wrote down. */
static int recall(struct terraform_transient *t, struct error *err)
{
    char *path = driver_dir_file(&t->dir, "module");
    struct buf text;
    int rc = -1;

    buf_init(&text, PATH_TEXT_MAX);
    if (path == NULL) {
        error_memory(err);
    } else if (file_read(path, &text, err) == 0) {
        t->module = buf_take(&text);
        rc = t->module == NULL || t->module[0] == '\0'
                 ? error_set(err, ERR_CORRUPT, "%s names no module", path)
                 : find_binary(t, err);
    }
    buf_done(&text);
    free(path);
    return rc;
}

static int terraform_recover(const struct json *leftovers,
                             const struct transient_options *o,
                             struct error *err)
{
    static const struct transient_terraform none;
    struct terraform_transient t = {
        .settings = o->drivers != NULL ? &o->drivers->terraform : &none};
    char *begun = NULL;
    char *pid = NULL;
    int rc = -1;

    if (driver_dir_recall(leftovers, &t.dir, err) != 0)
        return -1;
    begun = driver_dir_file(&t.dir, "begun");
    pid = driver_dir_file(&t.dir, "program.pid");
    if (begun == NULL || pid == NULL)
        error_memory(err);
    else if (program_end_stray(pid, TERRAFORM_GRACE_MS, err) == 0 &&
             (!file_exists(begun) || recall(&t, err) == 0))
        rc = terraform_down(&t, err);
    free(begun);
    free(pid);
    free(t.module);
    free(t.binary);
    driver_dir_done(&t.dir);
    return rc;
}

const struct transient_driver transient_terraform_driver = {
    .name = "terraform",
    .open = terraform_open,
    .facts = terraform_facts,
    .leftovers = terraform_leftovers,
    .up = terraform_up,
    .down = terraform_down,
    .gone = terraform_gone,
    .close = terraform_close,
    .recover = terraform_recover,
};
