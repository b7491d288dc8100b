/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/seal.h"

void seal_read_statics(const struct jobs_settings *s, struct static_keys *keys,
                       struct proof_unsealed *u)
{
    const struct transient_process *p = s->process;
    struct unseal_keys statics;
    struct error ignored;
    size_t skipped = 0;

    if (static_keys_read(p->seal_files, p->seal_files_count, keys, &skipped,
                         &ignored) != 0)
        return;
    statics = (struct unseal_keys){.keys = (const uint8_t *)keys->bytes,
                                   .count = keys->count};
    proof_unsealed_statics(u, &statics);
}
