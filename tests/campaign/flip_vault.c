/*
 * flip_vault.c - one bit wrong, anywhere in a vault's files.
 *
 *   flip_vault [--every N] [--seed S] [--jobs J] [--records R]
 *
 * Makes a vault with the first R sample records (default 12), then flips one
 * random bit of every (N-th) byte of data.mdb and of keys, one at a time, and
 * each time opens the vault, reads all of it and verifies it.  Either all is
 * read as before, or the damage is reported.  A changed value, a wrong
 * passphrase where it is right, or a signal ends it with status 1.
 *
 * Children do the reading.  For data.mdb the key is derived once.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "judge.h"

/* keys: from the passphrase on.  A wrong passphrase is no report. */
static enum verdict try_keys(struct saksi_vault *v, const struct contents *want)
{
	struct secret *pass = passphrase("a long enough passphrase");
	struct saksi_vault *again = NULL;
	enum verdict verdict;
	enum saksi_err rc;

	rc = saksi_vault_open(&again, v->dir, v->schema, pass, 0, &g_err);
	secret_free(&pass);
	if (rc != SAKSI_OK)
		return rc == SAKSI_EDAMAGED ? REPORTED : WRONG;
	verdict = judge(again, want);
	saksi_vault_close(&again);
	return verdict;
}

/* ---- flipping ----------------------------------------------------------------------- */

struct target {
	const char *name;
	enum verdict (*try)(struct saksi_vault *v, const struct contents *want);
	struct saksi_vault *v;
	const struct contents *want;
	int fd; /* of a child's copy */
};

/* Each job works on a copy of the vault: they would see each other's flips. */
static void begin_copy(void *ctx, unsigned job)
{
	struct target *g = ctx;
	char cmd[300], dir[200];

	snprintf(dir, sizeof(dir), "%s.%u", g->v->dir, job);
	snprintf(cmd, sizeof(cmd), "cp -r '%s' '%s'", g->v->dir, dir);
	assert_int_equal(system(cmd), 0);
	close(g->v->dirfd);
	g->v->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(g->v->dir);
	g->v->dir = strdup(dir);
	assert_non_null(g->v->dir);
	g->fd = openat(g->v->dirfd, g->name, O_RDWR | O_CLOEXEC);
	assert_true(g->fd >= 0);
}

static int try_flip(void *ctx, size_t at, unsigned bit)
{
	struct target *g = ctx;
	enum verdict verdict;
	uint8_t byte, bad;

	assert_int_equal(pread(g->fd, &byte, 1, (off_t)at), 1);
	bad = (uint8_t)(byte ^ 1u << bit);
	assert_int_equal(pwrite(g->fd, &bad, 1, (off_t)at), 1);
	verdict = g->try(g->v, g->want);
	assert_int_equal(pwrite(g->fd, &byte, 1, (off_t)at), 1);
	return verdict;
}

static bool flip_file(struct target *g, const struct plan *p)
{
	struct flips f = {g->name, 0, g, begin_copy, try_flip};
	struct flips_tally sum;
	struct stat st;
	char cmd[300];
	bool good;

	assert_int_equal(fstatat(g->v->dirfd, g->name, &st, 0), 0);
	f.size = (size_t)st.st_size;
	good = flips_run(&f, p, words, &sum);
	for (unsigned i = 0; i < p->jobs; i++) {
		snprintf(cmd, sizeof(cmd), "rm -rf '%s.%u'", g->v->dir, i);
		assert_int_equal(system(cmd), 0);
	}
	/* Flips that touch nothing, and none that are noticed, would be no test. */
	return good && sum.of[SAME_BUT_TOLD] + sum.of[REPORTED] > 0;
}

/* ---- the vault ------------------------------------------------------------------------ */

static bool run(const struct plan *p)
{
	struct schema *schema = load_schema();
	struct target target;
	struct contents want;
	struct device d;
	bool good;

	device_make(&d, schema);
	/* A few records at a time, so that old pages and a free list come about. */
	flips_import(d.v, p->records, 3);
	OK(read_all(&want, d.v, &g_err));
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	kv_close(&d.v->kv);
	catalog_reset(&d.v->catalog);
	target = (struct target){KV_DATA_FILE, try_data, d.v, &want, -1};
	good = flip_file(&target, p);
	target = (struct target){KEYRING_FILE, try_keys, d.v, &want, -1};
	good = flip_file(&target, p) && good;
	device_end(&d);
	schema_free(&schema);
	return good;
}

int main(int argc, char **argv)
{
	return flips_main(argc, argv, 12, run);
}
