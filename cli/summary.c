/* The summary of a sync: counts, then who changed what, then what is wrong. */
#include <string.h>

#include "open.h"
#include "output.h"
#include "progress.h"
#include "summary.h"
#include "view.h"

struct sync_options summary_options(struct cli *c, const char *what)
{
	struct sync_options o = {progress_named, NULL};

	progress_begin(c, what);
	return o;
}

static void set_list(json_t **o, const char *key, const json_t *detail, const char *from)
{
	json_t *list = json_object_get(detail, from);

	obj_set(o, key, list != NULL ? json_incref(list) : json_array());
}

static enum saksi_err print_json(struct cli *c, const char *remote,
    const struct sync_summary *s)
{
	json_t *o = json_object();

	if (remote != NULL)
		obj_text(&o, "remote", remote);
	obj_int(&o, "sent", s->sent);
	obj_int(&o, "received", s->received);
	obj_int(&o, "known", s->known);
	obj_int(&o, "new", s->new_records);
	obj_int(&o, "changed", s->changed);
	obj_int(&o, "deleted", s->deleted);
	obj_int(&o, "undeleted", s->undeleted);
	obj_int(&o, "new_deleted", s->new_deleted);
	obj_int(&o, "conflicts", s->conflicts);
	obj_int(&o, "pending", s->pending);
	obj_int(&o, "quarantined", s->quarantined);
	set_list(&o, "refused", s->detail, "refused");
	set_list(&o, "missing", s->detail, "missing");
	obj_set(&o, "attachments_missing", json_array());
	set_list(&o, "warnings", s->detail, "warnings");
	set_list(&o, "changes", s->detail, "changes");
	return cli_out_json(c, o);
}

#define CHANGES_SHOWN 20u

static void print_change(struct cli *c, const json_t *e)
{
	cli_say(c, "  %-9s  %-12s  %.*s  %s  by %s", view_text(e, "did"),
	    view_text(e, "type"), SHORT_ID, view_text(e, "id"), view_text(e, "label"),
	    view_text(e, "by"));
}

/* "  Sokha (office): 359 new, 2 changed", a line per author. */
static enum saksi_err print_authors(struct cli *c, const json_t *changes)
{
	json_t *authors = json_object();
	size_t i;
	const json_t *e;
	const char *by;
	const char *did;
	json_t *counts;
	json_t *n;

	json_array_foreach (changes, i, e) {
		by = view_text(e, "by");
		did = view_text(e, "did");
		if (json_object_get(authors, by) == NULL)
			obj_set(&authors, by, json_object());
		counts = json_object_get(authors, by);
		if (counts != NULL)
			(void)json_object_set_new(counts, did,
			    json_integer(
				json_integer_value(json_object_get(counts, did)) + 1));
	}
	if (authors == NULL)
		return saksi_fail_nomem(&c->err);
	json_object_foreach (authors, by, counts) {
		struct buf line = BUF_INIT;

		json_object_foreach (counts, did, n) {
			buf_printf(&line, "%s%lld %s", line.len > 0 ? ", " : "",
			    (long long)json_integer_value(n), did);
		}
		cli_say(c, "  %s: %s", by, buf_cstr(&line));
		buf_free(&line);
	}
	json_decref(authors);
	return SAKSI_OK;
}

/* What `list` shows afterwards is what it showed before, and these. */
static void add_counts(struct buf *out, const struct sync_summary *s)
{
	buf_printf(out, "%zu change%s", s->received, s->received == 1 ? "" : "s");
	if (s->known > 0)
		buf_printf(out, " (and %zu that %s here already)", s->known,
		    s->known == 1 ? "was" : "were");
	buf_printf(out, ": %zu record%s new, %zu changed, %zu deleted", s->new_records,
	    s->new_records == 1 ? "" : "s", s->changed, s->deleted);
	if (s->undeleted > 0)
		buf_printf(out, ", %zu brought back", s->undeleted);
	if (s->new_deleted > 0)
		buf_printf(out, "; %zu more had been deleted before %s came here",
		    s->new_deleted, s->new_deleted == 1 ? "it" : "they");
}

