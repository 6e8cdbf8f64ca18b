/*
 * test_pairs.c - which records are proposed as one, and which never again.
 *
 * The table of name variants that the rules were tried on, pair by pair; the
 * sample records with and without what people decided about them; names that very
 * many bear; and the same in less memory.
 */
#include "vaults.h"

#include <saksi/base/text.h>

#include "catalog.h"
#include "pairs_int.h"

/* ---- the table ------------------------------------------------------------------------ */

static json_t *person(const char *name, const char *alias)
{
	json_t *o = alias == NULL ? json_pack("{s:[{s:s}]}", "names", "text", name)
				  : json_pack("{s:[{s:s},{s:s,s:s}]}", "names", "text",
					name, "text", alias, "kind", "alias");

	assert_non_null(o);
	return o;
}

static enum name_rank rank_between(json_t *a, json_t *b, bool organisations)
{
	struct pair_names x, y;
	struct name_match m, back;

	OK(pair_names_read(&x, a, &g_err));
	OK(pair_names_read(&y, b, &g_err));
	pair_names_match(&m, &x, &y, organisations);
	pair_names_match(&back, &y, &x, organisations);
	assert_int_equal(m.rank, back.rank);
	pair_names_free(&x);
	pair_names_free(&y);
	json_decref(a);
	json_decref(b);
	return m.rank;
}

static enum name_rank rank(const char *a, const char *b)
{
	return rank_between(person(a, NULL), person(b, NULL), false);
}

static void the_table_of_variants(void **state)
{
	(void)state;
	assert_int_equal(rank("Kong Raiya", "Kung Raiya"), NAME_NEAR1);
	assert_int_equal(rank("Kem Sokha", "Lem Sokha"), NAME_NEAR1);
	assert_int_equal(rank("Soy Chhay", "Son Chhay"), NAME_NEAR1);
	assert_int_equal(rank("Rong Chhun", "Rong Chuun"), NAME_EQUAL);
	assert_int_equal(rank("Chak Sopheap", "Sopheap Chak"), NAME_ORDER);
	assert_int_equal(rank("Phuon Keoreaksmey", "Phoung Keorasmey"), NAME_LOOSE);
	assert_int_equal(rank("Chhum Huot", "Chhum Hou"), NAME_NEAR2);
	/* An alias is entered by hand: then the pair is one. */
	assert_int_equal(rank("Yeang Sothearin", "Yeang Sochea Meta"), NAME_FAR);
	assert_int_equal(rank_between(person("Yeang Sothearin", "Yeang Sochea Meta"),
			     person("Yeang Sochea Meta", NULL), false),
	    NAME_EQUAL);
}

static void other_names(void **state)
{
	(void)state;
	assert_int_equal(rank("គង់ រ៉ៃយ៉ា", "Kong Raiya"), NAME_SOUND);
	assert_int_equal(rank("Sok Dara", "SÓK  DARA"), NAME_EQUAL);
	assert_int_equal(rank("Keoreaksmey", "Phuon Keoreaksmey"), NAME_PART);
	assert_int_equal(rank("Ny Sokha", "Kem Sokha"), NAME_FAR);
	assert_int_equal(rank("Hun Sen", "Hun Manet"), NAME_FAR);
	assert_int_equal(rank("Ly", "Ny"), NAME_FAR);
	assert_int_equal(rank("Sam Rainsy", "Am Sam Ath"), NAME_FAR);
}

static json_t *body(const char *name, const char *acronym)
{
	json_t *o = acronym == NULL ? json_pack("{s:[{s:s}]}", "names", "text", name)
				    : json_pack("{s:[{s:s},{s:s,s:s}]}", "names", "text",
					  name, "text", acronym, "kind", "acronym");

	assert_non_null(o);
	return o;
}

