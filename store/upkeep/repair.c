/* repair.c - a fresh vault beside a damaged one, and into its place. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "repair.h"

#define KEYS_MAX 65536u

void repair_lost(struct saksi_repair *r, const char *fmt, ...)
{
	char words[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	r->report.losses++;
	if (r->opt.lost != NULL)
		r->opt.lost(r->opt.ctx, words);
}

enum saksi_err repair_batch(struct saksi_repair *r, struct saksi_error *err)
{
	enum saksi_err rc;

	if (!saksi_txn_full(r->t))
		return SAKSI_OK;
	rc = saksi_txn_commit(&r->t, err);
	return rc == SAKSI_OK ? saksi_txn_begin(&r->t, r->v, true, err) : rc;
}

struct saksi_vault *saksi_repair_vault(struct saksi_repair *r)
{
	return r->v;
}

static void repair_free(struct saksi_repair **pr)
{
	struct saksi_repair *r = *pr;

	if (r == NULL)
		return;
	*pr = NULL;
	saksi_txn_abort(&r->t);
	if (r->salvage != NULL)
		kv_salvage_close(&r->salvage);
	saksi_vault_close(&r->v);
	free(r->merged);
	free(r->branches);
	free(r->pending);
	repair_seen_free(&r->seen);
	free(r->dir);
	free(r);
}

/* ---- keys ------------------------------------------------------------------------------- */

static enum saksi_err copy_keys(const char *from, const char *to, struct saksi_error *err)
{
	struct fs_out out = FS_OUT_INIT;
	struct buf b = BUF_INIT;
	char *src = fs_join(from, KEYRING_FILE), *dst = fs_join(to, KEYRING_FILE);
	enum saksi_err rc = SAKSI_OK;

	if (src == NULL || dst == NULL)
		rc = saksi_fail_nomem(err);
	if (rc == SAKSI_OK && (rc = fs_read_file(&b, src, KEYS_MAX, err)) == SAKSI_OK &&
	    (rc = fs_out_open(&out, dst, false, err)) == SAKSI_OK &&
	    (rc = fs_write_all(out.fd, b.p, b.len, dst, err)) == SAKSI_OK)
		rc = fs_out_commit(&out, err);
	fs_out_abort(&out);
	buf_free(&b);
	free(src);
	free(dst);
	return rc;
}

/* Both copies of the slot file whole in the fresh vault. */
static enum saksi_err keys_in_order(struct saksi_repair *r, struct saksi_error *err)
{
	if (keyring_damage(r->v->keys) == NULL)
		return SAKSI_OK;
	return keyring_repair(r->v->keys, r->v->dirfd, err);
}

/* ---- this device's own affairs --------------------------------------------------------------- */

static const char *slot_name(uint64_t n)
{
	switch (n) {
	case LOCAL_SLOT_DIR:
		return "the list of key slots";
	case LOCAL_DEVICE:
		return "this device's keys";
	case LOCAL_TEAM:
		return "which team this device is in";
	case LOCAL_EPOCHS:
		return "the team's epoch keys";
	case LOCAL_JOIN:
		return "an open join request";
	case LOCAL_REMOTES:
		return "what remotes and colleagues were seen to hold";
	case LOCAL_TRUST:
		return "which exporters are trusted";
	default:
		return NULL;
	}
}

/* Left behind with the team. */
static bool is_of_team(uint64_t n)
{
	return n == LOCAL_DEVICE || n == LOCAL_TEAM || n == LOCAL_EPOCHS ||
	    n == LOCAL_JOIN || n == LOCAL_REMOTES;
}

/*
 * What was distrusted nobody knows then, and that may be an exporter that came
 * with saksi: so a person is asked anew for each of them.
 */
static enum saksi_err no_trust(struct saksi_repair *r, const char *why,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	mp_map(&b, 1);
	mp_cstr(&b, "none_shipped");
	mp_bool(&b, true);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK)
		rc = saksi_local_put(r->t, LOCAL_TRUST, b.p, b.len, err);
	buf_free(&b);
	if (rc == SAKSI_OK)
		repair_lost(r,
		    "%s: %s, so none is trusted here, also of those that came with saksi; "
		    "`saksi plugin list` and `saksi plugin info` show them, `saksi plugin "
		    "trust` allows one again",
		    slot_name(LOCAL_TRUST), why);
	return rc;
}

struct locals {
	struct saksi_repair *r;
	bool have[LOCAL_LAST + 1];
};

