/* vault.c - make, open and close a vault; who writes in it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/text.h>
#include <saksi/store/vault.h>

#include "migrate.h"
#include "vault_impl.h"

const struct schema *saksi_vault_schema(const struct saksi_vault *v)
{
	return v->schema;
}

uint64_t saksi_vault_size(const struct saksi_vault *v)
{
	return kv_file_size(v->kv);
}

bool saksi_vault_exists(const char *dir)
{
	static const char *const files[] = {KEYRING_FILE, KV_DATA_FILE};
	struct stat st;
	bool found = false;

	for (size_t i = 0; i < 2 && !found; i++) {
		char *path = fs_join(dir, files[i]);

		found = path != NULL && lstat(path, &st) == 0;
		free(path);
	}
	return found;
}

static enum saksi_err open_dir(int *fd, const char *dir, struct saksi_error *err)
{
	struct stat st;

	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd == -1 && errno == ENOENT)
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "%s: there is no such folder; `saksi init` makes a vault", dir);
	if (*fd == -1 && errno == ENOTDIR)
		return saksi_fail(err, SAKSI_ENOTFOUND,
		    "%s: not a folder, so not a vault", dir);
	if (*fd == -1)
		return saksi_fail_sys(err, "%s: can't be opened", dir);
	if (fstat(*fd, &st) != 0)
		return saksi_fail_sys(err, "%s: can't be looked at", dir);
	return SAKSI_OK;
}

static enum saksi_err load_keys(struct keyring **k, int dirfd, const char *dir,
    struct saksi_error *err)
{
	enum saksi_err rc = keyring_load(k, dirfd, err);

	if (rc == SAKSI_ENOTFOUND && saksi_vault_exists(dir))
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "%s: the file `%s` with the key slots is gone, so no passphrase opens this "
		    "vault; put it back from a copy of the folder",
		    dir, KEYRING_FILE);
	if (rc == SAKSI_ENOTFOUND)
		return saksi_fail(err, rc,
		    "%s: not a vault (it has no key-slot file); name one with -C, or make one with "
		    "`saksi init`",
		    dir);
	return rc;
}

enum saksi_err saksi_vault_id_at(const char *dir, uint8_t id[VAULT_ID],
    struct saksi_error *err)
{
	struct keyring *k = NULL;
	int fd = -1;
	enum saksi_err rc;

	if ((rc = open_dir(&fd, dir, err)) == SAKSI_OK &&
	    (rc = load_keys(&k, fd, dir, err)) == SAKSI_OK)
		memcpy(id, keyring_vault_id(k), VAULT_ID);
	keyring_free(&k);
	if (fd != -1)
		close(fd);
	return rc;
}

static enum saksi_err new_vault(struct saksi_vault **out, const char *dir,
    const struct schema *schema, struct saksi_error *err)
{
	struct saksi_vault *v = calloc(1, sizeof(*v));

	if (v == NULL || (v->dir = strdup(dir)) == NULL) {
		free(v);
		return saksi_fail_nomem(err);
	}
	v->dirfd = -1;
	v->schema = schema;
	*out = v;
	return SAKSI_OK;
}

void saksi_vault_close(struct saksi_vault **pv)
{
	struct saksi_vault *v;

	if (pv == NULL || (v = *pv) == NULL)
		return;
	kv_close(&v->kv);
	catalog_free(&v->catalog);
	secret_free(&v->key);
	secret_free(&v->anchor_key);
	keyring_free(&v->keys);
	wipe(v->import_key, sizeof(v->import_key));
	if (v->dirfd != -1)
		close(v->dirfd);
	free(v->dir);
	free(v);
	*pv = NULL;
}

static enum saksi_err unlock(struct saksi_vault *v, const struct secret *pass,
    struct saksi_error *err)
{
	struct secret *nfkc = NULL;
	enum saksi_err rc;

	if (pass == NULL) {
		rc = session_load(&v->key, keyring_vault_id(v->keys), err);
		if (rc == SAKSI_ENOTFOUND)
			return saksi_fail(err, SAKSI_ELOCKED,
			    "%s: the vault is locked; `saksi unlock` opens it for a time",
			    v->dir);
		return rc;
	}
	if ((rc = text_passphrase(&nfkc, pass, err)) != SAKSI_OK)
		return rc;
	rc = keyring_open(&v->key, NULL, v->keys, nfkc, err);
	secret_free(&nfkc);
	return rc;
}

enum saksi_err vault_open_keys(struct saksi_vault **out, const char *dir,
    const struct schema *schema, const struct secret *pass, struct saksi_error *err)
{
	struct saksi_vault *v = NULL;
	enum saksi_err rc;

	*out = NULL;
	if ((rc = new_vault(&v, dir, schema, err)) != SAKSI_OK)
		return rc;
	if ((rc = open_dir(&v->dirfd, dir, err)) != SAKSI_OK ||
	    (rc = load_keys(&v->keys, v->dirfd, dir, err)) != SAKSI_OK ||
	    (rc = unlock(v, pass, err)) != SAKSI_OK) {
		saksi_vault_close(&v);
		return rc;
	}
	*out = v;
	return SAKSI_OK;
}

enum saksi_err saksi_vault_open(struct saksi_vault **out, const char *dir,
    const struct schema *schema, const struct secret *pass, unsigned flags,
    struct saksi_error *err)
{
	struct saksi_vault *v = NULL;
	enum saksi_err rc;

	*out = NULL;
	if ((rc = new_vault(&v, dir, schema, err)) != SAKSI_OK)
		return rc;
	v->read_only = (flags & VAULT_READ_ONLY) != 0;
	v->any_format = (flags & VAULT_ANY_FORMAT) != 0;
	if ((rc = open_dir(&v->dirfd, dir, err)) != SAKSI_OK ||
	    (rc = load_keys(&v->keys, v->dirfd, dir, err)) != SAKSI_OK ||
	    (rc = unlock(v, pass, err)) != SAKSI_OK ||
	    (rc = kv_open(&v->kv, dir, keyring_vault_id(v->keys), v->key,
		 v->read_only ? KV_READ_ONLY : 0, err)) != SAKSI_OK ||
	    (rc = migrate_opened(v, err)) != SAKSI_OK) {
		saksi_vault_close(&v);
		return rc;
	}
	v->in_use = true;
	*out = v;
	return SAKSI_OK;
}

/* ---- making one: in a folder of its own beside it, renamed when whole ---------- */

