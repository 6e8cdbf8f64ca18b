/*
 * pairs_profile.c - what is known of a person or an organisation beside names:
 * from its own record, and from those that refer to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>
#include <saksi/base/text.h>

#include "pairs_int.h"
#include "search_int.h"
#include "vault_impl.h"

#define COMPANIONS_MAX 16u /* of one charge or decision: a mass trial tells little */
#define WORDS_MAX 160u	   /* bytes of what is said of one attribute */

struct reading {
	struct saksi_txn *t;
	const struct schema *s;
	struct pair_profile *p;
	bool words; /* are wanted */
	char self[ID_TEXT_LEN + 1];
	enum saksi_err rc;
	struct saksi_error *err;
};

static const char *text_of(const json_t *record, const char *key)
{
	return json_string_value(value_plain(json_object_get(record, key)));
}

/* ---- one attribute ---------------------------------------------------------------- */

static struct pair_attr *add(struct reading *r, enum attr_kind kind, const char *key,
    const char *words)
{
	struct pair_profile *p = r->p;
	struct pair_attr *list, *a;

	if (r->rc != SAKSI_OK || key == NULL || key[0] == '\0' ||
	    p->of_kind[kind] == PAIR_ATTRS_MAX)
		return NULL;
	for (size_t i = 0; i < p->n_attrs; i++)
		if (p->attrs[i].kind == kind && strcmp(p->attrs[i].key, key) == 0)
			return NULL;
	list = list_room(p->attrs, p->n_attrs, &p->cap_attrs, sizeof(*list));
	if (list == NULL) {
		r->rc = saksi_fail_nomem(r->err);
		return NULL;
	}
	p->attrs = list;
	a = &list[p->n_attrs];
	memset(a, 0, sizeof(*a));
	a->kind = kind;
	a->key = strdup(key);
	words = r->words ? words : NULL;
	a->words = words != NULL ? strndup(words, WORDS_MAX) : NULL;
	if (a->key == NULL || (words != NULL && a->words == NULL)) {
		pair_forget(a->key);
		pair_forget(a->words);
		r->rc = saksi_fail_nomem(r->err);
		return NULL;
	}
	p->n_attrs++;
	p->of_kind[kind]++;
	return a;
}

/* Capitals, marks and spaces aside. */
static void add_folded(struct reading *r, enum attr_kind kind, const char *text)
{
	struct buf folded = BUF_INIT;

	if (text == NULL || r->rc != SAKSI_OK || r->p->of_kind[kind] == PAIR_ATTRS_MAX)
		return;
	r->rc = text_fold(&folded, text, strlen(text), r->err);
	if (r->rc == SAKSI_OK)
		(void)add(r, kind, buf_cstr(&folded), text);
	buf_free(&folded);
}

static void add_date(struct reading *r, enum attr_kind kind, const json_t *v)
{
	const json_t *plain = value_plain(v);
	const char *text = json_is_string(plain)
	    ? json_string_value(plain)
	    : json_string_value(json_object_get(plain, "edtf"));
	struct pair_attr *a;
	struct edtf d;

	if (text == NULL || edtf_parse(&d, text, NULL) != SAKSI_OK ||
	    (a = add(r, kind, text, text)) == NULL)
		return;
	a->date = d;
}

static void add_place(struct reading *r, const json_t *v)
{
	const json_t *place = value_plain(v);
	const char *exact = json_string_value(json_object_get(place, "exact"));
	const char *stated = json_string_value(json_object_get(place, "stated"));
	const char *part = json_string_value(json_object_get(place, "subdivision"));

	add_folded(r, ATTR_PLACE, exact);
	add_folded(r, ATTR_PLACE, stated);
	if (exact == NULL && stated == NULL)
		add_folded(r, ATTR_PLACE, part);
}

