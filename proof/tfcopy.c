/* SPDX-License-Identifier: Apache-2.0
 *
 * `init` may fail and yet all be well: where a provider is overridden in the
 * CLI configuration it complains and is not needed.  So its failure is kept,
 * and told where the next step fails. */
#include "proof/tfcopy.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/module_copy.h"
#include "base/terraform_files.h"
#include "base/text.h"
#include "proof/tfoverride.h"
#include "proof/tfproviders.h"
#include "proof/tfstate.h"

enum { TIMEOUT_MS = 10 * 60 * 1000 };

struct tfcopy {
    const struct tfsettings *s;
    const struct cancel *cancel;
    char *dir;
    char *binary;
    char *module;
    char *state; /* where it is, or will be */
    bool has_state;
    struct terraform own;    /* with the operator's environment */
    struct terraform judged; /* without what leads to his cluster */
    struct program_pair *pairs;
    char *home, *cli_config;
    struct error init; /* kind ERR_NONE: it went well */
};

/* NULL: the default one. */
static const char *workspace(const struct tfcopy *c)
{
    const struct program_pairs *env = &c->s->env;

    for (size_t i = 0; i < env->count; i++)
        if (strcmp(env->items[i].name, "TF_WORKSPACE") == 0 &&
            strcmp(env->items[i].value, "default") != 0)
            return env->items[i].value;
    return NULL;
}

static int name_state(struct tfcopy *c, struct error *err)
{
    const char *name = workspace(c);

    if (name != NULL && (name[0] == '\0' || strchr(name, '/') != NULL))
        return error_set(err, ERR_INVALID, "TF_WORKSPACE names no workspace");
    c->state = name == NULL ? text_format("%s/state.json", c->dir)
                            : text_format("%s/workspaces/%s/terraform.tfstate",
                                          c->dir, name);
    return c->state == NULL ? error_memory(err) : 0;
}

/* What says where the operator's cluster is and who asks; and HOME, where
 * the token lies. */
static bool leads_elsewhere(const char *name)
{
    static const char *const kept[] = {"VAULT_NAMESPACE", "BAO_NAMESPACE"};

    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (strcmp(name, kept[i]) == 0)
            return false;
    return text_starts(name, "VAULT_") || text_starts(name, "BAO_") ||
           text_starts(name, "TERRAFORM_VAULT_") || strcmp(name, "HOME") == 0;
}

static bool has(const struct program_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].name, name) == 0)
            return true;
    return false;
}

/* Where Terraform would look for its own configuration if HOME were not
 * another. */
static int find_cli_config(struct tfcopy *c, struct error *err)
{
    const char *home = getenv("HOME");

    for (size_t i = 0; i < c->s->env.count; i++)
        if (strcmp(c->s->env.items[i].name, "HOME") == 0)
            home = c->s->env.items[i].value;
    if (home == NULL || has(&c->s->env, "TF_CLI_CONFIG_FILE"))
        return 0;
    c->cli_config = text_format("%s/.terraformrc", home);
    if (c->cli_config == NULL)
        return error_memory(err);
    if (!file_exists(c->cli_config)) {
        free(c->cli_config);
        c->cli_config = NULL;
    }
    return 0;
}

static int make_environment(struct tfcopy *c, struct error *err)
{
    const struct program_pairs *env = &c->s->env;
    size_t count = 0;

    c->home = text_format("%s/home", c->dir);
    c->pairs = calloc(env->count + 3, sizeof *c->pairs);
    if (c->home == NULL || c->pairs == NULL)
        return error_memory(err);
    if (find_cli_config(c, err) != 0 || file_make_dirs(c->home, 0700, err) != 0)
        return -1;
    for (size_t i = 0; i < env->count; i++)
        if (!leads_elsewhere(env->items[i].name))
            c->pairs[count++] = env->items[i];
    c->pairs[count++] = (struct program_pair){"HOME", c->home};
    if (c->cli_config != NULL)
        c->pairs[count++] =
            (struct program_pair){"TF_CLI_CONFIG_FILE", c->cli_config};
    c->own = (struct terraform){.binary = c->binary,
                                .dir = c->dir,
                                .module = c->module,
                                .env = *env,
                                .vars = c->s->vars};
    c->judged = c->own;
    c->judged.env = (struct program_pairs){c->pairs, count};
    return 0;
}