static void organisations_go_by_acronym(void **state)
{
	static const char *const idea[] =
	    {"Independent Democratic Association of Informal Economy",
		"Informal Democratic Economy Association",
		"Independent Democracy of Informal Economy Association"};
	static const char *const others[] = {"CCHR", "CCIM", "CCFC", "CCU", "CP", "CPP"};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(rank_between(body(idea[i], "IDEA"),
					     body(idea[k], "IDEA"), true),
			    NAME_EQUAL);
	for (size_t i = 0; i < 6; i++)
		for (size_t k = 0; k < 6; k++)
			assert_int_equal(rank_between(body("A Body", others[i]),
					     body("Other Men", others[k]), true),
			    i == k ? NAME_EQUAL : NAME_FAR);
	assert_int_equal(rank_between(body("International Federation for Human Rights (FIDH)",
					  NULL),
			     body("Fédération internationale", "FIDH"), true),
	    NAME_EQUAL);
	/* Near names, two acronyms: two bodies. */
	assert_int_equal(rank_between(body("Cambodian Center for Human Right", "CCHR"),
			     body("Cambodian Center for Human Rights", "CCIM"), true),
	    NAME_FAR);
}

/* ---- acts ------------------------------------------------------------------------------- */

static json_t *act(const char *victim, const char *kind, const char *date,
    const char *event)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "type", "act", "victim", victim,
	    "kind", kind, "event", event);

	assert_non_null(o);
	if (date != NULL)
		assert_int_equal(json_object_set_new(o, "date", json_string(date)), 0);
	return o;
}

static struct pair_judgement judged(json_t *a, json_t *b)
{
	struct pair_judgement j;

	pair_judge_acts(&j, a, b, NULL, NULL);
	json_decref(a);
	json_decref(b);
	return j;
}

#define ARREST "04:030101000000"
#define DETENTION "04:030102000000"

static void acts_need_a_date_or_an_event(void **state)
{
	struct pair_judgement j;

	(void)state;
	j = judged(act("p", ARREST, "2019-07-09", "e"), act("p", ARREST, "2019-07", "e"));
	assert_true(j.score > 0.5 && j.probable);
	j = judged(act("p", ARREST, "2019-07-09", "e"),
	    act("p", ARREST, "2019-07-09", "f"));
	assert_true(j.score > 0.4 && !j.probable);
	j = judged(act("p", ARREST, "2019-07-09", "e"), act("p", ARREST, NULL, "e"));
	assert_true(j.score > 0 && !j.probable);
	assert_true(judged(act("p", ARREST, "2019-07-09", "e"),
			act("p", ARREST, "2019-07-10", "e"))
			.score == 0);
	assert_true(judged(act("p", ARREST, "2019-07-09", "e"),
			act("p", DETENTION, "2019-07-09", "e"))
			.score == 0);
	assert_true(
	    judged(act("p", ARREST, NULL, "e"), act("p", ARREST, NULL, "f")).score == 0);
	assert_true(judged(act("p", ARREST, "2010/2020", "e"),
			act("p", ARREST, "2019-07-09", "f"))
			.score == 0);
}

/* ---- in a vault -------------------------------------------------------------------------- */

static void import_text(struct device *d, const char *text)
{
	struct import_options opt = {false, false, NULL, NULL};
	struct import_report rep;
	enum saksi_err rc = saksi_import(d->v, text, strlen(text), &opt, &rep, &g_err);

	if (rc != SAKSI_OK)
		fail_msg("import: %s: %s", saksi_err_name(rc),
		    rep.faults.n > 0 ? rep.faults.list[0].words : g_err.msg);
	import_report_free(&rep);
}

