/* link: a person's decision that two records are one, or two. */
#include <string.h>

#include <saksi/store/pairs.h>

#include "assign.h"
#include "find.h"
#include "links.h"
#include "open.h"
#include "options.h"
#include "output.h"
#include "view.h"

#define NOTE_BYTES 2000u

static const struct cli_option options[] = {
    {"kind", 0, false, "KIND", "same_as, different_from or same_act (required)"},
    {"status", 0, false, "STATUS",
	"confirmed (the default), probable, possible or rejected"},
    {"note", 0, false, "TEXT", "what this rests on"},
    {NULL, 0, false, NULL, NULL},
};

struct linking {
	struct cli *c;
	const char *kind, *status, *note;
	struct saksi_id id[2];
	struct saksi_record *r[2];
	struct saksi_id link; /* that is there already, or is made */
	const char *did;
};

/* same_as as people type it, same-as as the schema writes it. */
static const char *kind_of(const char *text)
{
	static const char *const kinds[][2] = {{"same_as", "same-as"},
	    {"different_from", "different-from"}, {"same_act", "same-act"}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(text, kinds[i][0]) == 0 || strcmp(text, kinds[i][1]) == 0)
			return kinds[i][1];
	return NULL;
}

static enum saksi_err check_options(struct linking *l)
{
	struct cli *c = l->c;
	const char *kind = cli_opt(c, "kind");
	enum saksi_err rc = cli_schema(c);

	if (rc != SAKSI_OK)
		return rc;
	l->kind = kind != NULL ? kind_of(kind) : NULL;
	if (l->kind == NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "link: needs --kind same_as, different_from or same_act");
	l->status = cli_opt(c, "status");
	if (l->status != NULL &&
	    schema_code_label(c->schema, "judgement", l->status) == NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--status: is one of confirmed, probable, possible, rejected");
	l->note = cli_opt(c, "note");
	return l->note == NULL ? SAKSI_OK
			       : cli_check_text(c, "--note", l->note, NOTE_BYTES);
}

/* ---- do the two fit ---------------------------------------------------------------------- */

static enum saksi_err check_types(struct linking *l)
{
	const char *a = l->r[0]->type, *b = l->r[1]->type;
	bool act = strcmp(a, "act") == 0;

	if (id_cmp(&l->id[0], &l->id[1]) == 0)
		return saksi_fail(&l->c->err, SAKSI_EINVAL,
		    "link: both are one record; name two");
	for (int i = 0; i < 2; i++)
		if (l->r[i]->state == RECORD_DELETED)
			return saksi_fail(&l->c->err, SAKSI_ENOTFOUND,
			    "%s: is deleted; `saksi undelete` brings it back",
			    l->c->args[i]);
	if (strcmp(a, b) != 0)
		return saksi_fail(&l->c->err, SAKSI_EINVAL,
		    "link: the one is a record of type %s, the other %s; only records of one "
		    "type can be the same",
		    a, b);
	if (strcmp(a, "relationship") == 0)
		return saksi_fail(&l->c->err, SAKSI_EINVAL,
		    "link: relationships are not linked; `saksi edit` or `saksi delete` the "
		    "one that is too much");
	if (strcmp(l->kind, "same-act") == 0 && !act)
		return saksi_fail(&l->c->err, SAKSI_EINVAL,
		    "--kind same_act: is for two acts; these are of type %s: use same_as",
		    a);
	if (strcmp(l->kind, "same-as") == 0 && act)
		return saksi_fail(&l->c->err, SAKSI_EINVAL,
		    "--kind same_as: these are two acts: use same_act");
	return SAKSI_OK;
}

/* ---- what was said before ------------------------------------------------------------------ */

static bool is_apart(const char *kind)
{
	return strcmp(kind, "different-from") == 0;
}

static bool holds(const struct saksi_pair_link *k)
{
	return strcmp(k->status, "rejected") != 0;
}

static enum saksi_err contradicts(struct linking *l, const struct saksi_pair_link *k)
{
	char id[ID_TEXT_LEN + 1];

	id_text(id, &k->link);
	return saksi_fail(&l->c->err, SAKSI_EEXIST,
	    "link: %.*s says %s of these two; `saksi delete %.*s --reason TEXT` takes that "
	    "back first",
	    SHORT_ID, id, k->kind, SHORT_ID, id);
}

/*
 * The link of this kind between the two, if there is one; a link that says the
 * contrary and was not rejected stands in the way.
 */
static enum saksi_err look_for(struct linking *l, struct saksi_pair_link *found, bool *is)
{
	struct saksi_pair_links all = {0};
	enum saksi_err rc =
	    saksi_pair_links_of(l->c->txn, &l->id[0], 0, &all, &l->c->err);
	bool rejecting = strcmp(l->status, "rejected") == 0;