static enum saksi_err write_first_slot(struct saksi_vault *v, struct saksi_error *err)
{
	struct slot_dir d;
	struct saksi_txn *t = NULL;
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	memset(&d, 0, sizeof(d));
	d.slot[0].kind = SLOT_PASSPHRASE;
	d.slot[0].made_us = clock_now_us();
	snprintf(d.slot[0].label, sizeof(d.slot[0].label), "first");
	slot_dir_write(&b, &d);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK &&
	    (rc = saksi_txn_begin(&t, v, true, err)) == SAKSI_OK &&
	    (rc = catalog_create(&v->catalog, t->kv, err)) == SAKSI_OK &&
	    (rc = saksi_local_put(t, LOCAL_SLOT_DIR, b.p, b.len, err)) == SAKSI_OK)
		rc = saksi_txn_commit(&t, err);
	saksi_txn_abort(&t);
	buf_free(&b);
	return rc;
}

static enum saksi_err fill_vault(struct saksi_vault *v, const struct secret *pass,
    const struct crypto_kdf_cost *cost, struct saksi_error *err)
{
	uint8_t id[VAULT_ID];
	struct secret *nfkc = NULL;
	enum saksi_err rc;

	crypto_random(id, sizeof(id));
	if ((rc = text_passphrase(&nfkc, pass, err)) != SAKSI_OK ||
	    (rc = secret_new(&v->key, CRYPTO_KEY, err)) != SAKSI_OK)
		goto fail;
	crypto_random(secret_bytes(v->key), CRYPTO_KEY);
	if ((rc = keyring_create(&v->keys, v->dirfd, id, v->key, nfkc, cost, err)) !=
		SAKSI_OK ||
	    (rc = kv_open(&v->kv, v->dir, id, v->key, KV_CREATE, err)) != SAKSI_OK)
		goto fail;
	rc = write_first_slot(v, err);
fail:
	secret_free(&nfkc);
	return rc;
}

void vault_remove_half(const char *dir)
{
	static const char *const files[] = {KEYRING_FILE, KV_DATA_FILE, "lock.mdb",
	    ANCHOR_FILE};

	/* No memory and no descriptor: lack of them may be why there is but a half. */
	char path[4096];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", dir, files[i]);

		/* As long as its keys are there the rest says that it was interrupted. */
		if (n < 0 || (size_t)n >= sizeof(path) ||
		    (unlink(path) != 0 && errno != ENOENT))
			return;
	}
	rmdir(dir);
}

