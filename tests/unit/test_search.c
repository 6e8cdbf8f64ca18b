/*
 * test_search.c - a search by the index against a scan with query_match().
 *
 * The sample records and as many made up ones, in Latin, Khmer and Arabic, are put
 * in two orders and in transactions of all sizes, with edits and deletions; then
 * thousands of random queries, made from what the records say, must find the same
 * either way.
 */

#include <saksi/base/text.h>

#include "schema_fixture.h"
#include "search_world.h"

#define RECORDS_MAX 2000u
#define MADE 500u
#define QUERY_ROOM 1024u

static json_t *records[RECORDS_MAX];
static size_t n_records;
static bool deleted[RECORDS_MAX];
static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 20) % below);
}

/* ---- records ------------------------------------------------------------------------ */

static const char *const words[] = {"arrest", "court", "Phnom", "Penh", "union", "leader",
    "land", "activist", "charged", "incitement", "T-shirt", "anti-corruption", "it's",
    "café", "cafe\u0301", "ÎLE", "2019", "3.5", "x", "the", "the", "the", "of", "of",
    "តុលាការ", "បានលើកពេល", "ខ្ញុំទៅសាលារៀននៅភ្នំពេញ", "សិទ្ធិមនុស្ស", "២០១៩", "ខ្ញុំ\u200bទៅ", "محكمة",
    "العمال", "مُحَاكَمَة", "٢٠١٩", "ﻣﺤﻜﻤﺔ", "ภาษาไทย", "น้ำใจ", "東京に住む", "—", "?!"};
static const char *const names[] = {"Kong Raiya", "Kung Raiya", "Kem Sokha", "Lem Sokha",
    "Soy Chhay", "Son Chhay", "Rong Chhun", "Rong Chuun", "Chak Sopheap", "Sopheap Chak",
    "Phuon Keo-Reaksmey", "Phoung Keorasmey", "Kongraiya", "Ko Ya", "Ra Ya", "So Phea",
    "Sophea", "O'Brien", "José Müller", "គង់ រ៉ៃយ៉ា", "គង់រ៉ៃយ៉ា", "سكينة يعقوبي", "سكينة", "អ៊ុំ",
    "Cambodian Center for Human Rights", "A B", "A", "Ly", "Иван Петров", "Kim Sok An"};
static const char *const dates[] = {"2019", "2019-07", "2019-07-09", "2019-07-10",
    "2020-02-29", "[2019-07-09..2019-07-12]", "[..2020-09-14]", "2018-01/2021-02",
    "2021/..", "1953-06-27", "1900/2000", "2021~", "2019-07?", "1066-10-14", "0000/9999"};
static const char *const kinds[] = {"04:030101000000", "04:030102000000", "x-slapp",
    "x-conviction", "04:999999999999", "04:010100000000"};
#define PICK(list) list[draw(sizeof(list) / sizeof((list)[0]))]

static void set(json_t *o, const char *key, json_t *v)
{
	assert_int_equal(json_object_set_new(o, key, v), 0);
}

static json_t *some_text(unsigned most)
{
	struct buf b = BUF_INIT;
	unsigned n = 1 + draw(most);

	for (unsigned i = 0; i < n; i++) {
		buf_add_str(&b, i > 0 ? " " : "");
		buf_add_str(&b, PICK(words));
	}
	json_t *v = json_string(buf_cstr(&b));
	buf_free(&b);
	assert_non_null(v);
	return v;
}

static json_t *wrapped(json_t *v)
{
	static const char *const status[] = {"accepted", "disputed"};
	json_t *o;

	if (draw(5) != 0)
		return v;
	o = json_pack("{so ss}", "v", v, "status", PICK(status));
	if (draw(2) == 0)
		set(o, "note", some_text(6));
	if (draw(2) == 0)
		set(o, "source", json_pack("[{ss}]", "item", "item-000"));
	return o;
}

