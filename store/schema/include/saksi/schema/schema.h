/*
 * schema.h - record types, fields and code lists as data.
 *
 * Loaded from share/saksi/schema/{schema.json,thesauri.tsv}.  Knows the
 * interchange form (data/schema/README.md): checks it, brings every value to
 * one canonical shape, takes it apart into registers and list elements, puts
 * it together again, tells classes, cuts to a ceiling.  Knows nothing of
 * vaults.
 */
#ifndef SAKSI_SCHEMA_SCHEMA_H
#define SAKSI_SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <saksi/base/buf.h>
#include <saksi/base/edtf.h>
#include <saksi/base/err.h>

/* Confidentiality, ascending: public, organisation, case team, sealed. */
enum saksi_class { CLASS_NONE = 0, CLASS_P, CLASS_R, CLASS_C, CLASS_S };
char class_letter(enum saksi_class c);
enum saksi_class class_parse(const char *s); /* CLASS_NONE if it is none of P R C S */

enum field_kind {
	FIELD_TEXT,
	FIELD_NOTE,
	FIELD_CODE,
	FIELD_DATE,
	FIELD_TIME,
	FIELD_NAME,
	FIELD_PLACE,
	FIELD_NUMBER,
	FIELD_MONEY,
	FIELD_SANCTION,
	FIELD_REF,
	FIELD_LANG,
	FIELD_COUNTRY,
	FIELD_YESNO,
	FIELD_INT,
	FIELD_GROUP,
	FIELD_SOURCE,
	FIELD_ATTACHMENT
};
const char *field_kind_name(enum field_kind k);

struct schema_field {
	const char *name; /* last part of the path */
	const char *path; /* "detention.warrant_shown"; a register or list has this name */
	enum field_kind kind;
	bool many; /* an add-wins set; else a register */
	bool required;
	bool sealed;	      /* class S whatever the record says */
	enum saksi_class cls; /* default where the record states none (CLASS_NONE: C) */
	const char *list;     /* code list, or NULL */
	const char *to;	      /* target type, "party", "any", or NULL */
	const char *esf;      /* HURIDOCS field number, or NULL */
	const char *about;    /* what to write into it, or NULL */
	bool future;	      /* a day to come is nothing to warn of */
	const struct schema_field *fields; /* of a group, in order */
	size_t n_fields;
};
struct schema_type {
	const char *name;
	const char *label;		   /* field that names a record for people */
	const char *about;		   /* what it is, or NULL */
	const char *named[2];		   /* one of both should be filled; or NULL */
	const struct schema_field *fields; /* own fields, then the common ones */
	size_t n_fields;
};

struct schema;
SAKSI_MUST_CHECK enum saksi_err schema_load(struct schema **out, const char *dir,
    struct saksi_error *err);
void schema_free(struct schema **s);
const struct schema_type *schema_types(const struct schema *s, size_t *n);
const struct schema_type *schema_type(const struct schema *s, const char *name);
/** schema_field(t, path): Dotted for leaves of a single group; NULL if none. */
const struct schema_field *schema_field(const struct schema_type *t, const char *path);
/** schema_code_label(s, list, code): NULL if the code is not in the shipped list. */
const char *schema_code_label(const struct schema *s, const char *list, const char *code);
/** schema_codes(s, list, fn, ctx): Each code of a list in order. */
void schema_codes(const struct schema *s, const char *list,
    void (*fn)(void *ctx, const char *code, const char *label, const char *broader),
    void *ctx);
/**
 * schema_codes_json(s): {list: [{code, label, broader}]}, for exporters; the
 * caller's.  NULL without memory.
 */
json_t *schema_codes_json(const struct schema *s);

/* ---- faults --------------------------------------------------------------- */
#define SCHEMA_WORDS 240u
#define SCHEMA_FAULTS_MAX 10000u /* kept; n_errors counts all */
struct schema_fault {
	size_t line;		  /* 0 when there is none */
	bool warning;		  /* unknown code, say; does not stop */
	char key[80];		  /* field path, "" for the whole record */
	char words[SCHEMA_WORDS]; /* reason and next step; no record text */
};
struct schema_faults {
	struct schema_fault *list;
	size_t n, n_errors, cap;
	bool failed; /* out of memory */
};
void schema_faults_add(struct schema_faults *f, size_t line, bool warning,
    const char *key, const char *fmt, ...) SAKSI_PRINTF(5, 6);
