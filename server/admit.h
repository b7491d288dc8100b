/* SPDX-License-Identifier: Apache-2.0
 *
 * Are there too many requests?  Asked once before anything is done, and once
 * when the caller is known to Vault.  Until then he is his address, and a
 * request that turns out to be somebody's is not counted there any more.  -1
 * with ERR_TOO_MANY. */
#ifndef ASSAY_SERVER_ADMIT_H
#define ASSAY_SERVER_ADMIT_H

#include "base/error.h"

struct request;

int admit_unknown(struct request *request, struct error *err) MUST_USE;
int admit_known(struct request *request, struct error *err) MUST_USE;

#endif
