/*
 * gen_record.c - the records themselves, in blocks of twenty.
 *
 * Within a block types have fixed places, so who refers to a record of a type
 * knows where one stands: in its own block, or in any earlier one.
 */
#include "gen_int.h"
#include "words.h"

#define BLOCK 20u

enum place {
	AT_EVENT,
	AT_ITEM,
	AT_PERSON, /* to 5 */
	AT_ORGANISATION = 6,
	AT_ACT, /* to 11 */
	AT_CHARGE = 12,
	AT_DECISION, /* and 14 */
	AT_INFORMATION = 15,
	AT_RELATIONSHIP,
	AT_PROCEEDING,
	AT_WITNESS, /* a person again */
	AT_CASE	    /* in every fourth block a provision instead */
};

struct making {
	const struct gen *g;
	size_t i;
	struct dice d;
	unsigned plants;
	struct buf *out;
};

/* ---- parts ------------------------------------------------------------------------------ */

static void add_id(struct making *m, size_t i)
{
	struct saksi_id id;
	char text[ID_TEXT_LEN + 1];

	gen_id(m->g, i, &id);
	id_text(text, &id);
	buf_printf(m->out, "\"%s\"", text);
}

/* A record at one of ${n} places from ${first} on; mostly of the same block. */
static void add_ref(struct making *m, unsigned first, size_t n)
{
	size_t block = m->i / BLOCK;
	size_t at = first + dice_below(&m->d, n);

	if (block > 0 && dice_below(&m->d, 10) < 3)
		block = dice_below(&m->d, block);
	add_id(m, block * BLOCK + at);
}

static void add_ref_key(struct making *m, const char *key, unsigned first, size_t n)
{
	buf_printf(m->out, ",\"%s\":", key);
	add_ref(m, first, n);
}

static void add_ref_list(struct making *m, const char *key, unsigned first, size_t n)
{
	buf_printf(m->out, ",\"%s\":[", key);
	add_ref(m, first, n);
	buf_add_byte(m->out, ']');
}

static const char *pick(struct making *m, const struct word_list *l)
{
	return l->w[dice_below(&m->d, l->n)];
}

static void add_date(struct making *m, const char *key)
{
	size_t year = 1995 + dice_below(&m->d, 31);
	size_t month = 1 + dice_below(&m->d, 12);
	size_t day = 1 + dice_below(&m->d, 28);

	switch (dice_below(&m->d, 8)) {
	case 0:
		buf_printf(m->out, ",\"%s\":\"%zu-%02zu\"", key, year, month);
		break;
	case 1:
		buf_printf(m->out, ",\"%s\":\"%zu-%02zu-%02zu/%zu-%02zu\"", key, year,
		    month, day, year + 1, month);
		break;
	case 2:
		buf_printf(m->out,
		    ",\"%s\":{\"edtf\":\"%zu-%02zu-%02zu~\",\"basis\":\"derived\"}", key,
		    year, month, day);
		break;
	default:
		buf_printf(m->out, ",\"%s\":\"%zu-%02zu-%02zu\"", key, year, month, day);
		break;
	}
}

static void add_place(struct making *m, const char *key)
{
	size_t k = dice_below(&m->d, province_names.n);

	buf_printf(m->out,
	    ",\"%s\":{\"country\":\"KH\",\"subdivision\":\"KH-%zu\",\"stated\":\"%s\"}",
	    key, k + 1, province_names.w[k]);
}

static void add_title(struct making *m, const char *key)
{
	buf_printf(m->out, ",\"%s\":\"", key);
	gen_title(m->g, &m->d, m->out);
	buf_add_byte(m->out, '"');
}

/* The one long text of a record, with all that is planted. */
static void add_text(struct making *m, const char *key, bool list)
{
	buf_printf(m->out, ",\"%s\":%s\"", key, list ? "[" : "");
	gen_text(m->g, &m->d, m->plants, m->out);
	buf_add_str(m->out, list ? "\"]" : "\"");
}

