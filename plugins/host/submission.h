/*
 * submission.h - one submission: the intervention record, whom and what it is
 * about, the consents, and the document made of them.
 *
 *     gather -> consents -> document (feeds, withholding) -> checks
 */
#ifndef SAKSI_HOST_SUBMISSION_H
#define SAKSI_HOST_SUBMISSION_H

#include "form.h"
#include "job.h"

enum answer { ANSWER_NONE, ANSWER_YES, ANSWER_NO };

enum purpose { SHARE_WITH_UN, NAME_TO_GOVERNMENT, NAME_PUBLIC, PURPOSES };

struct consent {
	enum answer answer;
	bool expired;	/* there was one, but its time is over */
	json_t *entry;	/* what it rests on; NULL if nothing */
	char where[27]; /* record that holds the entry */
};

struct victim {
	char id[27];
	json_t *record; /* uncut: for consents and for what has to be withheld */
	json_t *seen;	/* cut; NULL when it is above the ceiling */
	bool named;	/* has a name at or below the ceiling */
	bool withheld;	/* goes by ${called} alone */
	char *called;	/* the name to use in this document */
	bool asked;	/* a finding gave the command that records the answers */
	struct consent consents[PURPOSES];
};

struct fact {
	json_t *record;	       /* uncut */
	json_t *seen;	       /* cut */
	int32_t day, last_day; /* earliest and latest, for the order */
	int rank;	       /* of the type, for facts of one day */
	bool other;	       /* does not hang on what the submission is about */
};

struct submission {
	const struct host_job *job;
	const struct schema *schema;
	struct cut cut;
	json_t *form;
	json_t *answers;      /* to the form's own questions */
	json_t *intervention; /* uncut: what it says is the submission itself */
	json_t *events;	      /* id -> cut record, or null above the ceiling */
	json_t *things;	      /* ids: what `about` names beside persons, and its parts */
	json_t *tied; /* id -> "victim" ...: what its events and facts say somebody is */
	json_t *recalled; /* ids of ${missing} that are deleted, so that their names are known */
	json_t *relied;	 /* answers of others that a name rests on; NULL: none */
	json_t *missing; /* ids: persons and things it names that no record is there for */
	struct victim *victims;
	size_t n_victims, room_victims;
	struct fact *facts; /* first those of what it is about, then others */
	size_t n_facts, n_main, room_facts;
	size_t above; /* victims and facts left out by the ceiling */
	bool by_name; /* `about` names persons or organisations */
	json_t *document;
	bool failed; /* memory ran out while building; everything built since is void */
	struct host_findings *findings;
};

/* ---- build.c: what is built is whole, or ${s->failed} is set -------------------------- */
/** build_array(s), build_object(s): New; NULL without memory. */
json_t *build_array(struct submission *s);
json_t *build_object(struct submission *s);
/** build_add(s, array, v): Append ${v}, which is taken over and may be NULL. */
void build_add(struct submission *s, json_t *array, json_t *v);
/** build_set(s, object, key, v): Likewise. */
void build_set(struct submission *s, json_t *object, const char *key, json_t *v);
/** build_once(s, lines, b): Append the text in ${b} unless it is empty or there. */
void build_once(struct submission *s, json_t *lines, struct buf *b);
/** build_done(s, b): Free ${b}; what failed in it is not forgotten. */
void build_done(struct submission *s, struct buf *b);
/** build_ok(s, err): Neither memory nor the source failed so far. */
SAKSI_MUST_CHECK enum saksi_err build_ok(const struct submission *s,
    struct saksi_error *err);

