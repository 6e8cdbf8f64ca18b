/*
 * pairs_act.c - acts that may be one act told twice: the same kind of act against
 * the same victim at the same time.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "pairs_int.h"
#include "search_int.h"
#include "vault_impl.h"

#define ACTS_MAX 200u /* of one victim; of more, the first are compared */
#define MONTH_DAYS 31

static const char *text_of(const json_t *record, const char *key)
{
	return json_string_value(value_plain(json_object_get(record, key)));
}

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
	const char *x = text_of(a, key), *y = text_of(b, key);

	return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* ---- judging ------------------------------------------------------------------------- */

static bool date_of(const json_t *act, struct edtf *d, const char **text)
{
	const json_t *v = value_plain(json_object_get(act, "date"));

	*text = json_is_string(v) ? json_string_value(v)
				  : json_string_value(json_object_get(v, "edtf"));
	return *text != NULL && edtf_parse(d, *text, NULL) == SAKSI_OK;
}

static bool is_narrow(const struct edtf *d)
{
	return d->earliest != EDTF_DAY_MIN && d->latest != EDTF_DAY_MAX &&
	    (int64_t)d->latest - d->earliest <= MONTH_DAYS;
}

static bool same_place(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"exact", "stated", "subdivision"};
	const json_t *x = value_plain(json_object_get(a, "place"));
	const json_t *y = value_plain(json_object_get(b, "place"));

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (same_text(x, y, keys[i]))
			return true;
	return false;
}

static bool same_perpetrator(const json_t *a, const json_t *b)
{
	const json_t *x = json_object_get(a, "involvement");
	const json_t *y = json_object_get(b, "involvement");
	size_t i, k;
	const json_t *e, *f;

	json_array_foreach (x, i, e) {
		json_array_foreach (y, k, f) {
			if (same_text(value_plain(e), value_plain(f), "perpetrator"))
				return true;
		}
	}
	return false;
}

/*
 * A month and a day in it agree; a span of years agrees with too much to tell, and
 * equal texts tell that one date was taken twice.
 */
static double judge_dates(const json_t *a, const json_t *b, bool *day, json_t **reasons,
    json_t **against)
{
	struct edtf x, y;
	const char *s, *t;

	*day = false;
	if (!date_of(a, &x, &s) || !date_of(b, &y, &t)) {
		pair_say(against, "one of them has no date");
		return 0;
	}
	if (!edtf_overlaps(&x, &y))
		return -1;
	if (strcmp(s, t) == 0 || (is_narrow(&x) && is_narrow(&y))) {
		*day = true;
		pair_say(reasons,
		    strcmp(s, t) == 0 ? "same date: %s" : "dates agree: %s, %s", s, t);
		return x.day_known && y.day_known ? 0.25 : 0.18;
	}
	pair_say(reasons, "dates overlap: %s, %s", s, t);
	return 0.08;
}

void pair_judge_acts(struct pair_judgement *j, const json_t *a, const json_t *b,
    json_t **reasons, json_t **against)
{
	double dates;
	unsigned agree;
	bool day, event = same_text(a, b, "event");

	memset(j, 0, sizeof(*j));
	if (!same_text(a, b, "kind"))
		return;
	pair_say(reasons,
	    same_text(a, b, "victim") ? "same victim"
				      : "victims confirmed to be the same");
	pair_say(reasons, "same kind of act");
	dates = judge_dates(a, b, &day, reasons, against);
	if (dates < 0)
		return;
	j->score = 0.3 + dates;
	agree = day;
	if (event) {
		j->score += 0.15;
		pair_say(reasons, "same event");
	}
	if (same_place(a, b)) {
		agree++;
		j->score += 0.12;
		pair_say(reasons, "same place");
	}
	if (same_perpetrator(a, b)) {
		agree++;
		j->score += 0.12;
		pair_say(reasons, "same perpetrator");
	}
	/* One event may well hold two acts of a kind; something more must agree. */
	j->probable = day && (event || agree > 1);
	if (agree == 0 && !event)
		j->score = 0;
}

/* ---- candidates ------------------------------------------------------------------------- */