static enum saksi_err on_local(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct locals *l = ctx;
	const char *name;
	bool sure;
	enum saksi_err rc;

	if (f->n > LOCAL_LAST || f->n == LOCAL_LINE || l->have[f->n] ||
	    (l->r->opt.anew && is_of_team(f->n)))
		return SAKSI_OK;
	l->have[f->n] = true;
	(void)kv_salvage_newest(l->r->salvage, &sure);
	/* An older list may have what was taken back since. */
	if (f->n == LOCAL_TRUST && (f->as != FOUND_CURRENT || !sure))
		return no_trust(l->r, "what was found may be older", err);
	l->r->report.settings++;
	rc = kv_put(l->r->t->kv, KV_LOCAL, f->n, p, len, err);
	name = slot_name(f->n);
	if (rc == SAKSI_OK && f->as == FOUND_LIKELY)
		repair_lost(l->r,
		    "%s: which of its states is the newest can't be told, so it may be an older one",
		    name == NULL ? "a setting" : name);
	else if (rc == SAKSI_OK && f->as != FOUND_CURRENT)
		repair_lost(l->r, "%s: saved as it was at some time before",
		    name == NULL ? "a setting" : name);
	return rc;
}

/* Which slots open the vault nobody knows then; the one that did, does. */
static enum saksi_err plain_slots(struct saksi_repair *r, struct saksi_error *err)
{
	struct slot_dir d;
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	memset(&d, 0, sizeof(d));
	for (unsigned i = 0; i < KEYRING_SLOTS; i++)
		d.slot[i].kind = SLOT_UNFINISHED;
	d.slot[0].kind = SLOT_PASSPHRASE;
	d.slot[0].made_us = clock_now_us();
	slot_dir_write(&b, &d);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK)
		rc = saksi_local_put(r->t, LOCAL_SLOT_DIR, b.p, b.len, err);
	buf_free(&b);
	return rc;
}

static enum saksi_err copy_locals(struct saksi_repair *r, struct saksi_error *err)
{
	struct locals l = {.r = r};
	enum kv_expected there;
	enum saksi_err rc = kv_salvage_each(r->salvage, KV_LOCAL, on_local, &l, err);

	for (uint64_t n = 1; rc == SAKSI_OK && slot_name(n) != NULL; n++) {
		if (l.have[n])
			continue;
		rc = kv_salvage_expects(r->salvage, KV_LOCAL, n, &there, err);
		/* Where nothing tells, only those that every vault has are missed. */
		if (rc == SAKSI_OK && n == LOCAL_TRUST && there != EXPECT_NOT)
			rc = no_trust(r,
			    there == EXPECT_THERE
				? "lost"
				: "whether any was distrusted can't be told",
			    err);
		else if (rc == SAKSI_OK &&
		    (there == EXPECT_THERE ||
			(there == EXPECT_UNKNOWN && n == LOCAL_SLOT_DIR)))
			repair_lost(r, "%s: lost%s", slot_name(n),
			    n == LOCAL_SLOT_DIR
				? "; every passphrase still opens the vault, but `saksi key list` no "
				  "longer tells them apart"
				: "");
	}
	if (rc == SAKSI_OK && !l.have[LOCAL_SLOT_DIR])
		rc = plain_slots(r, err);
	/* Its transactions begin at one again. */
	if (rc == SAKSI_OK)
		rc = anchor_line_new(r->t, err);
	return rc;
}

/* ---- begin -------------------------------------------------------------------------------------- */

static void say_how_new(struct saksi_repair *r)
{
	bool sure;
	uint64_t newest = kv_salvage_newest(r->salvage, &sure);

	if (kv_salvage_skipped(r->salvage) > 0)
		repair_lost(r,
		    "%s: it has so much in it that only looks like values that the search for long ones was given up: whether more could be saved can't be told",
		    KV_DATA_FILE);
	if (newest == 0)
		repair_lost(r,
		    "%s: the record of what it should hold is lost: whether more is missing can't be told",
		    KV_DATA_FILE);
	else if (!sure)
		repair_lost(r,
		    "%s: its heads are damaged: whether anything was written after transaction %llu can't be told",
		    KV_DATA_FILE, (unsigned long long)newest);
}

static enum saksi_err fill(struct saksi_repair *r, const char *from,
    struct saksi_error *err)
{
	bool sure, unread;
	enum saksi_err rc = saksi_txn_begin(&r->t, r->v, true, err);

	if (rc == SAKSI_OK)
		rc = catalog_create(&r->v->catalog, r->t->kv, err);
	if (rc == SAKSI_OK)
		rc = copy_locals(r, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&r->t, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_begin(&r->t, r->v, true, err);
	if (rc == SAKSI_OK)
		rc = repair_log(r, err);
	if (rc == SAKSI_OK)
		rc = repair_held(r, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&r->t, err);
	saksi_txn_abort(&r->t);
	if (rc == SAKSI_OK && !r->opt.anew) {
		(void)kv_salvage_newest(r->salvage, &sure);
		rc = anchor_carry(r->v, from,
		    !sure || r->report.missing > 0 || r->n_pending > 0, &unread, err);
		if (rc == SAKSI_OK && unread)
			repair_lost(r,
			    "anchor: the note of how far this device had come cannot be read, so "
			    "what is written goes into new logs");
	}
	return rc;
}

static void on_scan(void *ctx, size_t done, size_t total)
{
	struct saksi_repair *r = ctx;

	if (r->opt.progress != NULL)
		r->opt.progress(r->opt.ctx, "Reading pages", done, total);
}

static enum saksi_err make_folder(struct saksi_repair *r, char **tmp, const char *to,
    struct saksi_error *err)
{
	struct buf b = BUF_INIT;
	uint8_t random[6];
	char hex[13];
	enum saksi_err rc;