/* ---- gather.c, facts.c ---------------------------------------------------------- */
SAKSI_MUST_CHECK enum saksi_err submission_gather(struct submission *s,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err facts_gather(struct submission *s,
    struct saksi_error *err);
/** days_of(record, last): First and last day of its date, for sorting. */
int32_t days_of(const json_t *record, int32_t *last);
/** fact_tie(tie, s, record, err): What a fact's events have to do with the submission. */
enum tie { TIE_NONE, TIE_ELSEWHERE, TIE_OURS };
SAKSI_MUST_CHECK enum saksi_err fact_tie(enum tie *tie, const struct submission *s,
    const json_t *record, struct saksi_error *err);
/** event_add(s, id, err): One more event, unless it is there or no record. */
SAKSI_MUST_CHECK enum saksi_err event_add(struct submission *s, const char *id,
    struct saksi_error *err);
/** victim_done(v): Free what it holds. */
void victim_done(struct victim *v);
struct victim *victim_find(const struct submission *s, const char *id);
void submission_free(struct submission *s);
/** record_get(out, s, id, err): Uncut; SAKSI_OK with NULL if there is none. */
SAKSI_MUST_CHECK enum saksi_err record_get(json_t **out, const struct submission *s,
    const char *id, struct saksi_error *err);
/** text_at(o, key): A text, also out of {"v": ...}; "" if there is none. */
const char *text_at(const json_t *o, const char *key);
/** refers(record, key, id): The reference or list of references ${key} names ${id}. */
bool refers(const json_t *record, const char *key, const char *id);

/* ---- missing.c ------------------------------------------------------------------ */
/**
 * missing_gather(s, err):
 * Look for whom its records name: victims, accused and subjects, here or gone.
 */
SAKSI_MUST_CHECK enum saksi_err missing_gather(struct submission *s,
    struct saksi_error *err);
/** missing_findings(s): Each of them blocks (C8): their names cannot be withheld. */
void missing_findings(const struct submission *s);

/* ---- consent.c -------------------------------------------------------------------- */
/** consents_read(s, err): For each victim; decide who is withheld; sort by name. */
SAKSI_MUST_CHECK enum saksi_err consents_read(struct submission *s,
    struct saksi_error *err);
/** answers_read(s, v, err): Of anybody: ${v->id} and ${v->record} are set. */
SAKSI_MUST_CHECK enum saksi_err answers_read(const struct submission *s, struct victim *v,
    struct saksi_error *err);
/** answers_refuse(s, v): The answers forbid to name ${v}. */
bool answers_refuse(const struct submission *s, const struct victim *v);
/** answers_note(list, v): Append what ${v} answered, and where; false without memory. */
bool answers_note(json_t *list, const struct victim *v);
/** consents_relied_on(s): For the audit trail; a new array, NULL without memory. */
json_t *consents_relied_on(const struct submission *s);
const char *purpose_code(enum purpose p);

/* ---- withhold.c --------------------------------------------------------------------- */
/**
 * withhold(s, err):
 * Take the names of who may not be named out of every text of the document,
 * and report whom of the whole vault the texts name (C8).
 */
SAKSI_MUST_CHECK enum saksi_err withhold(struct submission *s, struct saksi_error *err);

/* ---- words.c -------------------------------------------------------------------------- */
/** words_party(out, s, id): What to call a record in this document; false: nothing. */
bool words_record(struct buf *out, struct submission *s, const char *id);
/** words_value(out, s, f, v): A value of a cut record, references by their names. */
void words_value(struct buf *out, struct submission *s, const struct schema_field *f,
    const json_t *v);
/** words_sources(s, record): Titles of the items that a cut record cites; a new array. */
json_t *words_sources(struct submission *s, const json_t *record);
/** words_fact(out, s, f): A dated fact as a paragraph. */
void words_fact(struct buf *out, struct submission *s, const struct fact *f);
/** words_date(out, v): A date value in words; false if there is none. */
bool words_date(struct buf *out, const json_t *date);
void words_country(struct buf *out, const char *code);
/** words_state(out, place): The country of a place, if it says one. */
void words_state(struct buf *out, const json_t *place);

/* ---- document.c, feeds*.c ------------------------------------------------------------- */
SAKSI_MUST_CHECK enum saksi_err document_make(struct submission *s,
    struct saksi_error *err);

/* Blocks are collected here and dropped into the section. */
struct section {
	struct submission *s;
	const json_t *form; /* the section of the form definition */
	json_t *blocks;
};
typedef void feed_fn(struct section *x);
struct feed {
	const char *name;
	feed_fn *fn;
};
extern const struct feed feeds_case[], feeds_people[]; /* end with a NULL name */
void block_text(struct section *x, const char *kind, const char *text);
/** block_fields(x): A new list of fields; block_field() adds to it. */
json_t *block_fields(struct section *x);
void block_field(struct section *x, json_t *fields, const char *label, const char *text);
void block_add(struct section *x, const char *kind, const char *key, json_t *value);

/* ---- checks.c --------------------------------------------------------------------------- */
SAKSI_MUST_CHECK enum saksi_err checks_run(struct submission *s, struct saksi_error *err);
/** checks_may_override(form, overrides, err): SAKSI_EINVAL for a check it does not have. */
SAKSI_MUST_CHECK enum saksi_err checks_may_override(const json_t *form,
    const char *const *overrides, struct saksi_error *err);
/** checks_override(findings, overrides): Mark them; the first that still blocks, or NULL. */
const struct host_finding *checks_override(struct host_findings *f,
    const char *const *overrides);

/* ---- submission.c ------------------------------------------------------------------------- */
SAKSI_MUST_CHECK enum saksi_err submission_make(struct submission *s,
    const struct host_job *job, struct host_findings *findings, struct saksi_error *err);

#endif
