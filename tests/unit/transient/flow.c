/* SPDX-License-Identifier: Apache-2.0 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

static char base[64];
static const char *const nothing[] = {"true", NULL};

int flow_start(void **state)
{
    (void)text_copy(base, sizeof base, "/tmp/assay-flow-XXXXXX");
    if (mkdtemp(base) == NULL)
        return -1;
    return scripted_start(state);
}

int flow_stop(void **state)
{
    (void)scripted_stop(state);
    return file_remove_tree(base, NULL);
}

int flow_set_up(void **state)
{
    struct flow *w = calloc(1, sizeof *w);
    struct vault_options production = {
        .address = scripted_production.address,
        .auth = {.method = VAULT_AUTH_APPROLE,
                 .role_id = "role",
                 .secret_id = "secret"},
    };

    assert_non_null(w);
    scripted_reset(NULL);
    assert_int_equal(vault_new(&production, &w->primary, &w->err), 0);
    w->keys = keys_new();
    assert_int_equal(keys_add(w->keys, SCRIPTED_SHARE_1, &w->err), 0);
    assert_int_equal(keys_add(w->keys, SCRIPTED_SHARE_2, &w->err), 0);
    w->drivers = (struct transient_drivers){
        .egress_blocked = true,
        .command = {.up = w->argv, .down = nothing, .timeout_ms = 20 * 1000},
    };
    w->options = (struct transient_options){
        .driver = "command",
        .product = "openbao",
        .version = "2.7.2",
        .base_dir = base,
        .drivers = &w->drivers,
        .seal = {.shares = 3, .threshold = 2},
        .cluster_id = SCRIPTED_PRODUCTION_ID,
    };
    w->o = (struct transient_restore_options){
        .cluster_id = SCRIPTED_PRODUCTION_ID, .keys = w->keys};
    w->f = (struct restore_flow){.o = &w->o, .report = &w->report};
    w->f.facts.address = scripted_scratch.address;
    w->f.admin = scripted_client(scripted_scratch.address, "root");
    *state = w;
    return 0;
}

int flow_tear_down(void **state)
{
    struct flow *w = *state;

    vault_free(w->f.vault);
    vault_free(w->f.admin);
    vault_keys_done(&w->f.throwaway);
    transient_free(w->f.t);
    vault_free(w->primary);
    keys_free(w->keys);
    free(w->up);
    free(w);
    return 0;
}

void flow_open(struct flow *w)
{
    w->up = text_format("echo '{\"vault_addr\":\"%s\"%s}'",
                        scripted_scratch.address,
                        w->handed == NULL ? "" : w->handed);
    w->argv[0] = "sh";
    w->argv[1] = "-c";
    w->argv[2] = w->up;
    if (transient_new(&w->options, &w->f.t, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

void flow_fails(struct flow *w, int rc, enum transient_outcome outcome,
                const char *says)
{
    assert_int_equal(rc, -1);
    assert_says(&w->err, says);
    assert_string_equal(transient_outcome_text(w->report.outcome),
                        transient_outcome_text(outcome));
}
