/*
 * fuzz_index.c - blocks, chunks, tail values and the state record of the index.
 *
 * They are authentic when the index reads them; a fault of the writer must still
 * not become a read outside of them.  The first byte chooses the form.
 */
#include <stdlib.h>
#include <string.h>

#include "index_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void walk_block(const uint8_t *p, size_t n)
{
	struct block_iter it;
	uint8_t first[INDEX_TERM_MAX];
	size_t first_len = 0;
	unsigned met = 0;

	if (block_open(&it, p, n, NULL) != SAKSI_OK)
		return;
	while (block_next(&it)) {
		if (met++ == 0) {
			memcpy(first, it.term, it.term_len);
			first_len = it.term_len;
		}
		if (it.kind == BLOCK_FENCE)
			(void)filter_may_have(it.filter, it.filter_len, it.doc);
	}
	if (met > 0 && block_open(&it, p, n, NULL) == SAKSI_OK)
		(void)block_seek(&it, first, first_len, DOC_MAX);
}

static void walk_chunk(const uint8_t *p, size_t n, enum payload_kind kind)
{
	struct chunk c = {.docs = NULL};
	struct chunk_at at = {0, NULL};

	if (chunk_read(&c, kind, p, n, NULL) == SAKSI_OK) {
		for (size_t i = 0; i < c.n; i++) {
			const uint8_t *pay, *end;
			uint32_t place = 0;
			size_t len;

			chunk_payload(&c, &at, i, &pay, &len);
			if (i > 0 && c.docs[i - 1] >= c.docs[i])
				abort();
			for (end = pay + len; kind == PAYLOAD_VARINTS &&
			     index_position_next(&pay, end, &place);)
				;
		}
	}
	chunk_free(&c);
}

static void parse_run(const uint8_t *p, size_t n)
{
	struct run *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return;
	buf_add(&r->bytes, p, n);
	if (run_parse(r, NULL) == SAKSI_OK && r->docs > 0 && r->min_doc > r->max_doc)
		abort();
	run_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct super s;

	if (n == 0 || n > 65536)
		return 0;
	switch (p[0] % 7) {
	case 0:
		walk_block(p + 1, n - 1);
		break;
	case 1:
		walk_chunk(p + 1, n - 1, PAYLOAD_NONE);
		break;
	case 2:
		walk_chunk(p + 1, n - 1, PAYLOAD_BYTE);
		break;
	case 3:
		walk_chunk(p + 1, n - 1, PAYLOAD_BYTES);
		break;
	case 4:
		walk_chunk(p + 1, n - 1, PAYLOAD_VARINTS);
		break;
	case 5:
		parse_run(p + 1, n - 1);
		break;
	default:
		memset(&s, 0, sizeof(s));
		if (super_read(&s, p + 1, n - 1, NULL) == SAKSI_OK && s.n_runs > n)
			abort();
		super_free(&s);
		break;
	}
	return 0;
}
