/* bundle.c - the team's changesets in one file: PROTOCOL.md section 7. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "carry.h"

/* ---- writing ------------------------------------------------------------------------ */

struct writing {
	struct outgoing out;
	int fd;
	struct log_cover *cover; /* what the receiver holds; NULL: nothing is known */
	const struct sync_options *opt;
	struct sync_summary *sum;
	uint64_t total, passed;
};

static enum saksi_err to_fd(void *ctx, const void *p, size_t n, struct saksi_error *err)
{
	const struct writing *w = ctx;

	return fs_write_all(w->fd, p, n, "bundle", err);
}

static bool wanted(void *ctx, const struct log_entry *e)
{
	struct writing *w = ctx;

	w->passed++;
	if (w->opt != NULL && w->opt->progress != NULL && w->passed % 64 == 0)
		w->opt->progress(w->opt->ctx, "writing", w->passed, w->total);
	return w->cover == NULL || !log_cover_has(w->cover, e);
}

static enum saksi_err send_one(void *ctx, const struct log_entry *e,
    struct saksi_error *err)
{
	struct writing *w = ctx;
	enum saksi_err rc = outgoing_change(&w->out, e->cs, err);

	w->sum->sent += rc == SAKSI_OK;
	return rc;
}

static enum saksi_err cover_peer(struct writing *w, struct saksi_txn *txn,
    const struct team_device *since, struct tally *tally, struct saksi_error *err)
{
	struct remotes r;
	const struct remote_peer *peer;
	enum saksi_err rc = remotes_get(&r, txn, err);

	if (rc != SAKSI_OK)
		return rc;
	peer = remotes_peer(&r, &since->id);
	if (peer == NULL || peer->n == 0)
		tally_warn(tally,
		    "nothing is known of what %s holds, so everything is written",
		    since->label);
	else
		rc = log_cover_new(&w->cover, err);
	for (size_t i = 0; peer != NULL && i < peer->n && rc == SAKSI_OK; i++) {
		rc = log_cover_add(w->cover, txn, &peer->heads[i], err);
		if (rc == SAKSI_ENOTFOUND)
			rc = SAKSI_OK;
	}
	remotes_free(&r);
	return rc;
}

enum saksi_err saksi_bundle_write(struct saksi_team *t, int fd,
    const struct team_device *since, const struct sync_options *opt,
    struct sync_summary *sum, struct saksi_error *err)
{
	struct writing w = {.fd = fd, .opt = opt, .sum = sum};
	struct team_device receiver = {.role = ROLE_NONE};
	struct tally tally;
	struct saksi_txn *txn = NULL;
	enum saksi_err rc;

	if (since != NULL)
		receiver = *since; /* catching up makes the list of devices anew */
	tally_init(&tally, sum);
	rc = saksi_txn_begin(&txn, t->v, false, err);
	if (rc == SAKSI_OK)
		rc = team_catch_up(t, txn, err);
	if (rc == SAKSI_OK)
		rc = saksi_log_count(txn, &w.total, err);
	if (rc == SAKSI_OK && since != NULL)
		rc = cover_peer(&w, txn, &receiver, &tally, err);
	if (rc == SAKSI_OK)
		rc = outgoing_begin(&w.out, t, txn, CARRIER_BUNDLE, 0, to_fd, &w, err);
	if (rc == SAKSI_OK)
		rc = outgoing_each(t, txn, wanted, send_one, &w, err);
	if (rc == SAKSI_OK)
		rc = outgoing_end(&w.out, err);
	outgoing_free(&w.out);
	log_cover_free(&w.cover);
	saksi_txn_abort(&txn);
	tally_free(&tally);
	return rc;
}

/* ---- reading ------------------------------------------------------------------------ */

/* A regular file is looked through first: what follows its end must not go unnoticed. */
static enum saksi_err look_through(struct incoming *in, int fd, struct saksi_error *err)
{
	struct stat st;
	off_t from = lseek(fd, 0, SEEK_CUR);
	struct saksi_error e;
	enum saksi_err rc;

	if (from < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return SAKSI_OK;
	rc = incoming_frames(in, fd, &e);
	if (lseek(fd, from, SEEK_SET) != from)
		return saksi_fail_sys(err, "bundle: cannot be read from its beginning");
	/* Other faults are found again, after what comes before them was merged. */
	return rc == SAKSI_EFORMAT ? saksi_fail(err, SAKSI_EAUTH, "%s", e.msg) : SAKSI_OK;
}

static enum saksi_err check_trailing(int fd, struct saksi_error *err)
{
	char c;
	ssize_t n = read(fd, &c, 1);

	if (n > 0)
		return saksi_fail(err, SAKSI_EAUTH,
		    "bundle: more bytes follow its end; what came before them was read");
	return SAKSI_OK;
}

/* Only what was proven teaches us what its sealer holds. */
static enum saksi_err learn(const struct incoming *in, struct saksi_error *err)
{
	struct remotes r;
	struct saksi_txn *txn = NULL;
	enum saksi_err rc;

	if (!in->proven)
		return SAKSI_OK;
	rc = saksi_txn_begin(&txn, in->team->v, true, err);
	if (rc != SAKSI_OK)
		return rc;
	rc = remotes_get(&r, txn, err);
	if (rc == SAKSI_OK) {
		rc = frontier_learn(&r, &in->frontier, &in->manifest, in->team, txn,
		    in->gate, in->tally, err);
		if (rc == SAKSI_OK)
			rc = remotes_put(txn, &r, err);
		remotes_free(&r);
	}
	if (rc == SAKSI_OK)
		rc = saksi_txn_commit(&txn, err);
	saksi_txn_abort(&txn);
	return rc;
}

enum saksi_err saksi_bundle_read(struct saksi_team *t, int fd,
    const struct sync_options *opt, struct sync_summary *sum, struct saksi_error *err)
{
	struct incoming in = {.team = t, .opt = opt, .carrier = CARRIER_BUNDLE};
	struct tally tally;
	struct saksi_error fault = {.code = SAKSI_OK};
	enum saksi_err rc, read_rc = SAKSI_OK;

	tally_init(&tally, sum);
	in.tally = &tally;
	rc = gate_new(&in.gate, t, &tally, NULL, NULL, err);
	if (rc == SAKSI_OK)
		read_rc = look_through(&in, fd, &fault);
	if (rc == SAKSI_OK && read_rc == SAKSI_OK) {
		read_rc = incoming_read(&in, fd, &fault);
		if (read_rc == SAKSI_OK)
			read_rc = check_trailing(fd, &fault);
	}
	if (rc == SAKSI_OK)
		rc = gate_finish(in.gate, err);
	if (rc == SAKSI_OK)
		rc = learn(&in, err);
	if (rc == SAKSI_OK && read_rc != SAKSI_OK) {
		rc = read_rc;
		if (err != NULL)
			*err = fault;
	}
	incoming_free(&in);
	gate_free(&in.gate);
	tally_free(&tally);
	return rc;
}
