/*
 * record.h - records as people see them, and changes to them.
 *
 * A record's state is the set of operations that merged changesets made on
 * it; what is visible is a pure function of that set (merge.c):
 *   - SET and ADD make a value with a dot (changeset, op number);
 *   - a SET or REMOVE hides the dots it lists, if they are its causal past;
 *   - values not hidden are visible, in order of (hybrid time, log id, op);
 *     equal values count once.
 * A register with more than one distinct visible value is in conflict.  A
 * record is deleted when every visible value lies before some visible
 * `deleted` element; edited at the same time elsewhere it stays visible, in
 * conflict.  The effective class is the highest visible one.
 */
#ifndef SAKSI_STORE_RECORD_H
#define SAKSI_STORE_RECORD_H

#include <saksi/store/log.h>

struct record_value {
	const char *field; /* path */
	json_t *value;	   /* canonical; owned by the record */
	uint64_t n;	   /* arrival number of the changeset */
	uint32_t op;	   /* op number in it */
	uint32_t branch;   /* whose log */
	int64_t time_us;   /* as its author claims */
	bool set;	   /* register (SET) or set element (ADD) */
	bool visible;
	uint64_t hidden_by; /* arrival number of the first changeset that hid it, 0: none */
	size_t copies;	    /* visible values equal to this one and folded into it */
};
enum record_state { RECORD_VISIBLE = 1, RECORD_DELETED = 2 };
struct saksi_record {
	struct saksi_id id;
	uint64_t number;
	enum record_state state;
	bool delete_conflict;	     /* deleted by one, edited by another */
	const char *type, *ref;	     /* "" if none */
	enum saksi_class cls;	     /* CLASS_NONE if it states none */
	struct record_value *values; /* visible ones first, distinct, by field then order; */
	size_t n_visible, n_values; /* then hidden ones, oldest first */
	size_t n_conflicts;	    /* registers with rivals, + delete_conflict */
	struct buf text;	    /* owner of the strings */
};
void saksi_record_free(struct saksi_record **r);

/** saksi_record_get: ${as_of_us} 0: now. Deleted ones are found too. SAKSI_ENOTFOUND. */
SAKSI_MUST_CHECK enum saksi_err saksi_record_get(struct saksi_record **out,
    struct saksi_txn *t, const struct saksi_id *id, int64_t as_of_us,
    struct saksi_error *err);