static json_t *some_name(void)
{
	json_t *o = json_pack("{ss}", "text", PICK(names));

	if (draw(3) == 0)
		set(o, "kind", json_string("alias"));
	if (draw(9) == 0)
		set(o, "note", some_text(12));
	return wrapped(o);
}

static json_t *some_date(void)
{
	json_t *o;

	if (draw(2) == 0)
		return wrapped(json_string(PICK(dates)));
	o = json_pack("{ss}", "basis", "derived");
	if (draw(4) != 0)
		set(o, "edtf", json_string(PICK(dates)));
	if (draw(2) == 0)
		set(o, "stated", some_text(3));
	return wrapped(o);
}

static void some_id(char out[27])
{
	struct saksi_id id;

	for (size_t i = 0; i < sizeof(id.b); i++)
		id.b[i] = (uint8_t)draw(256);
	id_text(out, &id);
}

static const char *any_id(void)
{
	const char *id =
	    json_string_value(json_object_get(records[draw((uint32_t)n_records)], "id"));

	return id != NULL ? id : "item-000";
}

static void make_person(json_t *o)
{
	json_t *list = json_array();

	for (unsigned i = 0; i <= draw(3); i++)
		(void)json_array_append_new(list, some_name());
	set(o, "names", list);
	if (draw(3) == 0)
		set(o, "born", some_date());
	if (draw(3) == 0)
		set(o, "roles",
		    json_pack("[{ss ss}]", "role", "leader", "organisation", any_id()));
	if (draw(2) == 0)
		set(o, "note", some_text(30));
	set(o, "sex", json_string(draw(2) == 0 ? "f" : "m"));
}

static void make_act(json_t *o)
{
	set(o, "event", json_string(any_id()));
	set(o, "victim", json_string(any_id()));
	set(o, "kind", wrapped(json_string(PICK(kinds))));
	set(o, "date", some_date());
	if (draw(3) == 0)
		set(o, "detention",
		    json_pack("{so so}", "warrant_shown", wrapped(json_string("no")),
			"facility", some_text(3)));
	if (draw(3) == 0)
		set(o, "age", json_integer(draw(80)));
	if (draw(3) == 0)
		set(o, "amount",
		    json_pack("{ss ss}", "amount", draw(2) ? "4000000" : "25.50",
			"currency", "KHR"));
}

static void make_event(json_t *o)
{
	json_t *list = json_array();

	set(o, "title", wrapped(some_text(12)));
	set(o, "date", some_date());
	for (unsigned i = 0; i <= draw(2); i++)
		(void)json_array_append_new(list, wrapped(some_text(40)));
	set(o, "description", list);
	if (draw(2) == 0)
		set(o, "place",
		    wrapped(json_pack("{ss ss so}", "country", "KH", "subdivision",
			"KH-12", "stated", some_text(4))));
	if (draw(6) == 0)
		set(o, "rivals",
		    json_pack("[{ss so ss}]", "field", "title", "value", some_text(5),
			"by", "someone"));
}

static void make_item(json_t *o)
{
	set(o, "kind", json_string("photo"));
	set(o, "title", some_text(6));
	set(o, "collected",
	    json_string(draw(2) ? "2021-05-31T08:15:00Z" : "2019-07-09T00:00:00Z"));
	set(o, "tags", json_pack("[o]", some_text(2)));
	set(o, "source",
	    json_pack("[{ss ss}]", "item", any_id(), "locator", "lines 3, 5"));
}

static json_t *made_record(const char *id)
{
	static const struct {
		const char *type;
		void (*make)(json_t *o);
	} types[] = {{"person", make_person}, {"act", make_act}, {"event", make_event},
	    {"item", make_item}};
	static const char *const classes[] = {"P", "R", "C", "S"};
	unsigned k = draw(4);
	json_t *o = json_pack("{ss ss}", "id", id, "type", types[k].type);

	if (draw(3) != 0)
		set(o, "class", json_string(PICK(classes)));
	if (draw(4) == 0)
		set(o, "ref", json_sprintf("ref-%u", (unsigned)draw(1000)));
	types[k].make(o);
	return o;
}

