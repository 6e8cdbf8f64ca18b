/*
 * schema_internal.h - what the files of this layer share.
 */
#ifndef SAKSI_SCHEMA_INTERNAL_H
#define SAKSI_SCHEMA_INTERNAL_H

#include <stdarg.h>
#include <stdint.h>

#include <saksi/base/text.h>
#include <saksi/schema/schema.h>

/* ---- the loaded schema ------------------------------------------------------ */
struct schema_code {
	const char *list;
	const char *code;
	const char *label;
	const char *broader; /* full code, or NULL */
	size_t order;	     /* place in its list */
};

/* Blocks that live as long as the schema. */
struct pool {
	void **p;
	size_t n, cap;
};

struct schema {
	json_t *json;	  /* owner of most strings */
	struct buf tsv;	  /* owner of the strings of shipped codes */
	struct pool pool; /* fields, paths, labels made from slugs */
	struct schema_type *types;
	size_t n_types;
	struct schema_code *codes; /* sorted by list and order */
	size_t n_codes, cap_codes;
	const struct schema_code **by_code; /* the same, sorted by list and code */
};

#define SCHEMA_JSON_MAX (1u << 20)
#define SCHEMA_TSV_MAX (4u << 20)
#define SCHEMA_FIELDS_MAX 128u
#define SCHEMA_CODES_MAX 100000u

/** pool_alloc(p, n, size): ${n} zeroed things; NULL when out of memory. */
void *pool_alloc(struct pool *p, size_t n, size_t size);
void pool_free(struct pool *p);

/** codes_load(s, dir, err): thesauri.tsv and the slugs of schema.json. */
SAKSI_MUST_CHECK enum saksi_err codes_load(struct schema *s, const char *dir,
    struct saksi_error *err);
/** code_find(s, list, code): NULL if it is not shipped in that list. */
const struct schema_code *code_find(const struct schema *s, const char *list,
    const char *code);
/** list_is_closed(s, list): Its codes are the words that schema.json names. */
bool list_is_closed(const struct schema *s, const char *list);
bool list_is_thesaurus(const char *list); /* two digits */
/** code_addition(s, list, code): An x- code filed elsewhere whose broader code is of ${list}. */
const struct schema_code *code_addition(const struct schema *s, const char *list,
    const char *code);
/** code_elsewhere(s, code): It is shipped, in whatever list. */
bool code_elsewhere(const struct schema *s, const char *code);

/* ---- kinds that are objects --------------------------------------------------- */
enum part_kind {
	PART_TEXT,
	PART_NOTE,
	PART_CODE, /* of the list in `arg` */
	PART_WORD, /* one of the words in `arg`, separated by spaces */
	PART_EDTF,
	PART_SCRIPT,
	PART_LANG,
	PART_COUNTRY,
	PART_SUBDIVISION,
	PART_NUMBER,
	PART_LATITUDE,
	PART_LONGITUDE,
	PART_AMOUNT,
	PART_CURRENCY,
	PART_TERM,
	PART_SUSPENDED,
	PART_MONEY,
	PART_YES, /* true, or left out */
	PART_REF, /* to the type in `arg` */
	PART_SOURCES,
	PART_VALUE /* what the field itself holds */
};
struct part {
	const char *name;
	enum part_kind kind;
	const char *arg;
	bool required;
};
/** kind_parts(k, n): What an object of that kind may hold; NULL: not an object. */
const struct part *kind_parts(enum field_kind k, size_t *n);
/** wrapper_parts(n): Of {"v": VALUE, ...}. */
const struct part *wrapper_parts(size_t *n);
const struct part *part_find(const struct part *parts, size_t n, const char *name);
/** value_wrapped(v): It is {"v": VALUE, ...}. */
bool value_wrapped(const json_t *v);

/* ---- forms of strings (no record text leaves here) ------------------------------- */
#define TEXT_MAX (64u << 10)
#define NOTE_MAX (1u << 20)
#define REF_MAX 256u

