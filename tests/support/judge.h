/*
 * judge.h - whether a vault whose file was damaged is read as it was, or the
 * damage told: for the campaigns.
 */
#ifndef SAKSI_TESTS_JUDGE_H
#define SAKSI_TESTS_JUDGE_H

#include "flips.h"
#include "vault_impl.h"

/* Everything that can be read, in one hash. */
struct contents {
	struct saksi_hash digest;
	struct saksi_hash raw;
};

enum verdict { SAME, SAME_BUT_TOLD, REPORTED, WRONG = FLIPS_WRONG };

static const char *const words[FLIPS_VERDICTS] = {"read the same, nothing told",
    "read the same, told", "reading refused, told"};

/* ---- reading ---------------------------------------------------------------------- */

static inline enum saksi_err add_value(void *ctx, uint64_t n, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	uint8_t head[16];

	(void)err;
	le64_put(head, n);
	le64_put(head + 8, len);
	crypto_hash_add(ctx, head, sizeof(head));
	crypto_hash_add(ctx, p, len);
	return SAKSI_OK;
}

static inline enum saksi_err read_all(struct contents *c, struct saksi_vault *v,
    struct saksi_error *err)
{
	struct crypto_hash_state st;
	struct saksi_txn *t = NULL;
	enum saksi_err rc;
	unsigned table;

	crypto_hash_init(&st, "flip-vault");
	if ((rc = saksi_txn_begin(&t, v, false, err)) != SAKSI_OK)
		return rc;
	for (table = 1; rc == SAKSI_OK && table < KV_TABLE_END; table++)
		rc = kv_scan(t->kv, (enum kv_table)table, 0, add_value, &st, err);
	if (rc == SAKSI_OK)
		rc = saksi_state_digest(t, &c->digest, err);
	crypto_hash_final(&st, &c->raw);
	saksi_txn_abort(&t);
	return rc;
}

static inline void count_fault(void *ctx, const char *what)
{
	unsigned *faults = ctx;

	(void)what;
	++*faults;
}

static inline bool is_report(enum saksi_err rc)
{
	return rc == SAKSI_EDAMAGED || rc == SAKSI_EAUTH;
}

/* What an open vault shows, compared with what it should. */
static inline enum verdict judge(struct saksi_vault *v, const struct contents *want)
{
	struct contents got;
	enum saksi_err read = read_all(&got, v, &g_err);
	enum saksi_err told;
	unsigned faults = 0;

	if (read != SAKSI_OK && !is_report(read))
		return WRONG;
	if (read == SAKSI_OK && memcmp(&got, want, sizeof(got)) != 0) {
		snprintf(g_err.msg, sizeof(g_err.msg), "a value changed");
		return WRONG;
	}
	told = saksi_vault_verify(v, true, NULL, NULL, count_fault, &faults, &g_err);
	if (told != SAKSI_OK && (!is_report(told) || faults == 0))
		return WRONG;
	if (read != SAKSI_OK)
		return told == SAKSI_OK ? WRONG : REPORTED;
	return told == SAKSI_OK ? SAME : SAME_BUT_TOLD;
}

/* data.mdb: the parent's vault with its key, opened anew here. */
static inline enum verdict try_data(struct saksi_vault *v, const struct contents *want)
{
	enum verdict verdict;
	enum saksi_err rc;

	catalog_reset(&v->catalog);
	rc = kv_open(&v->kv, v->dir, keyring_vault_id(v->keys), v->key, 0, &g_err);
	if (rc != SAKSI_OK)
		return is_report(rc) ? REPORTED : WRONG;
	verdict = judge(v, want);
	kv_close(&v->kv);
	return verdict;
}

#endif
