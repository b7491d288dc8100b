/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/restore_auto.h"

#include <string.h>

#include "base/clock.h"
#include "transient/driver.h"

enum {
    /* Both products try again every five seconds. */
    WAIT_MS = 30 * 1000,
    POLL_MS = 50,
    WORDS_MAX = 256,
};

bool restore_auto_sealed(const struct vault_seal *seal)
{
    return seal->type[0] != '\0' && strcmp(seal->type, "shamir") != 0;
}

static int never(struct transient *t, const struct vault_seal *seal,
                 struct error *err)
{
    char words[WORDS_MAX];

    transient_last_words(t, words, sizeof words);
    return error_set(err, ERR_PRECONDITION,
                     "the restored copy did not unseal itself within %d s: "
                     "the stanza of transient.seal_file (%s) does not open "
                     "the snapshot's seal%s%s",
                     WAIT_MS / 1000, seal->type,
                     words[0] != '\0' ? "; its log: " : "", words);
}

int restore_auto_wait(struct transient *t, struct vault *admin,
                      enum transient_outcome *whose, struct error *err)
{
    int64_t deadline = clock_mono_ms() + WAIT_MS;
    struct vault_seal seal = {.sealed = true};

    for (;;) {
        if (vault_seal_status(admin, &seal, err) == 0 && !seal.sealed)
            return 0;
        if (transient_check(t, err) != 0) {
            *whose = transient_outcome(t);
            return -1;
        }
        if (clock_mono_ms() >= deadline) {
            *whose = TRANSIENT_KEYS;
            return never(t, &seal, err);
        }
        clock_sleep_ms(POLL_MS);
    }
}