static bool is_empty_folder(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool empty = d != NULL;

	while (empty && (e = readdir(d)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	if (d != NULL)
		closedir(d);
	return empty;
}

static enum saksi_err check_target(const char *dir, struct saksi_error *err)
{
	struct stat st;

	if (saksi_vault_exists(dir))
		return saksi_fail(err, SAKSI_EEXIST,
		    "%s: there is a vault already; choose another folder with -C", dir);
	if (lstat(dir, &st) != 0)
		return errno == ENOENT
		    ? SAKSI_OK
		    : saksi_fail_sys(err, "%s: can't be looked at", dir);
	if (!S_ISDIR(st.st_mode))
		return saksi_fail(err, SAKSI_EEXIST, "%s: is there and is not a folder",
		    dir);
	if (!is_empty_folder(dir))
		return saksi_fail(err, SAKSI_EEXIST,
		    "%s: the folder is not empty, and a vault has one of its own; choose another",
		    dir);
	return SAKSI_OK;
}

static char *without_slash(const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strndup(dir, n);
}

/* Make the folder that ${dir} is to stand in. */
static enum saksi_err make_parent(char *dir, struct saksi_error *err)
{
	char *slash = strrchr(dir, '/');
	enum saksi_err rc;

	if (slash == NULL || slash == dir)
		return SAKSI_OK;
	*slash = '\0';
	rc = fs_mkdirs(dir, err);
	*slash = '/';
	return rc;
}

/* Into its place, over an empty folder if one is there, for good. */
enum saksi_err vault_put_in_place(bool *there, const char *tmp, char *dir,
    struct saksi_error *err)
{
	char *slash = strrchr(dir, '/');
	enum saksi_err rc;

	if (rename(tmp, dir) != 0)
		return saksi_fail_sys(err, "%s: can't be put in place", dir);
	*there = true;
	if (slash == dir)
		return fs_sync_dir("/", err);
	if (slash == NULL)
		return fs_sync_dir(".", err);
	*slash = '\0';
	rc = fs_sync_dir(dir, err);
	*slash = '/';
	return rc;
}

enum saksi_err vault_target(char **out, const char *dir, struct saksi_error *err)
{
	enum saksi_err rc;

	*out = without_slash(dir);
	if (*out == NULL)
		return saksi_fail_nomem(err);
	rc = check_target(*out, err);
	return rc == SAKSI_OK ? make_parent(*out, err) : rc;
}

enum saksi_err saksi_vault_create(struct saksi_vault **out, const char *dir_arg,
    const struct schema *schema, const struct secret *pass,
    const struct crypto_kdf_cost *cost, struct saksi_error *err)
{
	struct saksi_vault *v = NULL;
	struct buf tmp = BUF_INIT;
	char *dir = without_slash(dir_arg);
	uint8_t random[6];
	char hex[13];
	bool in_place = false;
	enum saksi_err rc;

	*out = NULL;
	if (dir == NULL)
		return saksi_fail_nomem(err);
	if ((rc = check_target(dir, err)) != SAKSI_OK ||
	    (rc = make_parent(dir, err)) != SAKSI_OK)
		goto fail;
	crypto_random(random, sizeof(random));
	hex_encode(hex, random, sizeof(random));
	buf_printf(&tmp, "%s.new-%s", dir, hex);
	if ((rc = buf_ok(&tmp, err)) != SAKSI_OK)
		goto fail;
	if (mkdir(buf_cstr(&tmp), 0700) != 0) {
		rc = saksi_fail_sys(err, "%s: can't be made", dir);
		goto fail;
	}
	if ((rc = new_vault(&v, buf_cstr(&tmp), schema, err)) == SAKSI_OK &&
	    (rc = open_dir(&v->dirfd, v->dir, err)) == SAKSI_OK)
		rc = fill_vault(v, pass, cost, err);
	saksi_vault_close(&v);
	if (rc == SAKSI_OK)
		rc = vault_put_in_place(&in_place, buf_cstr(&tmp), dir, err);
	if (rc != SAKSI_OK) {
		vault_remove_half(in_place ? dir : buf_cstr(&tmp));
		goto fail;
	}
	rc = saksi_vault_open(out, dir, schema, pass, 0, err);
	if (rc != SAKSI_OK)
		vault_remove_half(dir);
fail:
	buf_free(&tmp);
	free(dir);
	return rc;
}

void saksi_vault_discard(struct saksi_vault **v)
{
	char *dir = (*v)->dir;

	(*v)->dir = NULL;
	anchor_forget(*v);
	saksi_vault_close(v);
	vault_remove_half(dir);
	free(dir);
}

/* ---- writers --------------------------------------------------------------------- */

void saksi_vault_set_writer(struct saksi_vault *v, enum changeset_kind kind,
    const struct saksi_writer *w)
{
	size_t i = kind == CS_MEMBERSHIP;

	v->has_writer[i] = w != NULL;
	if (w != NULL)
		v->writers[i] = *w;
}

void saksi_vault_set_policy(struct saksi_vault *v, saksi_policy_fn *fn, void *ctx)
{
	v->policy = fn;
	v->policy_ctx = ctx;
}

void saksi_vault_set_import_key(struct saksi_vault *v, const uint8_t key[CRYPTO_KEY])
{
	v->has_import_key = key != NULL;
	if (key != NULL)
		memcpy(v->import_key, key, CRYPTO_KEY);
	else
		wipe(v->import_key, CRYPTO_KEY);
}

enum saksi_err saksi_vault_unlock_for(struct saksi_vault *v, unsigned seconds,
    struct saksi_error *err)
{
	return session_save(keyring_vault_id(v->keys), v->key, seconds, err);
}