/* The samples; ${judged}: with what people decided about pairs. */
static void import_samples(struct device *d, bool judged_too)
{
	static const char *const kinds[] = {"\"same-as\"", "\"different-from\"",
	    "\"twin-of\""};
	struct buf all = BUF_INIT, some = BUF_INIT;
	char path[600];

	snprintf(path, sizeof(path), "%s/data/samples/cambodia.ndjson",
	    getenv("SAKSI_SRC"));
	OK(fs_read_file(&all, path, 16u << 20, &g_err));
	for (char *line = strtok((char *)(uintptr_t)buf_cstr(&all), "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		bool drop = false;

		for (size_t i = 0; i < 3 && !judged_too; i++)
			drop = drop || strstr(line, kinds[i]) != NULL;
		if (!drop)
			buf_printf(&some, "%s\n", line);
	}
	import_text(d, buf_cstr(&some));
	buf_free(&all);
	buf_free(&some);
}

/* What was found, kept for looking at. */
struct found {
	struct saksi_pair *list;
	size_t n;
	bool more;
	uint64_t compared, common_names, common_spellings, left;
};

static enum saksi_err keep(void *ctx, const struct saksi_pair *p, struct saksi_error *err)
{
	struct found *f = ctx;

	(void)err;
	assert_true(f->n < PAIRS_LIMIT_MAX);
	f->list[f->n] = *p;
	json_incref(p->record_a);
	json_incref(p->record_b);
	json_incref(p->reasons);
	json_incref(p->against);
	f->n++;
	return SAKSI_OK;
}

static void found_free(struct found *f)
{
	for (size_t i = 0; i < f->n; i++) {
		json_decref(f->list[i].record_a);
		json_decref(f->list[i].record_b);
		json_decref(f->list[i].reasons);
		json_decref(f->list[i].against);
	}
	free(f->list);
	memset(f, 0, sizeof(*f));
}

static struct found look(struct device *d, const char *type, size_t limit)
{
	struct found out = {.list = calloc(PAIRS_LIMIT_MAX, sizeof(*out.list))};
	struct saksi_pairs_options opt = {.type = type,
	    .limit = limit,
	    .found = keep,
	    .found_ctx = &out};
	struct saksi_pairs said;
	struct saksi_txn *t = begin(d, false);

	assert_non_null(out.list);
	OK(saksi_pairs_find(t, &opt, &said, &g_err));
	saksi_txn_abort(&t);
	assert_int_equal(said.n, out.n);
	out.more = said.more;
	out.compared = said.compared;
	out.common_names = said.common_names;
	out.common_spellings = said.common_spellings;
	out.left = said.left;
	for (size_t i = 0; i < out.n; i++) {
		assert_true(out.list[i].score > 0 && out.list[i].score < 1);
		assert_true(json_array_size(out.list[i].reasons) > 0);
		assert_true(i == 0 || out.list[i - 1].score >= out.list[i].score);
	}
	return out;
}

static const struct saksi_pair *pair_of(const struct found *p, const char *a,
    const char *b)
{
	for (size_t i = 0; i < p->n; i++) {
		const char *x =
		    json_string_value(json_object_get(p->list[i].record_a, "ref"));
		const char *y =
		    json_string_value(json_object_get(p->list[i].record_b, "ref"));

		if (x == NULL || y == NULL)
			continue;
		if ((strcmp(x, a) == 0 && strcmp(y, b) == 0) ||
		    (strcmp(x, b) == 0 && strcmp(y, a) == 0))
			return &p->list[i];
	}
	return NULL;
}

static void samples_as_they_are(void **state)
{
	struct device d;
	struct found p;

	(void)state;
	device_make(&d, g_schema);
	import_samples(&d, true);
	p = look(&d, "person", 100);
	/* Nobody confirmed it yet; the others were told apart, and twins are two. */
	assert_int_equal(p.n, 1);
	assert_non_null(pair_of(&p, "per-soy-chhay", "per-son-chhay"));
	assert_true(p.list[0].probable);
	assert_string_equal(p.list[0].linked, "probable");
	found_free(&p);
	p = look(&d, "organisation", 100);
	assert_int_equal(p.n, 0);
	found_free(&p);
	p = look(&d, "act", 100);
	assert_int_equal(p.n, 0);
	found_free(&p);
	device_end(&d);
}

static void samples_before_anybody_decided(void **state)
{
	struct device d;
	struct found p;
	const struct saksi_pair *one;

	(void)state;
	device_make(&d, g_schema);
	import_samples(&d, false);
	p = look(&d, "person", 100);
	assert_int_equal(p.n, 3);
	one = pair_of(&p, "per-soy-chhay", "per-son-chhay");
	assert_true(one != NULL && one->probable && one->linked[0] == '\0');
	one = pair_of(&p, "per-kem-sokha", "per-lem-sokha");
	assert_true(one != NULL && !one->probable);
	assert_non_null(pair_of(&p, "per-chhum-huot", "per-chhum-hou"));
	assert_null(pair_of(&p, "per-ny-sokha", "per-kem-sokha"));
	found_free(&p);
	p = look(&d, "organisation", 100);
	assert_null(pair_of(&p, "org-cchr", "org-ccim"));
	assert_int_equal(p.n, 0);
	found_free(&p);
	device_end(&d);
}

/* The table again, each name in a record of its own: found through the index. */
static void the_table_in_a_vault(void **state)
{
	static const char *const pairs[][3] = {{"Kong Raiya", "Kung Raiya", "y"},
	    {"Kem Sokha", "Lem Sokha", "y"}, {"Soy Chhay", "Son Chhay", "y"},
	    {"Rong Chhun", "Rong Chuun", "y"}, {"Chak Sopheap", "Sopheap Chak", "y"},
	    {"Phuon Keoreaksmey", "Phoung Keorasmey", "y"},
	    {"Yeang Sothearin", "Yeang Sochea Meta", "n"},
	    {"Chhum Huot", "Chhum Hou", "y"}};
	struct buf text = BUF_INIT;
	struct device d;
	struct found p;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		for (size_t k = 0; k < 2; k++)
			buf_printf(&text,
			    "{\"id\":\"n%zu-%zu\",\"type\":\"person\",\"names\":[\"%s\"]}\n",
			    i, k, pairs[i][k]);
	device_make(&d, g_schema);
	import_text(&d, buf_cstr(&text));
	p = look(&d, "person", 100);
	for (size_t i = 0; i < 8; i++) {
		char a[16], b[16];
		const struct saksi_pair *one;

		snprintf(a, sizeof(a), "n%zu-0", i);
		snprintf(b, sizeof(b), "n%zu-1", i);
		one = pair_of(&p, a, b);
		assert_int_equal(one != NULL, pairs[i][2][0] == 'y');
		assert_true(one == NULL || !one->probable); /* a name is all there is */
	}
	assert_int_equal(p.n, 7);
	found_free(&p);
	buf_free(&text);
	device_end(&d);
}

/* Two of one name with very many occupations: so many of them are held against each. */
static void attributes_are_bounded(void **state)
{
	enum { OCCUPATIONS = 3000 };
	struct buf text = BUF_INIT;
	struct pair_profile *profile;
	struct device d;
	struct saksi_txn *t;
	struct found p;

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		buf_printf(&text,
		    "{\"id\":\"n%zu\",\"type\":\"person\",\"names\":[\"Sok Dara\"],"
		    "\"born\":\"1980\",\"occupation\":[",
		    k);
		for (size_t i = 0; i < OCCUPATIONS; i++)
			buf_printf(&text, "%s\"trade %zu\"", i > 0 ? "," : "", i);
		buf_add_str(&text, "]}\n");
	}
	device_make(&d, g_schema);
	import_text(&d, buf_cstr(&text));
	t = begin(&d, false);
	OK(pair_profile_read(&profile, t, 1, false, &g_err));
	assert_int_equal(profile->of_kind[ATTR_OCCUPATION], PAIR_ATTRS_MAX);
	/* What is of another kind has its place still. */
	assert_int_equal(profile->of_kind[ATTR_BORN], 1);
	assert_int_equal(profile->n_attrs, PAIR_ATTRS_MAX + 1);
	pair_profile_free(&profile);
	saksi_txn_abort(&t);
	p = look(&d, "person", 100);
	assert_int_equal(p.n, 1);
	found_free(&p);
	buf_free(&text);
	device_end(&d);
}

