/*
 * fuzz_changeset.c - one changeset from outside: its form, its parts as
 * membership operations, what a team that knows nobody says to it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "membership.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

/* What is read as an operation is written again as the same bytes. */
static void try_operation(const struct changeset_part *part)
{
	struct member_op op;
	struct buf out = BUF_INIT;

	if (part->p == NULL || member_op_read(&op, part->p, part->len, NULL) != SAKSI_OK)
		return;
	if (op.tag != 0) {
		member_op_write(&out, &op);
		require(out.len == part->len && memcmp(out.p, part->p, out.len) == 0);
	}
	buf_free(&out);
	member_op_free(&op);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct changeset *cs = NULL;
	struct membership *m = NULL;
	struct saksi_hash device = {{0}};
	uint8_t nonce[16];
	unsigned reason;
	char why[600];
	enum team_verdict v;
	enum saksi_err rc;

	if (changeset_decode(&cs, data, size, NULL) != SAKSI_OK)
		return 0;
	require(cs->bytes.len == size && memcmp(cs->bytes.p, data, size) == 0);
	for (uint32_t i = 0; i < cs->n_parts; i++)
		try_operation(&cs->parts[i]);
	(void)changeset_log_open(cs, &device, nonce, &reason);
	rc = saksi_team_check_membership(cs, NULL);
	require(rc == SAKSI_OK || rc == SAKSI_EFORMAT);
	require(membership_new(&m, &cs->space, NULL) == SAKSI_OK);
	require(membership_judge(&v, m, cs, &device, why, sizeof(why), NULL) == SAKSI_OK);
	/* Nobody is known: only who begins the team itself is authorised. */
	require(v != TEAM_OK || cs->kind == CS_MEMBERSHIP);
	if (v == TEAM_OK)
		require(membership_add(m, cs, &device, NULL) == SAKSI_OK);
	membership_free(&m);
	changeset_free(&cs);
	return 0;
}