static void load_samples(void)
{
	char path[PATH_SIZE];
	struct buf text = BUF_INIT;

	data_path(path, "samples/cambodia.ndjson");
	OK(fs_read_file(&text, path, 1u << 20, &g_err));
	for (const char *at = buf_cstr(&text), *end; *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		assert_non_null(end);
		records[n_records] = json_loadb(at, (size_t)(end - at), 0, NULL);
		assert_non_null(records[n_records++]);
	}
	buf_free(&text);
}

static int setup(void **state)
{
	if (setup_hardened(state) != 0 || schema_setup(state) != 0)
		return -1;
	seed = 88172645463325252u;
	load_samples();
	for (unsigned i = 0; i < MADE; i++) {
		char id[27];

		some_id(id);
		records[n_records++] = made_record(id);
	}
	for (size_t i = 0; i < n_records; i++)
		deleted[i] = draw(20) == 0;
	return 0;
}

static int teardown(void **state)
{
	for (size_t i = 0; i < n_records; i++)
		json_decref(records[i]);
	text_end_thread();
	return schema_teardown(state);
}

/* ---- an index of them ------------------------------------------------------------------- */

static enum saksi_err read_record(void *ctx, uint64_t number, json_t **out,
    struct saksi_error *err)
{
	(void)ctx;
	(void)err;
	assert_true(number > 0 && number <= n_records);
	*out = json_incref(records[number - 1]);
	return SAKSI_OK;
}

static void world_put(struct world *w, size_t i, const json_t *record, bool is_deleted)
{
	struct index_doc d = INDEX_DOC_INIT;

	if (record_terms(&d, schema, record, is_deleted, false, &w->f.err) != SAKSI_OK ||
	    index_put(w->x, i + 1, &d, &w->f.err) != SAKSI_OK)
		fail_msg("put: %s", w->f.err.msg);
	index_doc_free(&d);
}

static void fill_at_once(struct world *w)
{
	world_begin(w, true);
	for (size_t i = 0; i < n_records; i++)
		world_put(w, i, records[i], deleted[i]);
	world_commit(w);
}

/* In any order, each first with what another record says, in transactions of all sizes. */
static void fill_mixed(struct world *w)
{
	static uint32_t order[2 * RECORDS_MAX];
	static bool there[RECORDS_MAX];
	size_t n = 0, done = 0;

	memset(there, 0, sizeof(there));

	for (size_t i = 0; i < n_records; i++) {
		order[n++] = (uint32_t)i;
		if (draw(3) == 0)
			order[n++] = (uint32_t)i;
	}
	for (size_t i = n; i > 1; i--) {
		size_t k = draw((uint32_t)i);
		uint32_t t = order[i - 1];

		order[i - 1] = order[k];
		order[k] = t;
	}
	while (done < n) {
		size_t size = draw(4) == 0 ? 1 + draw(60) : 1 + draw(3);

		world_begin(w, true);
		for (; size > 0 && done < n; size--, done++) {
			uint32_t i = order[done];
			bool again = false;

			for (size_t k = done + 1; k < n; k++)
				again = again || order[k] == i;
			if (again && !there[i])
				world_put(w, i, records[draw((uint32_t)n_records)],
				    draw(5) == 0);
			else
				world_put(w, i, records[i], deleted[i]);
			there[i] = true;
		}
		world_commit(w);
	}
}

static void world_ready(struct world *w)
{
	world_begin(w, false);
	w->src = (struct search_source){w->x, w->t, schema, read_record, NULL};
}

/* ---- queries ------------------------------------------------------------------------------ */

struct taking {
	char *out;
	uint32_t left; /* how many to pass by */
	const struct schema_field *f;
	const json_t *v;
};

