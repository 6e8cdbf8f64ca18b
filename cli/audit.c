/* The audit trail: what left the vault, and over which objections. */
#include "audit.h"
#include "open.h"
#include "output.h"

static enum saksi_err append(struct cli *c, const char *what, const json_t *details)
{
	struct saksi_draft *d = NULL;
	struct saksi_hash last;
	enum saksi_err rc = cli_begin(c, true);

	if (rc == SAKSI_OK)
		rc = saksi_draft_new(&d, c->txn, &c->err);
	if (rc == SAKSI_OK)
		rc = saksi_draft_audit(d, what, details, &c->err);
	if (rc == SAKSI_OK)
		rc = saksi_draft_commit(d, &last, &c->err);
	saksi_draft_free(&d);
	if (rc == SAKSI_OK)
		rc = cli_commit(c);
	cli_abort(c);
	return rc;
}

enum saksi_err audit_write(struct cli *c, const char *what, const json_t *details,
    bool must)
{
	enum saksi_err rc = append(c, what, details);

	if (rc == SAKSI_EREFUSED && !must) {
		cli_warn(
		    "this device may only read, so the audit trail does not record this");
		return SAKSI_OK;
	}
	return rc;
}
