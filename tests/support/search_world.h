/*
 * search_world.h - an index in sealed tables of its own, without a vault.
 */
#ifndef SAKSI_TESTS_SEARCH_WORLD_H
#define SAKSI_TESTS_SEARCH_WORLD_H

#include <dirent.h>
#include <unistd.h>

#include "test.h"

#include <saksi/index/index.h>
#include <saksi/keys/crypto.h>
#include <saksi/kv/kv.h>

#include "search_int.h"

#define OK(call) assert_int_equal(call, SAKSI_OK)

struct fixture { /* a folder with sealed tables */
	char dir[32];
	struct secret *key;
	struct kv *kv;
	struct saksi_error err;
};
struct world {
	struct fixture f;
	struct index *x;
	struct kv_txn *t;
	struct search_source src;
};

static inline void fixture_new(struct fixture *f)
{
	uint8_t vault_id[VAULT_ID] = {1};

	(void)strcpy(f->dir, "search.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	OK(secret_new(&f->key, CRYPTO_KEY, NULL));
	crypto_random(secret_bytes(f->key), CRYPTO_KEY);
	OK(kv_open(&f->kv, f->dir, vault_id, f->key, KV_CREATE, &f->err));
}

static inline void fixture_free(struct fixture *f)
{
	DIR *d = opendir(f->dir);
	struct dirent *e;

	kv_close(&f->kv);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	assert_int_equal(rmdir(f->dir), 0);
	secret_free(&f->key);
}

static inline struct kv_txn *begin(struct fixture *f, bool write)
{
	struct kv_txn *t = NULL;

	OK(kv_begin(&t, f->kv, write, &f->err));
	return t;
}

static inline void world_begin(struct world *w, bool write)
{
	w->t = begin(&w->f, write);
	OK(index_sync(w->x, w->t, &w->f.err));
}

static inline void world_commit(struct world *w)
{
	uint64_t number = kv_txn_number(w->t);

	OK(index_flush(w->x, w->t, &w->f.err));
	OK(kv_commit(&w->t, &w->f.err));
	index_committed(w->x, number);
}

static inline void world_new(struct world *w)
{
	memset(w, 0, sizeof(*w));
	fixture_new(&w->f);
	OK(index_new(&w->x, NULL));
	w->t = begin(&w->f, true);
	OK(index_create(w->x, w->t, &w->f.err));
	uint64_t number = kv_txn_number(w->t);
	OK(kv_commit(&w->t, &w->f.err));
	index_committed(w->x, number);
}

/* Everything at once, in order. */
static inline void world_free(struct world *w)
{
	kv_abort(&w->t);
	index_free(&w->x);
	fixture_free(&w->f);
}

#endif
