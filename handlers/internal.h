/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions behind routes.c, by file.  Each is the `handle` of a route:
 * see server/route.h. */
#ifndef ASSAY_HANDLERS_INTERNAL_H
#define ASSAY_HANDLERS_INTERNAL_H

#include "base/error.h"
#include "server/reply.h"
#include "server/request.h"

#define HANDLER(name)                                                          \
    int name(void *app, struct request *request, struct reply *reply,          \
             struct error *err)

HANDLER(handlers_probes_livez);
HANDLER(handlers_probes_readyz);

HANDLER(handlers_status_read);
HANDLER(handlers_health_read);

HANDLER(handlers_snapshots_list);
HANDLER(handlers_snapshots_read);
HANDLER(handlers_snapshots_delete);

HANDLER(handlers_inspect_read);
HANDLER(handlers_inspect_diff);

HANDLER(handlers_backups_create);
HANDLER(handlers_backups_list);
HANDLER(handlers_backups_read);
HANDLER(handlers_backups_cancel);

HANDLER(handlers_validations_create);
HANDLER(handlers_validations_list);
HANDLER(handlers_validations_read);
HANDLER(handlers_validations_cancel);
HANDLER(handlers_report_read);
HANDLER(handlers_evidence_read);
HANDLER(handlers_unseal_restore);
HANDLER(handlers_unseal_validation);

HANDLER(handlers_audit_list);
HANDLER(handlers_audit_read);

HANDLER(handlers_restores_create);
HANDLER(handlers_restores_list);
HANDLER(handlers_restores_read);
HANDLER(handlers_restores_cancel);
HANDLER(handlers_approvals_approve_restore);
HANDLER(handlers_approvals_reject_restore);

HANDLER(handlers_recoveries_create);
HANDLER(handlers_recoveries_list);
HANDLER(handlers_recoveries_read);
HANDLER(handlers_recoveries_cancel);
HANDLER(handlers_recoveries_claim);
HANDLER(handlers_approvals_approve_recovery);
HANDLER(handlers_approvals_reject_recovery);
HANDLER(handlers_unseal_recovery);

#endif
