/*
 * Who said no and may say yes now: which entry holds a submission up, and what
 * to type when the answer is another one.
 *
 * The host weighs answers by their days (EXPORTER-API.md): the later one counts,
 * on the same day the no, and a no without a day against every yes.  So a yes
 * after an earlier no is simply added; otherwise the entry has to go first.
 * History keeps it.
 */
#include <string.h>

#include <saksi/base/edtf.h>
#include <saksi/base/mpjson.h>

#include "export.h"
#include "output.h"
#include "view.h"

#define PURPOSE "share-with-un"

static int32_t today(void)
{
	return (int32_t)(clock_now_us() / INT64_C(86400000000));
}

/* The last day that ${key} of an entry may mean; EDTF_DAY_MAX if it has none. */
static int32_t last_day(const json_t *entry, const char *key)
{
	const json_t *v = value_plain(json_object_get(entry, key));
	const char *text =
	    json_is_string(v) ? json_string_value(v) : view_text(v, "edtf");
	struct edtf d;

	if (text == NULL || edtf_parse(&d, text, NULL) != SAKSI_OK)
		return EDTF_DAY_MAX;
	return d.latest;
}

static const char *ref_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(value_plain(json_object_get(o, key)));

	return s != NULL ? s : "";
}

/* Is it a no of ${person}?  *day: since when. */
static bool is_no(const json_t *element, const char *person, bool own, int32_t *day)
{
	const json_t *entry = value_plain(element);
	const char *who = ref_text(entry, "person");
	const char *answer = ref_text(entry, "answer");

	if (strcmp(ref_text(entry, "purpose"), PURPOSE) != 0 ||
	    (who[0] != '\0' ? strcmp(who, person) != 0 : !own))
		return false;
	if (json_object_get(entry, "withdrawn") != NULL) {
		*day = last_day(entry, "withdrawn");
		return true;
	}
	*day = last_day(entry, "date");
	return strcmp(answer, "refused") == 0 || strcmp(answer, "withdrawn") == 0;
}

/* For a shell: 'text', with each ' in it as '\''. */
static void add_quoted(struct buf *out, const char *text)
{
	buf_add_byte(out, '\'');
	for (const char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_byte(out, (uint8_t)*p);
	buf_add_byte(out, '\'');
}

static void say(struct buf *line)
{
	(void)fputs("    ", stderr);
	out_text(stderr, buf_cstr(line));
	(void)fputc('\n', stderr);
}

/* The entry in words: where it stands, what it says, since when. */
static void say_entry(const json_t *record, const json_t *element, int32_t day)
{
	const json_t *entry = value_plain(element);
	bool withdrawn = json_object_get(entry, "withdrawn") != NULL;
	const json_t *v =
	    value_plain(json_object_get(entry, withdrawn ? "withdrawn" : "date"));
	const char *date =
	    json_is_string(v) ? json_string_value(v) : view_text(v, "edtf");
	struct buf line = BUF_INIT;

	buf_printf(&line, "That is the entry of `consent` in %s %.*s: %s",
	    view_text(record, "type"), SHORT_ID, view_text(record, "id"),
	    withdrawn ? "withdrawn" : ref_text(entry, "answer"));
	if (day == EDTF_DAY_MAX)
		buf_add_str(&line,
		    ", without a date, so it counts against every other answer");
	else
		buf_printf(&line, ", %s", date != NULL ? date : "");
	buf_add_str(&line, ".");
	say(&line);
	buf_free(&line);
}

static void say_command(const json_t *record, const json_t *element, const char *person,
    bool own, bool remove)
{
	struct buf line = BUF_INIT;
	struct buf entry = BUF_INIT;
	char day[24];

	time_people(day, clock_now_us());
	buf_printf(&line, "saksi edit %s", view_text(record, "id"));
	if (remove) {
		json_text(&entry, element);
		buf_add_str(&line, " consent-=");
		add_quoted(&line, buf_cstr(&entry));
		buf_reset(&entry);
	}
	buf_add_str(&entry, "{");
	if (!own)
		buf_printf(&entry, "\"person\":\"%s\",", person);
	buf_printf(&entry,
	    "\"purpose\":\"" PURPOSE "\",\"answer\":\"given\",\"date\":\"%.10s\"}", day);
	buf_add_str(&line, " consent+=");
	add_quoted(&line, buf_cstr(&entry));
	/* What was cut off must not be typed. */
	if (!line.failed && !entry.failed)
		say(&line);
	buf_free(&line);
	buf_free(&entry);
}

struct search {
	const char *person;
	int32_t day; /* of the newest no, the one that counts */
	bool found, print;
};

static void look_in(struct search *s, const json_t *record, bool own)
{
	const json_t *list = json_object_get(record, "consent");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *element = json_array_get(list, i);
		int32_t day;

		if (!is_no(element, s->person, own, &day))
			continue;
		if (!s->print && (!s->found || day > s->day))
			s->day = day;
		s->found = true;
		if (!s->print || day < s->day)
			continue;
		say_entry(record, element, day);
		(void)fputs("    If the person has decided anew, and only then:\n",
		    stderr);
		say_command(record, element, s->person, own, day >= today());
	}
}

static int on_case(void *ctx, json_t *record)
{
	look_in(ctx, record, false);
	return 0;
}

void export_refusals(struct exporting *x, const json_t *person)
{
	const struct host_source *source = &x->source.host;
	struct search s = {.person = view_text(person, "id")};

	for (int pass = 0; pass < 2; pass++) {
		s.print = pass == 1;
		look_in(&s, person, true);
		/* In a case every entry says whose it is. */
		if (source->linked(source->ctx, s.person, "case", on_case, &s) == 0)
			continue;
		cli_warn("consents in the cases of this person could not be read");
		return;
	}
}