/* Another record, by its id and what people call it. */
static void add_record(struct reading *r, enum attr_kind kind, const char *id)
{
	struct saksi_id other;
	struct buf label = BUF_INIT;
	json_t *record = NULL;
	uint64_t number;

	if (r->rc != SAKSI_OK || r->p->of_kind[kind] == PAIR_ATTRS_MAX || id == NULL ||
	    !id_parse(&other, id) || strcmp(id, r->self) == 0)
		return;
	if (!r->words) {
		(void)add(r, kind, id, NULL);
		return;
	}
	r->rc = catalog_number(r->t, &other, &number, r->err);
	if (r->rc == SAKSI_OK && number != 0)
		r->rc = txn_record_json(r->t, number, &record, r->err);
	if (r->rc == SAKSI_OK && record != NULL)
		record_label(&label, r->s, record);
	if (r->rc == SAKSI_OK)
		(void)add(r, kind, id, label.len > 0 ? buf_cstr(&label) : id);
	buf_free(&label);
	json_decref(record);
}

/* ---- its own record ------------------------------------------------------------------ */

static void each_of(struct reading *r, const json_t *list,
    void (*fn)(struct reading *r, const json_t *v))
{
	size_t i;
	const json_t *e;

	json_array_foreach (list, i, e) {
		fn(r, value_plain(e));
	}
}

static void take_role(struct reading *r, const json_t *v)
{
	add_folded(r, ATTR_ROLE, text_of(v, "role"));
	add_record(r, ATTR_ORGANISATION, text_of(v, "organisation"));
}

static void take_document(struct reading *r, const json_t *v)
{
	add_folded(r, ATTR_DOCUMENT, text_of(v, "number"));
}

static void take_contact(struct reading *r, const json_t *v)
{
	add_folded(r, ATTR_CONTACT, text_of(v, "text"));
}

static void take_occupation(struct reading *r, const json_t *v)
{
	add_folded(r, ATTR_OCCUPATION, json_string_value(v));
}

static void take_organisation(struct reading *r, const json_t *v)
{
	add_record(r, ATTR_ORGANISATION, json_string_value(v));
}

static void take_source(struct reading *r, const json_t *v)
{
	(void)add(r, ATTR_SOURCE,
	    json_is_string(v) ? json_string_value(v) : text_of(v, "item"), NULL);
}

static void take_head(struct reading *r, const json_t *v)
{
	add_record(r, ATTR_COMPANION, json_string_value(v));
}

static void read_itself(struct reading *r, const json_t *record)
{
	const char *kind = text_of(record, "kind");
	const char *sex = text_of(record, "sex");

	each_of(r, json_object_get(record, "roles"), take_role);
	each_of(r, json_object_get(record, "identity_documents"), take_document);
	each_of(r, json_object_get(record, "contacts"), take_contact);
	each_of(r, json_object_get(record, "occupation"), take_occupation);
	each_of(r, json_object_get(record, "affiliations"), take_organisation);
	each_of(r, json_object_get(record, "heads"), take_head);
	each_of(r, json_object_get(record, "source"), take_source);
	add_date(r, ATTR_BORN, json_object_get(record, "born"));
	add_date(r, ATTR_DIED, json_object_get(record, "died"));
	add_place(r, json_object_get(record, "birth_place"));
	add_place(r, json_object_get(record, "place"));
	(void)add(r, ATTR_SEX, sex, NULL);
	if (r->p->organisation && kind != NULL && strcmp(kind, "other") != 0)
		(void)add(r, ATTR_KIND, kind,
		    schema_code_label(r->s, "organisation-kind", kind));
}

/* ---- what refers to it ----------------------------------------------------------------- */

/* Is it in this list of references? */
static bool list_has(const json_t *list, const char *id)
{
	size_t i;
	const json_t *e;

	json_array_foreach (list, i, e) {
		const char *text = json_string_value(value_plain(e));

		if (text != NULL && strcmp(text, id) == 0)
			return true;
	}
	return false;
}

/* Who stands in one list beside it; and that list, which tells two apart. */
static void read_list(struct reading *r, const json_t *record, const char *field)
{
	const json_t *list = json_object_get(record, field);
	size_t i, n = 0;
	const json_t *e;

	if (!list_has(list, r->self))
		return;
	(void)add(r, ATTR_SIDE, text_of(record, "id"), text_of(record, "type"));
	json_array_foreach (list, i, e) {
		if (n++ < COMPANIONS_MAX)
			add_record(r, ATTR_COMPANION, json_string_value(value_plain(e)));
	}
}