static void add_source(struct making *m)
{
	buf_add_str(m->out, ",\"source\":[{\"item\":");
	add_ref(m, AT_ITEM, 1);
	buf_printf(m->out, ",\"locator\":\"lines %zu\"}]", 1 + dice_below(&m->d, 900));
}

/* ---- people and groups ----------------------------------------------------------------- */

static void add_given_name(struct making *m)
{
	if (dice_below(&m->d, 2) == 0) {
		buf_add_str(m->out, pick(m, &given_names));
		return;
	}
	buf_add_byte(m->out, (uint8_t) "BCDKLMNPRSTV"[dice_below(&m->d, 12)]);
	buf_add_str(m->out, pick(m, &latin_syllables) + 1);
	for (size_t n = 1 + dice_below(&m->d, 2); n > 0; n--)
		buf_add_str(m->out, pick(m, &latin_syllables));
}

static void add_names(struct making *m)
{
	const struct word_list *other =
	    dice_below(&m->d, 3) > 0 ? &khmer_names : &arabic_names;

	buf_printf(m->out, ",\"names\":[{\"text\":\"%s ", pick(m, &family_names));
	add_given_name(m);
	buf_add_str(m->out, "\",\"script\":\"Latn\"}");
	if (dice_below(&m->d, 2) == 0) {
		buf_printf(m->out, ",{\"text\":\"%s ", pick(m, other));
		buf_printf(m->out, "%s\",\"kind\":\"variant\",\"script\":\"%s\"}",
		    pick(m, other), other == &khmer_names ? "Khmr" : "Arab");
	}
	buf_add_byte(m->out, ']');
}

static void make_person(struct making *m)
{
	add_names(m);
	buf_printf(m->out,
	    ",\"counting_unit\":\"07:010000000000\",\"sex\":\"%s\",\"citizenship\":[\"KH\"]",
	    dice_below(&m->d, 2) == 0 ? "f" : "m");
	add_date(m, "born");
	if (dice_below(&m->d, 3) == 0)
		buf_printf(m->out,
		    ",\"contacts\":[{\"kind\":\"phone\",\"text\":\"+855 %zu\"}]",
		    10000000 + dice_below(&m->d, 89999999));
	add_text(m, "note", false);
}

static void make_organisation(struct making *m)
{
	static const char *const kinds[] = {"ngo", "court", "police", "trade-union",
	    "media-outlet"};

	buf_add_str(m->out, ",\"names\":[{\"text\":\"");
	gen_title(m->g, &m->d, m->out);
	buf_printf(m->out, "\"}],\"kind\":\"%s\"", kinds[dice_below(&m->d, 5)]);
	add_place(m, "place");
	add_text(m, "note", false);
}

/* ---- what happened ------------------------------------------------------------------------ */

static void make_event(struct making *m)
{
	add_title(m, "title");
	add_date(m, "date");
	add_place(m, "place");
	buf_printf(m->out, ",\"rights\":[\"%s\"]", pick(m, &right_codes));
	add_text(m, "description", true);
}

static void make_act(struct making *m)
{
	add_ref_key(m, "event", AT_EVENT, 1);
	add_ref_key(m, "victim", AT_PERSON, 4);
	buf_printf(m->out, ",\"kind\":\"%s\"", pick(m, &act_codes));
	add_date(m, "date");
	if (dice_below(&m->d, 2) == 0)
		add_place(m, "place");
	buf_add_str(m->out, ",\"involvement\":[{\"perpetrator\":");
	add_ref(m, AT_ORGANISATION, 1);
	buf_printf(m->out, ",\"degree\":\"%s\"", pick(m, &degree_codes));
	buf_printf(m->out, ",\"type\":\"%s\"}]", pick(m, &offender_codes));
	add_text(m, "reason_stated", false);
	add_source(m);
}

static void make_charge(struct making *m)
{
	add_ref_list(m, "accused", AT_PERSON, 4);
	add_title(m, "label_stated");
	add_ref_key(m, "court", AT_ORGANISATION, 1);
	add_ref_key(m, "event", AT_EVENT, 1);
	add_date(m, "date");
	add_text(m, "reason_stated", false);
	add_source(m);
}