	*is = false;
	for (size_t i = 0; i < all.n && rc == SAKSI_OK; i++) {
		const struct saksi_pair_link *k = &all.list[i];

		if (id_cmp(&k->other, &l->id[1]) != 0)
			continue;
		if (strcmp(k->kind, l->kind) == 0) {
			*found = *k;
			*is = true;
		} else if (!rejecting && holds(k) &&
		    is_apart(k->kind) != is_apart(l->kind)) {
			rc = contradicts(l, k);
		}
	}
	saksi_pair_links_free(&all);
	return rc;
}

static bool has(const struct saksi_pair_links *list, const struct saksi_id *self,
    const struct saksi_id *id)
{
	if (id_cmp(self, id) == 0)
		return true;
	for (size_t i = 0; i < list->n; i++)
		if (id_cmp(&list->list[i].other, id) == 0)
			return true;
	return false;
}

/* One whom ${a} goes with was told apart from one whom the other goes with. */
static enum saksi_err check_apart(struct linking *l, const struct saksi_id *a,
    const struct saksi_pair_links *others)
{
	struct saksi_pair_links links = {0};
	enum saksi_err rc = saksi_pair_links_of(l->c->txn, a, 0, &links, &l->c->err);

	for (size_t i = 0; i < links.n && rc == SAKSI_OK; i++) {
		char id[ID_TEXT_LEN + 1];

		if (!is_apart(links.list[i].kind) || !holds(&links.list[i]) ||
		    !has(others, &l->id[1], &links.list[i].other))
			continue;
		id_text(id, &links.list[i].link);
		rc = saksi_fail(&l->c->err, SAKSI_EEXIST,
		    "link: would join two records of which %.*s says that they are different; "
		    "`saksi show %.*s` shows it, `saksi delete` takes it back",
		    SHORT_ID, id, SHORT_ID, id);
	}
	saksi_pair_links_free(&links);
	return rc;
}

/* What is confirmed joins all that either of them was joined with. */
static enum saksi_err check_groups(struct linking *l)
{
	struct saksi_pair_links mine = {0}, theirs = {0};
	bool apart = is_apart(l->kind);
	enum saksi_err rc;

	if (strcmp(l->status, "rejected") == 0 ||
	    (!apart && strcmp(l->status, "confirmed") != 0))
		return SAKSI_OK;
	rc = saksi_pairs_joined(l->c->txn, &l->id[0], 0, &mine, &l->c->err);
	if (rc == SAKSI_OK)
		rc = saksi_pairs_joined(l->c->txn, &l->id[1], 0, &theirs, &l->c->err);
	if (rc == SAKSI_OK && apart && has(&mine, &l->id[0], &l->id[1]))
		rc = saksi_fail(&l->c->err, SAKSI_EEXIST,
		    "link: the two are confirmed to be the same through another record; "
		    "`saksi show` shows by which links, take one of these back first");
	if (rc == SAKSI_OK && !apart)
		rc = check_apart(l, &l->id[0], &theirs);
	for (size_t i = 0; i < mine.n && rc == SAKSI_OK && !apart; i++)
		rc = check_apart(l, &mine.list[i].other, &theirs);
	saksi_pair_links_free(&mine);
	saksi_pair_links_free(&theirs);
	return rc;
}

/* ---- writing ------------------------------------------------------------------------------- */

static enum saksi_err set_text(struct linking *l, struct saksi_draft *d,
    const char *field, const char *text)
{
	const struct schema_field *f =
	    schema_field(schema_type(l->c->schema, "relationship"), field);
	struct schema_resolver res = cli_resolver_new(l->c);
	struct schema_faults faults = {0};
	json_t *given = json_string(text);
	json_t *v = NULL;
	enum saksi_err rc;

	if (f == NULL || given == NULL) {
		json_decref(given);
		return f == NULL ? saksi_fail(&l->c->err, SAKSI_EFORMAT,
				       "schema: relationship lacks %s", field)
				 : saksi_fail_nomem(&l->c->err);
	}
	rc = schema_canonical(&v, l->c->schema, f, given, &res, 0, &faults, &l->c->err);
	if (rc == SAKSI_OK && v == NULL) {
		faults_print(&faults, "relationship");
		rc = saksi_fail(&l->c->err, SAKSI_EINVAL, "link: nothing was written");
	}
	if (rc == SAKSI_OK)
		rc = saksi_draft_set(d, &l->link, field, v, &l->c->err);
	schema_faults_free(&faults);
	json_decref(v);
	json_decref(given);
	return rc;
}

static enum saksi_err write_new(struct linking *l, struct saksi_draft *d)
{
	char a[ID_TEXT_LEN + 1], b[ID_TEXT_LEN + 1];
	enum saksi_err rc =
	    saksi_draft_create(d, &l->link, "relationship", NULL, NULL, &l->c->err);