static bool take_text(void *ctx, const struct schema_field *f, enum text_weight weight,
    const char *text)
{
	struct taking *t = ctx;

	(void)f;
	(void)weight;
	(void)snprintf(t->out, 200, "%.199s", text);
	return t->left-- != 0;
}

static bool take_value(void *ctx, const struct schema_field *f, const json_t *v)
{
	struct taking *t = ctx;

	t->f = f;
	t->v = v;
	return t->left-- != 0;
}

/* Cut out whole characters, with nothing that the language reads otherwise. */
static void cut(char *text, size_t from, size_t n)
{
	size_t w = 0, at = 0;

	for (const char *s = text; *s != '\0'; s++) {
		bool first = ((unsigned char)*s & 0xc0) != 0x80;

		at += first;
		if (at > from && at <= from + n && *s != '"' && *s != '\n' && *s != '\r')
			text[w++] = *s;
	}
	text[w] = '\0';
	/* snprintf() may have cut a character in two. */
	while (w > 0 && !utf8_valid(text, w))
		text[--w] = '\0';
}

static void some_words(char *out, const json_t *record)
{
	struct taking t = {out, draw(8), NULL, NULL};

	out[0] = '\0';
	record_texts(schema, record, take_text, &t);
	cut(out, draw(3) == 0 ? draw(12) : 0, 1 + draw(20));
}

static void leaf_words(char *out, const json_t *record)
{
	char text[256] = "";

	some_words(text, record);
	if (draw(3) == 0)
		(void)snprintf(out, QUERY_ROOM, "\"%s\"", text);
	else if (draw(3) == 0)
		(void)snprintf(out, QUERY_ROOM, "\"%s\"", PICK(words));
	else {
		size_t n = strcspn(text, " ()");

		text[n] = '\0';
		(void)snprintf(out, QUERY_ROOM, "%s%s", text, draw(2) == 0 ? "*" : "");
	}
}

static void leaf_field(char *out, const json_t *record)
{
	struct taking t = {NULL, draw(12), NULL, NULL};
	struct buf text = BUF_INIT;
	char value[256];
	const char *key;

	(void)record_values(schema, record, take_value, &t);
	if (t.f == NULL || t.f->kind == FIELD_GROUP) {
		(void)strcpy(out, "type:act");
		return;
	}
	key = draw(2) == 0 ? t.f->path : t.f->name;
	if (draw(3) == 0 && json_is_string(value_plain(t.v)))
		buf_add_str(&text, json_string_value(value_plain(t.v)));
	else
		value_text(&text, schema, t.f, t.v);
	(void)snprintf(value, sizeof(value), "%.200s", buf_cstr(&text));
	buf_free(&text);
	if (draw(2) == 0)
		cut(value, draw(3) == 0 ? draw(10) : 0, 1 + draw(20));
	else
		cut(value, 0, 200);
	if (draw(4) == 0) {
		value[strcspn(value, " ()")] = '\0';
		(void)snprintf(out, QUERY_ROOM, "%s:%s*", key, value);
	} else
		(void)snprintf(out, QUERY_ROOM, "%s:\"%s\"", key, value);
}

static void leaf_name(char *out)
{
	char name[128];
	size_t n;

	(void)snprintf(name, sizeof(name), "%s", PICK(names));
	n = strlen(name);
	if (draw(2) == 0)
		name[strcspn(name, " ")] = '\0';
	n = strlen(name);
	for (unsigned edits = draw(4); edits > 0 && n > 1; edits--) {
		size_t i = draw((uint32_t)n);

		if ((unsigned char)name[i] >= 0x80)
			continue;
		if (draw(3) == 0)
			name[i] = (char)('a' + draw(26));
		else if (draw(2) == 0)
			memmove(name + i, name + i + 1, n-- - i);
		else if (n + 2 < sizeof(name)) {
			memmove(name + i + 1, name + i, ++n - i);
			name[i] = draw(3) == 0 ? ' ' : (char)('a' + draw(26));
		}
	}
	(void)snprintf(out, QUERY_ROOM, "name~\"%s\"", name);
}