/** saksi_record_each: In order of creation; ${deleted}: also deleted ones. */
typedef enum saksi_err saksi_record_fn(void *ctx, const struct saksi_record *r,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_record_each(struct saksi_txn *t, bool deleted,
    saksi_record_fn *fn, void *ctx, struct saksi_error *err);
/**
 * saksi_record_find(t, name, id, err):
 * ${name}: a whole id, else a ref, else an unambiguous prefix of an id, of 4
 * letters or more.  SAKSI_ENOTFOUND; SAKSI_EINVAL lists the candidates.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_record_find(struct saksi_txn *t, const char *name,
    struct saksi_id *id, struct saksi_error *err);
#define SAKSI_NEAR 256u
/**
 * saksi_record_near(t, name, to, out):
 * The ref, or as much of an id, of a record that may stand where the schema
 * says ${to} (NULL: any) and that ${name} perhaps means; false: none is near.
 */
bool saksi_record_near(struct saksi_txn *t, const char *name, const char *to,
    char out[SAKSI_NEAR]);
/** saksi_record_resolver: For schema_resolver.fn, with the txn as context. */
bool saksi_record_resolver(void *txn, const char *text, const char *to, char out[27]);
/**
 * saksi_record_json(out, t, r, name, ctx, err):
 * The interchange form: id, ref, type, class, fields in schema order, and
 * `rivals` [{field, value, by, at}].  The field itself holds the first of
 * rival values.  ${name} tells a device's name (NULL: its short id).
 */
typedef const char *saksi_device_name_fn(void *ctx, const struct saksi_hash *device);
SAKSI_MUST_CHECK enum saksi_err saksi_record_json(json_t **out, struct saksi_txn *t,
    const struct saksi_record *r, saksi_device_name_fn *name, void *ctx,
    struct saksi_error *err);

/**
 * saksi_record_counts: Visible records by type (a JSON object, the caller's also
 * on failure), their conflicts, and how many are deleted.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_record_counts(struct saksi_txn *t, json_t **by_type,
    size_t *conflicts, size_t *deleted, struct saksi_error *err);
/** saksi_state_digest: Of what is visible, FORMAT.md section 7. */
SAKSI_MUST_CHECK enum saksi_err saksi_state_digest(struct saksi_txn *t,
    struct saksi_hash *out, struct saksi_error *err);

/* ---- changing ------------------------------------------------------------------- */
/*
 * A draft gathers what a person does at once; commit writes it as one
 * changeset, or as several when it is over the limits, and merges it.
 */
struct saksi_draft;
SAKSI_MUST_CHECK enum saksi_err saksi_draft_new(struct saksi_draft **out,
    struct saksi_txn *t, struct saksi_error *err);
void saksi_draft_free(struct saksi_draft **d);
/** saksi_draft_create: ${ref}, ${cls} may be NULL. Random id, or derived from (type, ref). */
SAKSI_MUST_CHECK enum saksi_err saksi_draft_create(struct saksi_draft *d,
    struct saksi_id *out, const char *type, const char *ref, const char *cls,
    struct saksi_error *err);
/** saksi_draft_set: Register := value, hiding what is visible of it now (also resolves). */
SAKSI_MUST_CHECK enum saksi_err saksi_draft_set(struct saksi_draft *d,
    const struct saksi_id *id, const char *field, const json_t *value,
    struct saksi_error *err);
/** saksi_draft_clear: Hide all visible values of a register or list. */
SAKSI_MUST_CHECK enum saksi_err saksi_draft_clear(struct saksi_draft *d,
    const struct saksi_id *id, const char *field, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_draft_add(struct saksi_draft *d,
    const struct saksi_id *id, const char *field, const json_t *value,
    struct saksi_error *err);
/** saksi_draft_remove: SAKSI_ENOTFOUND if no visible element equals ${value}. */
SAKSI_MUST_CHECK enum saksi_err saksi_draft_remove(struct saksi_draft *d,
    const struct saksi_id *id, const char *field, const json_t *value,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_draft_delete(struct saksi_draft *d,
    const struct saksi_id *id, const char *reason, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err saksi_draft_undelete(struct saksi_draft *d,
    const struct saksi_id *id, struct saksi_error *err);
/** saksi_draft_audit: e.g. "export", {"format": ...}. Class C, kept in the log. */
SAKSI_MUST_CHECK enum saksi_err saksi_draft_audit(struct saksi_draft *d, const char *what,
    const json_t *details, struct saksi_error *err);
/** saksi_draft_empty: Nothing would be written. */
bool saksi_draft_empty(const struct saksi_draft *d);
SAKSI_MUST_CHECK enum saksi_err saksi_draft_commit(struct saksi_draft *d,
    struct saksi_hash *last, struct saksi_error *err);
/** saksi_import_id: Keyed BLAKE2b-128 of (import key, type, ref). */
SAKSI_MUST_CHECK enum saksi_err saksi_import_id(struct saksi_txn *t, const char *type,
    const char *ref, struct saksi_id *out, struct saksi_error *err);

/* ---- import ---------------------------------------------------------------------- */
struct import_report {
	size_t lines, created, changed, unchanged;
	size_t values; /* values written */
	size_t rivals; /* registers that now have one more value */
	struct schema_faults faults;
};
struct import_options {
	bool dry_run, allow_dangling;
	void (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
};
/** Gives the input piece by piece: up to ${room} bytes, *n 0 at its end. */
struct import_source {
	enum saksi_err (
	    *read)(void *ctx, void *to, size_t room, size_t *n, struct saksi_error *err);
	void *ctx;
};
/**
 * saksi_import_from(v, from, opt, report, err):
 * Interchange form, a JSON object per line.  The whole is checked first;
 * with any fault that is no warning nothing is written and SAKSI_EINVAL
 * returned.  Then written in batches; a killed run is completed by repeating.
 * The input is read once and never held whole: what waits to be written, if
 * it is much, does so sealed, in a file beside the vault that has no name.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_import_from(struct saksi_vault *v,
    const struct import_source *from, const struct import_options *opt,
    struct import_report *report, struct saksi_error *err);
/** saksi_import: The same of a text in memory. */
SAKSI_MUST_CHECK enum saksi_err saksi_import(struct saksi_vault *v, const char *text,
    size_t len, const struct import_options *opt, struct import_report *report,
    struct saksi_error *err);
void import_report_free(struct import_report *r);

#endif