	id_text(a, &l->id[0]);
	id_text(b, &l->id[1]);
	if (rc == SAKSI_OK)
		rc = set_text(l, d, "kind", l->kind);
	if (rc == SAKSI_OK)
		rc = set_text(l, d, "a", a);
	if (rc == SAKSI_OK)
		rc = set_text(l, d, "b", b);
	if (rc == SAKSI_OK)
		rc = set_text(l, d, "status", l->status);
	return rc;
}

static enum saksi_err write_link(struct linking *l, const struct saksi_pair_link *there)
{
	struct cli *c = l->c;
	struct saksi_draft *d = NULL;
	struct saksi_hash last;
	bool same = there != NULL && strcmp(there->status, l->status) == 0;
	enum saksi_err rc = saksi_draft_new(&d, c->txn, &c->err);

	l->did = there == NULL ? "linked" : same ? "was linked so before" : "changed";
	if (there != NULL)
		l->link = there->link;
	if (rc == SAKSI_OK && there == NULL)
		rc = write_new(l, d);
	else if (rc == SAKSI_OK && !same)
		rc = set_text(l, d, "status", l->status);
	if (rc == SAKSI_OK && l->note != NULL)
		rc = set_text(l, d, "basis", l->note);
	if (rc == SAKSI_OK && same && l->note != NULL)
		l->did = "changed";
	if (rc == SAKSI_OK && !saksi_draft_empty(d)) {
		rc = saksi_draft_commit(d, &last, &c->err);
		if (rc == SAKSI_OK)
			rc = cli_commit(c);
	}
	saksi_draft_free(&d);
	return rc;
}

static enum saksi_err report(struct linking *l)
{
	char id[ID_TEXT_LEN + 1];
	json_t *o;

	id_text(id, &l->link);
	if (!l->c->json) {
		cli_say(l->c, "%.*s: %s, %s, %s.", SHORT_ID, id, l->did, l->kind,
		    l->status);
		return SAKSI_OK;
	}
	o = json_object();
	obj_text(&o, "id", id);
	obj_text(&o, "did", l->did);
	obj_text(&o, "kind", l->kind);
	obj_text(&o, "status", l->status);
	return cli_out_json(l->c, o);
}

static enum saksi_err find_both(struct linking *l)
{
	struct cli *c = l->c;
	enum saksi_err rc = cli_open(c);

	if (rc == SAKSI_OK)
		rc = cli_begin(c, true);
	for (int i = 0; i < 2 && rc == SAKSI_OK; i++) {
		rc = cli_find(c, c->args[i], &l->id[i]);
		if (rc == SAKSI_OK)
			rc = saksi_record_get(&l->r[i], c->txn, &l->id[i], 0, &c->err);
	}
	return rc == SAKSI_OK ? check_types(l) : rc;
}

static enum saksi_err run(struct cli *c)
{
	struct linking l = {.c = c};
	struct saksi_pair_link there = {.status = ""};
	bool is = false;
	enum saksi_err rc = check_options(&l);

	if (rc == SAKSI_OK)
		rc = find_both(&l);
	if (l.status == NULL)
		l.status = "confirmed";
	if (rc == SAKSI_OK)
		rc = look_for(&l, &there, &is);
	if (rc == SAKSI_OK)
		rc = check_groups(&l);
	if (rc == SAKSI_OK)
		rc = write_link(&l, is ? &there : NULL);
	if (rc == SAKSI_OK)
		rc = report(&l);
	saksi_record_free(&l.r[0]);
	saksi_record_free(&l.r[1]);
	return rc;
}

const struct cli_command cmd_link = {
    .name = "link",
    .usage =
	"ID ID --kind same_as|different_from|same_act [--status STATUS] [--note TEXT]",
    .brief = "say that two records are one, or that they are two",
    .help =
	"Makes a relationship record; the two stay as they are. What is confirmed is shown\n"
	"together by `show` and `timeline`, where acts that are the same are one entry. What\n"
	"is probable or possible stays open: `duplicates` goes on proposing it, but no pair\n"
	"that is different_from, or rejected. Said again of the same two it changes the link\n"
	"that is there; `delete` takes a link back.",
    .example = "saksi link per-soy-chhay per-son-chhay --kind same_as \\\n"
	       "    --note 'both vice president of the Candlelight Party'\n"
	       "saksi link per-kem-sokha per-lem-sokha --kind different_from",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .flags = CMD_WRITES,
    .run = run,
};