static void leaf_date(char *out)
{
	static const char *const keys[] = {"date", "before", "after", "born", "collected"};
	static const char *const ranges[] = {"2019", "2019-07", "2019-07-09",
	    "2018..2020", "..2000", "2021..", "2019-07-10..2019-07-11", "1066",
	    "[2019-07-12..2020]", "1900", "2020-02-29..2020-02-29", "0001..9999"};

	(void)snprintf(out, QUERY_ROOM, "%s:%s", PICK(keys), PICK(ranges));
}

static void leaf(char *out)
{
	static const char *const simple[] = {"type:person", "type:act", "class:P",
	    "class:C", "class:S", "sex:f", "title:the", "names:alias", "kind:arrest",
	    "kind:conviction", "detention:no", "place:KH", "name:raiya",
	    "description:the", "born:1953", "title:\"the of\"", "status:disputed",
	    "amount:4000000", "kind:030101000000", "roles:leader", "note:\"of the\"",
	    "title:\"—\"", "collected:may", "date:2019", "source:lines", "tags:th*",
	    "description:t*", "age:2*"};
	const json_t *record = records[draw((uint32_t)n_records)];

	switch (draw(7)) {
	case 0:
		leaf_name(out);
		return;
	case 1:
		leaf_date(out);
		return;
	case 2:
	case 3:
		leaf_field(out, record);
		return;
	case 4:
		(void)snprintf(out, QUERY_ROOM, "ref:%s", any_id());
		if (draw(2) == 0)
			return;
		(void)strcpy(out, PICK(simple));
		return;
	default:
		leaf_words(out, record);
		return;
	}
}

static void some_query(char *out, unsigned depth)
{
	char a[2 * QUERY_ROOM], b[2 * QUERY_ROOM];

	if (depth == 0 || draw(3) == 0) {
		leaf(out);
		return;
	}
	some_query(a, depth - 1);
	some_query(b, depth - 1);
	switch (draw(4)) {
	case 0:
		(void)snprintf(out, QUERY_ROOM, "(%.400s) OR (%.400s)", a, b);
		return;
	case 1:
		(void)snprintf(out, QUERY_ROOM, "(%.400s) -(%.400s)", a, b);
		return;
	case 2:
		(void)snprintf(out, QUERY_ROOM, "-(%.400s)", a);
		return;
	default:
		(void)snprintf(out, QUERY_ROOM, "(%.400s) (%.400s)", a, b);
		return;
	}
}

/* ---- comparing ------------------------------------------------------------------------------ */

static struct query *parse(const char *text)
{
	struct schema_resolver res = {NULL, NULL, true, NULL};
	struct query *q = NULL;

	return query_parse(&q, schema, text, &res, &g_err) == SAKSI_OK ? q : NULL;
}

struct found {
	struct search_hit hits[RECORDS_MAX];
	size_t n;
	uint64_t rest;
	bool exact;
};

static void run(struct world *w, const struct query *q, const struct search_options *opt,
    struct found *out)
{
	struct saksi_search *s = NULL;
	bool found = true;

	out->n = 0;
	if (search_open_in(&s, &w->src, q, opt, &w->f.err) != SAKSI_OK)
		fail_msg("open: %s", w->f.err.msg);
	while (found) {
		assert_true(out->n < RECORDS_MAX);
		OK(saksi_search_next(s, &out->hits[out->n], &found, &w->f.err));
		out->n += found;
	}
	OK(saksi_search_rest(s, &out->rest, &out->exact, &w->f.err));
	saksi_search_close(&s);
}