struct acts {
	uint64_t list[ACTS_MAX];
	size_t n;
	uint64_t all;
};

static enum saksi_err acts_of(struct pairing *p, const struct index_term *term,
    struct acts *a, struct saksi_error *err)
{
	uint64_t room[ACTS_MAX];
	size_t n;
	enum saksi_err rc = pairing_docs(p, term, room, ACTS_MAX, &n, err);

	a->all += n;
	for (size_t i = 0; i < n && i < ACTS_MAX && a->n < ACTS_MAX; i++)
		a->list[a->n++] = room[i];
	return rc;
}

static enum saksi_err compare(struct pairing *p, uint64_t a, uint64_t b, const json_t *x,
    const json_t *y, struct saksi_error *err)
{
	struct pair_judgement j;
	enum decided d = pair_decided(&p->decisions, a, b);

	p->out->compared++;
	if (a == b || d == DECIDED_SAME || d == DECIDED_APART)
		return SAKSI_OK;
	pair_judge_acts(&j, x, y, NULL, NULL);
	return j.score > 0 ? pairing_propose(p, a, b, j.score, err) : SAKSI_OK;
}

static enum saksi_err compare_all(struct pairing *p, const struct acts *a,
    struct saksi_error *err)
{
	json_t *records[ACTS_MAX] = {NULL};
	enum saksi_err rc = SAKSI_OK;

	if (a->n < 2)
		return SAKSI_OK;
	if (a->all > a->n)
		p->out->left++;
	for (size_t i = 0; i < a->n && rc == SAKSI_OK; i++)
		rc = txn_record_json(p->t, a->list[i], &records[i], err);
	for (size_t i = 0; i < a->n && rc == SAKSI_OK; i++)
		for (size_t k = i + 1; k < a->n && rc == SAKSI_OK; k++)
			rc = compare(p, a->list[i], a->list[k], records[i], records[k],
			    err);
	for (size_t i = 0; i < a->n; i++)
		json_decref(records[i]);
	return rc;
}

/* Those of a person who was confirmed to be the same go with those of the first. */
static enum saksi_err victim(struct pairing *p, const struct index_term *term,
    struct saksi_error *err)
{
	static const char path[] = "victim";
	struct acts a = {.n = 0};
	char text[ID_TEXT_LEN + 1];
	struct saksi_id id;
	struct saksi_pair_links joined = {0};
	enum saksi_err rc;

	if (term->n != 1 + sizeof(path) + ID_TEXT_LEN)
		return SAKSI_OK;
	memcpy(text, term->b + 1 + sizeof(path), ID_TEXT_LEN);
	text[ID_TEXT_LEN] = '\0';
	if (!id_parse(&id, text))
		return SAKSI_OK;
	if ((rc = acts_of(p, term, &a, err)) != SAKSI_OK || a.n == 0)
		return rc;
	rc = saksi_pairs_joined(p->t, &id, 0, &joined, err);
	for (size_t i = 0; i < joined.n && rc == SAKSI_OK; i++) {
		struct index_term other;

		size_t before = a.n;

		id_text(text, &joined.list[i].other);
		index_term_keyed(&other, IX_FIELD, path, text, ID_TEXT_LEN);
		rc = acts_of(p, &other, &a, err);
		if (a.n > before && id_cmp(&joined.list[i].other, &id) < 0) {
			a.n = 0; /* all are looked at with that one's */
			break;
		}
	}
	saksi_pair_links_free(&joined);
	return rc == SAKSI_OK ? compare_all(p, &a, err) : rc;
}

enum saksi_err pairs_of_acts(struct pairing *p, struct saksi_error *err)
{
	struct index_walk *w = NULL;
	struct index_term prefix, term;
	bool found = true;
	enum saksi_err rc;

	index_term_keyed(&prefix, IX_FIELD, "victim", NULL, 0);
	rc = index_walk_open(&w, p->x, p->kv, &prefix, NULL, err);
	while (rc == SAKSI_OK &&
	    (rc = index_walk_next(w, &term, &found, err)) == SAKSI_OK && found) {
		rc = victim(p, &term, err);
		pairing_step(p);
	}
	index_walk_close(&w);
	return rc;
}