void schema_faults_free(struct schema_faults *f);

/* ---- canonical values ------------------------------------------------------ */
/*
 * One register value or list element in canonical shape: NFC, the shortest
 * of the equivalent forms of section A, object keys any order.  With class,
 * source, status or note of its own it is {"v": VALUE, ...}.
 *
 *   text, note   as written; a note's CR LF is LF; no other control characters
 *   date         the EDTF string when there is nothing else to say; basis
 *                "stated" is left out
 *   name         always an object (a bare text is read); kind "name" left out
 *   source       always {item, locator} (a bare reference is read)
 *   number       {value, ...} (a bare number is read); 5, not 5.0
 *   money        amount is a string of digits (a whole number is read)
 *   sanction     collective is true or left out
 *   yesno        "yes", "no", "unknown" (true and false are read)
 *   country, script, lang   in the letter case that their standards use
 *   time         in UTC with Z, no closing zeros
 *   group        in a list: one element, its fields as above; of a group that
 *                is no list each field is a value of its own
 * Empty lists are left out; of equal elements of a list the first stays.
 */
struct schema_entry {
	const struct schema_field *field;
	json_t *value; /* owned */
};
struct schema_entries {
	struct schema_entry *list;
	size_t n, cap;
};
void schema_entries_free(struct schema_entries *e);

/*
 * How references are written: given the text in the file (a 26-letter id or
 * a ref) and the field's `to`, write the text to keep (normally 26 letters).
 * Return false when nothing by that name is known; then it is a fault, or
 * with allow_dangling kept as written.
 */
typedef bool schema_resolve_fn(void *ctx, const char *text, const char *to, char out[27]);
struct schema_resolver {
	schema_resolve_fn *fn; /* NULL: keep as written, no fault */
	void *ctx;
	bool allow_dangling;
	/* Why ${fn} said false, and the next step; NULL: general words. */
	void (*why)(void *ctx, const char *text, const char *to, char words[SCHEMA_WORDS]);
};

/**
 * schema_flatten(out, s, t, record, res, line, faults, err):
 * Check one record object of the interchange form (`id type class ref` are
 * the caller's and skipped; `rivals` too; unknown keys are faults) and take
 * it apart: an entry per register (leaves of single groups each their own)
 * and per list element, in schema order.  Required fields are checked.
 * Returns an error only when out of memory; faults go to ${faults}.
 */
SAKSI_MUST_CHECK enum saksi_err schema_flatten(struct schema_entries *out,
    const struct schema *s, const struct schema_type *t, const json_t *record,
    const struct schema_resolver *res, size_t line, struct schema_faults *faults,
    struct saksi_error *err);
/**
 * schema_advise(t, record, line, faults):
 * Warnings about a record as a whole, which schema_flatten() gives too: one that
 * nothing names.
 */
void schema_advise(const struct schema_type *t, const json_t *record, size_t line,
    struct schema_faults *faults);
/** schema_canonical: One value for ${f} (element if many); *out NULL after a fault. */
SAKSI_MUST_CHECK enum saksi_err schema_canonical(json_t **out, const struct schema *s,
    const struct schema_field *f, const json_t *value, const struct schema_resolver *res,
    size_t line, struct schema_faults *faults, struct saksi_error *err);
/**
 * schema_parse_text(out, s, f, text, res, faults, err):
 * A value typed on the command line: JSON if it starts with { or [ or ",
 * else by kind: an EDTF date, a name's text, a place ("Phnom Penh, KH",
 * "KH-12"), a sum ("4000000 KHR"), a number, a duration for a sanction
 * ("imprisonment P18M"), yes/no, a reference, a code or the unique label of
 * one.  A group that is a list takes JSON.  Canonical, or NULL after a fault.
 * For a list, ${text} is one element; a JSON array gives the array of its
 * elements.
 */
SAKSI_MUST_CHECK enum saksi_err schema_parse_text(json_t **out, const struct schema *s,
    const struct schema_field *f, const char *text, const struct schema_resolver *res,
    struct schema_faults *faults, struct saksi_error *err);
/**
 * schema_put(record, f, value):
 * The inverse of flattening, one entry at a time: set a register (creating
 * the group's object) or append a list element in ${record}.  -1: no memory.
 */