#define PERSON "{\"id\":\"%s\",\"type\":\"person\",\"names\":[\"%s\"]}\n"
#define LINK                                                                                  \
	"{\"id\":\"%s\",\"type\":\"relationship\",\"kind\":\"%s\",\"a\":\"%s\",\"b\":\"%s\"," \
	"\"status\":\"%s\"}\n"

static size_t open_pairs(const char *links)
{
	struct buf text = BUF_INIT;
	struct device d;
	struct found p;
	size_t n;

	buf_printf(&text, PERSON PERSON PERSON, "p1", "Sok Dara", "p2", "Sok Dara", "p3",
	    "Sok Dara");
	buf_add_str(&text, links);
	device_make(&d, g_schema);
	import_text(&d, buf_cstr(&text));
	p = look(&d, "person", 100);
	n = p.n;
	found_free(&p);
	buf_free(&text);
	device_end(&d);
	return n;
}

static size_t open_after(const char *kind, const char *status, const char *kind2,
    const char *status2)
{
	char links[600];

	snprintf(links, sizeof(links), LINK LINK, "l1", kind, "p1", "p2", status, "l2",
	    kind2, "p3", "p2", status2);
	return open_pairs(links);
}

static void decisions_hold(void **state)
{
	(void)state;
	assert_int_equal(open_pairs(""), 3);
	assert_int_equal(open_after("same-as", "possible", "same-as", "probable"), 3);
	assert_int_equal(open_after("different-from", "rejected", "same-as", "possible"),
	    3);
	assert_int_equal(open_after("different-from", "confirmed", "same-as", "rejected"),
	    1);
	assert_int_equal(open_after("twin-of", "confirmed", "different-from", "probable"),
	    1);
	/* p1 is p2, and p2 is not p3: so p1 is not p3. */
	assert_int_equal(open_after("same-as", "confirmed", "different-from", "confirmed"),
	    0);
	/* All three are one. */
	assert_int_equal(open_after("same-as", "confirmed", "same-as", "confirmed"), 0);
}

