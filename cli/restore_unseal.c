/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/restore_unseal.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "jobs/jobs.h"
#include "transient/keys.h"

/* What was said of that node before. */
static struct jobs_unseal_node *told_of(struct restore_unseal *u,
                                        const struct jobs_unseal_node *node)
{
    struct jobs_unseal_nodes *told = &u->told;

    for (size_t i = 0; i < told->count; i++)
        if (strcmp(told->node[i].address, node->address) == 0)
            return &told->node[i];
    if (told->count == VAULT_NODES_MAX)
        return NULL;
    told->node[told->count] = (struct jobs_unseal_node){.sealed = true};
    (void)text_copy(told->node[told->count].address,
                    sizeof(told->node[told->count].address), node->address);
    return &told->node[told->count++];
}

static void tell(struct restore_unseal *u, const struct jobs_unseal_nodes *now)
{
    for (size_t i = 0; i < now->count; i++) {
        const struct jobs_unseal_node *node = &now->node[i];
        struct jobs_unseal_node *before = told_of(u, node);

        if (before == NULL)
            continue;
        if (node->advice[0] != '\0' &&
            strcmp(node->advice, before->advice) != 0)
            fprintf(stderr, "  %s: %s\n", node->address, node->advice);
        if (node->answers && !node->sealed && before->sealed)
            fprintf(stderr, "  %s is unsealed\n", node->address);
        *before = *node;
    }
}

static void ask_people(struct restore_unseal *u)
{
    if (!u->asked_people)
        fputs("  There are not enough key shares here: unseal it by hand, with "
              "those of the snapshot's\n  cluster (`vault operator unseal`, "
              "`bao operator unseal`); this command waits.\n",
              stderr);
    u->asked_people = true;
}

/* All of them, once: they are tried on the archive, which proved them. */
static void give(struct restore_unseal *u, const char *run_id)
{
    struct jobs_unseal_share share = {.run_id = run_id, .kind = RUN_RESTORE};
    struct jobs_unseal_view view;
    struct error err = {0};

    u->given = true;
    for (size_t i = 0; i < keys_count(u->keys); i++) {
        share.key = keys_at(u->keys, i);
        if (jobs_unseal(u->jobs, &share, &view, &err) != 0) {
            fprintf(stderr, "  The shares were not taken: %s\n", err.text);
            return;
        }
    }
}

void restore_unseal_step(struct restore_unseal *u, const char *run_id)
{
    struct jobs_unseal_view view;
    struct jobs_unseal_nodes nodes;

    if (jobs_unseal_nodes(u->jobs, run_id, &nodes))
        tell(u, &nodes);
    if (u->given || !jobs_unseal_view(u->jobs, run_id, &view) || !view.sealed)
        return;
    if (view.threshold > 0 && keys_count(u->keys) >= view.threshold)
        give(u, run_id);
    else
        ask_people(u);
}
