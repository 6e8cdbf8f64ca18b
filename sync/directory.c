/* directory.c - sync with a shared directory, and what `status` tells of carriers. */
#include "directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/text.h>

static enum saksi_err open_dir(struct dir_sync *s, const char *path, char **name,
    struct saksi_error *err)
{
	s->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0 && errno == ENOTDIR)
		return saksi_fail(err, SAKSI_EINVAL, "%s: not a directory", path);
	if (s->fd < 0)
		return saksi_fail_sys(err, "%s", path);
	*name = realpath(path, NULL);
	return *name == NULL ? saksi_fail_sys(err, "%s", path) : SAKSI_OK;
}

static enum saksi_err load_memory(struct dir_sync *s, const char *name,
    struct saksi_error *err)
{
	struct saksi_txn *txn = NULL;
	enum saksi_err rc = saksi_txn_begin(&txn, s->team->v, false, err);

	if (rc == SAKSI_OK)
		rc = remotes_get(&s->remotes, txn, err);
	if (rc == SAKSI_OK)
		rc = remotes_dir(&s->remotes, name, &s->dir, err);
	saksi_txn_abort(&txn);
	return rc;
}

/* What this run saw and did, on top of what is known by now. */
static enum saksi_err add_memory(const struct dir_sync *s, struct remotes *now,
    struct saksi_error *err)
{
	struct remote_dir *dir = NULL;
	enum saksi_err rc = remotes_dir(now, s->dir->name, &dir, err);

	if (rc != SAKSI_OK || dir == NULL)
		return rc;
	if (s->forgot)
		remote_dir_forget(dir);
	dir->time_us = clock_now_us();
	if (now->counter < s->remotes.counter)
		now->counter = s->remotes.counter;
	for (size_t i = 0; i < s->added.n_objects && rc == SAKSI_OK; i++)
		rc = remote_dir_object(dir, &s->added.objects[i], err);
	for (size_t i = 0; i < s->added.n_ranges; i++)
		for (uint64_t k = 0; k < s->added.ranges[i].count && rc == SAKSI_OK; k++)
			rc = remote_dir_add(dir, s->added.ranges[i].first + k, err);
	return rc;
}

static enum saksi_err save_memory(struct dir_sync *s, struct saksi_error *err)
{
	struct saksi_txn *txn = NULL;
	struct remotes now; /* as it is by now: others may have synced meanwhile */
	enum saksi_err rc = saksi_txn_begin(&txn, s->team->v, true, err);

	memset(&now, 0, sizeof(now));
	if (rc == SAKSI_OK)
		rc = remotes_get(&now, txn, err);
	if (rc == SAKSI_OK)
		rc = add_memory(s, &now, err);
	for (size_t i = 0; i < s->n_words && rc == SAKSI_OK; i++)
		rc = frontier_learn(&now, &s->words[i].frontier, &s->words[i].manifest,
		    s->team, txn, s->gate, &s->tally, err);
	if (rc == SAKSI_OK)
		rc = remotes_put(txn, &now, err);
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&txn, err);
	saksi_txn_abort(&txn);
	remotes_free(&now);
	return rc;
}

static void dir_sync_free(struct dir_sync *s)
{
	if (s->fd >= 0)
		close(s->fd);
	for (size_t i = 0; i < s->n_words; i++)
		frontier_free(&s->words[i].frontier);
	incoming_free(&s->in);
	gate_free(&s->gate);
	remotes_free(&s->remotes);
	remote_dir_free(&s->added);
	tally_free(&s->tally);
	free(s->words);
	free(s->list);
	free(s->here);
}