static void joined_through_others(void **state)
{
	struct buf text = BUF_INIT;
	struct saksi_pair_links l = {0};
	struct saksi_id id;
	struct saksi_draft *draft = NULL;
	struct saksi_hash last;
	struct saksi_txn *t;
	struct device d;

	(void)state;
	buf_printf(&text, PERSON PERSON PERSON PERSON LINK LINK LINK, "p1", "A A", "p2",
	    "B B", "p3", "C C", "p4", "D D", "l1", "same-as", "p1", "p2", "confirmed",
	    "l2", "same-as", "p3", "p2", "confirmed", "l3", "same-as", "p3", "p4",
	    "probable");
	device_make(&d, g_schema);
	import_text(&d, buf_cstr(&text));
	t = begin(&d, true);
	OK(saksi_record_find(t, "p1", &id, &g_err));
	OK(saksi_pairs_joined(t, &id, 0, &l, &g_err));
	assert_int_equal(l.n, 2);
	saksi_pair_links_free(&l);
	/* Before there was anything nothing was joined. */
	OK(saksi_pairs_joined(t, &id, 1, &l, &g_err));
	assert_int_equal(l.n, 0);
	saksi_pair_links_free(&l);
	/* A link taken back joins nothing; nor does a record that was deleted. */
	OK(saksi_draft_new(&draft, t, &g_err));
	OK(saksi_record_find(t, "l2", &id, &g_err));
	OK(saksi_draft_delete(draft, &id, "not so", &g_err));
	OK(saksi_draft_commit(draft, &last, &g_err));
	saksi_draft_free(&draft);
	OK(saksi_record_find(t, "p1", &id, &g_err));
	OK(saksi_pairs_joined(t, &id, 0, &l, &g_err));
	assert_int_equal(l.n, 1);
	saksi_pair_links_free(&l);
	saksi_txn_abort(&t);
	buf_free(&text);
	device_end(&d);
}

