/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "proof/checks.h"

static const char *reason(const struct proof_context *c)
{
    return c->transient_text != NULL && c->transient_text[0] != '\0'
               ? c->transient_text
               : transient_outcome_text(c->transient_outcome);
}

void proof_say_no_transient(const struct proof_context *c,
                            struct proof_result *r)
{
    proof_say(r, PROOF_NOT_RUN, "there is no restored copy to ask: %s",
              reason(c));
}

static bool has_note(const struct proof_context *c)
{
    return c->transient_note != NULL && c->transient_note[0] != '\0';
}

int proof_restorable(const struct proof_context *c, struct proof_result *r,
                     struct error *err)
{
    char took[32];

    (void)err;
    switch (c->transient_outcome) {
    case TRANSIENT_OK:
        text_human_duration(c->restore_ms, took, sizeof took);
        r->covered = 1;
        r->total = 1;
        proof_say(r, PROOF_PASS,
                  "restored, unsealed and active on %s %s in "
                  "%s%s%s",
                  c->product, c->transient_version, took,
                  has_note(c) ? "; " : "",
                  has_note(c) ? c->transient_note : "");
        break;
    case TRANSIENT_REFUSED:
    case TRANSIENT_NOT_ACTIVE:
        r->covered = 1;
        r->total = 1;
        proof_say(r, PROOF_FAIL, "%s", reason(c));
        break;
    case TRANSIENT_NO_SERVER:
    case TRANSIENT_OLD_SERVER:
    case TRANSIENT_NO_ISOLATION:
    case TRANSIENT_KEYS:
    case TRANSIENT_LOGIN: /* active, but is it what it was?  Nobody saw. */
    case TRANSIENT_NOT_CONTAINED:
    case TRANSIENT_UNUSABLE:
    case TRANSIENT_LIMIT:
    case TRANSIENT_BROKEN:
    case TRANSIENT_CANCELLED:
        r->total = 1;
        proof_say(r, PROOF_NOT_RUN, "%s", reason(c));
        break;
    }
    return 0;
}
