/*
 * view.c - what is visible of a record: a pure function of its operations.
 *
 * Multi-value registers and add-wins (observed-remove) sets, after Shapiro et
 * al., "A comprehensive study of convergent and commutative replicated data
 * types" (INRIA RR-7506, 2011), sections 3.2.2 and 3.3.5; hidden are exactly
 * the dots that an operation names and has seen.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "state.h"

static int compare_bytes(const void *a, size_t an, const void *b, size_t bn)
{
	int c = memcmp(a, b, an < bn ? an : bn);

	if (c != 0)
		return c;
	return (an > bn) - (an < bn);
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

typedef int op_order(const void *a, const void *b);

static int by_dot(const void *pa, const void *pb)
{
	const struct state_op *a = pa, *b = pb;
	int c = compare_u64(a->n, b->n);

	return c != 0 ? c : compare_u64(a->number, b->number);
}

/* Content alone decides, so that every device shows the same order. */
static int by_claim(const struct state_op *a, const struct state_op *b)
{
	int c;

	if ((c = compare_u64(a->hlc, b->hlc)) != 0 ||
	    (c = hash_cmp(&a->log, &b->log)) != 0 ||
	    (c = compare_u64(a->seq, b->seq)) != 0 ||
	    (c = compare_u64(a->number, b->number)) != 0)
		return c;
	return compare_bytes(a->value, a->value_len, b->value, b->value_len);
}

/* Visible values by field and claim, then what is hidden, then the rest. */
static int by_place(const void *pa, const void *pb)
{
	const struct state_op *a = pa, *b = pb;
	int place_a = a->visible ? 0 : a->counted ? 1 : 2;
	int place_b = b->visible ? 0 : b->counted ? 1 : 2;
	int c;

	if (place_a != place_b)
		return place_a - place_b;
	if (place_a == 0 &&
	    (c = compare_bytes(a->field, a->field_len, b->field, b->field_len)) != 0)
		return c;
	return by_claim(a, b);
}

static struct state_op *find_dot(struct state *s, const struct state_dot *dot)
{
	struct state_op key = {.n = dot->n, .number = dot->op};

	return bsearch(&key, s->ops, s->n_ops, sizeof(*s->ops), by_dot);
}

static void hide(struct state *s)
{
	for (size_t i = 0; i < s->n_ops; i++) {
		const struct state_op *op = &s->ops[i];

		for (size_t j = 0; op->counted && j < op->n_over; j++) {
			struct state_op *v = find_dot(s, &op->over[j]);

			if (v == NULL || v->field_len != op->field_len ||
			    memcmp(v->field, op->field, op->field_len) != 0)
				continue;
			v->visible = false;
			if (v->hidden_by == 0 || op->n < v->hidden_by)
				v->hidden_by = op->n;
		}
	}
}

static bool same_field(const struct state_op *a, const struct state_op *b)
{
	return compare_bytes(a->field, a->field_len, b->field, b->field_len) == 0;
}

int state_compare_content(const struct state_op *a, const struct state_op *b)
{
	int c = compare_bytes(a->field, a->field_len, b->field, b->field_len);

	return c != 0 ? c : compare_bytes(a->value, a->value_len, b->value, b->value_len);
}

static int by_content(const void *pa, const void *pb)
{
	const struct state_op *const *a = pa, *const *b = pb;
	int c = state_compare_content(*a, *b);

	/* They stand in their order already, so places tell which came first. */
	return c != 0 ? c : (*a > *b) - (*a < *b);
}

/* Of ${n} visible values of one field, equal ones count once; the first stands for all. */
static bool fold_field(struct state_op *ops, size_t n)
{
	struct state_op **list = malloc(n * sizeof(*list));

	if (list == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		list[i] = &ops[i];
	qsort(list, n, sizeof(*list), by_content);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (state_compare_content(list[first], list[i]) == 0) {
			list[i]->folded = true;
			list[first]->copies++;
		} else
			first = i;
	}
	free(list);
	return true;
}

static bool fold(struct state *s)
{
	size_t i = 0, n;

	for (; i < s->n_ops && s->ops[i].visible; i += n) {
		n = 1;
		while (i + n < s->n_ops && s->ops[i + n].visible &&
		    same_field(&s->ops[i], &s->ops[i + n]))
			n++;
		if (n > 1 && !fold_field(&s->ops[i], n))
			return false;
	}
	return true;
}

static void count_conflicts(struct state *s)
{
	size_t distinct = 0;
	bool set = false;

	s->n_conflicts = 0;
	for (size_t i = 0; i < s->n_ops && s->ops[i].visible; i++) {
		if (i > 0 && !same_field(&s->ops[i - 1], &s->ops[i])) {
			distinct = 0;
			set = false;
		}
		set = set || s->ops[i].code == OP_SET;
		distinct += !s->ops[i].folded;
		/* Counted when the second distinct value of a register is met. */
		if (set && !s->ops[i].folded && distinct == 2)
			s->n_conflicts++;
	}
}