/* In order of creation, all. */
static size_t check_created(struct world *w, const char *text, const struct query *q,
    bool of_deleted)
{
	struct search_options opt = {.order = SEARCH_CREATED, .deleted = of_deleted};
	static struct found f;
	size_t k = 0;

	run(w, q, &opt, &f);
	assert_int_equal(f.rest, 0);
	for (size_t i = 0; i < n_records; i++) {
		bool hit =
		    deleted[i] == of_deleted && query_match(q, records[i], NULL) == 1;
		bool got = k < f.n && f.hits[k].number == i + 1;

		if (hit != got)
			fail_msg("%s: record %zu is %s: %s", text, i + 1,
			    hit ? "missing" : "too much", json_dumps(records[i], 0));
		k += got;
	}
	assert_int_equal(k, f.n);
	opt.descending = true;
	static struct found back;
	run(w, q, &opt, &back);
	assert_int_equal(back.n, f.n);
	for (size_t i = 0; i < f.n; i++)
		assert_int_equal(back.hits[i].number, f.hits[f.n - 1 - i].number);
	return f.n;
}

static void check_page(struct world *w, const char *text, const struct query *q,
    struct search_options opt, const struct found *all)
{
	static struct found page;

	opt.offset = draw(7);
	opt.limit = 1 + draw(9);
	run(w, q, &opt, &page);
	for (size_t i = 0; i < page.n; i++)
		if (all->n <= i + opt.offset ||
		    page.hits[i].number != all->hits[i + opt.offset].number)
			fail_msg("%s: hit %zu of the page is another", text, i);
	size_t want = all->n > opt.offset ? all->n - (size_t)opt.offset : 0;
	size_t left = want > opt.limit ? want - (size_t)opt.limit : 0;
	assert_int_equal(page.n, want < opt.limit ? want : opt.limit);
	if (page.exact ? page.rest != left : page.rest < left)
		fail_msg("%s: %zu are left, not %zu", text, (size_t)page.rest, left);
}

static void check_ranked(struct world *w, const char *text, const struct query *q,
    size_t n)
{
	struct search_options opt = {.order = SEARCH_RANKED};
	static struct found f;

	run(w, q, &opt, &f);
	if (f.n != n)
		fail_msg("%s: %zu ranked, not %zu", text, f.n, n);
	for (size_t i = 1; i < f.n; i++)
		assert_true(f.hits[i - 1].score > f.hits[i].score ||
		    (f.hits[i - 1].score >= f.hits[i].score &&
			f.hits[i - 1].number < f.hits[i].number));
	check_page(w, text, q, opt, &f);
}

/* What a scan would sort by. */
static void key_of(struct buf *out, size_t number, const char *by)
{
	bool found;

	if (strcmp(by, "type") == 0)
		buf_add_str(out,
		    json_string_value(json_object_get(records[number - 1], "type")));
	else
		OK(record_sort_key(out, schema, records[number - 1], by, &found, NULL));
}

static void check_sorted(struct world *w, const char *text, const struct query *q,
    size_t n)
{
	static const char *const fields[] = {"title", "date", "names", "kind", "age",
	    "type", "detention.facility", "collected", "amount"};
	struct search_options opt = {.order = SEARCH_SORTED,
	    .sort = PICK(fields),
	    .descending = draw(2) == 0};
	static struct found f;
	struct buf a = BUF_INIT, b = BUF_INIT;

	run(w, q, &opt, &f);
	if (f.n != n)
		fail_msg("%s by %s: %zu, not %zu", text, opt.sort, f.n, n);
	for (size_t i = 0; i < f.n; i++) {
		buf_reset(&b);
		key_of(&b, f.hits[i].number, opt.sort);
		if (i > 0) {
			size_t less = a.len < b.len ? a.len : b.len;
			int c = less > 0 ? memcmp(a.p, b.p, less) : 0;

			c = c != 0 ? c : (a.len > b.len) - (a.len < b.len);
			c = a.len == 0 || b.len == 0 ? (a.len == 0) - (b.len == 0)
			    : opt.descending	     ? -c
						     : c;
			if (c > 0 || (c == 0 && f.hits[i - 1].number > f.hits[i].number))
				fail_msg("%s by %s: record %zu is not behind %zu", text,
				    opt.sort, (size_t)f.hits[i].number,
				    (size_t)f.hits[i - 1].number);
		}
		buf_reset(&a);
		buf_add(&a, b.p, b.len);
	}
	buf_free(&a);
	buf_free(&b);
	check_page(w, text, q, opt, &f);
}

