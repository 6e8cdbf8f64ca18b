/* The summary of a sync: counts, then who changed what, then what is wrong. */
#include <string.h>

#include "summary.h"

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

static void print_change(struct cli *c, const json_t *e)
{
	cli_say(c, "  %-9s  %-12s  %.*s  %s  by %s", view_text(e, "did"),
	    view_text(e, "type"), SHORT_ID, view_text(e, "id"), view_text(e, "label"),
	    view_text(e, "by"));
}

static void print_text(struct cli *c, const char *remote, const struct sync_summary *s)
{
	const char *colon = remote != NULL ? ": " : "";
	size_t i;
	const json_t *e;

	cli_say(c, "%s%ssent %zu, received %zu: %zu new, %zu changed, %zu deleted.",
	    remote != NULL ? remote : "", colon, s->sent, s->received, s->new_records,
	    s->changed, s->deleted);
	json_array_foreach (json_object_get(s->detail, "changes"), i, e) {
		print_change(c, e);
		if (i == 19 &&
		    json_array_size(json_object_get(s->detail, "changes")) > 21) {
			cli_say(c, "  ... and %zu more (--json lists all)",
			    json_array_size(json_object_get(s->detail, "changes")) - 20);
			break;
		}
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
}

/* Refusals and warnings are no summary: --quiet does not hide them. */
static void print_trouble(const struct sync_summary *s)
{
	size_t i;
	const json_t *e;

	json_array_foreach (json_object_get(s->detail, "refused"), i, e)
		cli_warn("refused: %s: %s", view_text(e, "what"), view_text(e, "reason"));
	json_array_foreach (json_object_get(s->detail, "warnings"), i, e)
		if (json_is_string(e))
			cli_warn("%s", json_string_value(e));
}

enum saksi_err summary_print(struct cli *c, const char *remote,
    const struct sync_summary *s)
{
	progress_end();
	print_trouble(s);
	if (c->json)
		return print_json(c, remote, s);
	print_text(c, remote, s);
	return SAKSI_OK;
}