enum saksi_err saksi_sync_dir(struct saksi_team *t, const char *path,
    const struct sync_options *opt, struct sync_summary *sum, struct saksi_error *err)
{
	struct dir_sync s;
	struct saksi_error late = {.code = SAKSI_OK};
	char *name = NULL;
	enum saksi_err rc, write_rc = SAKSI_OK;

	memset(&s, 0, sizeof(s));
	s.team = t;
	s.opt = opt;
	s.sum = sum;
	tally_init(&s.tally, sum);
	rc = open_dir(&s, path, &name, err);
	if (rc == SAKSI_OK)
		rc = load_memory(&s, name, err);
	if (rc == SAKSI_OK)
		rc = gate_new(&s.gate, t, &s.tally, dir_here, &s, err);
	s.in = (struct incoming){.team = t,
	    .gate = s.gate,
	    .tally = &s.tally,
	    .opt = NULL,
	    .carrier = CARRIER_DIRECTORY};
	if (rc == SAKSI_OK)
		rc = dir_scan(&s, err);
	if (rc == SAKSI_OK)
		rc = dir_read(&s, err);
	if (rc == SAKSI_OK)
		rc = gate_finish(s.gate, err);
	if (rc == SAKSI_OK) {
		/* What was read is remembered even if nothing can be written. */
		dir_clean(&s);
		write_rc = dir_write(&s, &late);
	}
	if (rc == SAKSI_OK)
		rc = save_memory(&s, err);
	if (rc == SAKSI_OK && write_rc != SAKSI_OK)
		rc = saksi_fail(err, write_rc, "%s", late.msg);
	else if (rc == SAKSI_OK && s.faulty > 0)
		rc = saksi_fail(err, SAKSI_EPARTIAL,
		    "directory: %zu objects could not be read; the rest is done, they are tried "
		    "again next time",
		    s.faulty);
	dir_sync_free(&s);
	free(name);
	return rc;
}

/* ---- status --------------------------------------------------------------------------- */

struct counting {
	size_t pending, quarantined;
};

static enum saksi_err count_held(void *ctx, const struct held_entry *e,
    struct saksi_error *err)
{
	struct counting *c = ctx;

	(void)err;
	if (e->why == HELD_QUARANTINED)
		c->quarantined++;
	else
		c->pending++;
	return SAKSI_OK;
}

/* Paths need not be UTF-8; JSON must. */
static json_t *tell_dirs(const struct remotes *r)
{
	json_t *out = json_object();

	for (size_t i = 0; out != NULL && i < r->n_dirs; i++) {
		struct buf name = BUF_INIT;
		char when[24];

		if (r->dirs[i].time_us == 0)
			continue;
		time_text(when, r->dirs[i].time_us);
		buf_add_str(&name, "dir:");
		text_printable(&name, r->dirs[i].name, strlen(r->dirs[i].name), false);
		if (json_object_set_new(out, buf_cstr(&name),
			json_pack("{s:s,s:I}", "last_sync", when, "objects",
			    (json_int_t)r->dirs[i].n_objects)) != 0) {
			json_decref(out);
			out = NULL;
		}
		buf_free(&name);
	}
	return out;
}

static json_t *tell_peers(const struct saksi_team *t, const struct remotes *r)
{
	json_t *out = json_object();

	for (size_t i = 0; i < r->n_peers; i++) {
		char when[24], name[260];

		time_text(when, r->peers[i].time_us);
		team_name(t, &r->peers[i].device, name);
		if (json_object_set_new(out, name,
			json_pack("{s:s}", "last_heard", when)) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

enum saksi_err saksi_sync_status(struct saksi_team *t, json_t **out, size_t *pending,
    size_t *quarantined, struct saksi_error *err)
{
	struct counting c = {0, 0};
	struct remotes r;
	struct saksi_txn *txn = NULL;
	enum saksi_err rc = saksi_txn_begin(&txn, t->v, false, err);

	*out = NULL;
	memset(&r, 0, sizeof(r));
	if (rc == SAKSI_OK)
		rc = saksi_held_each(txn, count_held, &c, err);
	if (rc == SAKSI_OK)
		rc = remotes_get(&r, txn, err);
	if (rc == SAKSI_OK) {
		*out = json_pack("{s:o,s:o}", "remotes", tell_dirs(&r), "peers",
		    tell_peers(t, &r));
		if (*out == NULL)
			rc = saksi_fail_nomem(err);
	}
	*pending = c.pending;
	*quarantined = c.quarantined;
	remotes_free(&r);
	saksi_txn_abort(&txn);
	return rc;
}
