/* SPDX-License-Identifier: Apache-2.0
 *
 * The API, as a table.  `assay policy`, help and docs/API.md's test follow
 * it.  What changes something is written into the audit record by its verb;
 * reading what says who can get at what is, by ROUTE_AUDIT.
 *
 * Unsealing is open as sys/unseal is: key holders need no account, and whoever
 * has a share has shown enough. */
#include "handlers/handlers.h"
#include "handlers/internal.h"

#define CLUSTER                                                                \
    {                                                                          \
        "cluster", FIELD_STRING, "Name of a cluster in the configuration."     \
    }
#define PAGE                                                                   \
    {"after", FIELD_STRING, "Id of the last row of the page before."},         \
    {                                                                          \
        "limit", FIELD_INT, "Rows in a page, 1 to 1000; 100 by default."       \
    }

static const struct field only_cluster[] = {CLUSTER, {0}};

static const struct field health_fields[] = {
    {"max_age", FIELD_DURATION,
     "How old the newest valid snapshot may be; 26h by default."},
    CLUSTER,
    {0},
};

static const struct field snapshots_fields[] = {
    PAGE,
    {"verdict", FIELD_STRING,
     "Only these: unvalidated, valid, invalid or inconclusive."},
    CLUSTER,
    {"since", FIELD_STRING, "Created since: RFC 3339, or how long ago (24h)."},
    {0},
};

static const struct field runs_list_fields[] = {
    PAGE,
    {"status", FIELD_STRING, "Only runs in this status."},
    CLUSTER,
    {0},
};

static const struct field run_fields[] = {
    {"wait", FIELD_DURATION,
     "Hold the answer until something changes, at most 60s."},
    {"until", FIELD_STRING, "\"done\": until the run is over."},
    {"index", FIELD_INT, "Until X-Assay-Index is no longer this."},
    {0},
};

static const struct field validation_fields[] = {
    {"snapshot", FIELD_STRING,
     "Id, latest or latest-valid; latest by default."},
    CLUSTER,
    {"driver", FIELD_STRING,
     "process, terraform, command or existing; as configured."},
    {"oracle", FIELD_STRING,
     "What to compare with: auto, primary, terraform, baseline or none; as "
     "configured by default."},
    {0},
};

static const struct field unseal_fields[] = {
    {"key", FIELD_SECRET, "One unseal key share, base64 or hex."},
    {"reset", FIELD_BOOL, "Forget the shares submitted so far."},
    {0},
};

static const struct field restore_fields[] = {
    {"snapshot", FIELD_STRING, "Id, latest or latest-valid; required."},
    {"target", FIELD_STRING,
     "Cluster to restore to; the snapshot's own by default."},
    {"dry_run", FIELD_BOOL, "Do everything but the restore itself."},
    {"force", FIELD_BOOL,
     "The target has other keys than the snapshot: snapshot-force."},
    {"overrides", FIELD_LIST,
     "Findings to go on in spite of, by name (verdict, upload_time, ...); "
     "needs a reason."},
    {"reason", FIELD_STRING, "Why; kept with the run."},
    {0},
};

static const struct field recovery_fields[] = {
    {"snapshot", FIELD_STRING, "Id, latest or latest-valid; required."},
    CLUSTER,
    {"mount", FIELD_STRING, "Mount of the KV store; then path is in it."},
    {"path", FIELD_STRING,
     "The secret, as policies say it: secret/data/shop/item; required."},
    {"version", FIELD_INT, "Which version; the snapshot's newest by default."},
    {"to", FIELD_STRING,
     "primary: written there as a new version; wrap: handed to whoever asks, "
     "wrapped.  Required."},
    {"wrap_ttl", FIELD_DURATION,
     "How long the wrapped secret waits, 1m to 24h; 30m by default."},
    {"overwrite", FIELD_BOOL,
     "Replace what a store without versions holds now."},
    {"reason", FIELD_STRING, "Why; required, and kept with the run."},
    {0},
};

