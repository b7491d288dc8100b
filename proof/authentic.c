/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/checks.h"
#include "proof/unsealed.h"

int proof_authentic(const struct proof_context *c, struct proof_result *r,
                    struct error *err)
{
    const struct snapshot_proof *proof = NULL;

    if (proof_unsealed_ask(c, r, &proof, err) != 0)
        return -1;
    if (proof == NULL)
        return 0;
    if (proof->keys != UNSEAL_OPENED) {
        /* Some archive's keys are damaged; whose sums these are, nobody
         * looked. */
        proof_say(r, PROOF_NOT_RUN, "%s", proof->keys_text);
        return 0;
    }
    r->covered = 1;
    r->total = 1;
    switch (proof->sums) {
    case SNAPSHOT_SUMS_AUTHENTIC:
        proof_say(r, PROOF_PASS,
                  "the cluster itself sealed the sums of this archive");
        break;
    case SNAPSHOT_SUMS_DIFFER:
        proof_find(r, "sums", "SHA256SUMS.sealed", NULL, NULL);
        proof_say(r, PROOF_FAIL,
                  "the sealed sums are those of another archive: somebody "
                  "changed this one and made its sums again");
        break;
    case SNAPSHOT_SUMS_UNREADABLE:
        proof_find(r, "sums", "SHA256SUMS.sealed", NULL, NULL);
        proof_say(r, PROOF_FAIL,
                  "the sealed sums do not open with the keys that open the "
                  "entries: the cluster did not seal this archive");
        break;
    }
    return 0;
}
