/* SPDX-License-Identifier: Apache-2.0
 *
 * What the cluster was meant to be: the operator's Terraform code and state.
 * Where the code can be planned with, its own provider judges; where it
 * cannot, the state alone is looked up in an inventory of the copy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/loopback.h"
#include "base/secret.h"
#include "base/text.h"
#include "proof/oracle.h"
#include "proof/tfcopy.h"
#include "proof/tflookup.h"
#include "proof/tfplan.h"
#include "proof/tfstate.h"
#include "vault/vault.h"

#define DIRECTORY "terraform" /* below the run's own */

enum { ADDRESS_MAX = 300, WITH_MAX = 400, GRACE_MS = 5000 };

/* The copy of the cluster, as a provider may reach it. */
struct reach {
    struct loopback *port; /* NULL: it listens for all */
    char address[ADDRESS_MAX];
    char *token;
};

static int ready(const struct proof_context *c, struct error *why)
{
    const struct tfsettings *s = c->oracle->terraform;

    if (s == NULL || (s->dir == NULL && s->state_file == NULL))
        return error_set(why, ERR_UNAVAILABLE,
                         "it is not configured (oracles.terraform)");
    if (s->dir != NULL && file_exists(s->dir))
        return 0;
    if (s->state_file != NULL && file_exists(s->state_file))
        return 0;
    return error_set(why, ERR_UNAVAILABLE, "there is no %s",
                     s->dir != NULL ? s->dir : s->state_file);
}

static void reach_done(struct reach *to)
{
    loopback_close(to->port);
    secret_free(to->token);
}

/* A provider does not speak to a unix socket. */
static int reach_open(struct vault *copy, struct reach *to, struct error *err)
{
    static const char unix_socket[] = "unix://";
    const char *address = vault_address(copy);

    if (vault_token(copy, &to->token, err) != 0)
        return -1;
    if (!text_starts(address, unix_socket)) {
        (void)text_copy(to->address, sizeof to->address, address);
        return 0;
    }
    if (loopback_open(address + sizeof unix_socket - 1, &to->port, err) != 0)
        return -1;
    (void)snprintf(to->address, sizeof to->address, "http://127.0.0.1:%u",
                   loopback_port(to->port));
    return 0;
}

/* Whatever it said, it did not say it of the copy. */
static void check_reached(const struct reach *to, const char *with,
                          struct proof_result *r)
{
    if (to->port == NULL || loopback_connections(to->port) > 0 ||
        r->outcome == PROOF_NOT_RUN)
        return;
    r->covered = 0;
    proof_say(r, PROOF_NOT_RUN, "asked %s, which did not ask the restored copy",
              with);
}

/* 1: `r` is filled in.  0: it cannot be planned, and `why`.  -1: `why`. */
static int plan(const struct proof_context *c, struct tfcopy *copy,
                const char *chosen, struct proof_result *r, struct error *why)
{
    struct reach to = {.port = NULL};
    char with[WITH_MAX];
    int rc = -1;

    (void)snprintf(with, sizeof with, "the Terraform code in %.160s%s",
                   c->oracle->terraform->dir, chosen);
    if (tfcopy_pull(copy, why) != 0 ||
        reach_open(c->transient, &to, why) != 0 ||
        tfcopy_point(
            copy,
            &(struct tfoverride_target){.address = to.address,
                                        .ca_file = vault_ca_file(c->transient),
                                        .token = to.token},
            why) != 0) {
        rc = why->kind == ERR_CANCELLED ? -1 : 0;
        goto done;
    }
    if (tfplan_run(copy, to.address, with, r, why) != 0)
        goto done;
    check_reached(&to, with, r);
    rc = 1;
done:
    reach_done(&to);
    return rc;
}

static const char *default_namespace(const struct tfsettings *s)
{
    for (size_t i = 0; i < s->env.count; i++)
        if (strcmp(s->env.items[i].name, "VAULT_NAMESPACE") == 0)
            return s->env.items[i].value;
    return NULL;
}