/* Of very many of one name only those that share something else; and it is said. */
static void a_common_name(void **state)
{
	struct buf text = BUF_INIT;
	struct device d;
	struct found p;

	(void)state;
	for (unsigned i = 0; i < 3 * BLOCK_MAX; i++) {
		char id[16];

		snprintf(id, sizeof(id), "p%u", i);
		if (i == 7 || i == 99)
			buf_printf(&text,
			    "{\"id\":\"%s\",\"type\":\"person\",\"names\":[\"Sok Dara\"],"
			    "\"occupation\":[\"Weaver\"]}\n",
			    id);
		else
			buf_printf(&text, PERSON, id, "Sok Dara");
	}
	device_make(&d, g_schema);
	import_text(&d, buf_cstr(&text));
	p = look(&d, "person", 100);
	assert_int_equal(p.n, 1);
	assert_non_null(pair_of(&p, "p7", "p99"));
	assert_true(p.list[0].probable);
	assert_int_equal(p.common_names, 1);
	assert_int_equal(p.left, 0);
	assert_true(p.compared < 3 * BLOCK_MAX);
	found_free(&p);
	buf_free(&text);
	device_end(&d);
}

static void the_best_are_kept(void **state)
{
	struct buf text = BUF_INIT;
	struct device d;
	struct found p;

	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		char id[16];

		snprintf(id, sizeof(id), "p%u", i);
		buf_printf(&text, PERSON, id, i < 2 ? "Sok Dara" : "Sok Dara Chan");
	}
	device_make(&d, g_schema);
	import_text(&d, buf_cstr(&text));
	p = look(&d, "person", 10);
	assert_int_equal(p.n, 10);
	assert_true(p.more);
	found_free(&p);
	p = look(&d, "person", 1000);
	assert_int_equal(p.n, 1 + 28 * 27 / 2);
	assert_false(p.more);
	found_free(&p);
	buf_free(&text);
	device_end(&d);
}

/* ---- in little memory -------------------------------------------------------------------- */

#define FILLERS 400u

/* Many far names, and between them organisations, one with a long name, and a pair. */
static void import_many(struct device *d)
{
	struct buf text = BUF_INIT;
	char long_name[251];

	for (size_t i = 0; i < sizeof(long_name); i++)
		long_name[i] = i + 1 < sizeof(long_name) ? (char)('a' + i % 2) : '\0';
	for (unsigned i = 0; i < FILLERS; i++) {
		char id[16], name[16];

		snprintf(id, sizeof(id), "f%u", i);
		for (unsigned k = 0, x = i * 7919u + 13; k < 12; k++, x = x * 5 + 3)
			name[k] = (char)('a' + (x >> 3) % 26);
		name[6] = ' ';
		name[12] = '\0';
		if (i % 5 == 3)
			buf_printf(&text,
			    "{\"id\":\"%s\",\"type\":\"organisation\","
			    "\"kind\":\"other\",\"names\":[\"%s\"]}\n",
			    id, name);
		else if (i == 201)
			buf_printf(&text, PERSON, id, long_name);
		else
			buf_printf(&text, PERSON, id,
			    i == 150	   ? "Phuon Keoreaksmey"
				: i == 390 ? "Phoung Keorasmey"
					   : name);
	}
	import_text(d, buf_cstr(&text));
	buf_free(&text);
}

static uint64_t number_of(struct saksi_txn *t, unsigned filler)
{
	struct saksi_id id;
	uint64_t number;
	char ref[16];

	snprintf(ref, sizeof(ref), "f%u", filler);
	OK(saksi_record_find(t, ref, &id, &g_err));
	OK(catalog_number(t, &id, &number, &g_err));
	assert_true(number > 0);
	return number;
}

