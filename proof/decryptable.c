/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "proof/checks.h"
#include "proof/unsealed.h"

enum { FOUND_MAX = 64 };

static void add_findings(const struct snapshot_proof *proof,
                         struct proof_result *r)
{
    for (size_t i = 0; i < proof->fault_rows_count; i++) {
        const struct snapshot_fault_row *row = &proof->fault_rows[i];
        char found[FOUND_MAX] = "not encrypted";

        if (row->fault == SNAPSHOT_FAULT_DAMAGED)
            (void)snprintf(found, sizeof found,
                           "does not decrypt under term %" PRIu32, row->term);
        else if (row->fault == SNAPSHOT_FAULT_UNKNOWN_TERM)
            (void)snprintf(found, sizeof found,
                           "the keyring has no term %" PRIu32, row->term);
        proof_find(r, snapshot_fault_text(row->fault), row->key, NULL, found);
    }
    r->findings_total = proof->faults;
}

static void judge(const struct snapshot_proof *proof, struct proof_result *r)
{
    r->covered = proof->verified + proof->faults;
    r->total = proof->entries - proof->clear;
    if (proof->faults > 0) {
        add_findings(proof, r);
        proof_say(r, PROOF_FAIL,
                  "%" PRIu64 " of %" PRIu64 " entries do not decrypt; the "
                  "first: %s",
                  proof->faults, r->total,
                  proof->fault_rows_count > 0 ? proof->fault_rows[0].key : "?");
    } else if (proof->uncovered > 0) {
        proof_say(r, PROOF_NOT_RUN,
                  "decrypted %" PRIu64 " of %" PRIu64 " entries; the other "
                  "%" PRIu64 " are in namespaces with seals of their own, "
                  "whose shares Assay cannot be given yet",
                  proof->verified, r->total, proof->uncovered);
    } else {
        proof_say(r, PROOF_PASS,
                  "decrypted %" PRIu64 " of %" PRIu64 " entries; %" PRIu64
                  " more are in the clear",
                  proof->verified, r->total, proof->clear);
    }
}

int proof_decryptable(const struct proof_context *c, struct proof_result *r,
                      struct error *err)
{
    const struct snapshot_proof *proof = NULL;

    if (proof_unsealed_ask(c, r, &proof, err) != 0)
        return -1;
    if (proof == NULL)
        return 0;
    if (proof->keys != UNSEAL_OPENED) {
        proof_find(r, "keyring", UNSEAL_KEYRING_KEY, NULL, NULL);
        proof_say(r, PROOF_FAIL, "%s", proof->keys_text);
        return 0;
    }
    judge(proof, r);
    return 0;
}