static void check(struct world *w, const char *text)
{
	struct query *q = parse(text);
	size_t n;

	if (q == NULL)
		return;
	n = check_created(w, text, q, false);
	(void)check_created(w, text, q, true);
	check_ranked(w, text, q, n);
	check_sorted(w, text, q, n);
	query_free(&q);
}

static unsigned rounds(void)
{
	const char *s = getenv("SAKSI_ROUNDS");

	return s != NULL ? (unsigned)atoi(s) : 300;
}

static void check_world(struct world *w)
{
	char text[2 * QUERY_ROOM];

	world_ready(w);
	check(w, "");
	for (unsigned i = 0; i < rounds(); i++) {
		some_query(text, draw(3));
		check(w, text);
	}
	world_free(w);
}

static void test_at_once(void **state)
{
	struct world w;

	(void)state;
	world_new(&w);
	fill_at_once(&w);
	check_world(&w);
}

static void test_mixed(void **state)
{
	struct world w;

	(void)state;
	world_new(&w);
	fill_mixed(&w);
	check_world(&w);
}

static void test_empty(void **state)
{
	struct world w;
	struct search_options opt = {.order = SEARCH_SORTED, .sort = "title"};
	static const char *const queries[] = {"", "a", "a*", "\"a b\"", "-a", "name~sok",
	    "date:2019", "title:a", "a OR -b", "type:act class:P"};
	static struct found f;

	(void)state;
	world_new(&w);
	world_ready(&w);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct query *q = parse(queries[i]);

		for (int o = SEARCH_CREATED; o <= SEARCH_SORTED; o++) {
			opt.order = (enum search_order)o;
			opt.descending = !opt.descending;
			run(&w, q, &opt, &f);
			assert_int_equal(f.n, 0);
			assert_int_equal(f.rest, 0);
		}
		query_free(&q);
	}
	struct query *all = parse("");
	struct saksi_search *s = NULL;
	opt.sort = "victim";
	assert_int_equal(search_open_in(&s, &w.src, all, &opt, &w.f.err), SAKSI_EINVAL);
	assert_null(s);
	query_free(&all);
	assert_false(saksi_search_sortable(schema, "victim"));
	assert_false(saksi_search_sortable(schema, "nothing"));
	assert_true(saksi_search_sortable(schema, "title"));
	assert_true(saksi_search_sortable(schema, "label"));
	world_free(&w);
}

/* ---- scripts ---------------------------------------------------------------------------- */

/*
 * Sentences made for this test, written without spaces as Khmer is, and words that
 * must find them.
 */
static const struct {
	const char *text, *words[6];
} khmer[] = {
    /* I go to school in Phnom Penh. */
    {"ខ្ញុំទៅសាលារៀននៅភ្នំពេញ", {"ខ្ញុំ", "ទៅ", "សាលារៀន", "នៅ", "ភ្នំពេញ"}},
    /* The court has postponed it, 2019. */
    {"តុលាការបានលើកពេល ២០១៩។", {"តុលាការ", "បាន", "លើកពេល", "២០១៩", "2019", "٢٠١٩"}},
    /* The workers protest in front of the ministry. */
    {"កម្មករតវ៉ានៅមុខក្រសួង", {"កម្មករ", "តវ៉ា", "នៅមុខ", "ក្រសួង"}},
    /* The police arrested the journalist at night. */
    {"នគរបាលចាប់អ្នកកាសែតនៅយប់", {"នគរបាល", "ចាប់", "អ្នកកាសែត", "នៅ", "យប់"}},
};
/* Two ways to write the same; either finds the other. */
static const char *const alike[][2] = {{"caf\u00e9", "cafe\u0301"}, {"CAFÉ", "café"},
    {"ខ្ញុំទៅ", "ខ្ញុំ\u200bទៅ"}, {"សាលា\u200dរៀន", "សាលារៀន"}, {"2019", "២០១៩"}, {"٣٤", "34"},
    {"៣៤", "٣٤"}, {"ﻣﺤﻜﻤﺔ", "محكمة"}, {"Straße", "STRASSE"}, {"Việt", "viet"}};

