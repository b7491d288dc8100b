/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/facts.h"

#include <stdlib.h>

void snapshot_facts_init(struct snapshot_facts *facts)
{
    *facts = (struct snapshot_facts){.size_bytes = 0};
}

void snapshot_facts_done(struct snapshot_facts *facts)
{
    for (size_t n = 0; n < facts->prefix_count; n++) {
        free(facts->prefixes[n].prefix);
    }
    free(facts->prefixes);
    free(facts->servers);
    snapshot_facts_init(facts);
}

void snapshot_facts_write(const struct snapshot_facts *facts, struct jsonw *w)
{
    jsonw_text(w, "sha256", facts->archive_digested ? facts->sha256 : NULL);
    jsonw_u64(w, "size_bytes", facts->size_bytes);
    jsonw_u64(w, "state_bytes", facts->state_bytes);
    jsonw_u64(w, "raft_index", facts->raft_index);
    jsonw_u64(w, "raft_term", facts->raft_term);
    jsonw_u64(w, "entries", facts->entries);
}

void snapshot_prefixes_write(const struct snapshot_prefix *prefixes,
                             size_t count, struct jsonw *w)
{
    jsonw_array(w, "prefixes");
    for (size_t n = 0; n < count; n++) {
        jsonw_object(w, NULL);
        jsonw_text(w, "prefix", prefixes[n].prefix);
        jsonw_u64(w, "entries", prefixes[n].entries);
        jsonw_u64(w, "bytes", prefixes[n].bytes);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}