static int compare_state(const struct proof_context *c, struct tfstate *state,
                         const char *with, struct proof_result *r,
                         struct error *err)
{
    char *inventory = NULL;
    int rc = oracle_walk_copy(c, false, &inventory, r, err);

    if (rc == 1)
        rc = tflookup_run(
            &(struct tflookup_options){
                .state = state,
                .inventory = inventory,
                .key = c->oracle->key,
                .namespace = default_namespace(c->oracle->terraform),
                .with = with,
                .cancel = c->cancel},
            r, err);
    free(inventory);
    return rc;
}

/* What is asked, for the message; `why` there is no plan, or NULL: none was
 * to be made. */
static void name_state(const char *chosen, const struct error *why,
                       char out[WITH_MAX])
{
    if (why == NULL)
        (void)snprintf(out, WITH_MAX, "the Terraform state%s", chosen);
    else
        (void)snprintf(out, WITH_MAX,
                       "the Terraform state%s, for there can be no plan "
                       "(%.180s)",
                       chosen, why->text);
}

static int look_up(const struct proof_context *c, const char *path,
                   const char *with, struct proof_result *r, struct error *err)
{
    struct tfstate *state = NULL;
    struct error why = {0};
    int rc = 0;

    if (tfstate_load(path, &state, &why) == 0)
        rc = compare_state(c, state, with, r, err);
    else
        proof_say(r, PROOF_NOT_RUN, "%s", why.text);
    tfstate_free(state);
    return rc;
}

struct choice {
    const char *chosen;
    const struct error *why;
};

static int fall_back(const struct proof_context *c, const struct tfcopy *copy,
                     const struct choice *choice, struct proof_result *r,
                     struct error *err)
{
    const char *state = copy != NULL ? tfcopy_state(copy) : NULL;
    char with[WITH_MAX];

    if (state == NULL)
        state = c->oracle->terraform->state_file;
    if (state == NULL) {
        proof_say(r, PROOF_NOT_RUN,
                  "Terraform cannot plan (%.360s), and there is no state to "
                  "look at",
                  choice->why->text);
        return 0;
    }
    name_state(choice->chosen, choice->why, with);
    return look_up(c, state, with, r, err);
}

static int ask_with_code(const struct proof_context *c, const char *chosen,
                         struct proof_result *r, struct error *err)
{
    const struct tfsettings *s = c->oracle->terraform;
    char *dir = text_format("%s/" DIRECTORY, c->work_dir);
    struct tfcopy *copy = NULL;
    struct error why = {0};
    int rc = 0;

    if (dir == NULL)
        return error_memory(err);
    if (tfcopy_open(s, dir, c->cancel, &copy, &why) == 0)
        rc = plan(c, copy, chosen, r, &why);
    else if (why.kind == ERR_CANCELLED)
        rc = -1;
    if (rc < 0 && err != NULL)
        *err = why;
    if (rc == 0)
        rc = fall_back(c, copy, &(struct choice){chosen, &why}, r, err);
    if (tfcopy_close(copy, rc < 0 ? NULL : err) != 0)
        rc = -1;
    free(dir);
    return rc < 0 ? -1 : 0;
}

static int ask(const struct proof_context *c, const char *chosen,
               struct proof_result *r, struct error *err)
{
    const struct tfsettings *s = c->oracle->terraform;

    char with[WITH_MAX];

    if (s->dir != NULL)
        return ask_with_code(c, chosen, r, err);
    name_state(chosen, NULL, with);
    return look_up(c, s->state_file, with, r, err) < 0 ? -1 : 0;
}

/* It only reads, so that nothing is lost with it. */
int oracle_end_strays(const char *work_dir, struct error *err)
{
    char *pid = text_format("%s/" DIRECTORY "/program.pid", work_dir);
    int rc =
        pid == NULL ? error_memory(err) : program_end_stray(pid, GRACE_MS, err);

    free(pid);
    return rc;
}

const struct oracle oracle_terraform = {
    .name = "terraform",
    .about = "the operator's Terraform code, or at least its state",
    .is_helped = true,
    .ready = ready,
    .ask = ask,
};