static bool is_perpetrator(const json_t *act, const char *id)
{
	const json_t *list = json_object_get(act, "involvement");
	size_t i;
	const json_t *e;

	json_array_foreach (list, i, e) {
		const char *who = text_of(value_plain(e), "perpetrator");

		if (who != NULL && strcmp(who, id) == 0)
			return true;
	}
	return false;
}

static void read_act(struct reading *r, const json_t *act)
{
	const char *victim = text_of(act, "victim");
	const json_t *date = value_plain(json_object_get(act, "date"));
	const char *day = json_is_string(date)
	    ? json_string_value(date)
	    : json_string_value(json_object_get(date, "edtf"));
	char key[160];
	struct edtf d;

	if (victim == NULL || strcmp(victim, r->self) != 0) {
		if (is_perpetrator(act, r->self))
			add_record(r, ATTR_EVENT, text_of(act, "event"));
		return;
	}
	add_record(r, ATTR_EVENT, text_of(act, "event"));
	add_place(r, json_object_get(act, "place"));
	if (day == NULL || edtf_parse(&d, day, NULL) != SAKSI_OK || !d.day_known)
		return;
	(void)snprintf(key, sizeof(key), "%ld %.100s", (long)d.earliest,
	    text_of(act, "kind") != NULL ? text_of(act, "kind") : "");
	(void)add(r, ATTR_DAY, key, day);
}

static void read_relationship(struct reading *r, const json_t *link)
{
	const char *kind = text_of(link, "kind");
	const char *a = text_of(link, "a"), *b = text_of(link, "b");
	bool first = a != NULL && strcmp(a, r->self) == 0;
	const char *other = first ? b : a;
	char key[96];

	if (kind == NULL || other == NULL || strcmp(kind, "same-as") == 0 ||
	    strcmp(kind, "different-from") == 0 || strcmp(kind, "possibly-about") == 0)
		return;
	if (strcmp(kind, "member-of") == 0 || strcmp(kind, "part-of") == 0) {
		if (first)
			add_record(r, ATTR_ORGANISATION, other);
		return;
	}
	(void)snprintf(key, sizeof(key), "%.40s %c %.26s", kind, first ? 'a' : 'b', other);
	(void)add(r, ATTR_RELATED, key, kind);
}

static void read_referrer(struct reading *r, const json_t *record)
{
	const char *type = text_of(record, "type");

	if (type == NULL)
		return;
	if (strcmp(type, "act") == 0) {
		read_act(r, record);
	} else if (strcmp(type, "charge") == 0) {
		read_list(r, record, "accused");
		if (list_has(json_object_get(record, "accused"), r->self))
			add_record(r, ATTR_EVENT, text_of(record, "event"));
	} else if (strcmp(type, "decision") == 0) {
		read_list(r, record, "subjects");
	} else if (strcmp(type, "case") == 0) {
		read_list(r, record, "subject");
	} else if (strcmp(type, "relationship") == 0) {
		read_relationship(r, record);
	}
}

enum saksi_err pair_deleted(struct saksi_txn *t, uint64_t number, bool *deleted,
    struct saksi_error *err)
{
	struct index_term term;
	struct index *x;
	struct kv_txn *kv;
	enum saksi_err rc = txn_index(t, &x, &kv, err);

	*deleted = false;
	index_term(&term, IX_STATE, "deleted", 7);
	return rc == SAKSI_OK ? index_has(x, kv, &term, number, deleted, err) : rc;
}

/* ---- a profile --------------------------------------------------------------------------- */

static void trim(struct pair_profile *p)
{
	struct pair_attr *list;

	if (p->n_attrs == p->cap_attrs || p->n_attrs == 0 ||
	    (list = pair_list_fit(p->attrs, p->n_attrs, sizeof(*list))) == NULL)
		return;
	p->attrs = list;
	p->cap_attrs = p->n_attrs;
}

/* What malloc() adds to each is about so much. */
#define MALLOC_MORE 16u

static size_t text_bytes(const char *s)
{
	return s != NULL ? strlen(s) + 1 + MALLOC_MORE : 0;
}