static enum saksi_err print_text(struct cli *c, const char *remote,
    const struct sync_summary *s)
{
	const json_t *changes = json_object_get(s->detail, "changes");
	size_t i;
	const json_t *e;
	enum saksi_err rc = SAKSI_OK;

	char sent[40] = "";
	struct buf counts = BUF_INIT;

	/* A bundle that is read sends nothing. */
	if (remote != NULL)
		(void)snprintf(sent, sizeof(sent), ": sent %zu, ", s->sent);
	add_counts(&counts, s);
	cli_say(c, "%s%s%s %s.", remote != NULL ? remote : "", sent,
	    remote != NULL ? "received" : "Received", buf_cstr(&counts));
	buf_free(&counts);
	/* A few one by one; many by author. */
	if (json_array_size(changes) > CHANGES_SHOWN)
		rc = print_authors(c, changes);
	else
		json_array_foreach (changes, i, e) {
			print_change(c, e);
		}
	if (s->conflicts > 0)
		cli_say(c, "%zu conflict%s open; `saksi conflicts` shows them.",
		    s->conflicts, s->conflicts == 1 ? " is" : "s are");
	if (s->pending > 0)
		cli_say(c, "%zu change%s until earlier ones arrive.", s->pending,
		    s->pending == 1 ? " waits" : "s wait");
	if (s->missing > 0)
		cli_say(c, "%zu change%s known to exist, but nobody has sent %s yet.",
		    s->missing, s->missing == 1 ? " is" : "s are",
		    s->missing == 1 ? "it" : "them");
	if (s->quarantined > 0)
		cli_say(c, "%zu change%s set aside in quarantine.", s->quarantined,
		    s->quarantined == 1 ? " is" : "s are");
	return rc;
}

/* Refusals and warnings are no summary: --quiet does not hide them. */
void summary_trouble(const struct sync_summary *s)
{
	size_t i;
	const json_t *e;

	json_array_foreach (json_object_get(s->detail, "refused"), i, e) {
		cli_warn("refused: %s: %s", view_text(e, "what"), view_text(e, "reason"));
	}
	json_array_foreach (json_object_get(s->detail, "warnings"), i, e) {
		if (json_is_string(e))
			cli_warn("%s", json_string_value(e));
	}
}

/*
 * The labels that `list` has, with the victim of an act: they need other
 * records, which were not all there while the changes came in.
 */
static void relabel(struct cli *c, const json_t *changes)
{
	size_t i;
	json_t *e;

	if (cli_begin(c, false) != SAKSI_OK)
		return;
	json_array_foreach (changes, i, e) {
		struct buf label = BUF_INIT;
		struct saksi_id id;
		json_t *record = NULL;

		if (id_parse(&id, view_text(e, "id")) &&
		    view_get(c, &id, 0, NULL, &record) == SAKSI_OK) {
			view_label(c, &label, record);
			(void)json_object_set_new(e, "label",
			    json_string(buf_cstr(&label)));
		}
		json_decref(record);
		buf_free(&label);
	}
	cli_abort(c);
}

/* ${remote} may be NULL.  Nothing with --quiet. */
static enum saksi_err print(struct cli *c, const char *remote,
    const struct sync_summary *s)
{
	summary_trouble(s);
	if (c->json ||
	    json_array_size(json_object_get(s->detail, "changes")) <= CHANGES_SHOWN)
		relabel(c, json_object_get(s->detail, "changes"));
	if (c->json)
		return print_json(c, remote, s);
	return c->quiet ? SAKSI_OK : print_text(c, remote, s);
}

enum saksi_err summary_end(struct cli *c, const char *remote, struct sync_summary *s,
    enum saksi_err rc, bool worth)
{
	const struct saksi_error kept = c->err;
	enum saksi_err printed = SAKSI_OK;

	progress_end();
	if (rc == SAKSI_OK || worth)
		printed = print(c, remote, s);
	else
		summary_trouble(s);
	sync_summary_free(s);
	if (rc == SAKSI_OK)
		return printed;
	/* Why it ended says more than that it could not be printed. */
	c->err = kept;
	return rc;
}