static const struct field approve_fields[] = {
    {"plan_revision", FIELD_INT,
     "The revision of the plan that is agreed to; or an If-Match header."},
    {"wrapped_token", FIELD_SECRET,
     "The credential that restores, wrapped by Vault, where Assay has none."},
    {0},
};

static const struct field reject_fields[] = {
    {"reason", FIELD_STRING, "Why; required, and kept with the run."},
    {0},
};

static const struct field audit_fields[] = {
    PAGE,
    {"type", FIELD_STRING,
     "Only these: request, response, refused, run or record."},
    {"entity_id", FIELD_STRING, "Only what this entity asked for."},
    {"subject", FIELD_STRING, "Only about the run or snapshot of this id."},
    {"since", FIELD_STRING, "Since then: RFC 3339, or how long ago (24h)."},
    {0},
};

#define ROUTE(path, operation, rights, takes, function, sentence)              \
    {                                                                          \
        .pattern = (path), .verb = (operation), .flags = (rights),             \
        .fields = (takes), .handle = (function), .help = (sentence),           \
    }

const struct route handlers_routes[] = {
    ROUTE("status", VERB_READ, 0, only_cluster, handlers_status_read,
          "What could be restored right now, and how Vault is."),
    ROUTE("health", VERB_READ, 0, health_fields, handlers_health_read,
          "200 if the newest valid snapshot is young enough, else 503."),

    ROUTE("snapshots", VERB_LIST, 0, snapshots_fields, handlers_snapshots_list,
          "Snapshots, newest first."),
    ROUTE("snapshots/:id", VERB_READ, 0, only_cluster, handlers_snapshots_read,
          "A snapshot by id, the latest, or the latest-valid."),
    ROUTE("snapshots/:id", VERB_DELETE, ROUTE_SUDO, NULL,
          handlers_snapshots_delete, "Remove a snapshot and its archive."),
    ROUTE("snapshots/:id/inspect", VERB_READ, ROUTE_AUDIT, only_cluster,
          handlers_inspect_read, "Entries and bytes per key prefix."),
    ROUTE("snapshots/:id/diff/:other", VERB_READ, ROUTE_AUDIT, only_cluster,
          handlers_inspect_diff,
          "Key prefixes whose counts differ between two snapshots."),

    ROUTE("backups", VERB_WRITE, 0, only_cluster, handlers_backups_create,
          "Take a snapshot of a cluster."),
    ROUTE("backups", VERB_LIST, 0, runs_list_fields, handlers_backups_list,
          "Backups, newest first."),
    ROUTE("backups/:id", VERB_READ, ROUTE_OWN_RUN, run_fields,
          handlers_backups_read, "A backup."),
    ROUTE("backups/:id/cancel", VERB_WRITE, ROUTE_OWN_RUN, NULL,
          handlers_backups_cancel, "Stop a backup."),

    ROUTE("validations", VERB_WRITE, 0, validation_fields,
          handlers_validations_create,
          "Prove a snapshot by restoring it into a transient cluster."),
    ROUTE("validations", VERB_LIST, 0, runs_list_fields,
          handlers_validations_list, "Validations, newest first."),
    ROUTE("validations/:id", VERB_READ, ROUTE_OWN_RUN, run_fields,
          handlers_validations_read, "A validation with its checks."),
    ROUTE("validations/:id/report", VERB_READ, ROUTE_OWN_RUN | ROUTE_AUDIT,
          NULL, handlers_report_read,
          "What was tested and found; a page for \"Accept: text/html\"."),
    ROUTE("validations/:id/evidence", VERB_READ, ROUTE_OWN_RUN | ROUTE_AUDIT,
          NULL, handlers_evidence_read,
          "The same as a signed in-toto statement, in a DSSE envelope."),
    ROUTE("validations/:id/cancel", VERB_WRITE, ROUTE_OWN_RUN, NULL,
          handlers_validations_cancel, "Stop a validation."),
    ROUTE("validations/:id/unseal", VERB_WRITE, ROUTE_OPEN, unseal_fields,
          handlers_unseal_validation,
          "Hand in a key share to a validation that waits for it."),

    ROUTE("restores", VERB_WRITE, ROUTE_SUDO | ROUTE_ENTITY, restore_fields,
          handlers_restores_create, "Restore a snapshot into a cluster."),
    ROUTE("restores", VERB_LIST, 0, runs_list_fields, handlers_restores_list,
          "Restores, newest first."),
    ROUTE("restores/:id", VERB_READ, ROUTE_OWN_RUN, run_fields,
          handlers_restores_read, "A restore with its plan."),
    ROUTE("restores/:id/cancel", VERB_WRITE, ROUTE_OWN_RUN, NULL,
          handlers_restores_cancel,
          "Stop a restore; not once the archive is being sent."),
    ROUTE("restores/:id/approve", VERB_WRITE, ROUTE_SUDO | ROUTE_ENTITY,
          approve_fields, handlers_approvals_approve_restore,
          "Agree to the plan of a restore that somebody else asked for."),
    ROUTE("restores/:id/reject", VERB_WRITE, ROUTE_SUDO | ROUTE_ENTITY,
          reject_fields, handlers_approvals_reject_restore,
          "Refuse a restore that waits for approval."),
    ROUTE("restores/:id/unseal", VERB_WRITE, ROUTE_OPEN, unseal_fields,
          handlers_unseal_restore,
          "Hand in a key share for the sealed nodes of a restored cluster."),

    ROUTE("recoveries", VERB_WRITE, ROUTE_SUDO | ROUTE_ENTITY, recovery_fields,
          handlers_recoveries_create, "Bring one secret back from a snapshot."),
    ROUTE("recoveries", VERB_LIST, 0, runs_list_fields,
          handlers_recoveries_list, "Recoveries, newest first."),
    ROUTE("recoveries/:id", VERB_READ, ROUTE_OWN_RUN, run_fields,
          handlers_recoveries_read, "A recovery with its plan."),
    ROUTE("recoveries/:id/cancel", VERB_WRITE, ROUTE_OWN_RUN, NULL,
          handlers_recoveries_cancel,
          "Stop a recovery; not once the secret is being delivered."),
    ROUTE("recoveries/:id/approve", VERB_WRITE, ROUTE_SUDO | ROUTE_ENTITY,
          approve_fields, handlers_approvals_approve_recovery,
          "Agree to the plan of a recovery that somebody else asked for."),
    ROUTE("recoveries/:id/reject", VERB_WRITE, ROUTE_SUDO | ROUTE_ENTITY,
          reject_fields, handlers_approvals_reject_recovery,
          "Refuse a recovery that waits for approval."),
    ROUTE("recoveries/:id/claim", VERB_WRITE, ROUTE_SUDO | ROUTE_ENTITY, NULL,
          handlers_recoveries_claim,
          "Take the wrapping token of a secret that you asked for; once."),
    ROUTE("recoveries/:id/unseal", VERB_WRITE, ROUTE_OPEN, unseal_fields,
          handlers_unseal_recovery,
          "Hand in a key share to a recovery that waits for it."),

    ROUTE("audit", VERB_LIST, ROUTE_SUDO | ROUTE_AUDIT, audit_fields,
          handlers_audit_list, "Who asked for what, newest first."),
    ROUTE("audit/:seq", VERB_READ, ROUTE_SUDO | ROUTE_AUDIT, NULL,
          handlers_audit_read, "An entry of the audit record, with its line."),
    {0},
};

const struct route handlers_outside[] = {
    ROUTE("livez", VERB_READ, ROUTE_OPEN, NULL, handlers_probes_livez,
          "The process answers."),
    ROUTE("readyz", VERB_READ, ROUTE_OPEN, NULL, handlers_probes_readyz,
          "The catalog can be written."),
    {0},
};
