/* pairs.c - looking for pairs: candidates in, the best of them out. */
#include <stdlib.h>
#include <string.h>

#include "pairs_int.h"
#include "search_int.h"
#include "vault_impl.h"

#define PROGRESS_EVERY 256u

bool saksi_pairs_type(const char *type)
{
	static const char *const types[] = {"person", "organisation", "act"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

/* ---- documents ------------------------------------------------------------------------ */

bool bits_has(const struct doc_bits *b, uint64_t doc)
{
	return doc < b->n && bit_get(b->bits, doc);
}

static bool bits_set(struct doc_bits *b, uint64_t doc, bool on)
{
	uint8_t bit = (uint8_t)(1u << doc % 8);

	if (doc >= b->n && !on)
		return true;
	if (doc >= b->n) {
		size_t bytes = (size_t)(doc / 8 + 1) * 2;
		uint8_t *bits = realloc(b->bits, bytes);

		if (bits == NULL)
			return false;
		memset(bits + b->n / 8, 0, bytes - b->n / 8);
		b->bits = bits;
		b->n = (uint64_t)bytes * 8;
	}
	if (on)
		b->bits[doc / 8] |= bit;
	else
		b->bits[doc / 8] &= (uint8_t)~bit;
	return true;
}

static enum saksi_err mark(struct pairing *p, struct doc_bits *bits,
    enum index_family family, const char *text, bool on, struct saksi_error *err)
{
	struct index_hits *h = NULL;
	struct index_term term;
	uint64_t doc = 0;
	bool found = true;
	enum saksi_err rc;

	index_term(&term, family, text, strlen(text));
	rc = index_hits_open(&h, p->x, p->kv, &term, err);
	while (rc == SAKSI_OK &&
	    (rc = index_hits_next(h, doc, &doc, &found, err)) == SAKSI_OK && found) {
		if (!bits_set(bits, doc, on))
			rc = saksi_fail_nomem(err);
		doc++;
	}
	index_hits_close(&h);
	return rc;
}

enum saksi_err pairing_docs(struct pairing *p, const struct index_term *term,
    uint64_t *list, size_t max, size_t *n, struct saksi_error *err)
{
	struct index_hits *h = NULL;
	uint64_t doc = 0;
	bool found = true;
	enum saksi_err rc = index_hits_open(&h, p->x, p->kv, term, err);

	*n = 0;
	while (rc == SAKSI_OK && *n <= max &&
	    (rc = index_hits_next(h, doc, &doc, &found, err)) == SAKSI_OK && found) {
		if (bits_has(&p->docs, doc)) {
			if (*n < max)
				list[*n] = doc;
			(*n)++;
		}
		doc++;
	}
	index_hits_close(&h);
	return rc;
}

/* ---- profiles -------------------------------------------------------------------------- */

static size_t kept_most = KEPT_BYTES;

void pairs_test_kept(size_t bytes)
{
	kept_most = bytes > 0 ? bytes : KEPT_BYTES;
}

/* A profile that is kept is counted as large as it is now. */
static void count(struct pairing *p, struct pair_profile *f)
{
	p->kept_bytes -= f->bytes;
	f->bytes = pair_profile_bytes(f);
	p->kept_bytes += f->bytes;
}

static void forget(struct pairing *p, struct pair_profile **kept)
{
	if (*kept != NULL)
		p->kept_bytes -= (*kept)->bytes;
	pair_profile_free(kept);
}

/* One after the other, but for those that are borrowed. */
static void make_room(struct pairing *p)
{
	for (size_t i = 0; i < PROFILES_KEPT && p->kept_bytes > kept_most; i++) {
		struct pair_profile **kept = &p->kept[p->hand++ % PROFILES_KEPT];

		if (*kept != NULL && (*kept)->users == 0)
			forget(p, kept);
	}
}

enum saksi_err pairing_profile(struct pairing *p, uint64_t number,
    struct pair_profile **out, struct saksi_error *err)
{
	struct pair_profile **kept = &p->kept[number % PROFILES_KEPT];
	struct pair_profile *f = NULL;
	enum saksi_err rc;

	*out = NULL;
	if (*kept != NULL && (*kept)->number == number) {
		(*kept)->users++;
		*out = *kept;
		return SAKSI_OK;
	}
	if ((rc = pair_profile_read(&f, p->t, number, false, err)) != SAKSI_OK)
		return rc;
	f->users = 1;
	*out = f;
	if (*kept != NULL && (*kept)->users > 0)
		return SAKSI_OK; /* its place is taken: freed when it is released */
	forget(p, kept);
	make_room(p);
	*kept = f;
	count(p, f);
	return SAKSI_OK;
}

void pairing_release(struct pairing *p, struct pair_profile **profile)
{
	struct pair_profile *f = *profile;

	*profile = NULL;
	if (f == NULL)
		return;
	f->users--;
	if (p->kept[f->number % PROFILES_KEPT] != f)
		pair_profile_free(&f);
}

enum saksi_err pairing_deepen(struct pairing *p, struct pair_profile *f,
    struct saksi_error *err)
{
	bool deep = f->deep;
	enum saksi_err rc = pair_profile_deepen(f, p->t, &p->gone, false, err);

	if (!deep && f->bytes > 0)
		count(p, f);
	return rc;
}

/* ---- proposals ---------------------------------------------------------------------------- */

static int by_score(const void *x, const void *y)
{
	const struct proposal *a = x, *b = y;

	if (a->score > b->score || a->score < b->score)
		return a->score > b->score ? -1 : 1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return a->b < b->b ? -1 : a->b > b->b;
}

/* Found by several of its names, a pair is there several times with one score. */
static void keep_best(struct pairing *p)
{
	size_t n = 0;

	if (p->n_best == 0)
		return;
	pair_sort(p->best, p->n_best, sizeof(*p->best), by_score);
	for (size_t i = 0; i < p->n_best; i++)
		if (n == 0 || by_score(&p->best[n - 1], &p->best[i]) != 0)
			p->best[n++] = p->best[i];
	if (n > p->opt->limit) {
		p->out->more = true;
		n = p->opt->limit;
		p->least = p->best[n - 1].score;
	}
	p->n_best = n;
}

enum saksi_err pairing_propose(struct pairing *p, uint64_t a, uint64_t b, double score,
    struct saksi_error *err)
{
	if (score < p->least) {
		p->out->more = true;
		return SAKSI_OK;
	}
	if (p->n_best == p->cap_best)
		keep_best(p);
	if (p->n_best == p->cap_best)
		return saksi_fail(err, SAKSI_EINVAL, "duplicates: the limit is too high");
	p->best[p->n_best++] = (struct proposal){a < b ? a : b, a < b ? b : a, score};
	return SAKSI_OK;
}

static enum saksi_err compare(struct pairing *p, struct pair_profile *a,
    struct pair_profile *b, struct saksi_error *err)
{
	struct name_match m;
	struct pair_judgement j;
	enum decided d;
	enum saksi_err rc;

	pair_names_match(&m, &a->names, &b->names, p->organisations);
	if (m.rank == NAME_FAR)
		return SAKSI_OK;
	d = pair_decided(&p->decisions, a->number, b->number);
	if (d == DECIDED_SAME || d == DECIDED_APART)
		return SAKSI_OK;
	if ((rc = pairing_deepen(p, a, err)) != SAKSI_OK ||
	    (rc = pairing_deepen(p, b, err)) != SAKSI_OK)
		return rc;
	pair_judge(&j, &m, a, b, NULL, NULL);
	return j.score > 0 ? pairing_propose(p, a->number, b->number, j.score, err)
			   : SAKSI_OK;
}

/* Most pairs are met under several of their names and letters. */
static bool was_seen(struct pairing *p, uint64_t a, uint64_t b)
{
	uint64_t key = a < b ? a << 32 | b : b << 32 | a;
	uint64_t *at = &p->seen[(key * 0x9e3779b97f4a7c15u >> 32) % SEEN_KEPT];

	if (((a | b) >> 32) != 0)
		return false;
	if (*at == key)
		return true;
	*at = key;
	return false;
}

enum saksi_err pairing_block(struct pairing *p, const uint64_t *list, size_t n,
    size_t across, bool sure, struct saksi_error *err)
{
	struct pair_profile *f[BLOCK_MAX] = {NULL};
	size_t end = across > 0 ? across : n;
	enum saksi_err rc = SAKSI_OK;

	n = n < BLOCK_MAX ? n : BLOCK_MAX;
	for (size_t i = 0; i < end && i < n; i++)
		for (size_t k = across > 0 ? across : i + 1; k < n && rc == SAKSI_OK;
		     k++) {
			p->out->compared++;
			if (list[i] == list[k] ||
			    (!sure && !quick_near(&p->quick, list[i], list[k])) ||
			    was_seen(p, list[i], list[k]))
				continue;
			if (f[i] == NULL)
				rc = pairing_profile(p, list[i], &f[i], err);
			if (rc == SAKSI_OK && f[k] == NULL)
				rc = pairing_profile(p, list[k], &f[k], err);
			if (rc == SAKSI_OK)
				rc = compare(p, f[i], f[k], err);
		}
	for (size_t i = 0; i < n; i++)
		pairing_release(p, &f[i]);
	return rc;
}

void pairing_step(struct pairing *p)
{
	if (++p->done % PROGRESS_EVERY == 0 && p->opt->progress != NULL)
		p->opt->progress(p->opt->ctx, p->done, 0);
}

/* ---- what comes out ------------------------------------------------------------------------ */

static enum saksi_err explain_acts(struct saksi_pair *o, const struct proposal *b,
    struct saksi_error *err)
{
	struct pair_judgement j;
	const char *x = json_string_value(json_object_get(o->record_a, "id"));
	const char *y = json_string_value(json_object_get(o->record_b, "id"));

	(void)b;
	if (x == NULL || y == NULL || !id_parse(&o->a, x) || !id_parse(&o->b, y))
		return saksi_fail(err, SAKSI_EDAMAGED,
		    "record: has no id; run `saksi verify`");
	pair_judge_acts(&j, o->record_a, o->record_b, &o->reasons, &o->against);
	o->probable = j.probable;
	return SAKSI_OK;
}

static enum saksi_err in_words(struct pairing *p, uint64_t number,
    struct pair_profile **out, struct saksi_error *err)
{
	enum saksi_err rc = pair_profile_read(out, p->t, number, true, err);

	return rc == SAKSI_OK ? pair_profile_deepen(*out, p->t, &p->gone, true, err) : rc;
}

static enum saksi_err explain_names(struct pairing *p, struct saksi_pair *o,
    const struct proposal *b, struct saksi_error *err)
{
	struct pair_profile *f = NULL, *g = NULL;
	struct pair_judgement j;
	struct name_match m;
	enum saksi_err rc = in_words(p, b->a, &f, err);

	if (rc == SAKSI_OK)
		rc = in_words(p, b->b, &g, err);
	if (rc == SAKSI_OK) {
		pair_names_match(&m, &f->names, &g->names, p->organisations);
		pair_judge(&j, &m, f, g, &o->reasons, &o->against);
		o->probable = j.probable;
		o->a = f->id;
		o->b = g->id;
	}
	pair_profile_free(&f);
	pair_profile_free(&g);
	return rc;
}

static enum saksi_err explain(struct pairing *p, struct saksi_pair *o,
    const struct proposal *b, struct saksi_error *err)
{
	enum decided d = pair_decided(&p->decisions, b->a, b->b);
	enum saksi_err rc = txn_record_json(p->t, b->a, &o->record_a, err);

	if (rc == SAKSI_OK)
		rc = txn_record_json(p->t, b->b, &o->record_b, err);
	if (rc != SAKSI_OK)
		return rc;
	o->score = b->score;
	o->linked = d == DECIDED_PROBABLE ? "probable"
	    : d == DECIDED_POSSIBLE	  ? "possible"
					  : "";
	o->reasons = json_array();
	o->against = json_array();
	rc = strcmp(p->opt->type, "act") == 0 ? explain_acts(o, b, err)
					      : explain_names(p, o, b, err);
	if (rc == SAKSI_OK && (o->reasons == NULL || o->against == NULL))
		rc = saksi_fail_nomem(err);
	return rc;
}

static void pair_free(struct saksi_pair *p)
{
	json_decref(p->record_a);
	json_decref(p->record_b);
	json_decref(p->reasons);
	json_decref(p->against);
}

static enum saksi_err hand_out(struct pairing *p, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;

	keep_best(p);
	for (size_t i = 0; i < p->n_best && rc == SAKSI_OK; i++) {
		struct saksi_pair o;

		memset(&o, 0, sizeof(o));
		rc = explain(p, &o, &p->best[i], err);
		if (rc == SAKSI_OK && p->opt->found != NULL)
			rc = p->opt->found(p->opt->found_ctx, &o, err);
		p->out->n += rc == SAKSI_OK;
		pair_free(&o);
	}
	return rc;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static enum saksi_err look(struct pairing *p, struct saksi_error *err)
{
	enum saksi_err rc;

	if ((rc = mark(p, &p->docs, IX_TYPE, p->opt->type, true, err)) != SAKSI_OK ||
	    (rc = mark(p, &p->docs, IX_STATE, "deleted", false, err)) != SAKSI_OK ||
	    (rc = mark(p, &p->gone, IX_STATE, "deleted", true, err)) != SAKSI_OK ||
	    (rc = pair_decisions_load(&p->decisions, p->t, &p->docs, err)) != SAKSI_OK)
		return rc;
	if (strcmp(p->opt->type, "act") == 0)
		return pairs_of_acts(p, err);
	rc = p->organisations ? SAKSI_OK : quick_load(p, err);
	if (rc == SAKSI_OK)
		rc = pairs_by_name(p, err);
	return rc == SAKSI_OK ? pairs_by_spelling(p, err) : rc;
}

enum saksi_err saksi_pairs_find(struct saksi_txn *t,
    const struct saksi_pairs_options *opt, struct saksi_pairs *out,
    struct saksi_error *err)
{
	struct pairing *p;
	enum saksi_err rc;

	memset(out, 0, sizeof(*out));
	if (!saksi_pairs_type(opt->type) || opt->limit == 0 ||
	    opt->limit > PAIRS_LIMIT_MAX)
		return saksi_fail(err, SAKSI_EINVAL,
		    "duplicates: takes person, organisation or act, and a limit of 1 to %u",
		    PAIRS_LIMIT_MAX);
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return saksi_fail_nomem(err);
	p->t = t;
	p->opt = opt;
	p->out = out;
	p->organisations = strcmp(opt->type, "organisation") == 0;
	p->cap_best = 4 * opt->limit + 1024;
	p->best = calloc(p->cap_best, sizeof(*p->best));
	p->seen = calloc(SEEN_KEPT, sizeof(*p->seen));
	rc = p->best == NULL || p->seen == NULL ? saksi_fail_nomem(err)
						: txn_index(t, &p->x, &p->kv, err);
	if (rc == SAKSI_OK)
		rc = look(p, err);
	if (rc == SAKSI_OK)
		rc = hand_out(p, err);
	for (size_t i = 0; i < PROFILES_KEPT; i++)
		pair_profile_free(&p->kept[i]);
	pair_decisions_free(&p->decisions);
	spellings_free(&p->spellings);
	pair_pool_free(&p->quick.pool);
	free(p->quick.at);
	free(p->docs.bits);
	free(p->gone.bits);
	free(p->best);
	free(p->common);
	free(p->seen);
	free(p);
	return rc;
}