static size_t find_titles(const char *title, const char *text)
{
	struct search_options opt = {.order = SEARCH_RANKED};
	static struct found f;
	struct world w;
	char query[512];
	size_t n = n_records;

	assert_true(n_records < RECORDS_MAX);
	records[n_records++] = json_pack("{ss ss}", "type", "event", "title", title);
	world_new(&w);
	world_begin(&w, true);
	world_put(&w, n, records[n], false);
	world_commit(&w);
	world_ready(&w);
	assert_true(snprintf(query, sizeof(query), "\"%s\"", text) < (int)sizeof(query));
	struct query *q = parse(query);
	assert_non_null(q);
	run(&w, q, &opt, &f);
	query_free(&q);
	world_free(&w);
	json_decref(records[--n_records]);
	return f.n;
}

static void test_khmer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(khmer) / sizeof(khmer[0]); i++) {
		assert_int_equal(find_titles(khmer[i].text, khmer[i].text), 1);
		for (size_t k = 0; k < 6 && khmer[i].words[k] != NULL; k++)
			if (find_titles(khmer[i].text, khmer[i].words[k]) != 1)
				fail_msg("%s is not found by %s", khmer[i].text,
				    khmer[i].words[k]);
		assert_int_equal(find_titles(khmer[i].text, "ទឹកជ្រោះ"), 0); /* waterfall */
	}
}

static void test_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
		for (size_t k = 0; k < 2; k++)
			if (find_titles(alike[i][k], alike[i][1 - k]) != 1)
				fail_msg("%s is not found by %s", alike[i][k],
				    alike[i][1 - k]);
}

#define LONG_WORDS 420000u /* more than RECORD_TERMS_MAX */

static json_t *long_record(void)
{
	struct buf text = BUF_INIT;
	json_t *o;

	for (unsigned i = 0; i < LONG_WORDS; i++) {
		char word[16];

		(void)snprintf(word, sizeof(word), "w%06u ", i);
		buf_add_str(&text, word);
	}
	o = json_pack("{ss ss ss s[ss] ss ss}", "type", "event", "note", buf_cstr(&text),
	    "title", "a long one", "tags", "early", "late", "description", "after it all",
	    "date", "2019-07-10");
	buf_free(&text);
	assert_non_null(o);
	return o;
}

/* What says more than the index takes is found by all that it says. */
static void test_long(void **state)
{
	static const char *const queries[] = {"w419999", "\"w419998 w419999\"",
	    "type:event -w419999", "tags:late", "w419999 OR court"};
	struct index_doc d = INDEX_DOC_INIT;
	struct world w;
	size_t n = n_records;

	(void)state;
	records[n_records++] = long_record();
	OK(record_terms(&d, schema, records[n], false, false, &g_err));
	assert_in_range(d.list.len, RECORD_TERMS_MAX, RECORD_TERMS_MAX + 4096);
	index_doc_free(&d);
	world_new(&w);
	fill_at_once(&w);
	world_ready(&w);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct query *q = parse(queries[i]);
		size_t found;

		assert_non_null(q);
		found = check_created(&w, queries[i], q, false);
		check_ranked(&w, queries[i], q, found);
		query_free(&q);
	}
	world_free(&w);
	json_decref(records[--n_records]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_long),
    cmocka_unit_test(test_khmer),
    cmocka_unit_test(test_alike),
    cmocka_unit_test(test_empty),
    cmocka_unit_test(test_at_once),
    cmocka_unit_test(test_mixed),
};

int main(void)
{
	return RUN_TESTS(tests, setup, teardown);
}