bool form_slug(const char *s);	    /* a-z, 0-9, single hyphens and spaces inside */
bool form_x_code(const char *s);    /* x-name */
bool form_list_code(const char *s); /* LL:12 digits */
bool form_currency(const char *s);
bool form_amount(const char *s);
bool form_subdivision(const char *s);
/** form_country(out, s): Two letters, made upper case. */
bool form_country(char out[3], const char *s);
/** form_script(out, s): Four letters, as ISO 15924 writes them. */
bool form_script(char out[5], const char *s);
/** form_lang(out, s): BCP 47, in its usual letter case. */
#define LANG_MAX 64u
bool form_lang(char out[LANG_MAX], const char *s);
/** form_time(out, s): RFC 3339, in UTC, shortest. */
#define TIME_MAX 32u
bool form_time(char out[TIME_MAX], const char *s);

/* ---- checking ----------------------------------------------------------------- */
/* Where the checker stands; goes into each fault. */
struct checker {
	const struct schema *s;
	const struct schema_resolver *res;
	struct schema_faults *faults;
	size_t line;
	const struct schema_field *field;
	const char *part; /* of an object, or NULL */
	size_t element;	  /* 1 ..., 0: not in a list */
	bool nomem;
};
void check_fault(struct checker *c, const char *fmt, ...) SAKSI_PRINTF(2, 3);
void check_warn(struct checker *c, const char *fmt, ...) SAKSI_PRINTF(2, 3);
/** check_unknown(c, what, key, n): Fault for a key that ${what} does not have. */
void check_unknown(struct checker *c, const char *what, const char *key,
    const struct text_near *n);
/** check_keep(c, v): ${v}; notes when it is NULL for want of memory. */
json_t *check_keep(struct checker *c, json_t *v);

/* Each returns a new value, or NULL after a fault or without memory. */
json_t *check_text(struct checker *c, const json_t *v, bool note);
json_t *check_code(struct checker *c, const json_t *v, const char *list);
json_t *check_ref(struct checker *c, const json_t *v, const char *to);
json_t *check_number(struct checker *c, const json_t *v);
json_t *check_yesno(struct checker *c, const json_t *v);
json_t *check_edtf(struct checker *c, const json_t *v);
json_t *check_int(struct checker *c, const json_t *v);
json_t *check_lang(struct checker *c, const json_t *v);
json_t *check_country(struct checker *c, const json_t *v);
json_t *check_time(struct checker *c, const json_t *v);
/** check_part(c, p, v): One key of an object. */
json_t *check_part(struct checker *c, const struct part *p, const json_t *v);
/** check_object(c, v, parts, n, what): Its keys one by one; what they mean together is check_value's. */
json_t *check_object(struct checker *c, const json_t *v, const struct part *parts,
    size_t n, const char *what);
json_t *check_money(struct checker *c, const json_t *v);
json_t *check_source(struct checker *c, const json_t *v);
json_t *check_sources(struct checker *c, const json_t *v);
json_t *check_attachment(struct checker *c, const json_t *v);
json_t *check_group(struct checker *c, const struct schema_field *g, const json_t *v);
/** set_add(c, set, array, v): Append ${v} (taken over) unless an equal one is there. */
void set_add(struct checker *c, json_t *set, json_t *array, json_t *v);
/** check_value(c, f, v): A plain value of any kind. */
json_t *check_value(struct checker *c, const struct schema_field *f, const json_t *v);
/** check_entry(c, f, v): The same, or {"v": ...}: a register or list element. */
json_t *check_entry(struct checker *c, const struct schema_field *f, const json_t *v);
/** check_list(c, f, v): An array of elements, equal ones once. */
json_t *check_list(struct checker *c, const struct schema_field *f, const json_t *v);

/* ---- walking -------------------------------------------------------------------- */
/** value_leaves(f, v, fn, ctx): The same for one register or list element. */
bool value_leaves(const struct schema_field *f, const json_t *v, record_value_fn *fn,
    void *ctx);

/** json_loop(o): For jansson's loops, which only read and yet want no const. */
static inline json_t *json_loop(const json_t *o)
{
	return (json_t *)(uintptr_t)o;
}

bool field_is_single_group(const struct schema_field *f);
/** field_in(f, n, name): By last name. */
const struct schema_field *field_in(const struct schema_field *f, size_t n,
    const char *name);
const char *json_str(const json_t *object, const char *key); /* NULL if no string */
bool key_is_reserved(const char *key);

#endif