size_t pair_profile_bytes(const struct pair_profile *p)
{
	size_t n = sizeof(*p) + p->names.n * sizeof(*p->names.list) +
	    p->cap_attrs * sizeof(*p->attrs) + 3 * MALLOC_MORE;

	for (size_t i = 0; i < p->names.n; i++) {
		const struct pair_name *a = &p->names.list[i];

		n += text_bytes(a->text) + text_bytes(a->squeezed) +
		    text_bytes(a->sorted) + text_bytes(a->skeleton) +
		    text_bytes(a->skeleton2);
	}
	for (size_t i = 0; i < p->n_attrs; i++)
		n += text_bytes(p->attrs[i].key) + text_bytes(p->attrs[i].words);
	return n;
}

struct referrers {
	uint64_t list[PAIR_REFERRERS_MAX];
	size_t n;
};

static enum saksi_err note_referrer(void *ctx, uint64_t number, struct saksi_error *err)
{
	struct referrers *r = ctx;

	(void)err;
	if (r->n == PAIR_REFERRERS_MAX)
		return SAKSI_EEXIST; /* enough */
	r->list[r->n++] = number;
	return SAKSI_OK;
}

enum saksi_err pair_profile_deepen(struct pair_profile *p, struct saksi_txn *t,
    const struct doc_bits *gone, bool words, struct saksi_error *err)
{
	struct reading r = {.t = t,
	    .s = saksi_vault_schema(saksi_txn_vault(t)),
	    .p = p,
	    .words = words,
	    .err = err};
	struct referrers from = {.n = 0};
	enum saksi_err rc;

	if (p->deep)
		return SAKSI_OK;
	id_text(r.self, &p->id);
	rc = saksi_search_links(t, &p->id, note_referrer, &from, err);
	if (rc == SAKSI_EEXIST)
		rc = SAKSI_OK;
	for (size_t i = 0; i < from.n && rc == SAKSI_OK; i++) {
		json_t *record = NULL;

		if (bits_has(gone, from.list[i]))
			continue;
		rc = txn_record_json(t, from.list[i], &record, err);
		if (rc == SAKSI_OK)
			read_referrer(&r, record);
		if (rc == SAKSI_OK)
			rc = r.rc;
		json_decref(record);
	}
	trim(p);
	p->deep = rc == SAKSI_OK;
	return rc;
}

enum saksi_err pair_profile_read(struct pair_profile **out, struct saksi_txn *t,
    uint64_t number, bool words, struct saksi_error *err)
{
	struct pair_profile *p = calloc(1, sizeof(*p));
	struct reading r = {.t = t,
	    .s = saksi_vault_schema(saksi_txn_vault(t)),
	    .p = p,
	    .words = words,
	    .err = err};
	json_t *record = NULL;
	const char *type, *id;
	enum saksi_err rc;

	*out = NULL;
	if (p == NULL)
		return saksi_fail_nomem(err);
	p->number = number;
	rc = txn_record_json(t, number, &record, err);
	id = rc == SAKSI_OK ? text_of(record, "id") : NULL;
	if (rc == SAKSI_OK && (id == NULL || !id_parse(&p->id, id)))
		rc = saksi_fail(err, SAKSI_EDAMAGED,
		    "record: has no id; run `saksi verify`");
	if (rc == SAKSI_OK)
		rc = pair_names_read(&p->names, record, err);
	if (rc == SAKSI_OK) {
		type = text_of(record, "type");
		p->organisation = type != NULL && strcmp(type, "organisation") == 0;
		id_text(r.self, &p->id);
		read_itself(&r, record);
		trim(p);
		rc = r.rc;
	}
	json_decref(record);
	if (rc != SAKSI_OK)
		pair_profile_free(&p);
	*out = p;
	return rc;
}

void pair_profile_free(struct pair_profile **p)
{
	if (*p == NULL)
		return;
	pair_names_free(&(*p)->names);
	for (size_t i = 0; i < (*p)->n_attrs; i++) {
		pair_forget((*p)->attrs[i].key);
		pair_forget((*p)->attrs[i].words);
	}
	if ((*p)->n_attrs > 0)
		wipe((*p)->attrs, (*p)->n_attrs * sizeof(*(*p)->attrs));
	free((*p)->attrs);
	free(*p);
	*p = NULL;
}
