/* SPDX-License-Identifier: Apache-2.0
 *
 * The callbacks that libmicrohttpd calls: from a connection's first byte to
 * the answer on the wire.  A visit is one request on its connection. */
#ifndef ASSAY_SERVER_VISIT_H
#define ASSAY_SERVER_VISIT_H

#include "server/door.h"

/* The arguments are libmicrohttpd's; `cls` is the lobby. */
void *visit_target(void *cls, const char *uri, struct MHD_Connection *con);
enum MHD_Result visit_request(void *cls, struct MHD_Connection *con,
                              const char *url, const char *method,
                              const char *version, const char *data,
                              size_t *size, void **con_cls);
void visit_completed(void *cls, struct MHD_Connection *con, void **con_cls,
                     enum MHD_RequestTerminationCode code);

/* workers_options.run */
void visit_work(void *cls, struct work *work);

#endif
