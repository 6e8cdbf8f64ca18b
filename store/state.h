/*
 * state.h - a record's state: the operations that merged changesets made on it.
 *
 * The whole of it, as rows.h puts it together (FORMAT.md section 7):
 *   [1, bin16 id, str type, str ref, uint state, [], [group ...]]
 *   group = [n, branch, seq, hlc, max_hlc, past, [op ...]]   one changeset's part
 *   past  = nil, or the version vector if the part holds a `deleted` element
 *   op    = [number, code, str field, value or nil, [[n, number] ...]]
 *
 * type, ref and state repeat what the view of the groups says, so that the
 * catalog is read without it.  Dots are arrival numbers; only those are kept
 * that name a cause of their changeset, so covering needs no second look.
 */
#ifndef SAKSI_STORE_STATE_H
#define SAKSI_STORE_STATE_H

#include <string.h>

#include "entry.h"
#include <saksi/store/record.h>

struct catalog;
struct state;

enum state_code {	 /* what the head says of the whole */
	STATE_PLAIN = 1, /* visible, and no deletion was ever made */
	STATE_DELETED = 2,
	STATE_RESTORED = 3 /* visible, with a deletion in its history */
};
struct state_head {
	struct saksi_id id;
	enum state_code code;
	const char *type, *ref; /* into the bytes, not terminated */
	size_t type_len, ref_len;
};
/** state_head_read(r, h): Of [1, id, type, ref, state, ...: leaves ${r} behind the state. */
void state_head_read(struct mp_reader *r, struct state_head *h);
void state_head_write(struct buf *b, const struct state_head *h);
/** state_head_of(h, s): The head that state_view() gives; points into ${s}. */
void state_head_of(struct state_head *h, const struct state *s);
enum record_state state_shown(enum state_code code);
/** head_type_is / head_text: The head's texts are not terminated. */
bool head_type_is(const struct state_head *h, const char *type);
/** head_text: Copy a text of a head; longer ones are cut. */
void head_text(char *out, size_t size, const char *p, size_t n);

struct state_dot {
	uint64_t n;
	uint32_t op;
};
struct state_op {
	uint64_t n, seq, hlc, max_hlc;
	uint32_t branch, number;
	uint8_t code;
	const char *field; /* into the bytes, not terminated */
	size_t field_len;
	const uint8_t *value; /* canonical msgpack, or NULL */
	size_t value_len;
	struct state_dot *over;
	size_t n_over;
	const struct vclock *past; /* of its group, or NULL */
	/* set by state_view() */
	bool counted;	    /* within the time asked for */
	bool visible;	    /* a value, and nothing hides it */
	bool folded;	    /* visible, but equal to an earlier one of its field */
	size_t copies;	    /* how many are folded into this one */
	uint64_t hidden_by; /* arrival number, 0: none */
	struct saksi_hash log;
};
struct state {
	struct saksi_id id;
	struct state_op *ops; /* by (n, number) until state_view() sorts them */
	size_t n_ops, cap_ops;
	struct state_op *spare; /* to sort into: cap_ops of them, or NULL */
	struct vclock *pasts;
	size_t n_pasts;
	size_t n_groups;
	const uint8_t *groups; /* the raw groups, to append to */
	size_t groups_len;
	struct buf bytes; /* owner, unless they are borrowed */
	/* set by state_view() */
	enum record_state shown;
	bool deletions; /* a deletion was made, whatever became of it */
	bool delete_conflict;
	size_t n_conflicts;
	const struct state_op *type, *ref;
	enum saksi_class cls;
};
SAKSI_MUST_CHECK enum saksi_err state_read(struct state *s, const uint8_t *p, size_t n,
    struct saksi_error *err);
/** state_take(s, bytes, err): The same; takes the bytes over, also when it fails. */
SAKSI_MUST_CHECK enum saksi_err state_take(struct state *s, struct buf *bytes,
    struct saksi_error *err);
/**
 * state_borrow(s, p, n, err):
 * The same for one record after the other: ${s} is what state_reset() left, or zeroed,
 * and the bytes, which are not copied, must stay until the next.
 */
SAKSI_MUST_CHECK enum saksi_err state_borrow(struct state *s, const uint8_t *p, size_t n,
    struct saksi_error *err);
/** state_reset: Nothing in it, but the room of what was. */
void state_reset(struct state *s);
void state_init(struct state *s, const struct saksi_id *id);
void state_free(struct state *s);
/**
 * state_append(s, group, err): Take one more encoded group in.
 */
SAKSI_MUST_CHECK enum saksi_err state_append(struct state *s, const struct buf *group,
    struct saksi_error *err);
/**
 * state_view(s, c, as_of_us):
 * Work out what is visible (record.h says how), looking up branches in ${c};
 * sorts ops: visible first, by field and order, then hidden ones, oldest first.
 */
SAKSI_MUST_CHECK enum saksi_err state_view(struct state *s, const struct catalog *c,
    int64_t as_of_us, struct saksi_error *err);
/** state_write(b, s): The stored form; state_view() with as_of 0 came before. */
void state_write(struct buf *b, const struct state *s);
/** state_compare_content: By field, then value, bytewise. */
int state_compare_content(const struct state_op *a, const struct state_op *b);
static inline bool state_field_is(const struct state_op *op, const char *field)
{
	size_t n = strlen(field);

	return op->field_len == n && memcmp(op->field, field, n) == 0;
}
/** state_value_str: A string value, not terminated; length 0 if it is none. */
size_t state_value_str(const struct state_op *op, const char **p);

#endif
