/*
 * vaults.h - vaults in temporary folders, with writers that need no team.
 *
 * For tests of store/ alone: each vault has a device key of its own, a data
 * log, and one space and import key shared by all of a test.
 */
#ifndef SAKSI_TESTS_VAULTS_H
#define SAKSI_TESTS_VAULTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/store/record.h>

#include "keyring_internal.h"
#include "test.h"

#define OK(call)                                                                         \
	do {                                                                             \
		enum saksi_err ok_rc = (call);                                           \
		if (ok_rc != SAKSI_OK)                                                   \
			fail_msg("%s: %s: %s", #call, saksi_err_name(ok_rc), g_err.msg); \
	} while (0)

static struct saksi_error g_err;
static struct schema *g_schema; /* between vaults_setup() and vaults_teardown() */

struct device {
	char dir[64];
	struct saksi_vault *v;
	struct secret *sk;
	uint8_t pk[CRYPTO_KEY];
	struct saksi_writer w;
};

static inline struct schema *load_schema(void)
{
	struct schema *s = NULL;
	char path[600];
	const char *src = getenv("SAKSI_SRC");

	snprintf(path, sizeof(path), "%s/data/schema", src == NULL ? "." : src);
	OK(schema_load(&s, path, &g_err));
	return s;
}

static inline int vaults_setup(void **state)
{
	(void)state;
	keyring_test_allow_weak_kdf();
	g_schema = load_schema();
	return 0;
}

static inline int vaults_teardown(void **state)
{
	(void)state;
	schema_free(&g_schema);
	return 0;
}

static inline struct secret *passphrase(const char *text)
{
	struct secret *p = NULL;

	OK(secret_copy(&p, text, strlen(text), &g_err));
	return p;
}

static inline void set_writer(struct device *d)
{
	static const uint8_t import_key[CRYPTO_KEY] = "one import key for all of a test";

	saksi_vault_set_writer(d->v, CS_DATA, &d->w);
	saksi_vault_set_import_key(d->v, import_key);
}

static inline void device_make(struct device *d, const struct schema *schema)
{
	static const struct crypto_kdf_cost weak = {1, 8u << 20};
	struct secret *pass = passphrase("a long enough passphrase");
	char path[1024];

	memset(d, 0, sizeof(*d));
	keyring_test_allow_weak_kdf();
	snprintf(d->dir, sizeof(d->dir), "saksi-test-XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	snprintf(path, sizeof(path), "%s/vault", d->dir);
	OK(saksi_vault_create(&d->v, path, schema, pass, &weak, &g_err));
	secret_free(&pass);
	OK(crypto_sign_new(d->pk, &d->sk, &g_err));
	memset(d->w.space.b, 7, sizeof(d->w.space.b));
	memset(d->w.coll, 8, sizeof(d->w.coll));
	crypto_hash_of(&d->w.device, "device", d->pk, sizeof(d->pk));
	crypto_random(d->w.nonce, sizeof(d->w.nonce));
	log_id_of(&d->w.log, &d->w.device, d->w.coll, d->w.nonce);
	d->w.sign_sk = d->sk;
	set_writer(d);
}

static inline void device_reopen(struct device *d, const struct schema *schema)
{
	struct secret *pass = passphrase("a long enough passphrase");
	char path[1024];

	saksi_vault_close(&d->v);
	snprintf(path, sizeof(path), "%s/vault", d->dir);
	OK(saksi_vault_open(&d->v, path, schema, pass, 0, &g_err));
	secret_free(&pass);
	set_writer(d);
}

static inline void path_of(char out[160], const struct device *d, const char *name)
{
	snprintf(out, 160, "%s/vault%s%s", d->dir, name[0] == '\0' ? "" : "/", name);
}

/* With this passphrase? Any other answer than no is a fault. */
static inline bool opens(struct device *d, const char *text)
{
	struct secret *pass = passphrase(text);
	char path[160];
	enum saksi_err rc;

	path_of(path, d, "");
	saksi_vault_close(&d->v);
	rc = saksi_vault_open(&d->v, path, g_schema, pass, 0, &g_err);
	secret_free(&pass);
	if (rc != SAKSI_OK)
		assert_int_equal(rc, SAKSI_EAUTH);
	return rc == SAKSI_OK;
}

static inline void device_end(struct device *d)
{
	char cmd[1024]; /* more than gcc can imagine a folder name to be */

	saksi_vault_close(&d->v);
	secret_free(&d->sk);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", d->dir);
	assert_int_equal(system(cmd), 0);
}

static inline struct saksi_txn *begin(struct device *d, bool write)
{
	struct saksi_txn *t = NULL;

	OK(saksi_txn_begin(&t, d->v, write, &g_err));
	return t;
}

static inline struct saksi_hash digest_of(struct saksi_txn *t)
{
	struct saksi_hash h;

	OK(saksi_state_digest(t, &h, &g_err));
	return h;
}

static inline struct saksi_hash device_digest(struct device *d)
{
	struct saksi_txn *t = begin(d, false);
	struct saksi_hash h = digest_of(t);

	saksi_txn_abort(&t);
	return h;
}

/* Merge into ${to} all that ${from} has and it lacks. */
struct carrying {
	struct saksi_txn *to;
};
static inline enum saksi_err carry_one(void *ctx, const struct log_entry *e,
    struct saksi_error *err)
{
	struct carrying *c = ctx;
	bool has;

	OK(saksi_log_has(c->to, &e->cs->id, &has, err));
	if (has)
		return SAKSI_OK;
	return saksi_log_merge(c->to, e->cs, NULL, NULL, NULL, err);
}
static inline void carry(struct device *from, struct device *to)
{
	struct saksi_txn *f = begin(from, false);
	struct carrying c = {begin(to, true)};

	OK(saksi_log_each(f, 0, carry_one, &c, &g_err));
	OK(saksi_txn_commit(&c.to, &g_err));
	saksi_txn_abort(&f);
}

static inline json_t *text_value(const char *s)
{
	json_t *v = json_string(s);

	assert_non_null(v);
	return v;
}

#endif
