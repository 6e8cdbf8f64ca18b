/* draft_int.h - inside of a draft: for draft.c, draft_part.c and pack.c only. */
#ifndef SAKSI_STORE_DRAFT_INT_H
#define SAKSI_STORE_DRAFT_INT_H

#include "draft.h"
#include "state.h"

/* Room for salts, heads and the header, so that a full body still fits. */
#define BODY_MAX (CHANGESET_MAX - 56u * 1024u)

struct draft_op {
	size_t len; /* bytes in the part's buffer */
};
struct draft_part { /* one record, or one audit entry */
	struct saksi_id id;
	bool audit;
	struct buf bytes; /* encoded ops one after the other, or the whole audit part */
	struct draft_op *ops;
	size_t n_ops, cap_ops;
	struct state state; /* as it was when the draft began to speak of it */
	bool has_state;
};
struct saksi_draft {
	struct saksi_txn *t;
	struct draft_part *parts;
	size_t n, cap;
};

/** part_new(d): An empty part at the end; NULL when out of memory. */
struct draft_part *part_new(struct saksi_draft *d);
void part_free(struct draft_part *p);
/** part_open(d, id, out, err): The part of a record that is there, with its present state. */
SAKSI_MUST_CHECK enum saksi_err part_open(struct saksi_draft *d,
    const struct saksi_id *id, struct draft_part **out, struct saksi_error *err);

/** part_encode: A field's value as it is stored. */
SAKSI_MUST_CHECK enum saksi_err part_encode(struct buf *b, const char *field,
    const json_t *value, struct saksi_error *err);
/** part_equal_value(op, value): A pick_fn: ${op} sets or adds just the bytes of this buf. */
bool part_equal_value(const struct state_op *op, const void *value);
/**
 * part_count_visible(p, field, want, has):
 * How many distinct visible values the field has; whether ${want} (may be NULL) is one.
 */
size_t part_count_visible(const struct draft_part *p, const char *field,
    const struct buf *want, bool *has);

/** pick_fn: Which of a field's visible values an operation means; NULL for all. */
typedef bool pick_fn(const struct state_op *op, const void *ctx);
/**
 * part_put_removes(d, p, field, pick, ctx, leave, done, err):
 * Hide what ${pick} picks, in as many operations as that takes, until no more
 * than ${leave} are left; ${*done} is where the rest begins.
 */
SAKSI_MUST_CHECK enum saksi_err part_put_removes(struct saksi_draft *d,
    struct draft_part *p, const char *field, pick_fn *pick, const void *ctx, size_t leave,
    size_t *done, struct saksi_error *err);
/** part_put_set: Set a register, ${over} what is visible there or beside it. */
SAKSI_MUST_CHECK enum saksi_err part_put_set(struct saksi_draft *d, struct draft_part *p,
    const char *field, const struct buf *value, bool over, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err part_put_add(struct draft_part *p, const char *field,
    const struct buf *value, struct saksi_error *err);
/** part_put_op: An operation that is encoded already, and hides nothing. */
SAKSI_MUST_CHECK enum saksi_err part_put_op(struct draft_part *p, const uint8_t *op,
    size_t len, struct saksi_error *err);
/**
 * part_forget_set: Take back what this draft itself has set the register to.
 * Who sets it twice means the second: a draft has no rivals of its own.
 */
void part_forget_set(struct draft_part *p, const char *field);

#endif