int schema_put(json_t *record, const struct schema_field *f, json_t *value /* borrowed */);

/** value_plain(v): The VALUE of {"v": VALUE, ...}, or ${v} itself (borrowed). */
const json_t *value_plain(const json_t *v);
/** value_text(out, s, f, v): For people: date in words, code's label, name's text ... */
void value_text(struct buf *out, const struct schema *s, const struct schema_field *f,
    const json_t *v);
/** record_label(out, s, record): What people call it (title, first name, kind + date). */
void record_label(struct buf *out, const struct schema *s, const json_t *record);
/**
 * record_values(s, record, fn, ctx):
 * Each value as it stands in the record: registers, list elements, the
 * leaves of groups, rivals.  Of a list of groups the element itself comes
 * first if it is a {"v": ...}.  ${fn} returns false to stop.
 */
typedef bool record_value_fn(void *ctx, const struct schema_field *f, const json_t *v);
bool record_values(const struct schema *s, const json_t *record, record_value_fn *fn,
    void *ctx);
/** record_dates(s, record, fn, ctx): Each date in the record, parsed. */
void record_dates(const struct schema *s, const json_t *record,
    bool (*fn)(void *ctx, const struct schema_field *f, const struct edtf *d), void *ctx);
/** record_refs(s, record, fn, ctx): Each reference to another record, source items too. */
void record_refs(const struct schema *s, const json_t *record,
    bool (*fn)(void *ctx, const struct schema_field *f, const char *id), void *ctx);

/**
 * record_texts(s, record, fn, ctx):
 * Each text by which free text search finds a record: what people wrote
 * (texts, notes, names, words of a source as stated, remarks), and the label
 * of each code.  Locators, references, numbers and dates are not text.
 * Rivals count as well.  ${fn} returns false to stop.
 */
enum text_weight { TEXT_LABEL, TEXT_BODY, TEXT_HEAD /* names and titles */ };
typedef bool record_text_fn(void *ctx, const struct schema_field *f, enum text_weight w,
    const char *text);
void record_texts(const struct schema *s, const json_t *record, record_text_fn *fn,
    void *ctx);

/*
 * The same of one value that record_values() gives, for whoever wants all of it
 * at one go: its texts (${t}: the record's type), its references, its date
 * (false: it has none).
 */
bool value_texts(const struct schema *s, const struct schema_type *t,
    const struct schema_field *f, const json_t *v, record_text_fn *fn, void *ctx);
bool value_refs(const struct schema_field *f, const json_t *v,
    bool (*fn)(void *ctx, const struct schema_field *f, const char *id), void *ctx);
bool value_date(struct edtf *out, const struct schema_field *f, const json_t *v);

/* ---- classes ---------------------------------------------------------------- */
/**
 * schema_value_class(record_class, f, value):
 * The record's explicit class replaces the field's default; `sealed` is S;
 * the value's own class can only raise.
 */
enum saksi_class schema_value_class(enum saksi_class record_class,
    const struct schema_field *f, const json_t *value);
/** schema_record_class(record): Its explicit class, or C. */
enum saksi_class schema_record_class(const json_t *record);
/**
 * schema_cut(out, s, record, ceiling, may_name, ctx, err):
 * A copy without any value above ${ceiling}, and without references (whole
 * elements; source items too) to records for which ${may_name} says no.
 * *out is NULL when the record itself is above the ceiling.  A register with
 * rivals keeps only rivals at or below the ceiling, and below S says nothing of
 * who wrote them and when.
 *
 * In detail: a leaf above the ceiling leaves the element of a list of groups
 * alone, unless the element requires it or has nothing else; an element with
 * a reference that may not be named goes whole; a source that may not be
 * named goes alone, wherever it stands.  A record that loses a required
 * reference (an act its event) stays without it: its other facts hold.  A
 * variant about a sealed field is sealed.  Where a record states no class it
 * is C as a whole, so that the exact place, lat and lon need no rule of
 * their own.  Free text is not looked into.  ${may_name} NULL: all may.
 */
SAKSI_MUST_CHECK enum saksi_err schema_cut(json_t **out, const struct schema *s,
    const json_t *record, enum saksi_class ceiling,
    bool (*may_name)(void *ctx, const char *id), void *ctx, struct saksi_error *err);

#endif