static void make_decision(struct making *m)
{
	buf_printf(m->out, ",\"kind\":\"%s\"",
	    dice_below(&m->d, 2) == 0 ? "x-summons" : "x-complaint");
	add_ref_list(m, "subjects", AT_PERSON, 4);
	add_ref_key(m, "authority", AT_ORGANISATION, 1);
	add_ref_list(m, "charges", AT_CHARGE, 1);
	add_date(m, "date");
	add_text(m, "reason_stated", false);
	add_source(m);
}

static void make_information(struct making *m)
{
	add_ref_key(m, "item", AT_ITEM, 1);
	add_ref_list(m, "about", AT_ACT, 5);
	buf_printf(m->out, ",\"connection\":\"%s\",\"reliability\":\"42:020000000000\"",
	    pick(m, &source_codes));
	add_text(m, "note", false);
}

static void make_relationship(struct making *m)
{
	buf_add_str(m->out, ",\"kind\":\"colleague-of\",\"status\":\"probable\"");
	add_ref_key(m, "a", AT_PERSON, 2);
	add_ref_key(m, "b", AT_PERSON + 2, 2);
	add_text(m, "basis", false);
	add_source(m);
}

/* ---- papers ------------------------------------------------------------------------------------- */

static void make_item(struct making *m)
{
	buf_add_str(m->out, ",\"kind\":\"document\",\"language\":[\"en\"]");
	add_title(m, "title");
	add_date(m, "date");
	add_text(m, "description", false);
}

static void make_proceeding(struct making *m)
{
	add_title(m, "title");
	buf_add_str(m->out, ",\"kind\":\"criminal\"");
	add_ref_list(m, "courts", AT_ORGANISATION, 1);
	add_ref_list(m, "charges", AT_CHARGE, 1);
	add_ref_list(m, "decisions", AT_DECISION, 2);
	add_text(m, "note", false);
}

static void make_case(struct making *m)
{
	add_title(m, "title");
	add_ref_list(m, "subjects", AT_PERSON, 4);
	add_ref_list(m, "events", AT_EVENT, 1);
	buf_add_str(m->out, ",\"status\":\"43:010000000000\"");
	add_text(m, "summary", true);
}

static void make_provision(struct making *m)
{
	add_title(m, "law");
	buf_printf(m->out, ",\"article\":\"%zu\",\"country\":\"KH\"",
	    1 + dice_below(&m->d, 700));
	add_text(m, "note", false);
}

struct recipe {
	const char *type;
	void (*make)(struct making *m);
};

static const struct recipe *recipe_of(size_t i)
{
	static const struct recipe event = {"event", make_event},
				   item = {"item", make_item},
				   person = {"person", make_person},
				   organisation = {"organisation", make_organisation},
				   act = {"act", make_act},
				   charge = {"charge", make_charge},
				   decision = {"decision", make_decision},
				   information = {"information", make_information},
				   relationship = {"relationship", make_relationship},
				   proceeding = {"proceeding", make_proceeding},
				   dossier = {"case", make_case},
				   provision = {"provision", make_provision};
	static const struct recipe *const at[BLOCK] = {&event, &item, &person, &person,
	    &person, &person, &organisation, &act, &act, &act, &act, &act, &charge,
	    &decision, &decision, &information, &relationship, &proceeding, &person,
	    &dossier};
	size_t k = i % BLOCK;

	return k == AT_CASE && i / BLOCK % 4 == 3 ? &provision : at[k];
}

void gen_record(const struct gen *g, size_t i, struct buf *out)
{
	struct making m = {g, i, dice_new(g->seed, 2 * (uint64_t)i), gen_plants(g, i),
	    out};
	const struct recipe *r = recipe_of(i);

	buf_add_str(out, "{\"id\":");
	add_id(&m, i);
	buf_printf(out, ",\"type\":\"%s\",\"class\":\"%s\"", r->type,
	    dice_below(&m.d, 5) == 0 ? "P" : "C");
	r->make(&m);
	buf_add_byte(out, '}');
}
