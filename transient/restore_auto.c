/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/restore_auto.h"

#include <string.h>

#include "base/clock.h"
#include "transient/driver.h"

enum {
    WAIT_MS = 30 * 1000,
    /* Both products try again every five seconds: twice in vain is enough. */
    VAIN_MS = 12 * 1000,
    POLL_MS = 50,
    WORDS_MAX = 256,
};

bool restore_auto_sealed(const struct vault_seal *seal)
{
    return seal->type[0] != '\0' && strcmp(seal->type, "shamir") != 0;
}

static int never(const struct vault_seal *seal, const char *words,
                 struct error *err)
{
    return error_set(err, ERR_PRECONDITION,
                     "the restored copy does not unseal itself: the stanza of "
                     "transient.seal_file (%s) does not open the snapshot's "
                     "seal, or its KMS cannot be reached%s%s",
                     seal->type, words[0] != '\0' ? "; its log: " : "", words);
}

static bool in_vain(struct transient *t, int64_t waited_ms,
                    char words[WORDS_MAX])
{
    transient_last_words(t, words, WORDS_MAX);
    return waited_ms >= WAIT_MS ||
           (waited_ms >= VAIN_MS && strstr(words, "failed to unseal") != NULL);
}

int restore_auto_wait(struct transient *t, struct vault *admin,
                      enum transient_outcome *whose, struct error *err)
{
    int64_t started = clock_mono_ms();
    struct vault_seal seal = {.sealed = true};
    char words[WORDS_MAX];

    for (;;) {
        if (vault_seal_status(admin, &seal, err) == 0 && !seal.sealed)
            return 0;
        if (transient_check(t, err) != 0) {
            *whose = transient_outcome(t);
            return -1;
        }
        if (in_vain(t, clock_mono_ms() - started, words)) {
            *whose = TRANSIENT_KEYS;
            return never(&seal, words, err);
        }
        clock_sleep_ms(POLL_MS);
    }
}