/*
 * The pasts of all visible deletions as one: what lies in the past of any of them
 * lies in this, and nothing else does.  A past is taken in once, however many of
 * its group's elements are visible.
 */
static enum saksi_err join_deletions(struct vclock *all, const struct state *s,
    struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	bool *taken;

	if (s->n_pasts == 0)
		return SAKSI_OK;
	if ((taken = calloc(s->n_pasts, sizeof(*taken))) == NULL)
		return saksi_fail_nomem(err);
	for (size_t i = 0; i < s->n_ops && s->ops[i].visible && rc == SAKSI_OK; i++) {
		const struct state_op *d = &s->ops[i];

		if (d->past == NULL || !state_field_is(d, "deleted") ||
		    taken[d->past - s->pasts])
			continue;
		taken[d->past - s->pasts] = true;
		rc = vclock_join(all, d->past, err);
	}
	free(taken);
	return rc;
}

static bool deletion_visible(const struct state *s)
{
	for (size_t i = 0; i < s->n_ops && s->ops[i].visible; i++)
		if (state_field_is(&s->ops[i], "deleted"))
			return true;
	return false;
}

static enum saksi_err judge_deletion(struct state *s, struct saksi_error *err)
{
	struct vclock all = {NULL, 0};
	bool edited = false;
	enum saksi_err rc;

	s->shown = RECORD_VISIBLE;
	s->deletions = s->delete_conflict = false;
	for (size_t i = 0; i < s->n_ops && !s->deletions; i++)
		s->deletions =
		    s->ops[i].value != NULL && state_field_is(&s->ops[i], "deleted");
	if (!s->deletions || !deletion_visible(s))
		return SAKSI_OK;
	rc = join_deletions(&all, s, err);
	for (size_t i = 0; rc == SAKSI_OK && i < s->n_ops && s->ops[i].visible; i++)
		edited = edited ||
		    (!state_field_is(&s->ops[i], "deleted") &&
			!vclock_has(&all, s->ops[i].branch, s->ops[i].seq));
	vclock_free(&all);
	s->shown = edited ? RECORD_VISIBLE : RECORD_DELETED;
	s->delete_conflict = edited;
	s->n_conflicts += s->delete_conflict;
	return rc;
}

static void read_reserved(struct state *s)
{
	s->type = s->ref = NULL;
	s->cls = CLASS_NONE;
	for (size_t i = 0; i < s->n_ops && s->ops[i].visible; i++) {
		struct state_op *op = &s->ops[i];

		if (s->type == NULL && state_field_is(op, "type"))
			s->type = op;
		else if (s->ref == NULL && state_field_is(op, "ref"))
			s->ref = op;
		else if (state_field_is(op, "class")) {
			const char *p;
			char letter[2] = {0};
			enum saksi_class c;

			if (state_value_str(op, &p) == 1)
				letter[0] = *p;
			c = class_parse(letter);
			/* Of rivals the strictest holds: a class is a promise. */
			if (c > s->cls)
				s->cls = c;
		}
	}
}

/* Operations are large: they are moved once, when their order is known. */
#define SORTED_HERE 64u

static void order(const struct state_op **list, const struct state *s, op_order *by)
{
	for (size_t i = 0; i < s->n_ops; i++) {
		size_t k = i;

		for (; k > 0 && by(list[k - 1], &s->ops[i]) > 0; k--)
			list[k] = list[k - 1];
		list[k] = &s->ops[i];
	}
}

static bool sort(struct state *s, op_order *by)
{
	const struct state_op *list[SORTED_HERE];
	struct state_op *sorted = s->spare;
	size_t n = 1;

	while (n < s->n_ops && by(&s->ops[n - 1], &s->ops[n]) <= 0)
		n++;
	if (n >= s->n_ops)
		return true;
	if (s->n_ops > SORTED_HERE) {
		qsort(s->ops, s->n_ops, sizeof(*s->ops), by);
		return true;
	}
	if (sorted == NULL && (sorted = malloc(s->cap_ops * sizeof(*sorted))) == NULL)
		return false;
	order(list, s, by);
	for (size_t i = 0; i < s->n_ops; i++)
		sorted[i] = *list[i];
	s->spare = s->ops;
	s->ops = sorted;
	return true;
}

enum saksi_err state_view(struct state *s, const struct catalog *c, int64_t as_of_us,
    struct saksi_error *err)
{
	static const struct saksi_hash nowhere;

	for (size_t i = 0; i < s->n_ops; i++) {
		struct state_op *op = &s->ops[i];

		op->counted =
		    as_of_us == 0 || (int64_t)(op->max_hlc >> 16) <= as_of_us / 1000;
		op->visible = op->counted && op->value != NULL;
		op->folded = false;
		op->hidden_by = 0;
		op->copies = 0;
		op->log =
		    op->branch < c->n_branches ? c->branches[op->branch].log : nowhere;
	}
	if (!sort(s, by_dot))
		return saksi_fail_nomem(err);
	hide(s);
	if (!sort(s, by_place) || !fold(s))
		return saksi_fail_nomem(err);
	count_conflicts(s);
	read_reserved(s);
	return judge_deletion(s, err);
}
