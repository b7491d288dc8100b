/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/foreign.h"

#include <string.h>

#include "base/clock.h"
#include "vault/sys.h"

enum { ASK_EVERY_MS = 100 };

static bool is_in(const struct vault_seal *seal,
                  const struct foreign_data *data)
{
    if (seal->sealed)
        return true;
    if (seal->cluster_id[0] == '\0')
        return false;
    if (data->after != NULL && data->after[0] != '\0')
        return strcmp(seal->cluster_id, data->after) == 0;
    return strcmp(seal->cluster_id, data->before) != 0;
}

/* A server that is busy takes connections and does not answer. */
static bool listens(const struct error *why)
{
    return strstr(why->text, "cannot connect to") == NULL;
}

int foreign_wait_data(struct vault *v, const struct foreign_data *data,
                      struct error *err)
{
    int64_t deadline = clock_mono_ms() + data->wait.timeout_ms;
    int64_t listened = clock_mono_ms();
    struct vault_seal seal;
    struct error why = {0};

    for (;;) {
        /* Five seconds at most, and that it does not answer means nothing. */
        int rc = vault_seal_status(v, &seal, &why);

        if (rc == 0 && is_in(&seal, data))
            return 0;
        if (rc == 0 || listens(&why))
            listened = clock_mono_ms();
        if (cancelled(data->wait.cancel))
            return error_set(err, ERR_CANCELLED, "cancelled");
        if (data->gone_ms > 0 && clock_mono_ms() - listened >= data->gone_ms)
            return error_set(err, ERR_UNAVAILABLE,
                             "it took the archive and died, or was taken "
                             "away: see what ended it, and validate again "
                             "(%s)",
                             why.text);
        if (clock_mono_ms() >= deadline)
            return error_set(err, ERR_UNAVAILABLE,
                             "%s took the archive, and did not finish "
                             "restoring it within %lld s",
                             vault_address(v),
                             (long long)(data->wait.timeout_ms / 1000));
        clock_sleep_ms(ASK_EVERY_MS);
    }
}

int foreign_unseal(struct vault *v, const struct keys *keys, struct error *err)
{
    struct vault_seal seal;

    if (vault_seal_status(v, &seal, err) != 0)
        return -1;
    if (seal.progress > 0 && vault_unseal_reset(v, &seal, err) != 0)
        return -1;
    for (size_t i = 0; i < keys_count(keys) && seal.sealed; i++) {
        if (vault_unseal(v, keys_at(keys, i), &seal, err) != 0)
            return -1;
    }
    if (seal.sealed)
        return error_set(err, ERR_PRECONDITION,
                         "%s is sealed, and %zu key shares are not enough "
                         "(it wants %u)",
                         vault_address(v), keys_count(keys), seal.threshold);
    return 0;
}