static int set_up(struct tfcopy *c, const char *dir, struct error *err)
{
    c->dir = text_dup(dir);
    if (c->dir == NULL)
        return error_memory(err);
    c->binary = terraform_find(c->s->binary);
    if (c->binary == NULL)
        return error_set(err, ERR_NOT_FOUND, "there is no program %s",
                         c->s->binary != NULL ? c->s->binary
                                              : "terraform or tofu on PATH");
    if (file_make_dirs(dir, 0700, err) != 0 ||
        module_copy(c->s->dir, dir, &c->module, err) != 0 ||
        terraform_write_vars(dir, &c->s->vars, err) != 0 ||
        name_state(c, err) != 0)
        return -1;
    return make_environment(c, err);
}

static void release(struct tfcopy *c)
{
    free(c->dir);
    free(c->binary);
    free(c->module);
    free(c->state);
    free(c->home);
    free(c->cli_config);
    free(c->pairs);
    free(c);
}

int tfcopy_close(struct tfcopy *c, struct error *err)
{
    int rc = 0;

    if (c == NULL)
        return 0;
    if (c->dir != NULL)
        rc = file_remove_tree(c->dir, err);
    release(c);
    return rc;
}

int tfcopy_open(const struct tfsettings *s, const char *dir,
                const struct cancel *cancel, struct tfcopy **out,
                struct error *err)
{
    struct tfcopy *c = calloc(1, sizeof *c);
    struct error left;

    assert(s->dir != NULL);
    if (c == NULL)
        return error_memory(err);
    c->s = s;
    c->cancel = cancel;
    if (set_up(c, dir, err) != 0) {
        if (tfcopy_close(c, &left) != 0)
            *err = left;
        return -1;
    }
    *out = c;
    return 0;
}

const char *tfcopy_state(const struct tfcopy *c)
{
    return c->has_state ? c->state : NULL;
}

const struct terraform *tfcopy_terraform(const struct tfcopy *c)
{
    return &c->judged;
}

const struct cancel *tfcopy_cancel(const struct tfcopy *c)
{
    return c->cancel;
}

static bool is_answer(const struct error *err)
{
    return err->kind != ERR_CANCELLED;
}

static int init(struct tfcopy *c, const struct terraform *t, struct error *err)
{
    const struct terraform_step step = {
        .name = "init",
        .args = {"init", "-input=false", "-no-color"},
        .timeout_ms = TIMEOUT_MS,
        .cancel = c->cancel,
    };

    error_clear(&c->init);
    if (terraform_run(t, &step, NULL, &c->init) == 0 || is_answer(&c->init))
        return 0;
    *err = c->init;
    return -1;
}

/* The cause, if it is known. */
static int blame_init(const struct tfcopy *c, struct error *err)
{
    if (c->init.kind != ERR_NONE && is_answer(err))
        *err = c->init;
    return -1;
}

static int put_state(struct tfcopy *c, const struct buf *text,
                     struct error *err)
{
    char *slash = strrchr(c->state, '/');

    *slash = '\0';
    if (file_make_dirs(c->state, 0700, err) != 0) {
        *slash = '/';
        return -1;
    }
    *slash = '/';
    if (file_replace(c->state, text->data, text->len, 0600, err) != 0)
        return -1;
    c->has_state = true;
    return 0;
}

/* 1: it is there now.  0: there is no such file. */
static int take_file(struct tfcopy *c, const char *path, struct error *err)
{
    struct buf text;
    int rc = -1;

    if (!file_exists(path))
        return 0;
    buf_init_secret(&text, LIMIT_TERRAFORM_STATE);
    if (file_read(path, &text, err) == 0)
        rc = put_state(c, &text, err) == 0 ? 1 : -1;
    buf_done(&text);
    return rc;
}

/* A backend that keeps its state in a file of the directory has none in a
 * copy. */
static int take_local(struct tfcopy *c, struct error *err)
{
    const char *name = workspace(c);
    char *path =
        name == NULL
            ? text_format("%s/terraform.tfstate", c->s->dir)
            : text_format("%s/terraform.tfstate.d/%s/terraform.tfstate",
                          c->s->dir, name);
    int rc = path == NULL ? error_memory(err) : take_file(c, path, err);

    free(path);
    if (rc == 0)
        return error_set(err, ERR_NOT_FOUND,
                         "the backend of the Terraform directory %s has no "
                         "state: set oracles.terraform.state_file",
                         c->s->dir);
    return rc == 1 ? 0 : -1;
}

static int run_pull(struct tfcopy *c, struct buf *out, struct error *err)
{
    const struct terraform_step step = {
        .name = "state pull",
        .args = {"state", "pull"},
        .timeout_ms = TIMEOUT_MS,
        .cancel = c->cancel,
    };

    return terraform_run(&c->own, &step, out, err);
}

/* A lock file names providers that could not be installed, and Terraform then
 * refuses whatever it is asked, though a backend needs none of them. */