static void names_are_found_by_number(void **state)
{
	uint8_t bits[FILLERS / 8 + 8] = {0};
	struct saksi_pairs_options opt = {.type = "person", .limit = 1};
	struct pairing *p = calloc(1, sizeof(*p));
	uint64_t at[FILLERS];
	struct device d;

	(void)state;
	assert_non_null(p);
	device_make(&d, g_schema);
	import_many(&d);
	p->t = begin(&d, false);
	p->opt = &opt;
	p->docs = (struct doc_bits){.bits = bits, .n = 8 * sizeof(bits)};
	for (unsigned i = 0; i < FILLERS; i++) {
		at[i] = number_of(p->t, i);
		assert_true(at[i] < p->docs.n);
		if (i % 5 != 3)
			bit_set(bits, at[i]);
	}
	OK(quick_load(p, &g_err));
	for (unsigned i = 0; i < FILLERS; i++) {
		/* Of those that are not there nothing is known. */
		bool none = i % 5 == 3 || i == 201;

		assert_true(quick_near(&p->quick, at[i], at[i]));
		assert_int_equal(quick_near(&p->quick, at[i], at[150]), none || i == 150);
	}
	assert_true(quick_near(&p->quick, at[150], UINT64_MAX));
	pair_pool_free(&p->quick.pool);
	free(p->quick.at);
	saksi_txn_abort(&p->t);
	free(p);
	device_end(&d);
}

/* Whether profiles are kept or read again each time, the pairs are the same. */
static void what_is_forgotten_is_read_again(void **state)
{
	struct device d;
	struct found p, q;

	(void)state;
	device_make(&d, g_schema);
	import_many(&d);
	import_samples(&d, false);
	p = look(&d, "person", 1000);
	assert_non_null(pair_of(&p, "f150", "f390"));
	assert_non_null(pair_of(&p, "per-soy-chhay", "per-son-chhay"));
	pairs_test_kept(1);
	q = look(&d, "person", 1000);
	pairs_test_kept(0);
	assert_int_equal(p.n, q.n);
	assert_int_equal(p.compared, q.compared);
	for (size_t i = 0; i < p.n && i < q.n; i++) {
		assert_true(json_equal(p.list[i].record_a, q.list[i].record_a));
		assert_true(json_equal(p.list[i].record_b, q.list[i].record_b));
		assert_true(json_equal(p.list[i].reasons, q.list[i].reasons));
		assert_true(json_equal(p.list[i].against, q.list[i].against));
	}
	found_free(&p);
	found_free(&q);
	device_end(&d);
}

static void what_is_no_type_is_refused(void **state)
{
	static const struct saksi_pairs_options bad[] = {{.type = "case", .limit = 1},
	    {.type = "person", .limit = 0},
	    {.type = "act", .limit = PAIRS_LIMIT_MAX + 1}};
	struct saksi_pairs p;
	struct saksi_txn *t;
	struct device d;

	(void)state;
	device_make(&d, g_schema);
	t = begin(&d, false);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(saksi_pairs_find(t, &bad[i], &p, &g_err), SAKSI_EINVAL);
		assert_int_equal(p.n, 0);
	}
	saksi_txn_abort(&t);
	device_end(&d);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_table_of_variants),
    cmocka_unit_test(other_names),
    cmocka_unit_test(organisations_go_by_acronym),
    cmocka_unit_test(acts_need_a_date_or_an_event),
    cmocka_unit_test(the_table_in_a_vault),
    cmocka_unit_test(attributes_are_bounded),
    cmocka_unit_test(samples_as_they_are),
    cmocka_unit_test(samples_before_anybody_decided),
    cmocka_unit_test(decisions_hold),
    cmocka_unit_test(joined_through_others),
    cmocka_unit_test(a_common_name),
    cmocka_unit_test(the_best_are_kept),
    cmocka_unit_test(names_are_found_by_number),
    cmocka_unit_test(what_is_forgotten_is_read_again),
    cmocka_unit_test(what_is_no_type_is_refused),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