	if ((rc = vault_target(&r->dir, to, err)) != SAKSI_OK)
		return rc;
	crypto_random(random, sizeof(random));
	hex_encode(hex, random, sizeof(random));
	buf_printf(&b, "%s.new-%s", r->dir, hex);
	if ((rc = buf_ok(&b, err)) == SAKSI_OK && (*tmp = strdup(buf_cstr(&b))) == NULL)
		rc = saksi_fail_nomem(err);
	buf_free(&b);
	if (rc == SAKSI_OK && mkdir(*tmp, 0700) != 0) {
		rc = saksi_fail_sys(err, "%s: can't be made", r->dir);
		free(*tmp);
		*tmp = NULL;
	}
	return rc;
}

enum saksi_err saksi_repair_begin(struct saksi_repair **out, const char *from,
    const char *to, const struct schema *schema, const struct secret *pass,
    const struct repair_options *opt, struct saksi_error *err)
{
	struct saksi_repair *r = calloc(1, sizeof(*r));
	char *tmp = NULL;
	enum saksi_err rc;

	*out = NULL;
	if (r == NULL)
		return saksi_fail_nomem(err);
	r->opt = *opt;
	if ((rc = make_folder(r, &tmp, to, err)) != SAKSI_OK)
		goto fail;
	if ((rc = copy_keys(from, tmp, err)) == SAKSI_OK &&
	    (rc = vault_open_keys(&r->v, tmp, schema, pass, err)) == SAKSI_OK &&
	    (rc = keys_in_order(r, err)) == SAKSI_OK &&
	    (rc = kv_salvage_open(&r->salvage, from, keyring_vault_id(r->v->keys),
		 r->v->key, on_scan, r, err)) == SAKSI_OK &&
	    (rc = kv_open(&r->v->kv, tmp, keyring_vault_id(r->v->keys), r->v->key,
		 KV_CREATE, err)) == SAKSI_OK) {
		say_how_new(r);
		rc = fill(r, from, err);
	}
	if (rc != SAKSI_OK)
		vault_remove_half(tmp);
fail:
	free(tmp);
	if (rc != SAKSI_OK)
		repair_free(&r);
	*out = r;
	return rc;
}

/* ---- end ------------------------------------------------------------------------------------------- */

struct counting {
	size_t n;
};

static enum saksi_err count_one(void *ctx, const struct cat_record *rec,
    struct saksi_error *err)
{
	struct counting *c = ctx;

	(void)rec;
	(void)err;
	c->n++;
	return SAKSI_OK;
}

static enum saksi_err count_records(struct saksi_repair *r, struct saksi_error *err)
{
	struct counting c = {0};
	enum saksi_err rc = saksi_txn_begin(&r->t, r->v, false, err);

	if (rc == SAKSI_OK)
		rc = catalog_by_id(r->t, count_one, &c, err);
	saksi_txn_abort(&r->t);
	r->report.records = c.n;
	return rc;
}

void saksi_repair_abort(struct saksi_repair **pr)
{
	struct saksi_repair *r;
	char *tmp;

	if (pr == NULL || (r = *pr) == NULL)
		return;
	saksi_txn_abort(&r->t);
	tmp = r->v->dir;
	r->v->dir = NULL;
	repair_free(pr);
	vault_remove_half(tmp);
	free(tmp);
}

enum saksi_err saksi_repair_end(struct saksi_repair **pr, struct repair_report *report,
    struct saksi_error *err)
{
	struct saksi_repair *r = *pr;
	enum saksi_err rc = count_records(r, err);
	char *tmp = NULL;
	bool there = false;

	*report = r->report;
	if (rc == SAKSI_OK && (tmp = strdup(r->v->dir)) == NULL)
		rc = saksi_fail_nomem(err);
	if (rc == SAKSI_OK) {
		saksi_vault_close(&r->v);
		rc = vault_put_in_place(&there, tmp, r->dir, err);
		if (rc != SAKSI_OK)
			vault_remove_half(there ? r->dir : tmp);
	} else {
		saksi_repair_abort(pr);
	}
	free(tmp);
	repair_free(pr);
	return rc;
}