static int pull_without_lock(struct tfcopy *c, struct buf *out,
                             struct error *err)
{
    char *lock = text_format("%s/.terraform.lock.hcl", c->module);
    char *aside = text_format("%s/lock", c->dir);
    int rc = -1;

    if (lock == NULL || aside == NULL) {
        (void)error_memory(err);
    } else if (rename(lock, aside) == 0) {
        rc = run_pull(c, out, err);
        if (rename(aside, lock) != 0)
            rc = error_errno(err, ERR_IO, "cannot move %s", lock);
    }
    free(lock);
    free(aside);
    return rc;
}

static int pull(struct tfcopy *c, struct error *err)
{
    struct buf text;
    int rc = -1;

    buf_init_secret(&text, LIMIT_TERRAFORM_STATE);
    if (init(c, &c->own, err) != 0)
        goto done;
    rc = run_pull(c, &text, err);
    if (rc != 0 && is_answer(err) && c->init.kind != ERR_NONE)
        rc = pull_without_lock(c, &text, err);
    if (rc != 0)
        rc = blame_init(c, err);
    else if (strspn(buf_text(&text), " \r\n\t") == text.len)
        rc = take_local(c, err);
    else
        rc = put_state(c, &text, err);
done:
    buf_done(&text);
    return rc;
}

/* What `show -json` prints is not for planning with. */
static int configured_state(struct tfcopy *c, struct error *err)
{
    struct tfstate *s = NULL;
    bool plannable;

    if (c->s->state_file == NULL)
        return 0;
    if (tfstate_load(c->s->state_file, &s, err) != 0)
        return -1;
    plannable = tfstate_is_file(s);
    tfstate_free(s);
    return plannable ? take_file(c, c->s->state_file, err) : 0;
}

int tfcopy_pull(struct tfcopy *c, struct error *err)
{
    int rc = configured_state(c, err);

    if (rc != 0)
        return rc == 1 ? 0 : -1;
    return pull(c, err);
}

static int write_override(const struct tfcopy *c,
                          const struct tfoverride_target *target,
                          const struct tfproviders *providers,
                          struct error *err)
{
    char *workspaces = text_format("%s/workspaces", c->dir);
    int rc = -1;

    if (workspaces == NULL)
        (void)error_memory(err);
    else
        rc = tfoverride_write(
            &(struct tfoverride){.state = c->state,
                                 .workspaces =
                                     workspace(c) == NULL ? NULL : workspaces,
                                 .target = target,
                                 .providers = providers},
            c->module, err);
    free(workspaces);
    return rc;
}

static int put_token(const struct tfcopy *c, const char *token,
                     struct error *err)
{
    struct buf text;
    int rc;

    buf_init_secret(&text, LIMIT_SECRET_FILE);
    buf_str(&text, token);
    rc = terraform_put(c->home, ".vault-token", &text, err);
    buf_done(&text);
    return rc;
}

/* A backend that was initialised is remembered, and another one would be
 * asked to take its state over. */
static int forget_backend(const struct tfcopy *c, struct error *err)
{
    char *path = text_format("%s/data/terraform.tfstate", c->dir);

    if (path == NULL)
        return error_memory(err);
    (void)unlink(path);
    free(path);
    return 0;
}

static int find_providers(struct tfcopy *c, struct tfproviders *providers,
                          struct error *err)
{
    const struct terraform_step step = {
        .name = "graph",
        .args = {"graph", "-type=plan"},
        .timeout_ms = TIMEOUT_MS,
        .cancel = c->cancel,
        .line = tfproviders_line,
        .ctx = providers,
    };

    if (terraform_run(&c->judged, &step, NULL, err) != 0)
        return blame_init(c, err);
    if (!providers->any)
        return error_set(err, ERR_PRECONDITION,
                         "nothing in the Terraform directory %s is Vault's",
                         c->s->dir);
    if (providers->inner[0] != '\0' || providers->too_many)
        return error_set(
            err, ERR_PRECONDITION,
            "%.64s configures a provider for Vault by itself, which cannot be "
            "pointed at the restored copy: pass one down to it",
            providers->inner[0] != '\0' ? providers->inner : "one of many");
    return 0;
}

int tfcopy_point(struct tfcopy *c, const struct tfoverride_target *target,
                 struct error *err)
{
    struct tfproviders *providers = calloc(1, sizeof *providers);
    int rc = -1;

    if (providers == NULL)
        return error_memory(err);
    if (put_token(c, target->token, err) == 0 && forget_backend(c, err) == 0 &&
        write_override(c, target, NULL, err) == 0 &&
        init(c, &c->judged, err) == 0 && find_providers(c, providers, err) == 0)
        rc = write_override(c, target, providers, err);
    free(providers);
    return rc;
}
